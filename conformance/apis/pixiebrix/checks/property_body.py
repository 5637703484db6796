"""Generated bodies of the operations that write, as the description has them and otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....authoring import strategies
from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import check
from ....authoring.properties import for_all
from ..arrange import Database
from ..calls import Aim, expect_refused, writes
from ..context import PixieBrix
from ..latitude import GIVEN_BY_SERVERS
from ..records import path_of

_SCHEMAS: Final[Mapping[str, str]] = {
    "createDatabase": "DatabaseRequest",
    "createRecords": "RecordRequest",
    "putRecord": "RecordUpdateRequest",
    "createExportJob": "ExportJobRequest",
    "createAsset": "AssetRequest",
    "updateAsset": "AssetUpdateRequest",
}
"""The schema of each body, by its name in the description."""

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "createDatabase": ("name",),
    "createRecords": ("id", "data", "merge_strategy"),
    "putRecord": ("data", "merge_strategy"),
    "createExportJob": ("name", "databases", "media_type", "filters"),
    "createAsset": ("filename",),
    "updateAsset": ("is_uploaded",),
}
"""The fields that count; the others are read-only."""

_OTHER_SCRIPTS: Final = "ключ 名 😀"

_ITS_OWN: Final = frozenset({"id", "databases", "filters"})
"""Fields that name things of this run, or times that have rules of their own."""


@check("PB-DESC-08")
def described_bodies_are_accepted(ctx: PixieBrix) -> None:
    """Sends two generated valid bodies to each operation that writes, and names in other scripts."""
    database = _database(ctx)
    for aim in writes(ctx, database, ctx.given.asset(database)):

        def body(generated: Any, aim: Aim = aim) -> None:
            fields = {name: value for name, value in generated.items() if name not in _ITS_OWN}
            answer = _sent(ctx, aim, {**aim.body, **fields})
            accepted = 200 <= answer.status < 300
            ctx.expect_true(f"the answer to {fields}", accepted, expected="a 2xx", actual=answer.summary)

        for_all(ctx, strategies.described(ctx, aim.operation), body, examples=2)
        if "name" in aim.body:
            # Chance draws such names too rarely.
            body({"name": f"{aim.body['name']} {_OTHER_SCRIPTS}"})


@check("PB-DESC-09", control=("createExportJob", "createRecords", "putRecord", "updateAsset"))
def other_bodies_are_refused(ctx: PixieBrix) -> None:
    """Sends each operation that writes three bodies with a generated value of a wrong type in one field, and
    one without each required field but the key of a record.
    """
    database = _database(ctx)
    for aim in writes(ctx, database, ctx.given.asset(database)):
        schema = _SCHEMAS[aim.operation]

        def body(wrong: tuple[str, Any], aim: Aim = aim) -> None:
            name, value = wrong
            answer = _sent(ctx, aim, {**aim.body, name: value})
            expect_refused(ctx, answer, f"{aim.operation} with {name}: {value!r}")

        for_all(ctx, strategies.wrong_fields(ctx, schema, _FIELDS[aim.operation]), body, examples=3)
        given = GIVEN_BY_SERVERS if aim.operation == "createRecords" else frozenset()
        for name in strategies.required(ctx, schema):
            if name in given:
                continue
            less = {field: value for field, value in aim.body.items() if field != name}
            expect_refused(ctx, _sent(ctx, aim, less), f"{aim.operation} without {name}")


def _database(ctx: PixieBrix) -> Database:
    if not ctx.can("write"):
        ctx.skip("only what writes has a body, and writing is not allowed")
    return ctx.given.database(assets=True)


def _sent(ctx: PixieBrix, aim: Aim, body: Mapping[str, Any]) -> Answer:
    return aim.call(ctx, json=dict(body))


@check("PB-DESC-12")
def what_was_made_is_found(ctx: PixieBrix) -> None:
    """Makes a record in both ways, an asset and a job, reads each, and reads deleted records in vain. An
    asset whose file never came need not be found.
    """
    database = ctx.given.database(assets=True)
    posted = str(ctx.given.record(database)["id"])
    put = ctx.name("record")
    with step("PB-REC-13", "put a record"):
        aim = Aim("putRecord", path_of(database, put), {"data": {}})
        aim.call(ctx).expect_status(200, 201)
    asset, job = ctx.given.asset(database), ctx.given.job(database)
    ctx.call(
        "getAsset", path={"databaseId": database.id, "assetId": asset.id}, query={"meta": True}
    ).expect_status(200)
    ctx.call("getExportJob", path={"jobId": job}).expect_status(200)
    for key in (posted, put):
        path = path_of(database, key)
        ctx.call("getRecord", path=path).expect_status(200)
        with step("PB-REC-15", "delete a record"):
            ctx.call("deleteRecord", path=path).expect_status(204)
        ctx.call("getRecord", path=path).expect_status(404)
