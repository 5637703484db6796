"""Organization databases (document: Database APIs, Retrieve Organization Database Records)."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from ....state.instants import format_instant
from ....web.call import Call
from ....web.responses import json_response
from ..keys import assets_below
from ..pagination import listed
from ..state.databases import Database
from ..state.schemas import RecordSchema
from ..state_of import state_of

# Permissions for a database (published specification: UserDatabasePermission).
_READ, _WRITE = 1, 2


class DatabaseHandlers:
    """`/organizations/{organizationId}/databases/` and `/databases/`, and one database below them."""

    async def listDatabases(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """One page of the organization's databases."""
        databases = state_of(call.sandbox).list_databases(call.path["organizationId"])
        page, headers = listed(call, databases)
        items = [self.describe_database(database) for database in page]
        return json_response(items, call.answer, headers=headers)

    async def createDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Make an empty database."""
        sandbox = call.sandbox
        database = state_of(sandbox).create_database(
            call.path.get("organizationId"),
            call.body["name"],
            call.body.get("type", "Key-Value"),
            enforce_schema=call.body.get("enforce_schema", False),
            now=sandbox.now(),
            new_id=sandbox.ids,
            owner_field=call.body.get("owner_field"),
        )
        return json_response(self.describe_database(database), call.answer, 201)

    async def listUserDatabases(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """One page of the user's own databases and those of the organizations that the token may see."""
        visible = call.exchange.organizations
        databases = [
            one
            for one in state_of(call.sandbox).databases.values()
            if visible is None or one.organization_id is None or one.organization_id in visible
        ]
        page, headers = listed(call, databases)
        items = [self.describe_database(database) for database in page]
        return json_response(items, call.answer, headers=headers)

    async def createUserDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Make an empty database of the user's own."""
        return await self.createDatabase(call)

    async def getDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """One of the organization's databases."""
        return self._shown(self._of_organization(call), call)

    async def getUserDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """A database that the user may see."""
        return self._shown(state_of(call.sandbox).database(call.path["databaseId"]), call)

    async def putDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Write the fields of one of the organization's databases; those left out stay, as do its records."""
        return await self.updateDatabase(call)

    async def updateDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Change fields of one of the organization's databases."""
        self._of_organization(call)
        return await self.updateUserDatabase(call)

    async def updateUserDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Change fields of a database that the user may manage."""
        return self._shown(state_of(call.sandbox).update_database(call.path["databaseId"], call.body), call)

    async def getDatabasePermissions(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """What the token may do with a database: read (1), write (2)."""
        state_of(call.sandbox).database(call.path["databaseId"])
        permissions = [_READ] if call.exchange.read_only else [_READ, _WRITE]
        return json_response({"permissions": permissions}, call.answer)

    async def getDatabaseSchema(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The JSON Schema of a database's records; an empty text where there is none."""
        return self._schema(self._of_organization(call), call)

    async def putDatabaseSchema(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Set the JSON Schema; records that are there already stay as they are. An empty text removes it."""
        database = self._of_organization(call)
        text = call.body["schema_text"]
        database.schema = RecordSchema(text) if text.strip() else None
        return self._schema(database, call)

    @staticmethod
    def _schema(database: Database, call: Call) -> Response:
        text = "" if database.schema is None else database.schema.text
        return json_response({"database_id": database.id, "schema_text": text}, call.answer)

    @staticmethod
    def _of_organization(call: Call) -> Database:
        """The database of the path, if it is the organization's. Raises `NotFound`."""
        return state_of(call.sandbox).database_of(call.path["organizationId"], call.path["databaseId"])

    def _shown(self, database: Database, call: Call) -> Response:
        return json_response(self.describe_database(database), call.answer)

    async def deleteDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Remove one of the organization's databases."""
        self._of_organization(call)
        return await self.remove_database(call)

    async def deleteUserDatabase(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Remove a database that the user may manage."""
        return await self.remove_database(call)

    async def remove_database(self, call: Call) -> Response:
        """Remove the database of the call with all that is in it, its files too."""
        sandbox = call.sandbox
        sandbox.now()
        gone = state_of(sandbox).delete_database(call.path["databaseId"])
        sandbox.objects.delete_below(assets_below(gone.id))
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
