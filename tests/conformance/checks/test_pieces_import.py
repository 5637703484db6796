"""What the checks of an import ask for, leave alone, and say where they see too little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.exports import REQUIRED_COLLECTIONS
from dbcontract.conformance.results.results import Verdict

from .judging import judging_small, verdict_on
from .small_pieces import COLLECTIONS, Reply, SmallPieces, State

Headers = Mapping[str, str]


class WantsForm(SmallPieces):
    def post(self, headers: Headers, body: bytes | None) -> Reply:
        json_sent = headers.get("Content-Type") == "application/json"
        return Reply(415, b"no", "text/plain") if json_sent else super().post(headers, body)


class ReplacesCollections(SmallPieces):
    def steps(self, state: State, document: dict[str, Any]) -> Any:
        state.collections = {name: set() for name in COLLECTIONS}
        return super().steps(state, document)


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


def test_with_that_permission_what_was_lost_is_put_back() -> None:
    pieces = ReplacesCollections()
    before = pieces.export()
    with judging_small(pieces) as judge:
        assert judge("PI-IMP-11").verdict is Verdict.FAILED
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
