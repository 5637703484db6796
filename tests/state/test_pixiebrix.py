from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dbcontract.mockserver.apis.pixiebrix.state.databases import Database, Organization
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy, merge
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import CREATED, DATA, KEY, UPDATED, RecordTable
from dbcontract.mockserver.state.errors import InvalidInput, MalformedJSON, NotFound, StateError, Wrong
from dbcontract.mockserver.state.instants import DAY
from dbcontract.mockserver.state.jsonio import loads

NewId = Callable[[], str]
REPLACE = MergeStrategy.REPLACE


@pytest.fixture
def state() -> PixieBrixState:
    state = PixieBrixState()
    state.organizations["org"] = Organization("org", "Org")
    state.databases["db"] = Database("db", "db", "org", 0)
    return state


class OtherTable(RecordTable):
    """What another kind of state keeps its records in."""


class OtherState(PixieBrixState):
    """A state of another kind."""

    table = OtherTable


def contents(state: PixieBrixState) -> dict[str, Any]:
    return {row[KEY]: loads(row[DATA]) for row in state.database("db").records.rows()}


def test_databases_are_listed_by_organization_in_order_of_creation(
    state: PixieBrixState, new_id: NewId
) -> None:
    state.organizations["other"] = Organization("other", "Other")
    made = [
        state.create_database(org, name, "Key-Value", enforce_schema=False, now=now, new_id=new_id)
        for now, org, name in [(9, "org", "z"), (3, "other", "m"), (1, "org", "a")]
    ]
    assert [database.id for database in state.list_databases("org")] == ["db", made[0].id, made[2].id]
    assert state.list_databases("other") == [made[1]]


def test_a_new_database_is_empty(state: PixieBrixState, new_id: NewId) -> None:
    made = state.create_database("org", "new", "Asset", enforce_schema=True, now=5, new_id=new_id)
    assert (made.name, made.organization_id, made.created_at, made.type) == ("new", "org", 5, "Asset")
    assert (made.enforce_schema, made.owner_field, made.last_write_at, len(made.records)) == (
        True,
        None,
        None,
        0,
    )
    assert state.database(made.id) is made


