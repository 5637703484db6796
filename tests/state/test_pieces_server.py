from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dbcontract.mockserver.apis.pieces.state.errors import NewerExport
from dbcontract.mockserver.apis.pieces.state.pieces import REQUIRED_COLLECTIONS, PiecesDatabase

VERSION = "9.1.2"
MIGRATION = 7
SEMANTIC = "MAJOR_0_MINOR_0_PATCH_1"


def document(version: str = VERSION, migration: int = MIGRATION, **collections: str) -> dict[str, Any]:
    """An export that has, in these collections, one entry with this id."""
    return {
        **{name: [] for name in REQUIRED_COLLECTIONS},
        **{name: list(json.dumps([{"id": id_}]).encode()) for name, id_ in collections.items()},
        "values": {"iterable": []},
        "version": version,
        "schema": {"migration": migration, "semantic": SEMANTIC},
    }


def ids(database: PiecesDatabase, collection: str) -> list[str]:
    raw = bytes(database.export()[collection])
    return [entry["id"] for entry in json.loads(raw or b"[]")]


def merge(database: PiecesDatabase, imported: dict[str, Any]) -> None:
    database.apply(database.plan(imported))


@pytest.fixture
def database() -> PiecesDatabase:
    database = PiecesDatabase(VERSION, MIGRATION, SEMANTIC)
    database.load(document(assets="a1"))
    return database


# The server's version


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (lambda: PiecesDatabase("nine", 1, SEMANTIC), "nine"),
        (lambda: PiecesDatabase("9.0.0", 1, "OTHER"), "OTHER.*UNKNOWN, MAJOR_0_MINOR_0_PATCH_1"),
    ],
)
def test_a_server_has_a_proper_version(make: Callable[[], PiecesDatabase], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        make()


@pytest.mark.parametrize(
    ("text", "proper"), [("9.1.2", True), ("0.0.0-rc.1+b", True), ("9.1", False), ("v9.1.2", False)]
)
def test_which_versions_a_server_may_have(text: str, proper: bool) -> None:
    assert PiecesDatabase.is_version(text) is proper


def test_a_server_of_another_version_keeps_what_it_holds(database: PiecesDatabase) -> None:
    before = json.loads(database.export_json())
    database.become("10.0.0")
    assert (database.version, database.migration, database.semantic) == ("10.0.0", MIGRATION, SEMANTIC)
    assert json.loads(database.export_json()) == {**before, "version": "10.0.0"}
    merge(database, document("10.0.0", tags="t1"))
    with pytest.raises(NewerExport, match=r"newer-version: 10\.0\.1 > 10\.0\.0"):
        database.plan(document("10.0.1"))
    assert (ids(database, "assets"), ids(database, "tags")) == (["a1"], ["t1"])


def test_a_server_of_another_database_version_keeps_its_own(database: PiecesDatabase) -> None:
    before = json.loads(database.export_json())
    database.become(migration=8)
    assert (database.version, database.migration) == (VERSION, 8)
    assert json.loads(database.export_json()) == {**before, "schema": {"migration": 8, "semantic": SEMANTIC}}
    merge(database, document(migration=8, tags="t1"))
    with pytest.raises(NewerExport, match="newer-migration: 9 > 8"):
        database.plan(document(migration=9))
    database.become("8.0.0", 6)
    assert (database.version, database.migration) == ("8.0.0", 6)
    with pytest.raises(NewerExport, match=r"> 8\.0\.0"):
        database.plan(document())


def test_what_is_not_a_version_changes_nothing(database: PiecesDatabase) -> None:
    with pytest.raises(ValueError, match="ten"):
        database.become("ten", 99)
    assert (database.version, database.migration, ids(database, "assets")) == (VERSION, MIGRATION, ["a1"])


def test_a_server_set_like_another_is_of_its_version_and_keeps_what_it_holds(
    database: PiecesDatabase,
) -> None:
    other = PiecesDatabase("10.0.0", 9, SEMANTIC)
    other.set_like(database)
    assert (other.version, other.migration, ids(other, "assets")) == (VERSION, MIGRATION, [])


def test_only_what_holds_something_is_counted(database: PiecesDatabase) -> None:
    several = {"iterable": [{"id": id_, "raw": []} for id_ in "abc"]}
    merge(database, {**document(assets="a2", hints="h1"), "messageValues": several})
    assert database.counts() == {"assets": 2, "hints": 1, "messageValues": 3}


def test_time_changes_nothing(database: PiecesDatabase) -> None:
    assert database.late(10**18) == 0


# The export that is kept, and forks


def test_forks_are_their_own(database: PiecesDatabase) -> None:
    before = database.export_json()
    fork = database.fork()
    assert fork.export_json() == before
    merge(fork, document(tags="fork"))
    assert database.export_json() == before
    merge(database, document(tags="base"))
    assert ids(fork, "tags") == ["fork"]
    assert (fork.version, fork.migration, fork.semantic) == (VERSION, MIGRATION, SEMANTIC)


class Other(PiecesDatabase):
    """A database that exports otherwise."""

    __slots__ = ()

    def export(self) -> dict[str, Any]:
        return {"version": self.version}


def test_a_fork_exports_as_its_class_does(database: PiecesDatabase) -> None:
    kept = database.export_json()
    assert database.fork().export_json() is kept  # not made again
    assert database.fork(Other).export_json() == b'{"version":"9.1.2"}'


def test_the_kept_export_is_the_export(database: PiecesDatabase) -> None:
    first = database.export_json()
    assert database.export_json() is first
    merge(database, document(tags="t"))
    assert database.export_json() != first
    assert json.loads(database.export_json()) == database.export()
    database.load(document())
    assert json.loads(database.export_json()) == database.export()
    fresh = PiecesDatabase(VERSION, MIGRATION, SEMANTIC)
    assert json.loads(fresh.export_json()) == fresh.export()
