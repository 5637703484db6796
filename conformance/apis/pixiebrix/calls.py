"""Calls that many checks make alike: every operation aimed at nothing, the lists, and the good writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemathesis.core import NOT_SET

from ...authoring.answer import Answer
from ...authoring.arrange import step
from ...authoring.check import CheckFailed, NotVerified
from .arrange import Asset, Database
from .asset_lists import database_of_assets
from .context import PixieBrix

LISTS: Final = ("listDatabases", "listRecords", "listAssets", "listRecordArchives")


@dataclass(frozen=True, slots=True)
class Aim:
    """An operation and what it is sent to.

    Attributes:
        body: a good one, for the operations that take one.
    """

    operation: str
    path: Mapping[str, str] = field(default_factory=dict)
    body: Any = NOT_SET

    def call(self, ctx: PixieBrix, **options: Any) -> Answer:
        """Call it; `options` as for `ctx.call`, where they also replace the good body."""
        own: dict[str, Any] = {}
        if self.body is not NOT_SET and "body" not in options:
            own["json"] = self.body
        if self.operation == "getAsset":
            # Its path ends without a slash, and a server may lead from there to the one with it.
            own["follow"] = True
        return ctx.call(self.operation, path=self.path, **{**own, **options})


def unknown_id(ctx: PixieBrix) -> str:
    """A UUID that was never issued."""
    return ctx.invented_id()


def good_body(operation_id: str, *, database: str, key: str) -> Any:
    """A good body of an operation; NOT_SET where it takes none."""
    data = {"probe": key}
    bodies = {
        "createExportJob": {"name": key, "databases": [database]},
        "createDatabase": {"name": key},
        "createRecords": {"id": key, "data": data},
        "putRecord": {"data": data},
        "createAsset": {"filename": f"{key}.png"},
        "updateAsset": {"is_uploaded": True},
    }
    return bodies.get(operation_id, NOT_SET)


def nowhere(ctx: PixieBrix) -> list[Aim]:
    """Every operation that may be called, aimed at ids that do not exist."""
    key = ctx.name("nothing")
    path = {name: unknown_id(ctx) for name in ("organizationId", "databaseId", "assetId", "jobId")}
    path["recordKey"] = key
    aims = [
        Aim(
            operation.id,
            {name: value for name, value in path.items() if f"{{{name}}}" in operation.path},
            good_body(operation.id, database=path["databaseId"], key=key),
        )
        for operation in ctx.description.operations
    ]
    return [aim for aim in aims if ctx.may(aim.operation, path=aim.path, json=aim.body)]


def lists(ctx: PixieBrix) -> list[Aim]:
    """The four lists, of what is there already; that of assets only where a database does not refuse it."""
    databases, records, assets, archives = lists_of(ctx.given.organization, ctx.given.existing_database())
    try:
        assets = Aim(assets.operation, {"databaseId": database_of_assets(ctx)})
    except NotVerified:
        return [databases, records, archives]
    return [databases, records, assets, archives]


def lists_of(organization: str, database: str) -> list[Aim]:
    """The four lists, of an organization and a database."""
    paths: Sequence[Mapping[str, str]] = (
        {"organizationId": organization},
        {"databaseId": database},
        {"databaseId": database},
        {"organizationId": organization, "databaseId": database},
    )
    return [Aim(operation, path) for operation, path in zip(LISTS, paths, strict=True)]


def spare(ctx: PixieBrix, *, assets: bool = False) -> Database | None:
    """A database that may be written to, for checks that can do without; None if there is none."""
    try:
        return ctx.given.database(assets=assets)
    except NotVerified:
        return None


def writes(ctx: PixieBrix, database: Database, asset: Asset) -> list[Aim]:
    """The operations that take a body, with good ones; to create a database only where that is allowed."""
    path = {
        "organizationId": database.organization,
        "databaseId": database.id,
        "assetId": asset.id,
        "recordKey": ctx.name("written"),
    }
    chosen = ["createExportJob", "createRecords", "putRecord", "createAsset", "updateAsset"]
    if ctx.scratch.create_databases:
        chosen.append("createDatabase")
    found = []
    for operation_id in chosen:
        key = path["recordKey"] if operation_id == "putRecord" else ctx.name("written")
        described = ctx.description.operation(operation_id)
        wanted = {name: value for name, value in path.items() if f"{{{name}}}" in described.path}
        found.append(Aim(operation_id, wanted, good_body(operation_id, database=database.id, key=key)))
    return found


def expect_detail(answer: Answer) -> None:
    """Go on if a body is an object with a string `detail`.

    Raises:
        CheckFailed: it is something else.
    """
    if not isinstance(answer.expect_json(dict).get("detail"), str):
        name = f"{answer.request.method} {answer.url}"
        raise CheckFailed(f"the body of {name}", "an object with a text `detail`", answer.summary)


def expect_refused(ctx: PixieBrix, answer: Answer, what: str) -> None:
    """Go on if a request was refused as the client's fault.

    Raises:
        CheckFailed: it was not.
    """
    ctx.expect_true(f"the answer to {what}", answer.refused, expected="a 4xx", actual=answer.summary)


def metadata(ctx: PixieBrix, asset: Asset) -> dict[str, Any]:
    """The metadata of an asset, read anew."""
    with step("PB-ASSET-07", "read the metadata of an asset"):
        path = {"databaseId": asset.database, "assetId": asset.id}
        answer = Aim("getAsset", path).call(ctx, query={"meta": True})
        return answer.expect_status(200).expect_json(dict)
