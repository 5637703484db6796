"""The checks of databases and records against mocks that are wrong in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import databases, merging, record_writes, records
from dbcontract.mockserver import artifacts
from dbcontract.mockserver.apis.pixiebrix.handlers import databases as database_handler
from dbcontract.mockserver.apis.pixiebrix.handlers import records as record_handler
from dbcontract.mockserver.apis.pixiebrix.pagination import Page, listed, requested_page
from dbcontract.mockserver.apis.pixiebrix.state import pixiebrix
from dbcontract.mockserver.apis.pixiebrix.state import records as table
from dbcontract.mockserver.apis.pixiebrix.state.databases import Database
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state.merging import merge as rightly
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import CREATED, KEY, RecordTable, Row
from dbcontract.mockserver.state.errors import NotFound
from dbcontract.mockserver.state.instants import format_instant
from dbcontract.mockserver.state.jsonio import dumps, loads

from .judging_pixiebrix import Judge, Wrong, judging, wrong, wrongs_in

Data = dict[str, Any]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(databases, merging, record_writes, records) as one:
        yield one


def _shown(patch: pytest.MonkeyPatch, change: Callable[[Data, Database], Data]) -> None:
    """Databases that are shown otherwise."""
    original = database_handler.describe_database
    patch.setattr(database_handler, "describe_database", lambda one: change(original(one), one))


def _listed(patch: pytest.MonkeyPatch, change: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
    """Lists of databases that are otherwise, before their pages are cut."""
    patch.setattr(database_handler, "listed", lambda call, items: listed(call, change(items)))


@wrong("PB-DB-07")
def the_newest_database_is_not_listed(patch: pytest.MonkeyPatch) -> None:
    _listed(patch, lambda items: items[:-1])


@wrong("PB-DB-02")
def databases_come_twice(patch: pytest.MonkeyPatch) -> None:
    _listed(patch, lambda items: [*items, *items])


@wrong("PB-DB-03")
def databases_of_all_organizations(patch: pytest.MonkeyPatch) -> None:
    def every(self: PixieBrixState, org_id: str) -> list[Database]:
        self.organization(org_id)
        return list(self.databases.values())

    patch.setattr(PixieBrixState, "list_databases", every)


@wrong("PB-DB-12")
def an_unknown_organization_is_empty(patch: pytest.MonkeyPatch) -> None:
    def any_organization(self: PixieBrixState, org_id: str) -> list[Database]:
        return [one for one in self.databases.values() if one.organization_id == org_id]

    patch.setattr(PixieBrixState, "list_databases", any_organization)


@wrong("PB-DB-04")
def a_database_has_an_organization_field(patch: pytest.MonkeyPatch) -> None:
    _shown(patch, lambda shown, one: {**shown, "organization_id": {"id": one.organization_id}})


@wrong("PB-DB-04")
def a_count_as_text(patch: pytest.MonkeyPatch) -> None:
    _shown(patch, lambda shown, one: {**shown, "num_records": str(len(one.records))})


@wrong("PB-DB-05")
def a_type_in_lower_case(patch: pytest.MonkeyPatch) -> None:
    _shown(patch, lambda shown, _: {**shown, "type": "key-value"})


@wrong("PB-DB-06", "PB-DB-07")
def a_slug_for_a_name(patch: pytest.MonkeyPatch) -> None:
    _shown(patch, lambda shown, _: {**shown, "name": shown["name"].replace("-", "_")})


@wrong("PB-DB-10")
def a_count_of_writes(patch: pytest.MonkeyPatch) -> None:
    _shown(patch, lambda shown, one: {**shown, "num_records": len(one.records) + (one.records.sequence > 2)})


@wrong("PB-DB-11")
def last_write_is_creation(patch: pytest.MonkeyPatch) -> None:
    _shown(patch, lambda shown, one: {**shown, "last_write_at": format_instant(one.created_at)})


@wrong("PB-DB-08", "PB-REC-03")
def one_table_for_all(patch: pytest.MonkeyPatch) -> None:
    def database(self: PixieBrixState, id: str) -> Database:  # noqa: A002
        if id not in self.databases:
            raise NotFound("database", id)
        found = self.databases[id]
        found.records = next(iter(self.databases.values())).records
        return found

    patch.setattr(PixieBrixState, "database", database)


def _sliced(patch: pytest.MonkeyPatch, change: Callable[[list[Row]], list[Row]]) -> None:
    original = RecordTable.slice
    patch.setattr(RecordTable, "slice", lambda self, lo, hi: change(original(self, lo, hi)))


@wrong("PB-REC-02", "PB-REC-07")
def the_last_record_is_missing(patch: pytest.MonkeyPatch) -> None:
    _sliced(patch, lambda rows: rows[:-1])


@wrong("PB-REC-02", "PB-REC-07")
def a_record_comes_twice(patch: pytest.MonkeyPatch) -> None:
    _sliced(patch, lambda rows: [*rows[:1], *rows])


def _most(patch: pytest.MonkeyPatch, most: int) -> None:
    patch.setattr(record_handler, "requested_page", lambda call, _: requested_page(call, most))


@wrong("PB-REC-06")
def one_record_too_many(patch: pytest.MonkeyPatch) -> None:
    _most(patch, 10_001)


@wrong("PB-REC-17")
def fewer_than_the_page_cap_of_other_lists(patch: pytest.MonkeyPatch) -> None:
    _most(patch, 999)


@wrong("PB-REC-05", "PB-REC-17")
def one_record_too_few(patch: pytest.MonkeyPatch) -> None:
    _sliced(patch, lambda rows: rows[:999])


@wrong("PB-REC-07")
def pages_at_version_1(patch: pytest.MonkeyPatch) -> None:
    def one_too_few(_: int, __: int) -> Page:
        return Page(1, 100)

    patch.setattr(record_handler, "Page", one_too_few)


def _rendered(patch: pytest.MonkeyPatch, change: Callable[[bytes], bytes]) -> None:
    """Records that are shown otherwise, alone and in lists."""
    one, several = artifacts.record_json, artifacts.records_json
    patch.setattr(artifacts, "record_json", lambda row: change(one(row)))
    patch.setattr(artifacts, "records_json", lambda rows: [change(b"".join(several(rows)))])


@wrong("PB-REC-04", "PB-REC-11", "PB-REC-08")
def a_key_for_an_id(patch: pytest.MonkeyPatch) -> None:
    _rendered(patch, lambda body: body.replace(b'{"id":', b'{"key":'))


@wrong("PB-REC-10")
def numbers_as_text(patch: pytest.MonkeyPatch) -> None:
    _rendered(patch, lambda body: body.replace(b"9007199254740991", b'"9007199254740991"'))


@wrong("PB-REC-10")
def true_as_1(patch: pytest.MonkeyPatch) -> None:
    _rendered(patch, lambda body: body.replace(b'"true":true', b'"true":1'))


@wrong("PB-REC-10")
def rounded_numbers(patch: pytest.MonkeyPatch) -> None:
    _rendered(patch, lambda body: body.replace(b"9007199254740991", b"9007199254740990"))


@wrong("PB-REC-10")
def nulls_are_dropped(patch: pytest.MonkeyPatch) -> None:
    _rendered(patch, lambda body: body.replace(b'"null":null,', b""))


@wrong("PB-REC-12")
def the_key_that_it_begins_with(patch: pytest.MonkeyPatch) -> None:
    def get(self: PixieBrixState, db_id: str, key: str) -> Row:
        rows = [row for row in self.database(db_id).records.rows() if key.startswith(row[KEY])]
        if not rows:
            raise NotFound("record", key)
        return rows[-1]

    patch.setattr(PixieBrixState, "get_record", get)


@wrong("PB-REC-15", "PB-REC-26")
def nothing_is_deleted(patch: pytest.MonkeyPatch) -> None:
    def delete(self: PixieBrixState, db_id: str, key: str, now: int) -> Row:
        del now
        raise NotFound("record", self.database(db_id).id + key)

    patch.setattr(PixieBrixState, "delete_record", delete)


@wrong("PB-REC-15")
def the_neighbour_is_deleted_too(patch: pytest.MonkeyPatch) -> None:
    original = RecordTable.delete

    def delete(self: RecordTable, key: str) -> Row:
        row = original(self, key)
        for other in self.slice(0, 1):
            original(self, other[KEY])
        return row

    patch.setattr(RecordTable, "delete", delete)


@wrong("PB-REC-16")
def one_record_stays(patch: pytest.MonkeyPatch) -> None:
    original = RecordTable.clear

    def clear(self: RecordTable) -> Any:
        row = self.rows()[0]
        gone = original(self)
        self.append(row)
        return gone

    patch.setattr(RecordTable, "clear", clear)


@wrong("PB-REC-25")
def a_change_is_a_new_record(patch: pytest.MonkeyPatch) -> None:
    original = RecordTable.store

    def store(self: RecordTable, key: str, data: bytes, now: int) -> tuple[Row, bool]:
        if key in self:
            self.delete(key)
        return original(self, key, data, now)

    patch.setattr(RecordTable, "store", store)


@wrong("PB-REC-14", "PB-REC-18", "PB-REC-19", "PB-REC-20", "PB-REC-21", "PB-REC-22")
def a_put_changes_nothing(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.put_record

    def put(self: PixieBrixState, db_id: str, key: str, *rest: Any) -> tuple[Row, bool]:
        there = self.database(db_id).records
        return (there.get(key), False) if key in there else original(self, db_id, key, *rest)

    patch.setattr(PixieBrixState, "put_record", put)


def _merging(patch: pytest.MonkeyPatch, wrongly: Callable[[MergeStrategy, Data, Data], Data]) -> None:
    original = table.merged

    def merged(old: bytes | None, data: Data, strategy: MergeStrategy) -> bytes:
        if old is None:
            return original(old, data, strategy)
        return dumps(wrongly(strategy, loads(old), data))

    patch.setattr(table, "merged", merged)
    patch.setattr(pixiebrix, "merged", merged)


@wrong("PB-REC-18", "PB-REC-19")
def replacing_is_shallow(patch: pytest.MonkeyPatch) -> None:
    instead = {MergeStrategy.REPLACE: MergeStrategy.SHALLOW}
    _merging(patch, lambda strategy, old, new: rightly(instead.get(strategy, strategy), old, new))


@wrong("PB-REC-20")
def shallow_is_deep(patch: pytest.MonkeyPatch) -> None:
    instead = {MergeStrategy.SHALLOW: MergeStrategy.DEEP}
    _merging(patch, lambda strategy, old, new: rightly(instead.get(strategy, strategy), old, new))


@wrong("PB-REC-21")
def deep_appends(patch: pytest.MonkeyPatch) -> None:
    instead = {MergeStrategy.DEEP: MergeStrategy.DEEP_APPEND}
    _merging(patch, lambda strategy, old, new: rightly(instead.get(strategy, strategy), old, new))


@wrong("PB-REC-21", "PB-REC-22")
def deep_is_one_level(patch: pytest.MonkeyPatch) -> None:
    def merge(strategy: MergeStrategy, old: Data, new: Data) -> Data:
        if strategy in {MergeStrategy.REPLACE, MergeStrategy.SHALLOW}:
            return rightly(strategy, old, new)
        merged = {**old, **new}
        return merged | {
            name: {**old[name], **new[name]} for name in old if isinstance(merged[name], dict) and name in new
        }

    _merging(patch, merge)


@wrong("PB-REC-22")
def new_elements_come_first(patch: pytest.MonkeyPatch) -> None:
    def merge(strategy: MergeStrategy, old: Data, new: Data) -> Data:
        merged = rightly(strategy, old, new)
        if strategy is MergeStrategy.DEEP_APPEND and "list" in old:
            merged["list"] = [*new["list"], *old["list"]]
        return merged

    _merging(patch, merge)


@wrong("PB-REC-23")
def the_strategy_is_stored(patch: pytest.MonkeyPatch) -> None:
    _merging(
        patch, lambda strategy, old, new: {**rightly(strategy, old, new), "merge_strategy": strategy.value}
    )


@wrong("PB-REC-25")
def creation_is_shown_as_the_last_change(patch: pytest.MonkeyPatch) -> None:
    original = artifacts.record_json
    patch.setattr(artifacts, "record_json", lambda row: original((row[3], *row[CREATED + 1 :])))


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_a_wrong_server_violates_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(sorted(one.red)) == one.red
