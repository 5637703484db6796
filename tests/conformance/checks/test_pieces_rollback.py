"""The checks of the rollback against servers that leave something behind."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from typing import Any

import pytest

from dbcontract.conformance.results.results import Verdict

from .judging import WRONG, judging_small, told, verdict_on
from .small_pieces import COLLECTIONS, Entries, Refused, Reply, SmallPieces, State


class Leaving(SmallPieces):
    """Writes every failure down in the database."""

    def error(self, error: Refused) -> Reply:
        self.put(self.state.lists["values"], {"id": "debris", "raw": []})
        return super().error(error)


class InPlace(SmallPieces):
    """Checks every entry just before it is merged, straight into the database."""

    tolerant = frozenset({"bad_list"})

    def merge(self, document: dict[str, Any]) -> None:
        for _ in self.steps(self.state, document):
            pass

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        self.bad_entry(entry)
        super().put(entries, entry)

    def given(self, document: dict[str, Any], name: str) -> list[dict[str, Any]]:
        return [] if document.get(name) is None else self.entries(document[name])


class ChecksLate(InPlace):
    """Merges the values before it looks at anything else."""

    def check(self, document: Any) -> None:
        inner = document[0] if isinstance(document, list) and document else document
        if isinstance(inner, dict) and isinstance(inner.get("values"), dict):
            super().merge({"values": inner["values"]})
        super().check(document)


class Streams(ChecksLate):
    """Merges the values as far as the JSON can be read."""

    def read(self, body: bytes) -> Any:
        try:
            return super().read(body)
        except Refused:
            self.check(super().read(body + b"]}}"))
            raise


class HalfRollback(SmallPieces):
    """Takes back the lists that it has not finished only."""

    def merge(self, document: dict[str, Any]) -> None:
        aside = copy.deepcopy(self.state)
        try:
            for _ in self.steps(aside, document):
                pass
        except Refused:
            if self.given(document, "messageValues"):
                self.state.lists["values"] = aside.lists["values"]
            raise
        self.state = aside


class LateFailure(SmallPieces):
    """Fails with everything merged, and keeps it."""

    def merge(self, document: dict[str, Any]) -> None:
        aside = copy.deepcopy(self.state)
        try:
            for _ in self.steps(aside, document):
                pass
        except Refused as error:
            if "at the end" in str(error):
                self.state = aside
            raise
        self.state = aside


class LosesCollections(SmallPieces):
    """Begins an import with empty collections, and forgets to put the old ones back."""

    def post(self, headers: Mapping[str, str], body: bytes | None) -> Reply:
        kept = self.state.collections
        self.state.collections = {name: set() for name in COLLECTIONS}
        reply = super().post(headers, body)
        if reply.status == 204:
            for name, words in kept.items():
                self.state.collections[name] |= words
        return reply


class BackToTheStart(SmallPieces):
    def error(self, error: Refused) -> Reply:
        self.state = type(self)().state
        return super().error(error)


class TakesOutWhatItBrought(SmallPieces):
    """Undoes an import by taking out every id that it named."""

    def post(self, headers: Mapping[str, str], body: bytes | None) -> Reply:
        reply = super().post(headers, body)
        if reply.status >= 400 and body:
            for entry in self.given(self.read(body), "values"):
                self.state.lists["values"].pop(entry["id"], None)
        return reply


class OncePerId(SmallPieces):
    """Takes no entry that it has seen before, be it in an import that failed."""

    def __init__(self, *, empty: bool = False) -> None:
        super().__init__(empty=empty)
        self.seen: set[str] = set()

    def post(self, headers: Mapping[str, str], body: bytes | None) -> Reply:
        reply = super().post(headers, body)
        if body:
            self.seen |= {entry["id"] for entry in self.given(self.read(body), "values")}
        return reply

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        if entry["id"] not in self.seen:
            super().put(entries, entry)


class StaysLocked(SmallPieces):
    locked = False

    def post(self, headers: Mapping[str, str], body: bytes | None) -> Reply:
        if self.locked:
            return Reply(500, b"an import is under way", "text/plain")
        reply = super().post(headers, body)
        self.locked = reply.status >= 400
        return reply


class ShowsHalf(SmallPieces):
    """Merges into the database piece by piece, while others read it."""

    def merge(self, document: dict[str, Any]) -> None:
        for number, _ in enumerate(self.steps(self.state, document)):
            if number == 500:
                self.wait_for_an_export()

    def wait_for_an_export(self) -> None:
        exported = self.exports
        until = time.monotonic() + 5
        while self.exports < exported + 2 and time.monotonic() < until:
            time.sleep(0.001)

    exports = 0

    def export(self) -> dict[str, Any]:
        shown = super().export()
        self.exports += 1
        return shown


SERVERS = [
    ("PI-ROLL-01", Streams),
    ("PI-ROLL-01", Leaving),
    ("PI-ROLL-02", ChecksLate),
    ("PI-ROLL-03", ChecksLate),
    ("PI-ROLL-04", ChecksLate),
    ("PI-ROLL-04", InPlace),
    ("PI-ROLL-05", InPlace),
    ("PI-ROLL-05", LosesCollections),
    ("PI-ROLL-06", InPlace),
    ("PI-ROLL-07", InPlace),
    ("PI-ROLL-08", InPlace),
    ("PI-ROLL-09", ChecksLate),
    ("PI-ROLL-10", ChecksLate),
    ("PI-ROLL-10", Leaving),
    ("PI-ROLL-11", ChecksLate),
    ("PI-ROLL-12", InPlace),
    ("PI-ROLL-13", InPlace),
    ("PI-ROLL-13", HalfRollback),
    ("PI-ROLL-13", LateFailure),
    ("PI-ROLL-13", LosesCollections),
    ("PI-ROLL-14", InPlace),
    ("PI-ROLL-14", TakesOutWhatItBrought),
    ("PI-ROLL-15", BackToTheStart),
    ("PI-ROLL-16", StaysLocked),
    ("PI-ROLL-16", OncePerId),
    ("PI-ROLL-17", ShowsHalf),
    ("PI-ROLL-18", InPlace),
]


@pytest.mark.parametrize(("rule", "server"), SERVERS)
def test_a_wrong_server_fails(rule: str, server: type[SmallPieces]) -> None:
    result = verdict_on(server(), rule)
    assert result.verdict in WRONG, told(result)


ROLLBACKS = sorted({rule for rule, _ in SERVERS} - {"PI-ROLL-17"})


@pytest.mark.parametrize("rule", ROLLBACKS)
def test_a_server_whose_collections_never_rest_is_judged_by_its_entries(rule: str) -> None:
    class Restless(SmallPieces):
        exports = 0

        def export(self) -> dict[str, Any]:
            self.exports += 1
            return {**super().export(), "analyses": [self.exports % 256]}

        def bad_collection(self, document: dict[str, Any]) -> None:
            super().bad_collection({**document, "analyses": []})

        def steps(self, state: State, document: dict[str, Any]) -> Any:
            return super().steps(state, {**document, "analyses": []})

    result = verdict_on(Restless(), rule)
    assert result.verdict is Verdict.PASSED, told(result)


def test_failures_that_cannot_be_ordered_are_not_verified() -> None:
    with judging_small(SmallPieces(), "inject") as judge:
        result = judge("PI-ROLL-13")
    assert (result.verdict, result.missing) == (Verdict.NOT_VERIFIED, ("inject",))


def test_a_failed_import_names_what_it_left() -> None:
    result = verdict_on(InPlace(), "PI-ROLL-05")
    assert result.expected == "unchanged"
    assert result.actual is not None
    assert " entries before, " in result.actual
    assert "; new: dbcontract-" in result.actual


def test_a_half_merge_is_seen_where_an_earlier_one_left_its_entries() -> None:
    with judging_small(InPlace()) as judge:
        verdicts = [judge("PI-ROLL-05").verdict for _ in range(2)]
    assert verdicts == [Verdict.FAILED, Verdict.FAILED]
