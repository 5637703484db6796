from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dbcontract.mockserver.apis.pixiebrix.state.databases import Database, Organization
from dbcontract.mockserver.apis.pixiebrix.state.nightly import backfill
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import KEY
from dbcontract.mockserver.state.instants import DAY
from dbcontract.mockserver.state.jsonio import dumps

NewId = Callable[[], str]


@pytest.fixture
def state() -> PixieBrixState:
    """A state that keeps no records beyond midnight, on day 5."""
    state = PixieBrixState(record_limit=0, now=5 * DAY)
    state.organizations["org"] = Organization("org", "Org")
    state.databases["db"] = Database("db", "db", "org", 0)
    return state


def files(database: Database) -> dict[int, list[str]]:
    """day -> keys"""
    return {one.day: [row[KEY] for row in one.rows] for one in database.archives.values()}


def ids(database: Database) -> list[Any]:
    return [one.id for one in database.archives.values()]


def test_backfill_writes_the_files_of_ended_dates_that_have_none(
    state: PixieBrixState, new_id: NewId
) -> None:
    database = state.databases["db"]
    database.records.load((day * DAY, f"{day}", day * DAY + 9, b"{}") for day in range(4))
    database.add_archive(1, [(5, "explicit", DAY, dumps({"a": 1})), (4, "earlier", DAY, b"{}")], new_id)
    backfill(database, 3, new_id)
    assert files(database) == {0: ["0"], 1: ["earlier", "explicit"], 2: ["2"]}
    assert all(one.created_at == one.updated_at == (one.day + 1) * DAY for one in database.archives.values())
    assert ids(database) == [f"00000000-0000-4000-8000-{number:012d}" for number in (1, 2, 3)]


def test_what_retention_removes_goes_into_an_explicit_file_too(state: PixieBrixState, new_id: NewId) -> None:
    database = state.databases["db"]
    database.records.load([(0, "loaded", 0, b"{}")])
    database.add_archive(0, [(0, "explicit", 0, b"{}")], new_id)
    (explicit,) = ids(database)
    state.catch_up(6 * DAY, new_id)
    assert (list(database.records.rows()), set(files(database)[0])) == ([], {"loaded", "explicit"})
    assert (database.archives[0].created_at, database.archives[0].updated_at) == (DAY, 6 * DAY)
    assert ids(database) == [explicit]


def test_what_retention_removes_makes_a_file_where_there_is_none(
    state: PixieBrixState, new_id: NewId
) -> None:
    database = state.databases["db"]
    database.records.load((day * DAY, f"{day}", day * DAY, b"{}") for day in range(3))
    state.catch_up(6 * DAY, new_id)
    assert (len(database.records), files(database)) == (0, {0: ["0"], 1: ["1"], 2: ["2"]})
    assert ids(database) == [f"00000000-0000-4000-8000-{number:012d}" for number in (1, 2, 3)]
    assert {one.created_at for one in database.archives.values()} == {6 * DAY}
