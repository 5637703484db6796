"""PixieBrix that tells of a thing in one place what is not so in another."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from .... import artifacts
from ....state import jsonio
from ....state.errors import InvalidInput, Wrong
from ....storage.downloads import Item
from ....variants.defect import defect
from ....web.body import header
from ....web.call import Call
from ....web.responses import json_response
from ..files import PixieBrixFiles
from ..handlers.assets import AssetHandlers
from ..handlers.databases import DatabaseHandlers
from ..handlers.jobs import JobHandlers
from ..handlers.records import RecordHandlers
from ..pagination import Pagination
from ..state.filters import FieldEquals, Filter
from ..state.jobs import Job
from ..state.pixiebrix import PixieBrixState
from ..state.records import CREATED, Row
from .csv_table import MEDIA_TYPE as CSV
from .csv_table import as_csv, table_of

_LARGE: Final = 1 << 20


def _sharing(answer: Response, name: str) -> Response:
    """A list whose items all have what the last one has under a name."""
    items = jsonio.loads(bytes(answer.body))
    answer.body = jsonio.dumps([{**item, name: items[-1][name]} for item in items])
    answer.headers["Content-Length"] = str(len(answer.body))
    return answer


@defect("PB-ASSET-38")
class ListedAssetsShareAnAddress(AssetHandlers):
    """Gives every asset of a list the address of the last one on its page."""

    async def listAssets(self, call: Call) -> Response:
        return _sharing(await super().listAssets(call), "download_url")


@defect("PB-ASSET-27")
class ChangeTakesTheMark(AssetHandlers):
    """Takes the mark away from an asset that is changed without naming it."""

    async def updateAsset(self, call: Call) -> Response:
        call.body.setdefault("is_uploaded", False)
        return await super().updateAsset(call)


@defect("PB-NEG-18")
class CharsetRefusedForAssets(AssetHandlers):
    """Refuses changes of assets whose Content-Type has a charset."""

    async def updateAsset(self, call: Call) -> Response:
        kind = header(call.scope["headers"], b"content-type") or ""
        if kind.startswith("application/json;"):
            return json_response({"detail": f"Unsupported media type {kind}."}, call.answer, 415)
        return await super().updateAsset(call)


@defect("PB-REC-45")
class ListTellsOneCreation(RecordHandlers):
    """Tells for every record of a list that is not CSV the creation of the last one."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.answer.media_type != CSV and call.scope["method"] == "GET":
            rows = [(rows[-1][CREATED], *row[1:]) for row in rows]
        return super()._rendered(rows, call, headers, status)


@defect("PB-CSV-04")
class CellsMoveUp(RecordHandlers):
    """Puts the empty cells of a row of a CSV list at its end, so that those behind them move up."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.answer.media_type != CSV:
            return super()._rendered(rows, call, headers, status)
        table = table_of(b"".join(artifacts.records_csv(rows)))
        moved = [sorted(row, key=lambda cell: not cell) for row in table]
        return Response(as_csv(moved), status, headers, call.answer.content_type)


@defect("PB-JOB-41")
class ColumnsOfTheFirstDatabase(PixieBrixFiles):
    """Gives a CSV export of several databases the columns that the records of the first one have."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        if job.media_type != CSV or len(job.parts) == 1:
            return item
        first = [row for database, rows in job.parts[:1] for row in rows]
        fields = {f"data.{name}" for row in first for name in json.loads(row[-1])}
        fields |= {"id", "database", "created_at", "updated_at"}

        def narrowed(content: bytes) -> bytes:
            table = table_of(content)
            kept = [place for place, name in enumerate(table[0]) if name in fields]
            return as_csv([[row[place] for place in kept] for row in table])

        return item.rewritten(narrowed)


@defect("PB-JOB-41")
class RowsOfTheFirstDatabase(PixieBrixFiles):
    """Names in every row of a CSV export the first of several databases."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        first, *others = (id_.encode() for id_, _ in job.parts)

        def named(content: bytes) -> bytes:
            for other in others:
                content = content.replace(b"," + other + b",", b"," + first + b",")
            return content

        return item.rewritten(named) if job.media_type == CSV else item


@defect("PB-ASSET-38")
class ListedAssetsShareATime(AssetHandlers):
    """Tells of every asset of a list that it was updated when the last one was."""

    async def listAssets(self, call: Call) -> Response:
        return _sharing(await super().listAssets(call), "updated_at")


@defect("PB-JOB-40")
class ExportTellsItsOwnCreation(PixieBrixFiles):
    """Tells in an export that each record was created when the export was."""

    async def artifact(self, job: Job, key: str) -> Item:
        now = job.created_at
        parts = tuple((id_, [(now, *row[1:]) for row in rows]) for id_, rows in job.parts)
        return await super().artifact(replace(job, parts=parts), key)


@defect("PB-JOB-46")
class FailureIsRemembered(JobHandlers):
    """Tells of a job that succeeded what the one that failed before it said."""

    _told: str | None = None

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        self._told = shown["error_message"] or self._told
        return {**shown, "error_message": self._told if shown["status"] in {"SUCCESS", "FAILURE"} else None}


@defect("PB-DB-15")
class OwnerFieldSticks(DatabaseHandlers):
    """Gives a database that names no owner field that of the one before."""

    _owner: str | None = None

    async def createDatabase(self, call: Call) -> Response:
        self._owner = call.body.get("owner_field", self._owner)
        if self._owner is not None:
            call.body["owner_field"] = self._owner
        return await super().createDatabase(call)


@defect("PB-DB-07")
class ListedDatabasesShareACreation(DatabaseHandlers):
    """Tells in lists the creation of the last database for all of them."""

    async def listDatabases(self, call: Call) -> Response:
        return _sharing(await super().listDatabases(call), "created_at")


@defect("PB-DB-14")
class NamesCountedInBytes(PixieBrixState):
    """Counts the 256 characters of a database's name in bytes."""

    def _check_fields(self, name: str, type: str, owner_field: str | None) -> None:  # noqa: A002
        super()._check_fields(name, type, owner_field)
        if len(name.encode()) > 256:
            raise InvalidInput({"name": [Wrong("too-long", 256)]})


@defect("PB-REC-38")
class RecordsUpToAMebibyte(RecordHandlers):
    """Refuses a record of more than 1 MiB."""

    async def putRecord(self, call: Call) -> Response:
        if len(json.dumps(call.body)) > _LARGE:
            return json_response({"detail": "Too large."}, call.answer, 413)
        return await super().putRecord(call)


@defect("PB-REC-07")
class PagesFromTheFirstRevision(Pagination):
    """Has pages from version 1.1 on."""

    def paged(self, call: Call) -> bool:
        return super().paged(call) or call.answer.version == "1.1"


@defect("PB-PAGE-04")
class FiftyAssetsAPage(Pagination):
    """Gives fifty assets a page where no size is asked for."""

    def size(self, call: Call, maximum: int) -> int:
        found = super().size(call, maximum)
        return (
            min(found, 50) if call.operation_id == "listAssets" and "page_size" not in call.query else found
        )


class _OfTheRecord(FieldEquals):
    def matches(self, data: bytes) -> bool:
        return self.field not in {"id", "created_at"} and super().matches(data)


@defect("PB-FILT-29")
class OwnFieldsBeforeThoseOfTheData(RecordHandlers):
    """Filters by the key and the creation where the data have fields of these names."""

    def _filters(self, call: Call) -> list[Filter]:
        found = super()._filters(call)
        return [_OfTheRecord(one.field, one.value) if isinstance(one, FieldEquals) else one for one in found]
