"""PixieBrix that takes texts and numbers for others that are alike, in filters, tables, links and paths."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote_plus

import orjson
from starlette.responses import Response

from .... import artifacts
from ....storage.app import Storage, StorageSandbox
from ....storage.downloads import Item
from ....variants.defect import defect
from ....web.call import Call
from ..files import PixieBrixFiles
from ..handlers.assets import AssetHandlers
from ..handlers.records import RecordHandlers
from ..pagination import Pagination
from ..state.filters import FieldEquals, FieldNull, Filter
from ..state.jobs import Job
from ..state.records import DATA, Row
from ..state_of import state_of

_CSV = "text/csv"
_XLSX = "application/xlsx"


class _SameNumber(FieldEquals):
    def __init__(self, right: FieldEquals) -> None:
        super().__init__(right.field, right.value)

    def matches(self, data: bytes) -> bool:
        if super().matches(data):
            return True
        there = orjson.loads(data).get(self.field)
        with contextlib.suppress(ValueError):
            return isinstance(there, str) and float(there) == float(self.value)
        return False


@defect("PB-FILT-29")
class DigitsFilteredAsNumbers(RecordHandlers):
    """Finds texts that are the same number as the value of a filter, as 0123 for 123."""

    def _filters(self, call: Call) -> list[Filter]:
        return [_SameNumber(one) if isinstance(one, FieldEquals) else one for one in super()._filters(call)]


@defect("PB-REC-06")
class NoLimitOfRowsInCsv(RecordHandlers):
    """Gives all records as CSV where there are no pages, however many they are."""

    async def listRecords(self, call: Call) -> Response:
        if call.answer.media_type != _CSV or not self._unpaged(call):
            return await super().listRecords(call)
        low, high = self._bounds(call, self._table(call))
        filters = self._filters(call)
        rows = [
            row
            for row in self._table(call).slice(low, high)
            if all(one.matches(row[DATA]) for one in filters)
        ]
        return self._rendered(rows, call, {})


@defect("PB-CSV-04")
class LoneReturnsNotQuoted(RecordHandlers):
    """Quotes values with a line feed in the CSV list, and none with a carriage return alone."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.answer.media_type != _CSV:
            return super()._rendered(rows, call, headers, status)
        content = b"".join(artifacts.records_csv(rows))
        bare = re.sub(rb'"([^",\n\r]*\r[^",\n\r]*)"(?=[,\r])', rb"\1", content)
        return Response(bare, status, headers, call.answer.content_type)


@defect("PB-REC-37")
class BarePlusInAPathIsABlank(RecordHandlers):
    """Reads a plus sign that stands in the path of a record as it is for a blank."""

    async def getRecord(self, call: Call) -> Response:
        raw = call.scope["raw_path"].decode("ascii").rstrip("/").rpartition("/")[2]
        return await super().getRecord(replace(call, path={**call.path, "recordKey": unquote_plus(raw)}))


@defect("PB-PAGE-19")
class AmpersandsBareInLinks(Pagination):
    """Writes an ampersand in the value of a filter into the links as it is, so that the value ends there."""

    def link(self, call: Call, number: int, relation: str) -> str:
        return super().link(call, number, relation).replace("%26", "&")


@defect("PB-PAGE-22")
class SizesCutTo32Bits(Pagination):
    """Keeps the lower 32 bits of a page size."""

    def size(self, call: Call, maximum: int) -> int:
        asked = call.query.get("page_size", "")
        if not asked.isdecimal() or int(asked) < 1 << 32:
            return super().size(call, maximum)
        return min(int(asked) % (1 << 32) or 100, maximum)


def repacked(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with each text of its sheet changed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml"):
                part = re.sub(rb"(?<=>)[^<>]+(?=</t>)", lambda found: change(found[0]), part)
            new.writestr(name, part)
    return packed.getvalue()


@defect("PB-JOB-54")
class WorkbookTextsWithoutCase(PixieBrixFiles):
    """Shares the texts of a workbook without regard to case, so that all spellings come out as one."""

    async def artifact(self, job: Job, key: str) -> Item:
        item, seen = await super().artifact(job, key), dict[bytes, bytes]()

        def shared(text: bytes) -> bytes:
            return seen.setdefault(text.lower(), text)

        return item.rewritten(lambda one: repacked(one, shared)) if job.media_type == _XLSX else item


@defect("PB-JOB-54")
class WorkbookTextsTrimmed(PixieBrixFiles):
    """Trims the texts of a workbook."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return item.rewritten(lambda one: repacked(one, bytes.strip)) if job.media_type == _XLSX else item


class _NullInAnyCase(FieldNull):
    def __init__(self, right: FieldNull) -> None:
        super().__init__(right.field, right.is_null)

    def matches(self, data: bytes) -> bool:
        there = {name.lower() for name, value in orjson.loads(data).items() if value is not None}
        return (self.field.lower() not in there) is self.is_null


@defect("PB-FILT-29")
class NullsInAnyCase(RecordHandlers):
    """Looks for null in the field of a name in any case, and compares values in that of its case."""

    def _filters(self, call: Call) -> list[Filter]:
        return [_NullInAnyCase(one) if isinstance(one, FieldNull) else one for one in super()._filters(call)]


@defect("PB-ASSET-15", "PB-ASSET-38")
class NamesakesMarkedToo(AssetHandlers):
    """Marks every asset of the same file name in the database."""

    async def updateAsset(self, call: Call) -> Response:
        answer = await super().updateAsset(call)
        state, place = state_of(call.sandbox), call.path["databaseId"]
        assets = state.database(place).assets
        for one in [*assets.values()]:
            if one.filename == assets[call.path["assetId"]].filename:
                state.patch_asset(
                    place, one.id, is_uploaded=call.body.get("is_uploaded"), now=call.sandbox.now()
                )
        return answer


@defect("PB-ASSET-20")
class LineEndsCutOff(Storage):
    """Takes the line ends at the end of a file for those of the form that brought it."""

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        item = await super().find(sandbox, key, now)
        return item.rewritten(lambda content: content.rstrip(b"\r\n")) if key.startswith("assets/") else item
