"""The checks of Pieces OS against servers that keep a value only where they know its format."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dbcontract.conformance.results.results import RuleResult, Verdict

from .judging import judging_small, told, verdict_on
from .small_pieces import Entries, Refused, Reply, SmallPieces
from .test_pieces_rollback import InPlace


class KnownOnly(SmallPieces):
    """Keeps entries of an id that it has; an empty one takes everything, as formats come along with it."""

    def __init__(self, *, empty: bool = False) -> None:
        super().__init__(empty=empty)
        self.empty = empty

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        if self.empty or entry["id"] in entries:
            super().put(entries, entry)


class KnownOnlyAndMineStay(KnownOnly):
    """Keeps its own bytes, too, where both sides have an id."""

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        if entry["id"] not in entries:
            super().put(entries, entry)


class NothingArrives(KnownOnly):
    """Answers 204 and merges nothing, not even into an empty database."""

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        pass


class NoRollback(InPlace, KnownOnly):
    """Finds a bad entry only when it comes to it, with those before it merged."""


class FrameworkFirst(SmallPieces):
    """Answers 400 to what is not an exported database, as a framework in front of it would."""

    def error(self, error: Refused) -> Reply:
        own = ("no version", "failed", "text")
        first = error.status == 500 and not any(word in str(error) for word in own)
        return Reply(400 if first else error.status, str(error).encode(), "text/plain")


ROLLED_BACK = [f"PI-ROLL-{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18)]
SEEN = ["PI-IMP-06", "PI-IMP-10", "PI-IMP-11", "PI-IMP-14", "PI-IMP-17", "PI-IMP-22"]
REFUSALS = [f"PI-ERR-{number:02}" for number in (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14)]
UNSEEN = ["PI-EXP-15", "PI-IMP-12", "PI-IMP-13", "PI-IMP-15", "PI-ROLL-13", "PI-ROLL-14", "PI-ROLL-16"]


@pytest.mark.parametrize("rule", UNSEEN)
def test_what_needs_new_entries_is_not_verified(rule: str) -> None:
    result = verdict_on(KnownOnly(), rule)
    assert result.verdict is Verdict.NOT_VERIFIED, told(result)
    assert "keeps no entry whose format it does not know" in result.reason


@pytest.mark.parametrize("rule", SEEN)
def test_what_its_own_entries_show_is_verified(rule: str) -> None:
    result = verdict_on(KnownOnly(), rule)
    assert result.verdict is Verdict.PASSED, told(result)


def test_an_import_that_arrives_nowhere_is_seen_at_an_empty_server() -> None:
    result = verdict_on(NothingArrives(), "PI-IMP-10")
    assert result.verdict is Verdict.FAILED
    assert "'mine'" in str(result.part.actual)
    with judging_small(NothingArrives(), "second") as judge:
        result = judge("PI-IMP-10")
    assert (result.verdict, result.part.missing) == (Verdict.NOT_VERIFIED, ("second",))


@pytest.mark.parametrize("rule", ROLLED_BACK)
def test_a_rollback_is_shown_with_its_own_entries(rule: str) -> None:
    pieces = KnownOnly()
    before = copy.deepcopy(pieces.state)
    result = judged(pieces, rule)
    assert result.verdict is Verdict.PASSED, told(result)
    assert pieces.state == before


def test_no_rollback_is_seen_and_made_good() -> None:
    pieces = NoRollback()
    before = copy.deepcopy(pieces.state)
    result = judged(pieces, "PI-ROLL-05")
    assert result.verdict is Verdict.FAILED, told(result)
    assert "with other bytes: mine" in str(result.part.actual)
    assert pieces.state == before


def test_nobody_elses_entries_are_changed_without_leave() -> None:
    pieces = NoRollback()
    before = copy.deepcopy(pieces.state)
    result = judged(pieces, "PI-ROLL-05", "destroy")
    assert result.verdict is Verdict.NOT_VERIFIED
    assert result.part.missing == ("destroy",)
    assert pieces.state == before


def test_where_neither_shows_nothing_is_said() -> None:
    result = judged(KnownOnlyAndMineStay(), "PI-ROLL-05")
    assert result.verdict is Verdict.NOT_VERIFIED
    assert "nor other bytes" in result.reason


@pytest.mark.parametrize("rule", ["PI-IMP-21", "PI-DESC-09", *REFUSALS])
def test_a_framework_may_answer_first(rule: str) -> None:
    result = verdict_on(FrameworkFirst(), rule)
    assert result.verdict in {Verdict.PASSED, Verdict.NOT_VERIFIED}, told(result)


def judged(pieces: SmallPieces, rule: str, *without: str) -> RuleResult:
    with judging_small(pieces, *without) as judge:
        return judge(rule)
