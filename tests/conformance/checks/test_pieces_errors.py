"""The checks of errors against servers that let something pass, or tell it wrongly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from dbcontract.conformance.results.results import Verdict

from .judging import WRONG, told, verdict_on
from .small_pieces import Newer, Refused, Reply, SmallPieces, State


class TypedAs(SmallPieces):
    status = 500
    media_type = "application/json"

    def error(self, error: Refused) -> Reply:
        reply = super().error(error)
        return Reply(reply.status, b'"no"', self.media_type) if reply.status == self.status else reply


class JsonErrors(TypedAs):
    pass


class UntypedErrors(TypedAs):
    media_type = ""


class JsonWhenNewer(TypedAs):
    status = 505


class JsonWhenMalformed(SmallPieces):
    def error(self, error: Refused) -> Reply:
        reply = super().error(error)
        return Reply(500, reply.body, "application/json") if b"JSON" in reply.body else reply


class Speechless(SmallPieces):
    def error(self, error: Refused) -> Reply:
        return Reply(error.status, b" \r\n", "text/plain")


class SpeechlessWhenNewer(SmallPieces):
    def error(self, error: Refused) -> Reply:
        return Reply(505, b"", "text/plain") if isinstance(error, Newer) else super().error(error)


class BadRequest(SmallPieces):
    def error(self, error: Refused) -> Reply:
        return Reply(400 if error.status == 500 else error.status, b"no", "text/plain")


class Unprocessable(SmallPieces):
    def error(self, error: Refused) -> Reply:
        return Reply(422 if error.status == 500 else error.status, b"no", "text/plain")


class Guesses(SmallPieces):
    """Reads as much of the JSON as there is."""

    def read(self, body: bytes) -> Any:
        try:
            return super().read(body)
        except Refused:
            return self.export()


class Replaces(SmallPieces):
    """Reads whatever bytes there are as some text."""

    def read(self, body: bytes) -> Any:
        return super().read(body.decode(errors="replace").encode())


class FalseIsNothing(SmallPieces):
    def post(self, headers: Mapping[str, str], body: bytes | None) -> Reply:
        nothing = body is not None and body in {b"[]", b'""', b"0", b"false"}
        return super().post(headers, None if nothing else body)


class ListsAreFine(SmallPieces):
    def check(self, document: Any) -> None:
        if not isinstance(document, list):
            super().check(document)

    def merge(self, document: Any) -> None:
        if not isinstance(document, list):
            super().merge(document)


class NeedsVersionOnly(SmallPieces):
    def missing_field(self, document: dict[str, Any]) -> None:
        if "version" not in document:
            raise Refused("no version")

    def bad_collection(self, document: dict[str, Any]) -> None:
        pass


class LastFieldIsOptional(SmallPieces):
    def missing_field(self, document: dict[str, Any]) -> None:
        super().missing_field({"websites": [], **document})


class VersionIsOptional(SmallPieces):
    def missing_field(self, document: dict[str, Any]) -> None:
        super().missing_field({"version": "1.0.0", **document})


class Base64(SmallPieces):
    """Takes text for bytes."""

    def bad_bytes(self, value: Any) -> None:
        super().bad_bytes([] if isinstance(value, str) else value)

    def steps(self, state: State, document: dict[str, Any]) -> Any:
        return super().steps(state, {**document, "websites": []})


class BareLists(SmallPieces):
    def entries(self, value: Any) -> list[Any]:
        return value if isinstance(value, list) else super().entries(value)

    def given(self, document: dict[str, Any], name: str) -> list[dict[str, Any]]:
        value = document.get(name)
        return value if isinstance(value, list) else super().given(document, name)


class IterableObjects(SmallPieces):
    def entries(self, value: Any) -> list[Any]:
        return list(value["iterable"]) if isinstance(value, dict) else super().entries(value)


class AnyVersion(SmallPieces):
    tolerant = frozenset({"bad_version"})


class UpTo256(SmallPieces):
    def is_byte(self, item: Any) -> bool:
        return item == 256 or super().is_byte(item)

    def steps(self, state: State, document: dict[str, Any]) -> Any:
        return super().steps(state, {**document, "websites": [], "hints": []})


class Signed(UpTo256):
    def is_byte(self, item: Any) -> bool:
        return item == -1 or SmallPieces.is_byte(self, item)


class CollectionsUnseen(UpTo256):
    tolerant = frozenset({"bad_collection"})


class OptionalUnseen(UpTo256):
    def bad_collection(self, document: dict[str, Any]) -> None:
        super().bad_collection({**document, "hints": []})

    def is_byte(self, item: Any) -> bool:
        return SmallPieces.is_byte(self, item)


class EntriesUnseen(SmallPieces):
    tolerant = frozenset({"bad_list"})


class Booleans(SmallPieces):
    def is_byte(self, item: Any) -> bool:
        return isinstance(item, int) and 0 <= item <= 255


class Fractions(SmallPieces):
    def is_byte(self, item: Any) -> bool:
        return isinstance(item, float) or super().is_byte(item)


class Digits(SmallPieces):
    def is_byte(self, item: Any) -> bool:
        return item == "1" or super().is_byte(item)


class Nulls(SmallPieces):
    def is_byte(self, item: Any) -> bool:
        return item is None or super().is_byte(item)


class MakesIds(SmallPieces):
    def bad_entry(self, entry: Any) -> None:
        super().bad_entry({"id": "made", **entry})

    def given(self, document: dict[str, Any], name: str) -> list[dict[str, Any]]:
        return [{"id": "made", **entry} for entry in super().given(document, name)]


class MakesBytes(SmallPieces):
    def bad_entry(self, entry: Any) -> None:
        super().bad_entry({"raw": [], **entry})


class TwoNumbers(SmallPieces):
    def bad_version(self, document: dict[str, Any]) -> None:
        super().bad_version(
            {**document, "version": document["version"] if document["version"] != "1.2" else "1.2.0"}
        )


class FailsAs503(SmallPieces):
    def error(self, error: Refused) -> Reply:
        inside = "inside" in str(error)
        return Reply(503, b"no", "text/plain") if inside else super().error(error)


class AnySchema(SmallPieces):
    def bad_schema(self, document: dict[str, Any]) -> None:
        pass


class AnySemantic(SmallPieces):
    def bad_schema(self, document: dict[str, Any]) -> None:
        schema = document.get("schema") or {}
        document = json.loads(json.dumps(document))
        if "semantic" in schema:
            document["schema"]["semantic"] = "UNKNOWN"
        super().bad_schema(document)


class EntrySchemasUnseen(SmallPieces):
    def bad_schema(self, document: dict[str, Any]) -> None:
        if "raw" not in document:
            super().bad_schema(document)


SERVERS = [
    ("PI-ERR-01", JsonErrors),
    ("PI-ERR-01", UntypedErrors),
    ("PI-ERR-01", JsonWhenMalformed),
    ("PI-ERR-02", JsonWhenNewer),
    ("PI-ERR-03", Speechless),
    ("PI-ERR-03", SpeechlessWhenNewer),
    ("PI-ERR-04", Guesses),
    ("PI-ERR-04", Replaces),
    ("PI-ERR-04", Unprocessable),
    ("PI-ERR-05", FalseIsNothing),
    ("PI-ERR-05", ListsAreFine),
    ("PI-ERR-05", Unprocessable),
    ("PI-ERR-06", NeedsVersionOnly),
    ("PI-ERR-06", LastFieldIsOptional),
    ("PI-ERR-06", VersionIsOptional),
    ("PI-ERR-06", Unprocessable),
    ("PI-ERR-07", Base64),
    ("PI-ERR-07", BareLists),
    ("PI-ERR-07", IterableObjects),
    ("PI-ERR-07", AnyVersion),
    ("PI-ERR-08", UpTo256),
    ("PI-ERR-08", CollectionsUnseen),
    ("PI-ERR-08", OptionalUnseen),
    ("PI-ERR-08", EntriesUnseen),
    ("PI-ERR-09", Signed),
    ("PI-ERR-09", CollectionsUnseen),
    ("PI-ERR-10", Booleans),
    ("PI-ERR-10", Fractions),
    ("PI-ERR-10", Digits),
    ("PI-ERR-10", Nulls),
    ("PI-ERR-11", MakesIds),
    ("PI-ERR-11", MakesBytes),
    ("PI-ERR-12", AnyVersion),
    ("PI-ERR-12", TwoNumbers),
    ("PI-ERR-12", BadRequest),
    ("PI-ERR-13", FailsAs503),
    ("PI-ERR-14", AnySchema),
    ("PI-ERR-14", AnySemantic),
    ("PI-ERR-14", EntrySchemasUnseen),
]


@pytest.mark.parametrize(("rule", "server"), SERVERS)
def test_a_wrong_server_fails(rule: str, server: type[SmallPieces]) -> None:
    result = verdict_on(server(), rule)
    assert result.verdict in WRONG, told(result)


@pytest.mark.parametrize("rule", ["PI-ERR-01", "PI-ROLL-01", "PI-ROLL-05"])
def test_what_does_not_fail_says_nothing_about_failures(rule: str) -> None:
    class Guessing(Guesses, UpTo256):
        tolerant = frozenset({"bad_version", "missing_field"})

    result = verdict_on(Guessing(), rule)
    assert result.verdict is Verdict.NOT_VERIFIED
    assert result.because_of is not None
    assert result.because_of.startswith("PI-ERR-")
