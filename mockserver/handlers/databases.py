"""Organization databases (document: Database APIs, Retrieve Organization Database Records)."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from ..state.databases import Database
from ..state.instants import format_instant
from ..storage.keys import assets_below
from ..web.call import Call
from ..web.pagination import listed
from ..web.responses import json_response


class DatabaseHandlers:
    """`/organizations/{organizationId}/databases/`."""

    async def listDatabases(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """One page of the organization's databases."""
        databases = call.world.pixiebrix.list_databases(call.path["organizationId"])
        page, headers = listed(call, databases)
        items = [self.describe_database(database) for database in page]
        return json_response(items, call.answer, headers=headers)

    async def createDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Make an empty database."""
        world = call.world
        database = world.pixiebrix.create_database(
            call.path["organizationId"],
            call.body["name"],
            call.body.get("type", "Key-Value"),
            enforce_schema=call.body.get("enforce_schema", False),
            now=world.now(),
            new_id=world.ids,
        )
        return json_response(self.describe_database(database), call.answer, 201)

    async def deleteDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Remove one of the organization's databases."""
        call.world.pixiebrix.database_of(call.path["organizationId"], call.path["databaseId"])
        return await self.remove_database(call)

    async def deleteUserDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Remove a database that the user may manage."""
        return await self.remove_database(call)

    async def remove_database(self, call: Call) -> Response:
        """Remove the database of the call with all that is in it, its files too."""
        world = call.world
        world.now()
        gone = world.pixiebrix.delete_database(call.path["databaseId"])
        world.objects.delete_below(assets_below(gone.id))
        discarded = gone.records.clear()
        while discarded.release(5_000):  # noqa: ASYNC110 - lets other requests run, waits for nothing
            await asyncio.sleep(0)
        return Response(None, 204)

    def describe_database(self, database: Database) -> dict[str, Any]:
        """A database as the API shows it."""
        return describe_database(database)


def describe_database(database: Database) -> dict[str, Any]:
    """A database as the API shows it (published specification)."""
    return {
        "id": database.id,
        "name": database.name,
        "organization_id": database.organization_id,
        "created_at": format_instant(database.created_at),
        "enforce_schema": database.enforce_schema,
        "owner_field": database.owner_field,
        "type": database.type,
        "last_write_at": None if database.last_write_at is None else format_instant(database.last_write_at),
        "num_records": len(database.records),
    }
