"""The checks of archive files where there is less to see than at the mock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import archive_files
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.handlers.archives import ArchiveHandlers

from .judging_pixiebrix import Judge, rules_of, told

MODULES = (archive_files,)
RULES = rules_of(*MODULES)
READING = ("PB-ARCH-10", "PB-ARCH-20")


@pytest.mark.parametrize("rule", READING)
def test_reading_an_existing_file_is_enough(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers", "storage")(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
def test_bare_names_leave_the_list_to_judge(judge: Judge, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _change_items(monkeypatch, lambda item: {**item, "file": f"{item['date']}.jsonl"})
    result = judge(rule)
    if rule in {"PB-ARCH-17", "PB-ARCH-18", "PB-ARCH-19"}:
        assert result.verdict is Verdict.PASSED, told(result)
    else:
        assert result.verdict is Verdict.NOT_VERIFIED, told(result)
        assert "bare name" in result.reason


def _change_items(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    original = ArchiveHandlers.describe_archive
    patch.setattr(ArchiveHandlers, "describe_archive", lambda self, *args: change(original(self, *args)))
