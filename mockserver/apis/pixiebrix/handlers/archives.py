"""Record archives (document: Database APIs, Retrieve Archived Organization Database Records)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ....state.instants import HOUR, day_to_date, format_instant
from ....web.call import Call
from ....web.responses import json_response
from ..keys import archive_key
from ..pagination import listed
from ..state.archives import Archive
from ..state.databases import Database
from ..state_of import state_of


class ArchiveHandlers:
    """`/organizations/{organizationId}/databases/{databaseId}/record-archives/`."""

    async def listRecordArchives(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """One page of the archive files, the newest date first unless `ordering=date`."""
        call.sandbox.now()
        state = state_of(call.sandbox)
        descending = call.query.get("ordering", "-date") == "-date"
        archives = state.archives(call.path["organizationId"], call.path["databaseId"], descending=descending)
        database = state.database(call.path["databaseId"])
        page, headers = listed(call, archives)
        items = [self.describe_archive(archive, database, call) for archive in page]
        return json_response(items, call.answer, headers=headers)

    def describe_archive(self, archive: Archive, database: Database, call: Call) -> dict[str, Any]:
        """An archive as the API shows it; its link works for one hour from now."""
        date = day_to_date(archive.day)
        return {
            "id": archive.id,
            "database": {"id": database.id, "name": database.name},
            "date": date,
            "file": call.sandbox.signer.presigned_get(
                call.origin,
                archive_key(database.id, archive.day),
                call.sandbox.now(),
                lifetime=HOUR,
                filename=f"{date}.jsonl",
            ),
            "created_at": format_instant(archive.created_at),
            "updated_at": format_instant(archive.updated_at),
        }
