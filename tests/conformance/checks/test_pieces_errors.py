"""What the checks of failures say where nothing fails."""

from __future__ import annotations

from typing import Any

import pytest

from dbcontract.conformance.results.results import Verdict

from .judging import verdict_on
from .small_pieces import Refused, SmallPieces, State


class Guesses(SmallPieces):
    """Reads as much of the JSON as there is."""

    def read(self, body: bytes) -> Any:
        try:
            return super().read(body)
        except Refused:
            return self.export()


class UpTo256(SmallPieces):
    def is_byte(self, item: Any) -> bool:
        return item == 256 or super().is_byte(item)

    def steps(self, state: State, document: dict[str, Any]) -> Any:
        return super().steps(state, {**document, "websites": [], "hints": []})


@pytest.mark.parametrize("rule", ["PI-ERR-01", "PI-ROLL-01", "PI-ROLL-05"])
def test_what_does_not_fail_says_nothing_about_failures(rule: str) -> None:
    class Guessing(Guesses, UpTo256):
        tolerant = frozenset({"bad_version", "missing_field"})

    result = verdict_on(Guessing(), rule)
    assert result.verdict is Verdict.NOT_VERIFIED
    assert result.because_of is not None
    assert result.because_of.startswith("PI-ERR-")