@pytest.mark.parametrize(("name", "type_", "field"), [(" ", "Asset", "name"), ("x", "asset", "type")])
def test_what_is_not_a_database(
    state: PixieBrixState, new_id: NewId, name: str, type_: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        state.create_database("org", name, type_, enforce_schema=False, now=0, new_id=new_id)
    expected = {"name": Wrong("blank"), "type": Wrong("unknown-choice", type_)}
    assert caught.value.errors == {field: [expected[field]]}
    assert list(state.databases) == ["db"]


@pytest.mark.parametrize(
    ("call", "what", "id_"),
    [
        (lambda state: state.organization("x"), "organization", "x"),
        (lambda state: state.list_databases("x"), "organization", "x"),
        (
            lambda state: state.create_database("x", "n", "Asset", enforce_schema=False, now=0, new_id=str),
            "organization",
            "x",
        ),
        (lambda state: state.database("x"), "database", "x"),
        (lambda state: state.put_record("x", "k", {}, REPLACE, 0), "database", "x"),
        (lambda state: state.put_records("x", [], 0), "database", "x"),
        (lambda state: state.get_record("x", "k"), "database", "x"),
        (lambda state: state.get_record("db", "k"), "record", "k"),
        (lambda state: state.delete_record("db", "k", 0), "record", "k"),
        (lambda state: state.clear_records("x", 0), "database", "x"),
        (lambda state: state.list_assets("x"), "database", "x"),
        (lambda state: state.create_asset("x", "f", 0, str), "database", "x"),
    ],
)
def test_what_is_not_there(
    state: PixieBrixState, call: Callable[[PixieBrixState], object], what: str, id_: str
) -> None:
    with pytest.raises(NotFound) as caught:
        call(state)
    assert (caught.value.what, caught.value.id) == (what, id_)
    assert isinstance(caught.value, StateError)
    assert state.database("db").last_write_at is None


def test_a_record_is_created_and_then_updated(state: PixieBrixState) -> None:
    assert state.put_record("db", "k", {"a": 1}, REPLACE, 5)[1]
    row, created = state.put_record("db", "k", {"b": 2}, MergeStrategy.SHALLOW, 9)
    assert (row[CREATED], row[UPDATED], loads(row[DATA]), created) == (5, 9, {"a": 1, "b": 2}, False)
    assert state.get_record("db", "k") == row


@pytest.mark.parametrize("strategy", MergeStrategy)
def test_a_write_merges_as_told_alone_and_among_many(state: PixieBrixState, strategy: MergeStrategy) -> None:
    old = {"kept": 1, "both": {"old": 1}, "list": [1]}
    new = {"both": {"new": 2}, "list": [2]}
    state.put_records("db", [("alone", old, REPLACE), ("many", old, REPLACE)], 1)
    state.put_record("db", "alone", new, strategy, 2)
    state.put_records("db", [("many", new, strategy)], 2)
    assert contents(state) == dict.fromkeys(["alone", "many"], merge(strategy, old, new))


def test_every_write_and_delete_moves_the_last_write(state: PixieBrixState) -> None:
    database = state.database("db")
    moments = []
    state.put_record("db", "a", {}, REPLACE, 1)
    moments.append(database.last_write_at)
    state.put_records("db", [("a", {}, REPLACE), ("b", {}, REPLACE)], 2)
    moments.append(database.last_write_at)
    state.delete_record("db", "a", 3)
    moments.append(database.last_write_at)
    state.put_records("db", [], 4)
    moments.append(database.last_write_at)
    state.clear_records("db", 5)
    moments.append(database.last_write_at)
    assert moments == [1, 2, 3, 3, 5]


def test_many_records_are_written_in_their_order(state: PixieBrixState) -> None:
    state.put_record("db", "old", {"list": [1]}, REPLACE, 1)
    rows = state.put_records(
        "db",
        [
            ("z", {"a": 1}, REPLACE),
            ("old", {"list": [2]}, MergeStrategy.DEEP_APPEND),
            ("a", {}, REPLACE),
            ("z", {"b": 2}, MergeStrategy.SHALLOW),
            ("old", {"list": [3]}, MergeStrategy.DEEP_APPEND),
        ],
        7,
    )
    assert [row[KEY] for row in rows] == ["z", "old", "a", "z", "old"]
    assert list(contents(state).items()) == [("old", {"list": [1, 2, 3]}), ("z", {"a": 1, "b": 2}), ("a", {})]
    assert {row[UPDATED] for row in state.database("db").records.rows()} == {7}


def test_many_records_are_written_all_or_none(state: PixieBrixState) -> None:
    state.put_record("db", "old", {"a": 1}, REPLACE, 1)
    with pytest.raises(MalformedJSON):
        state.put_records(
            "db", [("new", {}, REPLACE), ("old", {"a": 2}, REPLACE), ("bad", {"x": float("inf")}, REPLACE)], 7
        )
    assert contents(state) == {"old": {"a": 1}}
    assert state.database("db").last_write_at == 1


def test_clearing_leaves_archives(state: PixieBrixState, new_id: NewId) -> None:
    state.put_record("db", "a", {}, REPLACE, 5)
    state.catch_up(DAY, new_id)
    assert state.clear_records("db", DAY).count == 1
    assert contents(state) == {}
    assert [archive.day for archive in state.archives("org", "db")] == [0]


def test_forks_share_nothing_that_changes(state: PixieBrixState, new_id: NewId) -> None:
    state.put_record("db", "a", {"from": "base"}, REPLACE, 5)
    asset = state.create_asset("db", "f", 5, new_id)
    job = state.create_job("x", ["db"], "text/csv", None, None, now=5, duration_us=0, new_id=new_id)
    fork = state.fork()
    assert fork.record_limit == state.record_limit
    assert fork.next_midnight == state.next_midnight

    fork.put_record("db", "a", {"from": "fork"}, REPLACE, 6)
    fork.put_record("db", "b", {}, REPLACE, 6)
    fork.patch_asset("db", asset.id, is_uploaded=True, now=6)
    fork.job(job.id).link_issued_at = 6
    fork.create_database("org", "new", "Asset", enforce_schema=False, now=6, new_id=new_id)
    fork.create_job("y", ["db"], "text/csv", None, None, now=6, duration_us=0, new_id=new_id)
    fork.database("db").name = "renamed"
    fork.organizations["new"] = Organization("new", "New")
    fork.record_limit = 0
    fork.catch_up(DAY, new_id)

    assert contents(state) == {"a": {"from": "base"}}
    assert not state.asset("db", asset.id).is_uploaded
    assert state.job(job.id).link_issued_at is None
    assert (len(state.databases), len(state.jobs), len(state.organizations)) == (1, 1, 1)
    assert (state.database("db").name, state.database("db").archives) == ("db", {})
    assert (state.database("db").last_write_at, state.next_midnight) == (5, DAY)

    state.put_record("db", "a", {"from": "base again"}, REPLACE, 7)
    assert contents(fork) == {}
    assert {row[KEY]: loads(row[DATA]) for row in fork.archives("org", "db")[0].rows} == {
        "a": {"from": "fork"},
        "b": {},
    }


def test_a_fork_of_another_kind_has_tables_of_its_kind(state: PixieBrixState, new_id: NewId) -> None:
    state.put_record("db", "a", {"n": 1}, REPLACE, 5)
    other = state.fork(OtherState)
    other.create_database("org", "new", "Asset", enforce_schema=False, now=6, new_id=new_id)
    assert type(other) is OtherState
    assert {type(database.records) for database in other.databases.values()} == {OtherTable}
    assert contents(other) == {"a": {"n": 1}}
    back = other.fork(PixieBrixState)
    assert type(back) is PixieBrixState
    assert {type(database.records) for database in back.databases.values()} == {RecordTable}
    assert {type(database.records) for database in other.fork().databases.values()} == {OtherTable}


def test_a_database_holds_half_a_million_records_unless_told_otherwise() -> None:
    assert PixieBrixState().record_limit == 500_000
