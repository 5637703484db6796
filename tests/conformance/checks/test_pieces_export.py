"""The checks of an export, and of the paths, where there is less to see or more than the run's own."""

from __future__ import annotations

from typing import Any

from dbcontract.conformance.results.results import Verdict

from .judging import judging_small, verdict_on
from .small_pieces import SmallPieces


def test_a_server_that_works_by_itself_for_a_moment_passes() -> None:
    class Working(SmallPieces):
        exports = 0

        def export(self) -> dict[str, Any]:
            self.exports += 1
            shown = super().export()
            return {**shown, "tags": [*shown["tags"], min(self.exports, 3)]}

    assert verdict_on(Working(), "PI-EXP-16").verdict is Verdict.PASSED


def test_an_export_without_any_schema_verifies_nothing_about_schemas() -> None:
    class NoSchema(SmallPieces):
        def export(self) -> dict[str, Any]:
            shown = super().export()
            del shown["schema"]
            for name in ("values", "messageValues", "workstreamEventValues"):
                shown[name] = {"iterable": []}
            return shown

    assert verdict_on(NoSchema(), "PI-EXP-13").verdict is Verdict.NOT_VERIFIED


def test_an_import_that_never_arrives_says_nothing_about_late_exports() -> None:
    class Drops(SmallPieces):
        def merge(self, document: dict[str, Any]) -> None:
            pass

    result = verdict_on(Drops(), "PI-EXP-15")
    assert result.verdict is Verdict.NOT_VERIFIED
    assert "keeps no entry" in result.reason


def test_the_paths_are_looked_for_without_writing() -> None:
    with judging_small(SmallPieces(), "write") as judge:
        result = judge("PI-DESC-01")
    assert result.verdict is Verdict.PASSED
    assert [exchange.method for exchange in result.part.evidence] == ["GET"]
