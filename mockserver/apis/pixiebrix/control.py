"""What the control API lets see of PixieBrix."""

from __future__ import annotations

from starlette.responses import Response

from ...state.errors import NotFound
from ...web.call import Call
from ...web.responses import json_response
from .keys import asset_key
from .overview import SHOWN, describe_database, describe_records
from .state_of import state_of

INERT = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "text/plain"})
"""Media types that a browser only shows; an upload of any other one is handed out as bytes."""
UNTRUSTED = {
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


class PixieBrixControl:
    """Operations of the control API by operationId."""

    async def listSandboxDatabases(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The databases of all organizations."""
        call.sandbox.now()
        databases = state_of(call.sandbox).databases.values()
        return json_response([describe_database(one) for one in databases], call.answer)

    async def listSandboxRecords(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Some records of a database.

        Raises:
            NotFound: there is no such database.
        """
        call.sandbox.now()
        database = state_of(call.sandbox).database(call.path["databaseId"])
        offset, limit = call.query.get("offset", 0), call.query.get("limit", SHOWN)
        return json_response(describe_records(database, offset, limit), call.answer)

    async def getAssetContent(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The bytes of an upload, as nothing that a browser would run.

        Raises:
            NotFound: there is no such asset, or nothing was uploaded.
        """
        sandbox, asset_id = call.sandbox, call.path["assetId"]
        for database in state_of(sandbox).databases.values():
            asset = database.assets.get(asset_id)
            if asset is None:
                continue
            stored = sandbox.objects.get(asset_key(database.id, asset_id, asset.filename))
            if stored is not None:
                inert = stored.content_type if stored.content_type in INERT else "application/octet-stream"
                return Response(stored.content, 200, UNTRUSTED, inert)
        raise NotFound("asset", asset_id)
