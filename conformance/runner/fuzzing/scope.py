"""What the sweep calls at a target: the operations, and the ids and bodies that it may make for them.

The gate would refuse the rest. What is left out here is not even generated.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...apis.pieces.exports import OPTIONAL_COLLECTIONS, REQUIRED_COLLECTIONS
from ...apis.pixiebrix.arrange import Database
from ...apis.pixiebrix.asset_lists import lists_assets
from ...authoring.check import NotVerified, PrerequisiteFailed
from ...authoring.context import Context, Pieces, PixieBrix
from ...environment.cleanup import clean_up_after
from ...environment.gate import Gate
from ...schema.description import of_the_documents
from ...schema.latitude import judged

_WRITING: Final = ("post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is swept.

    Attributes:
        described: the description that answers are held against.
        called: the one that calls are generated from.
        parameters: the values of path parameters, as Schemathesis names them.
    """

    described: dict[str, Any]
    called: dict[str, Any]
    parameters: dict[str, str] = field(default_factory=dict)


def scope_of(ctx: Context) -> Scope:
    """What to sweep, by what is allowed; may make a database and an asset to sweep on.

    Raises:
        NotVerified, PrerequisiteFailed: there is nothing to sweep on.
    """
    description = of_the_documents(judged(ctx.api))
    if isinstance(ctx, PixieBrix):
        return _pixiebrix(ctx, description)
    described = description if ctx.can("write") else _without(description, _writing(description))
    return Scope(described, _importable(ctx, described))


def _pixiebrix(ctx: PixieBrix, description: dict[str, Any]) -> Scope:
    gate = ctx.run.session.gate
    schemas = description["components"]["schemas"]
    database = _database(ctx)
    schemas["ExportJobRequest"]["properties"]["databases"]["items"]["enum"] = [database]
    parameters = {"path.organizationId": ctx.given.organization, "path.databaseId": database}
    # Databases of the type Key-Value may refuse every asset, and the list of them.
    unlisted = [] if lists_assets(ctx, database) else ["listAssets"]
    if not ctx.can("write"):
        reading = _without(description, _writing(description))
        return Scope(reading, _without(reading, unlisted), parameters)
    if gate is None:
        return Scope(description, _without(description, unlisted), parameters)
    asset = _asset(ctx, database)
    if asset is not None:
        parameters["path.assetId"] = asset
    left_out = [*unlisted, *([] if _databases_go(gate) else ["createDatabase"])]
    if asset is None:
        left_out.append("createAsset")
    if not ctx.may("clearRecords", path={"databaseId": database}):
        left_out.append("clearRecords")
    called = _without(description, left_out)
    if not ctx.may("putRecord", path={"databaseId": database, "recordKey": "a"}):
        # Keys of others may be there; those of the run are its own.
        parameters["path.recordKey"] = ctx.name("record")
        key = called["components"]["schemas"]["RecordRequest"]["properties"]["id"]
        key["pattern"] = f"^{ctx.run.mark}[a-z0-9]{{1,8}}$"
    return Scope(description, called, parameters)


def _database(ctx: PixieBrix) -> str:
    """The database to sweep: a new one where it can be deleted again, so that nothing of others is near."""
    if not ctx.can("write"):
        return ctx.given.existing_database()
    gate = ctx.run.session.gate
    if gate is not None and ctx.place.scratch.create_databases:
        try:
            since = gate.inventory.last
            if not _databases_go(gate):
                ctx.given.new_database()
                clean_up_after(ctx.run, since)
            if _databases_go(gate):
                return ctx.given.new_database().id
        except PrerequisiteFailed:
            pass  # What is wrong with it, its own rules say.
    return ctx.given.database().id


def _databases_go(gate: Gate) -> bool:
    """Whether a database of the run was deleted: dozens that stay would be too much."""
    return gate.inventory.removed["database"] > 0


def _asset(ctx: PixieBrix, database: str) -> str | None:
    """An asset of the run's; None where the database takes none."""
    try:
        return ctx.given.asset(Database(database, "", ctx.given.organization)).id
    except (PrerequisiteFailed, NotVerified):
        return None


def _importable(ctx: Context, description: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the description, whose imports are of the target's own version, with empty collections.

    Otherwise nearly all would be refused for their version, whatever else is wrong with them. Without
    `destroy` their entries have ids of the run.
    """
    found = copy.deepcopy(dict(description))
    if not (isinstance(ctx, Pieces) and ctx.can("write")):
        return found
    try:
        own = ctx.given.own
    except PrerequisiteFailed:
        return found  # What is wrong with the export, its own rules say.
    schemas = found["components"]["schemas"]
    fields = schemas["ExportedDatabaseInput"]["properties"]
    required, optional = schemas["ByteCollection"], schemas["OptionalByteCollection"]
    fields.update({name: {**required, "maxItems": 0} for name in REQUIRED_COLLECTIONS})
    fields.update({name: {**optional, "maxItems": 0} for name in OPTIONAL_COLLECTIONS})
    if not ctx.can("destroy"):
        entry = schemas["ExportedDatabaseFormatInput"]["properties"]
        entry["id"]["pattern"] = f"^{ctx.run.mark}[a-z0-9]{{1,8}}$"
    if isinstance(own.get("version"), str):
        fields["version"]["enum"] = [own["version"]]
    schema = own.get("schema")
    highest = schema.get("migration") if isinstance(schema, Mapping) else None
    # Where the target tells none, 0 is newer than nothing.
    bounds = {"minimum": 0, "maximum": highest if type(highest) is int else 0}
    schemas["OptionalEmbeddedModelSchemaInput"]["properties"]["migration"].update(bounds)
    return found


def _operations(description: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    for item in description["paths"].values():
        for method, operation in list(item.items()):
            if isinstance(operation, dict) and "operationId" in operation:
                yield item, method, operation["operationId"]


def _writing(description: Mapping[str, Any]) -> list[str]:
    return [name for _, method, name in _operations(description) if method in _WRITING]


def _without(description: Mapping[str, Any], operations: Collection[str]) -> dict[str, Any]:
    """A copy of a description without some operations, and without the links to them."""
    found = copy.deepcopy(dict(description))
    for item, method, name in list(_operations(found)):
        if name in operations:
            del item[method]
    for item, method, _ in _operations(found):
        for response in item[method].get("responses", {}).values():
            links = response.get("links", {})
            for name in [name for name, link in links.items() if link["operationId"] in operations]:
                del links[name]
    return found
