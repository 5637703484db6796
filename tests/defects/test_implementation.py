"""How an implementation is put together, and what a sandbox keeps when it gets another one."""

from __future__ import annotations

from typing import Any

import pytest

from dbcontract.mockserver.apis.pieces.state.pieces import PiecesDatabase
from dbcontract.mockserver.apis.pieces.state_of import state_of as pieces_of
from dbcontract.mockserver.apis.pixiebrix.api import HANDLERS
from dbcontract.mockserver.apis.pixiebrix.handlers.assets import AssetHandlers
from dbcontract.mockserver.apis.pixiebrix.handlers.operations import PixieBrixHandlers
from dbcontract.mockserver.apis.pixiebrix.points import STATE, TABLE
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import RecordTable
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of as pixiebrix_of
from dbcontract.mockserver.extension_point import REFERENCE, Classes
from dbcontract.mockserver.sandbox.registry import Sandboxes
from dbcontract.mockserver.sandbox.sandbox import Sandbox
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.storage.signing import SIGNER, Signer
from dbcontract.mockserver.variants.implementation import point_of, with_variants
from dbcontract.mockserver.variants.registry import UnknownVariant, classes_of

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
def sandboxes() -> Sandboxes:
    return Sandboxes.load(Settings(clock=ClockSetting(frozen=True, at=NOW)))


@pytest.fixture
def sandbox(sandboxes: Sandboxes) -> Sandbox:
    return Sandbox.make(sandboxes.base, sandboxes.settings, name="one")


def first_database(sandbox: Sandbox) -> str:
    return next(id_ for id_, one in pixiebrix_of(sandbox).databases.items() if len(one.records))


def test_nothing_on_top_is_the_reference_implementation() -> None:
    assert with_variants([]) == REFERENCE == classes_of(())


def test_the_rest_stays_the_reference() -> None:
    classes = with_variants([Outer])
    assert issubclass(classes[HANDLERS], PixieBrixHandlers)
    assert classes[HANDLERS].listRecords is PixieBrixHandlers.listRecords
    assert (classes[STATE], classes[TABLE], classes[SIGNER]) == (PixieBrixState, RecordTable, Signer)
    assert Classes()[HANDLERS] is PixieBrixHandlers


@pytest.mark.parametrize(("several", "answer"), [((Outer, Inner), False), ((Inner, Outer), True)])
def test_of_several_the_first_has_the_last_word(several: tuple[type, ...], answer: bool) -> None:
    handlers = with_variants(several).make()[HANDLERS]
    assert handlers.downloadable(None) is answer  # type: ignore[arg-type]  # none is looked at


def test_an_extension_point_is_found_by_any_part_of_its_class() -> None:
    assert [point_of(one) for one in (Outer, Inner, Doubled, Lost)] == [
        HANDLERS,
        HANDLERS,
        TABLE,
        STATE,
    ]


def test_sandboxes_do_not_share_what_their_implementations_remember() -> None:
    classes = with_variants([Outer])
    assert classes.make()[HANDLERS] is not classes.make()[HANDLERS]


def test_tables_deviate_in_databases_old_and_new(sandbox: Sandbox) -> None:
    known = first_database(sandbox)
    count = len(pixiebrix_of(sandbox).databases[known].records)
    sandbox.become(with_variants([Doubled]), ("doubled",))
    assert len(pixiebrix_of(sandbox).databases[known].records) == 2 * count
    organization = pixiebrix_of(sandbox).databases[known].organization_id
    made = pixiebrix_of(sandbox).create_database(
        organization, "new", "Key-Value", enforce_schema=False, now=NOW, new_id=sandbox.ids
    )
    pixiebrix_of(sandbox).put_record(made.id, "one", {}, MergeStrategy.REPLACE, NOW)
    assert len(made.records) == 2
    sandbox.become(REFERENCE, ())
    assert len(pixiebrix_of(sandbox).databases[made.id].records) == 1
    assert len(pixiebrix_of(sandbox).databases[known].records) == count


def test_a_state_and_its_tables_deviate_together(sandbox: Sandbox) -> None:
    known = first_database(sandbox)
    sandbox.become(with_variants([Lost, Doubled]), ())
    table = pixiebrix_of(sandbox).databases[known].records
    key = table.rows()[0][2]
    count = len(table)
    pixiebrix_of(sandbox).delete_record(known, key, NOW)
    assert len(table) == count
    assert isinstance(table, Doubled)


def test_what_a_sandbox_holds_stays(sandbox: Sandbox) -> None:
    key = first_database(sandbox)
    link = sandbox.signer.presigned_get("http://here", "some/key", NOW)
    before = pieces_of(sandbox).export_json(), pixiebrix_of(sandbox).databases[key].records.rows()
    sandbox.become(with_variants([Lost, type("Other", (PiecesDatabase,), {})]), ("lost",))
    assert sandbox.variants == ("lost",)
    assert (pieces_of(sandbox).export_json(), pixiebrix_of(sandbox).databases[key].records.rows()) == before
    assert sandbox.signer.presigned_get("http://here", "some/key", NOW) == link


def test_another_export_is_not_hidden_by_the_one_before(sandbox: Sandbox) -> None:
    class Empty(PiecesDatabase):
        def export(self) -> dict[str, Any]:
            return {}

    reference = pieces_of(sandbox).export_json()
    sandbox.become(with_variants([Empty]), ())
    assert pieces_of(sandbox).export_json() == b"{}"
    sandbox.become(REFERENCE, ())
    assert pieces_of(sandbox).export_json() == reference


def test_a_data_set_is_never_changed_by_its_sandboxes(sandboxes: Sandboxes) -> None:
    first = Sandbox.make(sandboxes.base, sandboxes.settings, classes=with_variants([Doubled]))
    key = first_database(first)
    first.become(REFERENCE, ())
    second = Sandbox.make(sandboxes.base, sandboxes.settings)
    row = pixiebrix_of(second).databases[key].records.rows()[0]
    pixiebrix_of(first).delete_record(key, row[2], NOW)
    assert row in pixiebrix_of(second).databases[key].records.rows()


def test_new_sandboxes_deviate_and_old_ones_stay(sandboxes: Sandboxes) -> None:
    old = sandboxes.sandbox("old")
    names = ("last-byte-lost", "relative-redirect")
    sandboxes.serve(classes_of(names), names)
    new = sandboxes.sandbox("new")
    sandboxes.serve(REFERENCE)
    assert (old.variants, new.variants) == ((), ("last-byte-lost", "relative-redirect"))
    assert (sandboxes.default.variants, sandboxes.sandbox("newest").variants) == ((), ())


def test_nothing_of_a_variant_stays_in_the_default_sandbox(sandboxes: Sandboxes) -> None:
    version = pieces_of(sandboxes.default).version
    sandboxes.serve(classes_of(("is-a-pre-release",)), ("is-a-pre-release",))
    assert pieces_of(sandboxes.default).version != version
    sandboxes.serve(REFERENCE)
    assert pieces_of(sandboxes.default).version == version


@pytest.mark.parametrize(
    ("name", "hint"),
    [("last-byte-lots", "; near it: .*last-byte-lost"), ("x" * 200, '^"x{80}" is not a defect')],
)
def test_an_unknown_name_is_told(name: str, hint: str) -> None:
    with pytest.raises(UnknownVariant, match=hint):
        classes_of(("last-byte-lost", name))
