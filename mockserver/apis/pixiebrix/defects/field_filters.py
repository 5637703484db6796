"""Wrong filters on fields (document: Filtering Records)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

from ....state import jsonio
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import Validation
from ....web.parameters import Pairs
from ..handlers.records import RecordHandlers
from ..pagination import Page
from ..state.filters import FieldEquals, Filter
from ..state.records import RecordTable, Row

Bounds = tuple[int, int]


class _Equals(FieldEquals):
    """A filter that compares otherwise, in a method that the subclass has."""

    def matches(self, data: bytes) -> bool:
        fields = jsonio.loads(data)
        return self.field in fields and self.equal(fields[self.field])

    def equal(self, found: Any) -> bool:
        return bool(found == self.value)


def _comparing(filters: list[Filter], kind: type[FieldEquals]) -> list[Filter]:
    """The filters, those on values of another kind."""
    return [kind(one.field, one.value) if isinstance(one, FieldEquals) else one for one in filters]


@defect(
    *(f"PB-FILT-{number}" for number in range(13, 29)),
    "PB-PAGE-19",
    "PB-DB-17",
)
class FieldFiltersIgnored(RecordHandlers):
    """Takes no notice of filters on fields."""

    def _filters(self, call: Call) -> list[Filter]:
        return []


# Values


class _Beginning(_Equals):
    def equal(self, found: Any) -> bool:
        return isinstance(found, str) and found.startswith(self.value)


@defect("PB-FILT-13", "PB-FILT-14")
class FilterMatchesBeginnings(RecordHandlers):
    """Keeps the records whose field begins with the value of a filter."""

    def _filters(self, call: Call) -> list[Filter]:
        return _comparing(super()._filters(call), _Beginning)


class _Ending(_Equals):
    def equal(self, found: Any) -> bool:
        return isinstance(found, str) and found.endswith(self.value)


@defect("PB-FILT-14")
class FilterMatchesEnds(RecordHandlers):
    """Keeps the records whose field ends with the value of a filter."""

    def _filters(self, call: Call) -> list[Filter]:
        return _comparing(super()._filters(call), _Ending)


class _Like(_Equals):
    def equal(self, found: Any) -> bool:
        pattern = re.escape(self.value).replace("_", ".").replace("%", ".*")
        return isinstance(found, str) and re.fullmatch(pattern, found, re.DOTALL) is not None


@defect("PB-FILT-14")
class FilterIsALikePattern(RecordHandlers):
    """Compares with `LIKE`, where an underscore or a percent sign in the value stands for other letters."""

    def _filters(self, call: Call) -> list[Filter]:
        return _comparing(super()._filters(call), _Like)


class _Regular(_Equals):
    def equal(self, found: Any) -> bool:
        return isinstance(found, str) and re.fullmatch(self.value, found) is not None


@defect("PB-FILT-14", "PB-FILT-18")
class FilterIsARegularExpression(RecordHandlers):
    """Reads the value of a filter as a regular expression, in which a dot or a plus is not a letter."""

    def _filters(self, call: Call) -> list[Filter]:
        return _comparing(super()._filters(call), _Regular)


class _Folded(_Equals):
    def equal(self, found: Any) -> bool:
        return isinstance(found, str) and found.lower() == self.value.lower()


@defect("PB-FILT-15")
class CaseOfValuesIgnored(RecordHandlers):
    """Takes a value in upper case and one in lower case for the same."""

    def _filters(self, call: Call) -> list[Filter]:
        return _comparing(super()._filters(call), _Folded)


class _FoldedName(FieldEquals):
    def matches(self, data: bytes) -> bool:
        name = self.field.lower()
        return any(key.lower() == name and value == self.value for key, value in jsonio.loads(data).items())


@defect("PB-FILT-16")
class CaseOfNamesIgnored(RecordHandlers):
    """Finds a field whatever the case of its name is."""

    def _filters(self, call: Call) -> list[Filter]:
        return _comparing(super()._filters(call), _FoldedName)


@defect("PB-FILT-16")
class NamesInLowerCase(RecordHandlers):
    """Turns the name of a filter into lower case, so that a field with a capital is never found."""

    def _filters(self, call: Call) -> list[Filter]:
        return [
            FieldEquals(one.field.lower(), one.value) if isinstance(one, FieldEquals) else one
            for one in super()._filters(call)
        ]


class _Text(_Equals):
    def equal(self, found: Any) -> bool:
        return str(found) == self.value


@defect("PB-FILT-17")
class EverythingComparedAsText(RecordHandlers):
    """Turns numbers, booleans and null into text before it compares them with the value of a filter."""

    def _filters(self, call: Call) -> list[Filter]:
        return _comparing(super()._filters(call), _Text)


class _JSON(_Equals):
    def equal(self, found: Any) -> bool:
        try:
            return bool(found == self.value or found == json.loads(self.value))
        except ValueError:
            return False


@defect("PB-FILT-17")
class ValueReadAsJSON(RecordHandlers):
    """Reads a value that looks like JSON as JSON, so that 5 finds the number."""

    def _filters(self, call: Call) -> list[Filter]:
        return _comparing(super()._filters(call), _JSON)


@defect("PB-FILT-12", "PB-FILT-25", "PB-DB-17")
class FirstMatchOnly(RecordHandlers):
    """Stops at the first record that meets a filter on a value."""

    async def _select(
        self, table: RecordTable, bounds: Bounds, filters: list[Filter], page: Page
    ) -> tuple[list[Row], bool]:
        rows, more = await super()._select(table, bounds, filters, page)
        return (rows[:1], False) if any(isinstance(one, FieldEquals) for one in filters) else (rows, more)


# The way through the address


def _changed(pairs: Pairs, name: Callable[[str], str], value: Callable[[str], str]) -> Pairs:
    """The pairs, the filters on fields among them changed."""
    return [(name(one), value(text)) if one.startswith("data__") else (one, text) for one, text in pairs]


def _same(text: str) -> str:
    return text


@defect("PB-FILT-18")
class ValuesDecodedTwice(Validation):
    """Takes the percent-encoding off a value twice, so that `%41` becomes A."""

    def pairs(self, operation_id: str, query: bytes) -> Pairs:
        return _changed(super().pairs(operation_id, query), _same, unquote)


@defect("PB-FILT-18")
class PlusBecomesSpaceTwice(Validation):
    """Reads a plus sign in a value as a space although it was encoded."""

    def pairs(self, operation_id: str, query: bytes) -> Pairs:
        return _changed(super().pairs(operation_id, query), _same, lambda value: value.replace("+", " "))


@defect("PB-FILT-18")
class ValueEndsAtEqualsSign(Validation):
    """Cuts a value at an equals sign in it, as it splits a pair at every one."""

    def pairs(self, operation_id: str, query: bytes) -> Pairs:
        return _changed(super().pairs(operation_id, query), _same, lambda value: value.split("=")[0])


@defect("PB-FILT-18")
class QueryDecodedBeforeItIsSplit(Validation):
    """Decodes the whole query before it splits it, so that an ampersand in a value ends it."""

    def pairs(self, operation_id: str, query: bytes) -> Pairs:
        text = unquote_plus(query.decode("ascii"))
        return [(name, value) for name, _, value in (pair.partition("=") for pair in text.split("&"))]


@defect("PB-FILT-18", "PB-FILT-19")
class QueryReadAsLatin1(Validation):
    """Decodes a query as Latin-1, so that letters outside of ASCII become others."""

    def pairs(self, operation_id: str, query: bytes) -> Pairs:
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, encoding="latin-1")


@defect("PB-FILT-19")
class NamesOfASCIIOnly(Validation):
    """Drops letters outside of ASCII from the name of a field."""

    def pairs(self, operation_id: str, query: bytes) -> Pairs:
        return _changed(
            super().pairs(operation_id, query), lambda name: name.encode("ascii", "ignore").decode(), _same
        )


@defect("PB-FILT-19", "PB-FILT-20")
class NamesOfOneWord(RecordHandlers):
    """Cuts the name of a field at its first space."""

    def _filters(self, call: Call) -> list[Filter]:
        return [
            FieldEquals(one.field.split(" ")[0], one.value) if isinstance(one, FieldEquals) else one
            for one in super()._filters(call)
        ]


@defect("PB-FILT-20")
class EncodedEqualsSignIsPartOfTheName(RecordHandlers):
    """Takes the document's example, with its equals sign encoded, for a name without a value."""

    def _filters(self, call: Call) -> list[Filter]:
        fields = dict(call.pairs)
        named = [
            FieldEquals(name.removeprefix("data__"), "")
            for name, value in fields.items()
            if name.startswith("data__") and "=" in name and not value
        ]
        return [*super()._filters(call), *named]
