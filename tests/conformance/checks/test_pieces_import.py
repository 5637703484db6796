"""The checks of an import and of what it merges against servers that are wrong in one place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.exports import (
    LISTS,
    OPTIONAL_FIELDS,
    OPTIONAL_LISTS,
    REQUIRED_COLLECTIONS,
)
from dbcontract.conformance.results.results import Verdict

from .judging import WRONG, judging_small, told, verdict_on
from .small_pieces import COLLECTIONS, Entries, Refused, Reply, SmallPieces, State

Headers = Mapping[str, str]


class Ok(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        reply = super().post(headers, body)
        return Reply(200) if reply.status == 204 else reply


class TooNewForItself(SmallPieces):
    def is_newer(self, version: object) -> bool:
        del version
        return True


class Chatty(SmallPieces):
    """Sends a body with a 204, and says how long it is."""

    announced = True

    def post(self, headers: Headers, body: bytes | None) -> Reply:
        reply = super().post(headers, body)
        return Reply(204, b"merged", "text/plain", self.announced) if reply.status == 204 else reply


class ChattyUnannounced(Chatty):
    announced = False


class WantsToken(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        return super().post(headers, body) if "Authorization" in headers else Reply(403, b"no", "text/plain")


class WantsForm(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        json_sent = headers.get("Content-Type") == "application/json"
        return Reply(415, b"no", "text/plain") if json_sent else super().post(headers, body)


class AcceptsJsonOnly(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        asked = headers.get("Accept")
        return Reply(406, b"no", "text/plain") if asked == "text/plain" else super().post(headers, body)


class WantsType(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        return super().post(headers, body) if "Content-Type" in headers else Reply(415, b"no", "text/plain")


class WantsLength(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        return Reply(400, b"no body", "text/plain") if body == b"" else super().post(headers, body)


class WantsBody(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        return super().post(headers, body) if body else Reply(500, b"no body", "text/plain")


class EmptiedByNothing(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        if not body:
            self.state = type(self)(empty=True).state
        return super().post(headers, body)


class UniqueIds(SmallPieces):
    """Refuses values that it has."""

    def steps(self, state: State, document: dict[str, Any]) -> Any:
        for entry in self.given(document, "values"):
            if entry["id"] in state.lists["values"]:
                raise Refused(f"{entry['id']} is there already")
        return super().steps(state, document)


class KnowsKeys(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        known = "X-Application-ID" not in headers
        return super().post(headers, body) if known else Reply(401, b"no", "text/plain")


class Drops(SmallPieces):
    def merge(self, document: dict[str, Any]) -> None:
        pass


class Replaces(SmallPieces):
    def merge(self, document: dict[str, Any]) -> None:
        self.state = type(self)(empty=True).state
        super().merge(document)


class ReplacesValues(SmallPieces):
    def steps(self, state: State, document: dict[str, Any]) -> Any:
        state.lists["values"] = {}
        return super().steps(state, document)


class ReplacesOptionalLists(SmallPieces):
    def steps(self, state: State, document: dict[str, Any]) -> Any:
        state.lists = {"values": state.lists["values"], **{name: {} for name in OPTIONAL_LISTS}}
        return super().steps(state, document)


class ReplacesCollections(SmallPieces):
    def steps(self, state: State, document: dict[str, Any]) -> Any:
        state.collections = {name: set() for name in COLLECTIONS}
        return super().steps(state, document)


class EmptiesToBrackets(ReplacesCollections):
    def export(self) -> dict[str, Any]:
        shown = super().export()
        return {name: shown[name] or [91, 93] if name in COLLECTIONS else shown[name] for name in shown}

    def words(self, collection: bytes) -> list[bytes]:
        return [word for word in super().words(collection) if word != b"[]"]


class TouchesOldBytes(SmallPieces):
    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        for old in entries.values():
            old["raw"] = [*old["raw"], 0]
        super().put(entries, entry)


class Text(SmallPieces):
    """Keeps bytes as text in UTF-8."""

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        text = bytes(entry["raw"]).decode(errors="replace")
        super().put(entries, {**entry, "raw": list(text.encode())})


class Trims(SmallPieces):
    """Takes the zeros from the ends."""

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        super().put(entries, {**entry, "raw": list(bytes(entry["raw"]).strip(b"\0"))})


class SkipsEmpty(SmallPieces):
    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        if entry["raw"]:
            super().put(entries, entry)


class NewIds(SmallPieces):
    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        super().put(entries, {**entry, "id": f"new-{len(entries)}"})


class LowerIds(SmallPieces):
    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        super().put(entries, {**entry, "id": entry["id"].upper()})


class FirstTen(SmallPieces):
    def given(self, document: dict[str, Any], name: str) -> list[dict[str, Any]]:
        return super().given(document, name)[:10]


class NotTheLast(SmallPieces):
    def given(self, document: dict[str, Any], name: str) -> list[dict[str, Any]]:
        found = super().given(document, name)
        return found[:-1] if len(found) > 1 else found


class Appends(SmallPieces):
    """Has no notion of ids."""

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        entries[f"{len(entries)} {entry['id']}"] = entry


class Concatenates(SmallPieces):
    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        old = entries.get(entry["id"], {"raw": []})
        super().put(entries, {**entry, "raw": [*old["raw"], *entry["raw"]]})


class Overlays(SmallPieces):
    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        rest = entries.get(entry["id"], {"raw": []})["raw"][len(entry["raw"]) :]
        super().put(entries, {**entry, "raw": [*entry["raw"], *rest]})


class Doubles(SmallPieces):
    """Gives entries that it knows already a name of their own."""

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        known = entry["id"] in entries
        super().put(entries, {**entry, "id": f"{entry['id']} (copy)"} if known else entry)


class ForgetsOptionalLists(SmallPieces):
    def given(self, document: dict[str, Any], name: str) -> list[dict[str, Any]]:
        return super().given(document, name) if name == "values" else []


class OneListForAll(SmallPieces):
    def steps(self, state: State, document: dict[str, Any]) -> Any:
        entries = [entry for name in LISTS for entry in self.given(document, name)]
        return super().steps(state, {**document, **{name: {"iterable": entries} for name in LISTS}})


class WantsAllFields(SmallPieces):
    def missing_field(self, document: dict[str, Any]) -> None:
        super().missing_field(document)
        for name in OPTIONAL_FIELDS:
            if name not in document:
                raise Refused(f"{name} is missing")


class NoEntrySchemas(SmallPieces):
    def bad_entry(self, entry: Any) -> None:
        super().bad_entry(entry)
        if "schema" in entry and entry["id"] != "mine":
            raise Refused("schema is unknown")


class NoNulls(SmallPieces):
    def check(self, document: Any) -> None:
        super().check(document)
        if None in document.values():
            raise Refused("null")


class NullEmpties(SmallPieces):
    def merge(self, document: dict[str, Any]) -> None:
        super().merge(document)
        for name in COLLECTIONS:
            if name in document and document[name] is None:
                self.state.collections[name] = set()


class NullIsNoBody(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        return super().post(headers, None if body == b"null" else body)


class NullEmptiesAll(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        if body == b"null":
            self.state = type(self)(empty=True).state
        return super().post(headers, body)


class NullIsUnprocessable(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        return Reply(422, b"no", "text/plain") if body == b"null" else super().post(headers, body)


class MergesTags(SmallPieces):
    """Loses one of its collections on the way."""

    def merge(self, document: dict[str, Any]) -> None:
        super().merge({**document, "tags": []})


class ReadsTwice(SmallPieces):
    """Escapes what it keeps, each time."""

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        super().put(entries, {**entry, "raw": list(json.dumps(entry["raw"]).encode())})


SERVERS = [
    ("PI-IMP-01", Ok),
    ("PI-IMP-02", Chatty),
    ("PI-IMP-02", ChattyUnannounced),
    ("PI-IMP-03", WantsToken),
    ("PI-IMP-04", WantsForm),
    ("PI-IMP-05", AcceptsJsonOnly),
    ("PI-IMP-06", UniqueIds),
    ("PI-IMP-07", WantsType),
    ("PI-IMP-07", WantsLength),
    ("PI-IMP-08", WantsBody),
    ("PI-IMP-08", Ok),
    ("PI-IMP-09", EmptiedByNothing),
    ("PI-IMP-10", Drops),
    ("PI-IMP-10", NewIds),
    ("PI-IMP-10", LowerIds),
    ("PI-IMP-11", Replaces),
    ("PI-IMP-11", ReplacesValues),
    ("PI-IMP-11", ReplacesOptionalLists),
    ("PI-IMP-11", ReplacesCollections),
    ("PI-IMP-11", EmptiesToBrackets),
    ("PI-IMP-11", TouchesOldBytes),
    ("PI-IMP-12", Text),
    ("PI-IMP-12", Trims),
    ("PI-IMP-12", SkipsEmpty),
    ("PI-IMP-13", FirstTen),
    ("PI-IMP-13", NotTheLast),
    ("PI-IMP-14", Appends),
    ("PI-IMP-15", Concatenates),
    ("PI-IMP-15", Overlays),
    ("PI-IMP-15", Appends),
    ("PI-IMP-16", Doubles),
    ("PI-IMP-16", ReadsTwice),
    ("PI-IMP-17", ForgetsOptionalLists),
    ("PI-IMP-17", OneListForAll),
    ("PI-IMP-18", WantsAllFields),
    ("PI-IMP-19", NoEntrySchemas),
    ("PI-IMP-20", NoNulls),
    ("PI-IMP-20", NullEmpties),
    ("PI-IMP-21", NullIsNoBody),
    ("PI-IMP-21", NullEmptiesAll),
    ("PI-IMP-21", NullIsUnprocessable),
    ("PI-IMP-22", MergesTags),
    ("PI-IMP-22", ForgetsOptionalLists),
    ("PI-IMP-23", KnowsKeys),
    ("PI-VER-05", TooNewForItself),
]


@pytest.mark.parametrize(("rule", "server"), SERVERS)
def test_a_wrong_server_fails(rule: str, server: type[SmallPieces]) -> None:
    result = verdict_on(server(), rule)
    assert result.verdict in WRONG, told(result)


@pytest.mark.parametrize("rule", ["PI-IMP-10", "PI-IMP-11", "PI-IMP-13", "PI-ROLL-14"])
def test_a_server_that_takes_no_import_fails_only_where_that_is_the_rule(rule: str) -> None:
    result = verdict_on(WantsForm(), rule)
    assert (result.verdict, result.because_of) == (Verdict.NOT_VERIFIED, "PI-IMP-01")


def test_what_a_target_takes_is_asked_once() -> None:
    class Counted(SmallPieces):
        merged = 0

        def merge(self, document: dict[str, Any]) -> None:
            self.merged += 1
            super().merge(document)

    pieces = Counted()
    with judging_small(pieces) as judge:
        assert judge("PI-IMP-14").verdict is Verdict.PASSED
    # one of them asks whether new entries are kept at all, and one whether an import of nothing is taken
    assert pieces.merged == 5


def test_without_permission_to_destroy_no_collection_is_lost() -> None:
    pieces = ReplacesCollections()
    before = pieces.export()
    with judging_small(pieces, "destroy") as judge:
        judge("PI-IMP-11")
        judge("PI-ROLL-13")
    after = pieces.export()
    assert [name for name in REQUIRED_COLLECTIONS if after[name] != before[name]] == []


def test_a_second_instance_that_is_not_empty_verifies_nothing() -> None:
    class NeverEmpty(SmallPieces):
        def __init__(self, *, empty: bool = False) -> None:
            del empty
            super().__init__()

    result = verdict_on(NeverEmpty(), "PI-IMP-22")
    assert result.verdict is Verdict.NOT_VERIFIED
    assert "not empty" in result.reason
