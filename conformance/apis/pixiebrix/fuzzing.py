"""What fuzzing calls at a PixieBrix, and the ids that it may make for it."""

from __future__ import annotations

from typing import Any, Final

from ...authoring.check import NotVerified, PrerequisiteFailed
from ...authoring.cleanup import clean_up_after
from ...authoring.scope import Scope, reading, without
from ...catalogue.findings import FOUND
from ...environment.gate import Gate
from .arrange import Database
from .asset_lists import lists_assets
from .context import PixieBrix

# An asset whose file never came is not found, and that is right.
_SETTINGS: Final = ({"include-operation-id": "getAsset", "checks": {FOUND: {"enabled": False}}},)


def scope(ctx: PixieBrix, description: dict[str, Any]) -> Scope:
    """What to fuzz, by what is allowed; may make a database and an asset to fuzz on.

    Raises:
        NotVerified, PrerequisiteFailed: there is nothing to fuzz on.
    """
    gate = ctx.run.session.gate
    schemas = description["components"]["schemas"]
    database = _database(ctx)
    schemas["ExportJobRequest"]["properties"]["databases"]["items"]["enum"] = [database]
    parameters = {"path.organizationId": ctx.given.organization, "path.databaseId": database}
    # Databases of the type Key-Value may refuse every asset, and the list of them.
    unlisted = [] if lists_assets(ctx, database) else ["listAssets"]
    if not ctx.can("write"):
        described = reading(description)
        return Scope(described, without(described, unlisted), parameters, _SETTINGS)
    if gate is None:
        return Scope(description, without(description, unlisted), parameters, _SETTINGS)
    asset = _asset(ctx, database)
    if asset is not None:
        parameters["path.assetId"] = asset
    left_out = [*unlisted, *([] if _databases_go(gate) else ["createDatabase"])]
    if asset is None:
        left_out.append("createAsset")
    if not ctx.may("clearRecords", path={"databaseId": database}):
        left_out.append("clearRecords")
    called = without(description, left_out)
    if not ctx.may("putRecord", path={"databaseId": database, "recordKey": "a"}):
        # Keys of others may be there; those of the run are its own.
        parameters["path.recordKey"] = ctx.name("record")
        key = called["components"]["schemas"]["RecordRequest"]["properties"]["id"]
        key["pattern"] = f"^{ctx.run.mark}[a-z0-9]{{1,8}}$"
    return Scope(description, called, parameters, _SETTINGS, ("createExportJob",))


def _database(ctx: PixieBrix) -> str:
    """The database to fuzz: a new one where it can be deleted again, so that nothing of others is near."""
    if not ctx.can("write"):
        return ctx.given.existing_database()
    gate = ctx.run.session.gate
    if gate is not None and ctx.scratch.create_databases:
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
