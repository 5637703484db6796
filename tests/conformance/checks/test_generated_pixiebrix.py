"""The checks with generated data, alone, against mocks whose mistake no example of ours meets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import property_asset as any_asset
from dbcontract.conformance.apis.pixiebrix.checks import property_job as any_job
from dbcontract.conformance.apis.pixiebrix.checks import property_record as any_record
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.handlers.jobs import JobHandlers
from dbcontract.mockserver.apis.pixiebrix.handlers.records import RecordHandlers
from dbcontract.mockserver.apis.pixiebrix.state.assets import Asset
from dbcontract.mockserver.apis.pixiebrix.state.filters import FieldEquals, FieldNull, Filter, parse_filters
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state.merging import merge as rightly
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import merged
from dbcontract.mockserver.artifacts import csvtext
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import ServerThread
from dbcontract.mockserver.state.instants import parse_instant
from dbcontract.mockserver.state.jsonio import dumps, loads
from dbcontract.mockserver.state.objects import StoredObject

from .judging_pixiebrix import Judge, Wrong, judge_of, rules_of, told, wrong, wrongs_in
from .wrong_http import Ask, Reply, as_json, spoil

Data = dict[str, Any]
MODULES = (any_asset, any_job, any_record)
RULES = {rule: module for module in MODULES for rule in rules_of(module)}


@pytest.fixture(scope="module")
def judges() -> Iterator[dict[str, Judge]]:
    """A judge for each rule, by the checks of the one module with generated data that has any of it."""
    with ServerThread(Settings(port=0)) as running:
        of_module: dict[ModuleType, Judge] = {module: judge_of(running, module) for module in MODULES}
        yield {rule: of_module[module] for rule, module in RULES.items()}


def _value(change: Callable[[Any], Any], value: Any) -> Any:
    """A JSON value, every part of which is changed."""
    if isinstance(value, dict):
        value = {name: _value(change, one) for name, one in value.items()}
    elif isinstance(value, list):
        value = [_value(change, one) for one in value]
    return change(value)


def _named(value: Any) -> Any:
    """A value without the field whose name is empty."""
    return {name: one for name, one in value.items() if name} if isinstance(value, dict) else value


# Records


def _stored(patch: pytest.MonkeyPatch, change: Callable[[Any], Any]) -> None:
    """Data that are stored otherwise, below their fields."""

    def wrongly(self: PixieBrixState, old: bytes | None, data: Data, strategy: MergeStrategy) -> bytes:
        del self
        right = loads(merged(old, data, strategy))
        return dumps({name: _value(change, one) for name, one in right.items()})

    patch.setattr(PixieBrixState, "_merged", wrongly)


@wrong("PB-REC-10")
def fields_without_a_name_are_dropped(patch: pytest.MonkeyPatch) -> None:
    _stored(patch, _named)


@wrong("PB-REC-26")
def keys_are_cut_at_60_letters(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        head, mark, key = one.path.partition("/records/")
        one.path = f"{head}{mark}{key[:60].rstrip('/')}/" if key else one.path

    spoil(patch, ask=ask)


def _merging(patch: pytest.MonkeyPatch, at: MergeStrategy, wrongly: Callable[[Data, Data], Data]) -> None:
    """Another way to merge, for one strategy."""

    def other(self: PixieBrixState, old: bytes | None, data: Data, strategy: MergeStrategy) -> bytes:
        del self
        right = old is None or strategy is not at
        return merged(old, data, strategy) if right else dumps(wrongly(loads(old or b""), data))

    patch.setattr(PixieBrixState, "_merged", other)


def _three_levels(strategy: MergeStrategy, old: Data, new: Data, levels: int = 3) -> Data:
    """Merge by a strategy, but for what is deeper than so many levels: there the new takes its place."""
    merged = rightly(strategy, old, new)
    for name in old.keys() & new.keys():
        if isinstance(old[name], dict) and isinstance(new[name], dict):
            inner = _three_levels(strategy, old[name], new[name], levels - 1)
            merged[name] = inner if levels > 1 else new[name]
    return merged


@wrong("PB-REC-20")
def shallow_skips_what_is_empty(patch: pytest.MonkeyPatch) -> None:
    def skipping(old: Data, new: Data) -> Data:
        return {**old, **{name: value for name, value in new.items() if value or name not in old}}

    _merging(patch, MergeStrategy.SHALLOW, skipping)


@wrong("PB-REC-21")
def deep_ends_at_the_fourth_level(patch: pytest.MonkeyPatch) -> None:
    _merging(patch, MergeStrategy.DEEP, lambda old, new: _three_levels(MergeStrategy.DEEP, old, new))


@wrong("PB-REC-22")
def deep_append_ends_at_the_fourth_level(patch: pytest.MonkeyPatch) -> None:
    at = MergeStrategy.DEEP_APPEND
    _merging(patch, at, lambda old, new: _three_levels(at, old, new))


# Filters


def _matching(patch: pytest.MonkeyPatch, matches: Callable[[str, str], bool]) -> None:
    """Another way to compare a text with the one that is asked for."""

    def passes(self: FieldEquals, data: bytes) -> bool:
        value = loads(data).get(self.field)
        return isinstance(value, str) and matches(value, self.value)

    patch.setattr(FieldEquals, "matches", passes)


@wrong("PB-FILT-12")
def short_values_are_not_indexed(patch: pytest.MonkeyPatch) -> None:
    _matching(patch, lambda value, wanted: value == wanted and len(value) > 3)


@wrong("PB-FILT-13")
def values_are_compared_by_40_letters(patch: pytest.MonkeyPatch) -> None:
    _matching(patch, lambda value, wanted: value[:40] == wanted[:40])


def _filters(patch: pytest.MonkeyPatch, change: Callable[[list[Filter]], list[Filter]]) -> None:
    patch.setattr(RecordHandlers, "_filters", lambda _, call: change(parse_filters(call.pairs)))


@wrong("PB-FILT-25")
def a_filter_by_null_stands_alone(patch: pytest.MonkeyPatch) -> None:
    def alone(filters: list[Filter]) -> list[Filter]:
        return [one for one in filters if isinstance(one, FieldNull)] or filters

    _filters(patch, alone)


@wrong("PB-FILT-25")
def one_filter_by_null_at_most(patch: pytest.MonkeyPatch) -> None:
    def fewer(filters: list[Filter]) -> list[Filter]:
        nulls = [one for one in filters if isinstance(one, FieldNull)]
        return [one for one in filters if one not in nulls[1:]]

    _filters(patch, fewer)


# CSV


def _as_csv(patch: pytest.MonkeyPatch, cell: Callable[[str], str]) -> None:
    """CSV whose cells are written by hand."""

    def lines(table: list[list[str | None]]) -> bytes:
        return "".join(",".join(cell(one or "") for one in row) + "\r\n" for row in table).encode()

    patch.setattr(csvtext, "_lines", lines)


def _once_doubled(value: str) -> str:
    """Quoted, but for quotes that stand together: those are taken for doubled."""
    doubled = re.sub('(?<!")"(?!")', '""', value)
    return f'"{doubled}"' if set(value) & set('",\r\n') else value


@wrong("PB-CSV-04")
def two_quotes_are_one_in_a_list(patch: pytest.MonkeyPatch) -> None:
    _as_csv(patch, _once_doubled)


@wrong("PB-JOB-42")
def tabs_are_blanks_in_an_export(patch: pytest.MonkeyPatch) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if ask.path.startswith("/_storage/exports/"):
            answer.body = answer.body.replace(b"\t", b" ")

    spoil(patch, reply=reply)


# Jobs


def _orders(patch: pytest.MonkeyPatch, refuses: Callable[[Data], bool]) -> None:
    """Orders that are refused, good as they are."""

    def ask(one: Ask) -> Reply | None:
        ordered = one.method == "POST" and one.path.endswith("/jobs/")
        return as_json(400, {"detail": "No."}) if ordered and refuses(one.json) else None

    spoil(patch, ask=ask)


@wrong("PB-JOB-01")
def no_order_with_filters_and_a_media_type(patch: pytest.MonkeyPatch) -> None:
    _orders(patch, lambda order: "filters" in order and "media_type" in order)


@wrong("PB-JOB-01")
def offsets_are_whole_hours(patch: pytest.MonkeyPatch) -> None:
    _orders(patch, lambda order: any(text[-2:] in {"15", "45"} for text in order.get("filters", {}).values()))


@wrong("PB-JOB-15")
def letters_beyond_ascii_are_no_filter(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.method == "POST" and one.path.endswith("/jobs/"):
            filters = one.json.get("filters", {})
            one.json = {
                **one.json,
                "filters": {name: text for name, text in filters.items() if text.isascii()},
            }

    spoil(patch, ask=ask)


@wrong("PB-JOB-35")
def parts_of_an_hour_are_no_offset(patch: pytest.MonkeyPatch) -> None:
    def instant(self: JobHandlers, text: str | None) -> int | None:
        del self
        return None if text is None else parse_instant(text if text.endswith("Z") else f"{text[:-2]}00")

    patch.setattr(JobHandlers, "instant", instant)


def _exported(patch: pytest.MonkeyPatch, change: Callable[[Any], Any]) -> None:
    """The values in JSON exports."""

    def reply(ask: Ask, answer: Reply) -> None:
        if ask.path.startswith("/_storage/exports/") and "json" in answer.headers["content-type"]:
            answer.json = [{**one, "data": _value(change, one["data"])} for one in answer.json]

    spoil(patch, reply=reply)


@wrong("PB-JOB-39")
def fields_without_a_name_are_not_exported(patch: pytest.MonkeyPatch) -> None:
    _exported(patch, _named)


# Assets


@wrong("PB-ASSET-13")
def file_names_are_cut_at_40_letters(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.create_asset

    def create(self: PixieBrixState, db_id: str, filename: str, *rest: Any) -> Asset:
        stem, _, suffix = filename.rpartition(".")
        return original(self, db_id, f"{stem[:36]}.{suffix}", *rest)

    patch.setattr(PixieBrixState, "create_asset", create)


@wrong("PB-ASSET-20")
def files_end_with_a_whole_block(patch: pytest.MonkeyPatch) -> None:
    original = StoredObject.of

    def cut(content: bytes, *rest: Any) -> StoredObject:
        return original(content[: len(content) // 8 * 8], *rest)

    patch.setattr(StoredObject, "of", cut)


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
