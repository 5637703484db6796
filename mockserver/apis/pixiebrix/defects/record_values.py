"""PixieBrix that changes keys, names and values that are unlike the plain ones."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

import orjson
from starlette.responses import Response

from ....state import jsonio
from ....storage import downloads
from ....storage.app import Storage, StorageSandbox
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import Validation
from ....web.parameters import PathParameters
from ..handlers.jobs import JobHandlers
from ..handlers.records import RecordHandlers
from ..state.filters import FieldEquals, Filter
from ..state.jobs import Job
from ..state.merging import MergeStrategy
from ..state.pixiebrix import Item, PixieBrixState
from ..state.records import DATA, Row


@defect("PB-REC-37")
class KeysComposed(PixieBrixState):
    """Takes keys for the same if their letters look the same, composed or not."""

    def put_record(
        self, db_id: str, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
    ) -> tuple[Row, bool]:
        return super().put_record(db_id, unicodedata.normalize("NFC", key), data, strategy, now)

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        composed = [(unicodedata.normalize("NFC", key), data, how) for key, data, how in items]
        return super().put_records(db_id, composed, now)

    def get_record(self, db_id: str, key: str) -> Row:
        return super().get_record(db_id, unicodedata.normalize("NFC", key))


@defect("PB-REC-38", "PB-CSV-04", "PB-JOB-42")
class LongTextsCut(PixieBrixState):
    """Keeps the first 65,535 characters of a text."""

    def _merged(self, old: bytes | None, data: dict[str, Any], strategy: MergeStrategy) -> bytes:
        cut = {name: one[:65_535] if isinstance(one, str) else one for name, one in data.items()}
        return super()._merged(old, cut, strategy)


@defect("PB-REC-38", "PB-CSV-04")
class LongTextsShortenedInLists(RecordHandlers):
    """Shortens texts of more than 10,000 characters in the list, though the record has all of them."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.operation_id == "listRecords":
            rows = [(*row[:DATA], _cut(row[DATA], 10_000)) for row in rows]
        return super()._rendered(rows, call, headers, status)


def _rounded(data: bytes) -> bytes:
    """The data with each whole number as a double holds it."""
    found: dict[str, Any] = jsonio.loads(data)
    exact = {name: one for name, one in found.items() if type(one) is int and int(float(one)) != one}
    return (
        jsonio.dumps({**found, **{name: int(float(one)) for name, one in exact.items()}}) if exact else data
    )


@defect("PB-JOB-51", "PB-JOB-42")
class ExportedNumbersRounded(JobHandlers):
    """Rounds whole numbers in an export to what a double holds."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        job.parts = tuple(
            (id_, [(*row[:DATA], _rounded(row[DATA])) for row in rows]) for id_, rows in job.parts
        )
        return super().describe_job(job, call)


@defect("PB-ARCH-24")
class ArchivedTextsCut(PixieBrixState):
    """Cuts texts in archive files after 4,096 characters."""

    def _nightly(self, midnight: int, new_id: Any) -> None:
        super()._nightly(midnight, new_id)
        for database in self.databases.values():
            for archive in database.archives.values():
                archive.rows[:] = [(*row[:DATA], _cut(row[DATA], 4_096)) for row in archive.rows]


def _cut(data: bytes, most: int) -> bytes:
    if len(data) <= most:
        return data
    found: dict[str, Any] = jsonio.loads(data)
    return jsonio.dumps({name: one[:most] if isinstance(one, str) else one for name, one in found.items()})


@defect("PB-REC-39")
class BatchOfAThousand(RecordHandlers):
    """Writes the first thousand records of an array, and forgets the others."""

    async def _write(self, call: Call, status: int) -> Response:
        if isinstance(call.body, list) and call.operation_id == "putRecords":
            call.body = call.body[:1_000]
        return await super()._write(call, status)


@defect("PB-FILT-29")
class FilterCompares255Characters(RecordHandlers):
    """Compares the first 255 characters of a value and of a field."""

    def _filters(self, call: Call) -> list[Filter]:
        return [_Beginning(one) if isinstance(one, FieldEquals) else one for one in super()._filters(call)]


class _Beginning(FieldEquals):
    def __init__(self, right: FieldEquals) -> None:
        super().__init__(right.field, right.value)

    def matches(self, data: bytes) -> bool:
        there = orjson.loads(data).get(self.field)
        return isinstance(there, str) and there[:255] == self.value[:255]


@defect("PB-ASSET-41")
class FilesUpToOneMebibyte(Storage):
    """Gives the first mebibyte of a file."""

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> downloads.Item:
        item = await super().find(sandbox, key, now)
        return (
            item.rewritten(lambda content: content[: 1 << 20])
            if key.startswith("assets/") and item.size > 1 << 20
            else item
        )


@defect("PB-REC-26")
class KeysInThePathCut(Validation):
    """Cuts a key in the path to 60 characters."""

    def path(self, operation_id: str, parameters: PathParameters, values: dict[str, str]) -> dict[str, str]:
        found = super().path(operation_id, parameters, values)
        return {name: value[:60] if name == "recordKey" else value for name, value in found.items()}
