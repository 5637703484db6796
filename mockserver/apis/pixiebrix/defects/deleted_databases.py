"""Wrong deletions of databases (published specification: destroyDatabase)."""

from __future__ import annotations

from starlette.responses import Response

from ....variants.defect import defect
from ....web.call import Call
from ....web.responses import json_response
from ..handlers.databases import DatabaseHandlers
from ..state.databases import Database
from ..state.pixiebrix import PixieBrixState
from ..state_of import state_of


@defect("PB-DB-13")
class DeletedDatabaseStays(PixieBrixState):
    """Says that a database is deleted and leaves it where it is."""

    def delete_database(self, id: str) -> Database:  # noqa: A002
        return self.database(id).fork()


@defect("PB-DB-13")
class DeletedDatabaseOnlyEmptied(PixieBrixState):
    """Deletes the records of a database that is to be deleted, and keeps the database."""

    def delete_database(self, id: str) -> Database:  # noqa: A002
        return self.database(id)


@defect("PB-DB-13")
class DeletionShowsDatabase(DatabaseHandlers):
    """Answers the deletion of a database with 200 and the database as it was."""

    async def remove_database(self, call: Call) -> Response:
        shown = self.describe_database(state_of(call.sandbox).database(call.path["databaseId"]))
        await super().remove_database(call)
        return json_response(shown, call.answer)


@defect("PB-DB-13")
class DeletionTakesNeighbours(PixieBrixState):
    """Deletes with a database all that its organization has created since."""

    def delete_database(self, id: str) -> Database:  # noqa: A002
        gone = super().delete_database(id)
        for other in list(self.databases.values()):
            if other.organization_id == gone.organization_id and other.created_at >= gone.created_at:
                del self.databases[other.id]
        return gone
