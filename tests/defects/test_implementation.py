"""How an implementation is put together, and what a world keeps when it gets another one."""

from __future__ import annotations

from typing import Any

import pytest

from dbcontract.mockserver.apis.pieces.state.pieces import PiecesDatabase
from dbcontract.mockserver.apis.pixiebrix.api import HANDLERS
from dbcontract.mockserver.apis.pixiebrix.handlers.assets import AssetHandlers
from dbcontract.mockserver.apis.pixiebrix.handlers.operations import PixieBrixHandlers
from dbcontract.mockserver.apis.pixiebrix.points import STATE, TABLE
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import RecordTable
from dbcontract.mockserver.sandbox.registry import Worlds
from dbcontract.mockserver.sandbox.sandbox import World
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.storage.signing import SIGNER, Signer
from dbcontract.mockserver.variants.implementation import FAITHFUL, Classes, point_of, with_deviations
from dbcontract.mockserver.variants.registry import UnknownDeviation, classes_of

NOW = 1_700_000_000_000_000


class Doubled(RecordTable):
    def __len__(self) -> int:
        return 2 * super().__len__()


class Lost(PixieBrixState):
    def delete_record(self, db_id: str, key: str, now: int) -> Any:  # noqa: ARG002
        return self.get_record(db_id, key)


class Outer(AssetHandlers):
    def downloadable(self, asset: Any) -> bool:
        return not super().downloadable(asset)


class Inner(PixieBrixHandlers):
    def downloadable(self, asset: Any) -> bool:  # noqa: ARG002
        return True


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    return Worlds.load(Settings(clock=ClockSetting(frozen=True, at=NOW)))


@pytest.fixture
def world(worlds: Worlds) -> World:
    return World.make(worlds.base, worlds.settings, name="one")


def first_database(world: World) -> str:
    return next(id_ for id_, one in world.pixiebrix.databases.items() if len(one.records))


def test_nothing_on_top_is_the_faithful_implementation() -> None:
    assert with_deviations([]) == FAITHFUL == classes_of(())


def test_the_rest_stays_faithful() -> None:
    classes = with_deviations([Outer])
    assert issubclass(classes[HANDLERS], PixieBrixHandlers)
    assert classes[HANDLERS].listRecords is PixieBrixHandlers.listRecords
    assert (classes[STATE], classes[TABLE], classes[SIGNER]) == (PixieBrixState, RecordTable, Signer)
    assert Classes()[HANDLERS] is PixieBrixHandlers


@pytest.mark.parametrize(("several", "answer"), [((Outer, Inner), False), ((Inner, Outer), True)])
def test_of_several_the_first_has_the_last_word(several: tuple[type, ...], answer: bool) -> None:
    handlers = with_deviations(several).make()[HANDLERS]
    assert handlers.downloadable(None) is answer  # type: ignore[arg-type]  # none is looked at


def test_a_seam_is_found_by_any_part_of_a_faithful_class() -> None:
    assert [point_of(one) for one in (Outer, Inner, Doubled, Lost)] == [
        HANDLERS,
        HANDLERS,
        TABLE,
        STATE,
    ]


def test_worlds_do_not_share_what_their_implementations_remember() -> None:
    classes = with_deviations([Outer])
    assert classes.make()[HANDLERS] is not classes.make()[HANDLERS]


def test_tables_deviate_in_databases_old_and_new(world: World) -> None:
    known = first_database(world)
    count = len(world.pixiebrix.databases[known].records)
    world.become(with_deviations([Doubled]), ("doubled",))
    assert len(world.pixiebrix.databases[known].records) == 2 * count
    organization = world.pixiebrix.databases[known].organization_id
    made = world.pixiebrix.create_database(
        organization, "new", "Key-Value", enforce_schema=False, now=NOW, new_id=world.ids
    )
    world.pixiebrix.put_record(made.id, "one", {}, MergeStrategy.REPLACE, NOW)
    assert len(made.records) == 2
    world.become(FAITHFUL, ())
    assert len(world.pixiebrix.databases[made.id].records) == 1
    assert len(world.pixiebrix.databases[known].records) == count


def test_a_state_and_its_tables_deviate_together(world: World) -> None:
    known = first_database(world)
    world.become(with_deviations([Lost, Doubled]), ())
    table = world.pixiebrix.databases[known].records
    key = table.rows()[0][2]
    count = len(table)
    world.pixiebrix.delete_record(known, key, NOW)
    assert len(table) == count
    assert isinstance(table, Doubled)


def test_what_a_world_holds_stays(world: World) -> None:
    key = first_database(world)
    link = world.signer.presigned_get("http://here", "some/key", NOW)
    before = world.pieces.export_json(), world.pixiebrix.databases[key].records.rows()
    world.become(with_deviations([Lost, type("Other", (PiecesDatabase,), {})]), ("lost",))
    assert world.deviations == ("lost",)
    assert (world.pieces.export_json(), world.pixiebrix.databases[key].records.rows()) == before
    assert world.signer.presigned_get("http://here", "some/key", NOW) == link


def test_another_export_is_not_hidden_by_the_one_before(world: World) -> None:
    class Empty(PiecesDatabase):
        def export(self) -> dict[str, Any]:
            return {}

    faithful = world.pieces.export_json()
    world.become(with_deviations([Empty]), ())
    assert world.pieces.export_json() == b"{}"
    world.become(FAITHFUL, ())
    assert world.pieces.export_json() == faithful


def test_a_data_set_is_never_changed_by_its_worlds(worlds: Worlds) -> None:
    first = World.make(worlds.base, worlds.settings, classes=with_deviations([Doubled]))
    key = first_database(first)
    first.become(FAITHFUL, ())
    second = World.make(worlds.base, worlds.settings)
    row = second.pixiebrix.databases[key].records.rows()[0]
    first.pixiebrix.delete_record(key, row[2], NOW)
    assert row in second.pixiebrix.databases[key].records.rows()


def test_new_sandboxes_deviate_and_old_ones_stay(worlds: Worlds) -> None:
    old = worlds.sandbox("old")
    worlds.deviate(("last-byte-lost", "relative-redirect"))
    new = worlds.sandbox("new")
    worlds.deviate(())
    assert (old.deviations, new.deviations) == ((), ("last-byte-lost", "relative-redirect"))
    assert (worlds.default.deviations, worlds.sandbox("newest").deviations) == ((), ())


@pytest.mark.parametrize(
    ("name", "hint"),
    [("last-byte-lots", "; near it: .*last-byte-lost"), ("x" * 200, '^"x{80}" is no defect')],
)
def test_an_unknown_name_is_told(name: str, hint: str) -> None:
    with pytest.raises(UnknownDeviation, match=hint):
        classes_of(("last-byte-lost", name))
