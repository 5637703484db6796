"""The checks of the links to archive files where they cannot be followed to their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import links
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.handlers.archives import ArchiveHandlers
from dbcontract.mockserver.storage.signing import Signer

from .judging_pixiebrix import Judge, rules_of, told

MODULES = (links,)
RULES = rules_of(*MODULES)


@pytest.mark.parametrize("rule", RULES)
def test_bare_names_are_not_verified(judge: Judge, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _change_items(monkeypatch, lambda item: {**item, "file": f"{item['date']}.jsonl"})
    result = judge(rule)
    assert result.verdict is Verdict.NOT_VERIFIED, told(result)
    assert "bare name" in result.reason


@pytest.mark.parametrize("rule", RULES)
def test_without_waiting_an_hour_is_not_verified(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers", "storage")(rule)
    waits = rule in {"PB-LINK-02", "PB-LINK-03", "PB-LINK-04", "PB-LINK-05"}
    assert result.verdict is (Verdict.NOT_VERIFIED if waits else Verdict.PASSED), told(result)


def test_a_link_without_a_signature_cannot_be_forged(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    _change_items(monkeypatch, lambda item: {**item, "file": item["file"].partition("?")[0]})
    monkeypatch.setattr(Signer, "verify", lambda *_: None)
    assert judge("PB-LINK-07").verdict is Verdict.NOT_VERIFIED


def test_a_relative_link_is_followed(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    _change_items(monkeypatch, lambda item: {**item, "file": item["file"][item["file"].index("/~") :]})
    assert judge("PB-LINK-01").verdict is Verdict.PASSED


def _change_items(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    original = ArchiveHandlers.describe_archive
    patch.setattr(ArchiveHandlers, "describe_archive", lambda self, *args: change(original(self, *args)))
