"""The fields of a database, what it holds its records to, and what goes with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dbcontract.mockserver.apis.pixiebrix.state.databases import Database, Organization
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import KEY
from dbcontract.mockserver.apis.pixiebrix.state.schemas import RecordSchema
from dbcontract.mockserver.state.errors import BrokenSchema, InvalidInput, NotFound, Wrong
from dbcontract.mockserver.state.instants import DAY

NewId = Callable[[], str]
REPLACE, SHALLOW = MergeStrategy.REPLACE, MergeStrategy.SHALLOW
MISSING = '"email" is a required property'


@pytest.fixture
def state() -> PixieBrixState:
    state = PixieBrixState()
    state.organizations["org"] = Organization("org", "Org")
    state.databases["db"] = Database("db", "before", "org", 0, owner_field="owner")
    return state


def fields(state: PixieBrixState) -> dict[str, Any]:
    names = ("name", "type", "enforce_schema", "owner_field")
    return {name: getattr(state.database("db"), name) for name in names}


def keys(state: PixieBrixState) -> list[str]:
    return [row[KEY] for row in state.database("db").records.rows()]


BEFORE = {"name": "before", "type": "Key-Value", "enforce_schema": False, "owner_field": "owner"}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "after"},
        {"type": "Asset"},
        {"enforce_schema": True},
        {"owner_field": None},
        {"id": "x"},
    ],
    ids=str,
)
def test_what_is_changed_changes_and_all_else_stays(state: PixieBrixState, changes: dict[str, Any]) -> None:
    database = state.update_database("db", changes)
    assert database is state.database("db")
    assert fields(state) == {name: changes.get(name, value) for name, value in BEFORE.items()}
    assert database.id == "db"


LONG = "\u00fc" * 256


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("name", " ", Wrong("blank")),
        ("name", f"{LONG}x", Wrong("too-long", 256)),
        ("type", "asset", Wrong("unknown-choice", "asset")),
        ("owner_field", f"{LONG}x", Wrong("too-long", 256)),
    ],
    ids=["blank", "long name", "type", "long owner field"],
)
def test_a_wrong_field_is_told_and_nothing_is_made_or_changed(
    state: PixieBrixState, new_id: NewId, field: str, value: str, wrong: Wrong
) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: state.update_database("db", {"enforce_schema": True, field: value}),
        lambda: made(state, new_id, **{field: value}),
    )
    for refuse in calls:
        with pytest.raises(InvalidInput) as caught:
            refuse()
        assert caught.value.errors == {field: [wrong]}
        assert str(caught.value) == repr({field: [wrong]})
    assert fields(state) == BEFORE
    assert list(state.databases) == ["db"]


def made(state: PixieBrixState, new_id: NewId, **given: Any) -> Database:
    arguments = {"name": "n", "type": "Asset", "enforce_schema": False, **given}
    return state.create_database("org", now=0, new_id=new_id, **arguments)


def test_a_field_may_be_as_long_as_256_characters(state: PixieBrixState, new_id: NewId) -> None:
    database = made(state, new_id, name=LONG, owner_field=LONG)
    assert (database.name, database.owner_field) == (LONG, LONG)
    state.update_database("db", {"name": LONG, "owner_field": LONG})
    assert fields(state) == {**BEFORE, "name": LONG, "owner_field": LONG}


def test_a_deleted_database_is_gone(state: PixieBrixState) -> None:
    database = state.database("db")
    assert state.delete_database("db") is database
    calls: tuple[Callable[[str], object], ...] = (
        state.database,
        state.delete_database,
        lambda id_: state.update_database(id_, {}),
        lambda id_: state.delete_records(id_, [], 0),
    )
    for call in calls:
        with pytest.raises(NotFound):
            call("db")


# Schemas


@pytest.fixture
def enforcing(state: PixieBrixState) -> PixieBrixState:
    """With a schema that the one record of the database breaks."""
    state.put_record("db", "old", {"n": 1}, REPLACE, 1)
    database = state.database("db")
    schema = {"required": ["email"], "properties": {"email": {"type": "string"}}}
    database.schema, database.enforce_schema = RecordSchema(json.dumps(schema)), True
    return state


def test_one_record_that_breaks_the_schema_is_refused(enforcing: PixieBrixState) -> None:
    with pytest.raises(InvalidInput) as caught:
        enforcing.put_record("db", "new", {}, REPLACE, 2)
    assert caught.value.errors == {"data": [MISSING]}
    assert (keys(enforcing), enforcing.database("db").last_write_at) == (["old"], 1)


def test_of_many_records_those_that_break_the_schema_are_told_and_none_is_written(
    enforcing: PixieBrixState,
) -> None:
    items: list[tuple[str, dict[str, Any], MergeStrategy]] = [
        ("good", {"email": "a"}, REPLACE), ("old", {"m": 2}, SHALLOW), ("bad", {"email": 5}, REPLACE)
    ]  # fmt: skip
    with pytest.raises(BrokenSchema) as caught:
        enforcing.put_records("db", items, 2)
    errors = [{}, {"data": [MISSING]}, {"data": ['email: 5 is not of type "string"']}]
    assert (caught.value.errors, str(caught.value)) == (errors, repr(errors))
    assert (keys(enforcing), enforcing.database("db").last_write_at) == (["old"], 1)


def test_what_is_stored_in_the_end_counts(enforcing: PixieBrixState) -> None:
    enforcing.put_record("db", "a", {"email": "a"}, REPLACE, 2)
    enforcing.put_record("db", "a", {"n": 1}, SHALLOW, 3)
    enforcing.put_records("db", [("b", {"email": "b"}, REPLACE), ("b", {"n": 1}, SHALLOW)], 3)
    assert keys(enforcing) == ["old", "a", "b"]


def test_a_schema_binds_only_where_it_is_enforced(enforcing: PixieBrixState) -> None:
    enforcing.update_database("db", {"enforce_schema": False})
    enforcing.put_record("db", "a", {}, REPLACE, 2)
    enforcing.put_records("db", [("b", {}, REPLACE)], 2)
    assert keys(enforcing) == ["old", "a", "b"]


# Some of the records


def test_some_records_are_removed_unless_written_to_meanwhile(state: PixieBrixState) -> None:
    rows = [state.put_record("db", key, {}, REPLACE, 1)[0] for key in "abc"]
    state.put_record("db", "b", {"n": 1}, REPLACE, 2)
    assert state.delete_records("db", rows[:2], 3) == rows[:1]
    assert (keys(state), state.database("db").last_write_at) == (["b", "c"], 3)
    assert state.delete_records("db", rows[:2], 4) == []
    assert (keys(state), state.database("db").last_write_at) == (["b", "c"], 3)


# Nights, and sandboxes made by others


def test_what_a_night_may_concern_is_every_record_of_every_database(
    state: PixieBrixState, new_id: NewId
) -> None:
    state.put_records("db", [("a", {}, REPLACE), ("b", {}, REPLACE)], 1)
    state.put_record(made(state, new_id).id, "c", {}, REPLACE, 1)
    assert [state.late(now) for now in (1, DAY - 1, DAY, 9 * DAY)] == [0, 0, 3, 3]
    state.catch_up(DAY, new_id)
    assert state.late(DAY) == 0


def test_a_state_set_like_another_has_its_limit_and_nothing_that_it_holds(state: PixieBrixState) -> None:
    other = PixieBrixState(7)
    other.set_like(state)
    assert (other.record_limit, other.databases) == (500_000, {})
