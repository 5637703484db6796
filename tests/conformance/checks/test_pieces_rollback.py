"""What the checks of the rollback go by, and what they tell."""

from __future__ import annotations

from typing import Any

import pytest

from dbcontract.conformance.results.results import Verdict

from .judging import judging_small, told, verdict_on
from .small_pieces import Entries, SmallPieces, State


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


ROLLBACKS = [f"PI-ROLL-{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18)]


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
    assert (result.verdict, result.part.missing) == (Verdict.NOT_VERIFIED, ("inject",))


def test_a_failed_import_names_what_it_left() -> None:
    result = verdict_on(InPlace(), "PI-ROLL-05")
    assert result.part.expected == "unchanged"
    assert result.part.actual is not None
    assert " entries before, " in result.part.actual
    assert "; new: dbcontract-" in result.part.actual


def test_a_half_merge_is_seen_where_an_earlier_one_left_its_entries() -> None:
    with judging_small(InPlace()) as judge:
        verdicts = [judge("PI-ROLL-05").verdict for _ in range(2)]
    assert verdicts == [Verdict.FAILED, Verdict.FAILED]
