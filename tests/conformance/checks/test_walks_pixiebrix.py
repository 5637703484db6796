"""The walks over records, assets and jobs blame the rule of the step that went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import stateful_assets as walk_assets
from dbcontract.conformance.apis.pixiebrix.checks import stateful_jobs as walk_jobs
from dbcontract.conformance.apis.pixiebrix.checks import stateful_records as walk_records
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import merged
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import ServerThread
from dbcontract.mockserver.state.objects import StoredObject

from .judging_pixiebrix import Judge, Patch, judge_of, rules_of, told
from .wrong_http import Ask, Reply, spoil

Data = dict[str, Any]
MODULES = (walk_assets, walk_jobs, walk_records)
RULES = {rule: module for module in MODULES for rule in rules_of(module)}


@pytest.fixture(scope="module")
def judges() -> Iterator[dict[str, Judge]]:
    """A judge for each rule, by the checks of the one module with generated data that has any of it."""
    with ServerThread(Settings(port=0)) as running:
        of_module: dict[ModuleType, Judge] = {module: judge_of(running, module) for module in MODULES}
        yield {rule: of_module[module] for rule, module in RULES.items()}


def exports_are_objects(patch: pytest.MonkeyPatch) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if ask.path.startswith("/_storage/exports/"):
            answer.json = {"records": answer.json}

    spoil(patch, reply=reply)


def deep_does_not_merge(patch: pytest.MonkeyPatch) -> None:
    def other(self: PixieBrixState, old: bytes | None, data: Data, strategy: MergeStrategy) -> bytes:
        del self
        return merged(None if strategy is MergeStrategy.DEEP else old, data, strategy)

    patch.setattr(PixieBrixState, "_merged", other)


def files_end_in_a_new_line(patch: pytest.MonkeyPatch) -> None:
    original = StoredObject.of
    patch.setattr(StoredObject, "of", lambda content, *rest: original(content + b"\n", *rest))


OTHERS = [
    ("PB-REC-14", deep_does_not_merge, "PB-REC-21"),
    ("PB-REC-15", deep_does_not_merge, "PB-REC-21"),
    ("PB-ASSET-23", files_end_in_a_new_line, "PB-ASSET-20"),
    ("PB-ASSET-24", files_end_in_a_new_line, "PB-ASSET-20"),
    ("PB-JOB-45", exports_are_objects, "PB-JOB-40"),
    ("PB-JOB-46", exports_are_objects, "PB-JOB-40"),
]


@pytest.mark.parametrize(("rule", "patched", "other"), OTHERS)
def test_what_another_rule_forbids_is_not_a_fault_of_the_walk(
    judges: dict[str, Judge], rule: str, patched: Patch, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched(monkeypatch)
    result = judges[rule](rule)
    assert (result.verdict, result.because_of) == (Verdict.NOT_VERIFIED, other), told(result)
