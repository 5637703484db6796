"""The checks of Pieces OS with generated data, alone, against servers that are not mocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.checks import property_import as any_import
from dbcontract.conformance.apis.pieces.checks import stateful_imports as walk_imports
from dbcontract.conformance.authoring.check import Checks, collect
from dbcontract.conformance.results.results import Verdict

from . import judging
from .judging import told
from .judging_pixiebrix import rules_of
from .small_pieces import SmallPieces, UnusualPieces

RULES = rules_of(any_import, walk_imports)
GENERATED = Checks(check for module in (any_import, walk_imports) for check in collect(module))


@pytest.fixture(autouse=True, scope="module")
def _generated_alone() -> Iterator[None]:
    """Judge by the checks with generated data only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "checks", lambda: GENERATED)
        yield


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("server", [SmallPieces, UnusualPieces])
def test_another_server_passes(server: type[SmallPieces], rule: str) -> None:
    result = judging.verdict_on(server(), rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("version", ["0.0.0", "1.0.0", "10.0.1", "9.99.999"])
def test_any_version_of_a_server_can_be_judged(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmallPieces, "version", version)
    result = judging.verdict_on(SmallPieces(), "PI-VER-07")
    assert result.verdict is Verdict.PASSED, told(result)


def test_what_another_rule_forbids_is_not_a_fault_of_the_walk() -> None:
    class Doubles(SmallPieces):
        """Refuses nothing that has a byte too large."""

        def is_byte(self, item: Any) -> bool:
            return type(item) is int and item >= 0

    result = judging.verdict_on(Doubles(), "PI-ROLL-15")
    assert (result.verdict, result.because_of) == (Verdict.NOT_VERIFIED, "PI-ERR-08"), told(result)
