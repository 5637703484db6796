from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from dbcontract.mockserver.apis.pixiebrix.state.assets import Asset
from dbcontract.mockserver.apis.pixiebrix.state.databases import Database, Organization
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.state.errors import InvalidInput, NotFound, Wrong
from dbcontract.mockserver.state.objects import ObjectStore, StoredObject

NewId = Callable[[], str]


@pytest.fixture
def state() -> PixieBrixState:
    state = PixieBrixState()
    state.organizations["org"] = Organization("org", "Org")
    for name in ("db", "other"):
        state.databases[name] = Database(name, name, "org", 0, type="Asset")
    return state


def test_a_new_asset_is_not_uploaded(state: PixieBrixState, new_id: NewId) -> None:
    asset = state.create_asset("db", "my-file.png", 7, new_id)
    assert asset == Asset(
        "00000000-0000-4000-8000-000000000001",
        "db",
        "my-file.png",
        is_uploaded=False,
        created_at=7,
        updated_at=7,
    )
    assert state.asset("db", asset.id) == asset
    assert state.list_assets("other") == []


def test_the_mark_moves_the_update_and_not_the_creation(state: PixieBrixState, new_id: NewId) -> None:
    asset = state.create_asset("db", "a", 7, new_id)
    history = [
        state.patch_asset("db", asset.id, is_uploaded=mark, now=now)
        for now, mark in [(8, True), (9, None), (10, False), (11, None)]
    ]
    assert [one.is_uploaded for one in history] == [True, True, False, False]
    assert [(one.created_at, one.updated_at) for one in history] == [(7, 8), (7, 9), (7, 10), (7, 11)]
    assert state.asset("db", asset.id) == history[-1]


def test_assets_are_listed_in_order_of_creation_also_after_updates(
    state: PixieBrixState, new_id: NewId
) -> None:
    made = [state.create_asset("db", str(number), 10 - number, new_id).id for number in range(4)]
    state.patch_asset("db", made[0], is_uploaded=True, now=99)
    assert [asset.id for asset in state.list_assets("db")] == made


@pytest.mark.parametrize("filename", ["x", "x" * 255, " ", "日" * 255])
def test_file_names_of_1_to_255_characters(state: PixieBrixState, new_id: NewId, filename: str) -> None:
    assert state.create_asset("db", filename, 0, new_id).filename == filename


@pytest.mark.parametrize("filename", ["", "x" * 256])
def test_other_file_names(state: PixieBrixState, new_id: NewId, filename: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        state.create_asset("db", filename, 0, new_id)
    assert caught.value.errors == {"filename": [Wrong("too-long", 255) if filename else Wrong("blank")]}
    assert state.list_assets("db") == []


def test_an_asset_is_found_in_its_own_database_only(state: PixieBrixState, new_id: NewId) -> None:
    asset = state.create_asset("db", "a", 7, new_id)
    with pytest.raises(NotFound) as caught:
        state.asset("other", asset.id)
    assert (caught.value.what, caught.value.id) == ("asset", asset.id)
    with pytest.raises(NotFound, match="asset"):
        state.patch_asset("other", asset.id, is_uploaded=True, now=8)
    with pytest.raises(NotFound, match="database"):
        state.asset("nowhere", asset.id)
    assert not state.asset("db", asset.id).is_uploaded


def test_objects_are_kept_byte_for_byte() -> None:
    store = ObjectStore()
    content = bytes(range(256))
    store.put("a/b", StoredObject.of(content, "image/png", "ä.png", 5))
    assert store.get("a/b") == StoredObject(
        content, "image/png", "ä.png", hashlib.md5(content).hexdigest(), 5
    )
    assert store.get("a") is None
    assert "a/b" in store
    assert store.delete("a/b")
    assert not store.delete("a/b")
    assert len(store) == 0


def test_what_begins_alike_is_removed_together() -> None:
    store = ObjectStore()
    for key in ("a/1", "a/2", "ab", "b/a/1"):
        store.put(key, StoredObject.of(b"", "", "", 0))
    store.delete_below("a/")
    assert [key for key, _ in store.items()] == ["ab", "b/a/1"]


def test_stores_of_forks_are_their_own() -> None:
    store = ObjectStore()
    old, new = StoredObject.of(b"old", "", "", 0), StoredObject.of(b"new", "", "", 0)
    store.put("both", old)
    fork = store.fork()
    fork.put("both", new)
    fork.put("fork", new)
    store.put("store", new)
    assert dict(store.items()) == {"both": old, "store": new}
    assert dict(fork.items()) == {"both": new, "fork": new}
