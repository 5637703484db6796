"""The walks over records, assets and jobs, alone, against mocks that only a series of steps gives away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import stateful_assets as walk_assets
from dbcontract.conformance.apis.pixiebrix.checks import stateful_jobs as walk_jobs
from dbcontract.conformance.apis.pixiebrix.checks import stateful_records as walk_records
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.state.assets import Asset
from dbcontract.mockserver.apis.pixiebrix.state.jobs import Job
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import DATA, KEY, RecordTable, Row, merged
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import ServerThread
from dbcontract.mockserver.state.objects import StoredObject

from .judging_pixiebrix import Judge, Patch, Wrong, judge_of, rules_of, told, wrong, wrongs_in
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


# Jobs


@wrong("PB-JOB-45")
def an_export_is_repeated(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.create_job

    def create(self: PixieBrixState, name: str, ids: Any, *rest: Any, **options: Any) -> Job:
        job = original(self, name, ids, *rest, **options)
        first = next(one for one in self.jobs.values() if one.databases == job.databases)
        job.parts = first.parts
        return job

    patch.setattr(PixieBrixState, "create_job", create)


@wrong("PB-JOB-46")
def another_job_begins_all_anew(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.create_job

    def create(self: PixieBrixState, *args: Any, **options: Any) -> Job:
        for job in self.jobs.values():
            job.polls_left = 1
        return original(self, *args, **options)

    patch.setattr(PixieBrixState, "create_job", create)


# Assets


def _patched(patch: pytest.MonkeyPatch, change: Callable[[Asset, list[bool], bool], Asset]) -> None:
    """Other changes of an asset than the one asked for; the list has the marks that it was given before."""
    original, given = PixieBrixState.patch_asset, dict[str, list[bool]]()

    def patched(self: PixieBrixState, db_id: str, id: str, *, is_uploaded: bool, now: int) -> Asset:  # noqa: A002
        marks = given.setdefault(id, [])
        changed = change(original(self, db_id, id, is_uploaded=is_uploaded, now=now), marks, is_uploaded)
        marks.append(is_uploaded)
        self.database(db_id).assets[id] = changed
        return changed

    patch.setattr(PixieBrixState, "patch_asset", patched)


@wrong("PB-ASSET-23")
def an_asset_is_unmarked_once(patch: pytest.MonkeyPatch) -> None:
    _patched(patch, lambda one, before, mark: replace(one, is_uploaded=mark or False in before))


@wrong("PB-ASSET-24")
def no_download_after_two_marks(patch: pytest.MonkeyPatch) -> None:
    def renamed(one: Asset, before: list[bool], mark: bool) -> Asset:
        return replace(one, database_id="gone") if mark and before.count(True) > 1 else one

    _patched(patch, renamed)


# Walks over records and jobs


@wrong("PB-REC-14")
def a_put_brings_back_what_was_deleted(patch: pytest.MonkeyPatch) -> None:
    delete, put = PixieBrixState.delete_record, PixieBrixState.put_record
    gone: list[Row] = []

    def deleted(self: PixieBrixState, db_id: str, key: str, now: int) -> Row:
        gone.append(delete(self, db_id, key, now))
        return gone[-1]

    def brought(self: PixieBrixState, db_id: str, key: str, *rest: Any) -> tuple[Row, bool]:
        for row in gone:
            self.database(db_id).records.store(row[KEY], row[DATA], row[0])
        gone.clear()
        return put(self, db_id, key, *rest)

    patch.setattr(PixieBrixState, "delete_record", deleted)
    patch.setattr(PixieBrixState, "put_record", brought)


@wrong("PB-REC-15")
def what_was_changed_stays(patch: pytest.MonkeyPatch) -> None:
    delete, store = RecordTable.delete, RecordTable.store
    changed: set[str] = set()

    def stored(self: RecordTable, key: str, data: bytes, now: int) -> tuple[Row, bool]:
        row, new = store(self, key, data, now)
        changed.update(() if new else [key])
        return row, new

    def deleted(self: RecordTable, key: str) -> Row:
        return self.get(key) if key in changed else delete(self, key)

    patch.setattr(RecordTable, "store", stored)
    patch.setattr(RecordTable, "delete", deleted)


@wrong("PB-REC-15")
def every_other_delete_does_nothing(patch: pytest.MonkeyPatch) -> None:
    original, done = RecordTable.delete, set[int]()

    def deleted(self: RecordTable, key: str) -> Row:
        if id(self) in done:
            done.remove(id(self))
            return self.get(key)
        done.add(id(self))
        return original(self, key)

    patch.setattr(RecordTable, "delete", deleted)


# Verdicts


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_mock_passes(judges: dict[str, Judge], rule: str) -> None:
    result = judges[rule](rule)
    assert result.verdict is Verdict.PASSED, told(result)


WRONGS = wrongs_in(globals())


def test_every_rule_has_a_server_that_violates_it() -> None:
    named = {rule for one in globals().values() if isinstance(one, Wrong) for rule in one.red}
    assert named == set(RULES)


@pytest.mark.parametrize("one", WRONGS)
def test_a_wrong_server_violates_this_rule_alone(
    judges: dict[str, Judge], one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    (rule,) = one.red
    assert judges[rule].red(rules_of(RULES[rule])) == one.red


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
def test_what_another_rule_forbids_is_no_fault_of_the_walk(
    judges: dict[str, Judge], rule: str, patched: Patch, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched(monkeypatch)
    result = judges[rule](rule)
    assert (result.verdict, result.because_of) == (Verdict.NOT_VERIFIED, other), told(result)
