"""PixieBrix where a change takes others with it, or where what is read beside it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from starlette.responses import Response

from ....variants.defect import WHILE, defect
from ....web.call import Call
from ..handlers.assets import AssetHandlers
from ..handlers.records import RecordHandlers
from ..pagination import Page
from ..state.pixiebrix import Item, PixieBrixState
from ..state.records import DATA, KEY, Row
from ..state_of import state_of


@defect("PB-REC-33")
class DeletionWritesBackWhatStays(RecordHandlers):
    """Writes back the records that a deletion by filters leaves, without those that came meanwhile."""

    async def clearRecords(self, call: Call) -> Response:
        table = self._table(call)
        before = {row[KEY] for row in table.rows()}
        if call.pairs and len(table) > 1:
            await asyncio.sleep(WHILE / 5)
        answer = await super().clearRecords(call)
        for row in [row for row in table.rows() if call.pairs and row[KEY] not in before]:
            table.delete(row[KEY])
        return answer


@defect("PB-REC-31")
class DeletionOfAThousand(RecordHandlers):
    """Deletes the first thousand of the records that pass the filters, which is a page of them."""

    async def clearRecords(self, call: Call) -> Response:
        filters, table = self._limits(call), self._table(call)
        if not filters:
            return await super().clearRecords(call)
        rows, _ = await self._select(table, self._bounds(call, table), filters, Page(1, 1_000))
        state_of(call.sandbox).delete_records(call.path["databaseId"], rows, call.sandbox.now())
        return Response(None, 204)


@defect("PB-REC-43")
class DeletionFromAnyDate(RecordHandlers):
    """Overlooks the first date when it deletes."""

    async def clearRecords(self, call: Call) -> Response:
        if "start_date" in call.query and len(call.query) + len(self._limits(call)) > 1:
            del call.query["start_date"]
        return await super().clearRecords(call)


@defect("PB-REC-03")
class KeyDeletedEverywhere(PixieBrixState):
    """Deletes a record by its key, in whichever database there is one."""

    def delete_record(self, db_id: str, key: str, now: int) -> Row:
        row = super().delete_record(db_id, key, now)
        for one in self.databases.values():
            if key in one.records:
                one.records.delete(key)
        return row


@defect("PB-DB-11")
class OnlyNewRecordsAreWrites(PixieBrixState):
    """Takes the change of a record that is there for no write to its database."""

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        database, chosen = self.database(db_id), list(items)
        before, new = database.last_write_at, any(key not in database.records for key, *_ in chosen)
        rows = super().put_records(db_id, chosen, now)
        if not new:
            database.last_write_at = before
        return rows


@defect("PB-RET-05")
class DatabaseArchivedOnce(PixieBrixState):
    """Takes records away from a database in one night, and in none that follows."""

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        limit = self.record_limit
        full = {id_: one for id_, one in self.databases.items() if len(one.records) > limit}
        kept = {id_: one.records.fork() for id_, one in full.items() if id_ in self._archived}
        super()._nightly(midnight, new_id)
        for id_, records in kept.items():
            self.databases[id_].records = records
        self._archived |= full.keys()

    def __init__(self, record_limit: int = 500_000, *, now: int = 0) -> None:
        super().__init__(record_limit, now=now)
        self._archived: set[str] = set()


@defect("PB-REC-34")
class ArraysMergeIntoWhatTheyReadFirst(RecordHandlers):
    """Reads the record of an array when the request begins, and merges into that, whatever came since."""

    async def _write(self, call: Call, status: int) -> Response:
        table, items = self._table(call), call.body if isinstance(call.body, list) else []
        merging = [one["id"] for one in items if one.get("merge_strategy") and one["id"] in table]
        old = {key: table.get(key)[DATA] for key in merging[:1] if len(items) == 1}
        if old:
            await asyncio.sleep(WHILE / 5)
        for key, data in old.items():
            table.store(key, data, call.sandbox.now())
        return await super()._write(call, status)


@defect("PB-REC-35", "PB-DB-13", "PB-RET-11")
class RecordKeptBesideAWrite(RecordHandlers):
    """Forgets a record that it keeps when a PUT begins, and not when it has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, Response] = {}

    async def getRecord(self, call: Call) -> Response:
        name = f"{call.path} {call.answer}"
        if name not in self._kept:
            self._kept[name] = await super().getRecord(call)
        return self._kept[name]

    def _forget(self) -> bool:
        known = bool(self._kept)
        self._kept.clear()
        return known

    async def putRecord(self, call: Call) -> Response:
        if self._forget():
            await asyncio.sleep(WHILE / 5)
        return await super().putRecord(call)

    async def _write(self, call: Call, status: int) -> Response:
        answer = await super()._write(call, status)
        self._forget()
        return answer

    async def clearRecords(self, call: Call) -> Response:
        answer = await super().clearRecords(call)
        self._forget()
        return answer

    async def deleteRecord(self, call: Call) -> Response:
        answer = await super().deleteRecord(call)
        self._forget()
        return answer


@defect("PB-ASSET-02")
class MarkWritesTheListBack(AssetHandlers):
    """Writes back the whole list of assets when one is marked, without those that came meanwhile."""

    async def updateAsset(self, call: Call) -> Response:
        assets = state_of(call.sandbox).database(call.path["databaseId"]).assets
        before = set(assets)
        await asyncio.sleep(WHILE / 10)
        answer = await super().updateAsset(call)
        for one in [one for one in assets if one not in before]:
            del assets[one]
        return answer


@defect("PB-REC-33")
class DeletionOfWhatFittedFirst(RecordHandlers):
    """Chooses what a filter finds, and deletes it a moment later, also records that do not fit any more."""

    async def clearRecords(self, call: Call) -> Response:
        filters, table = self._limits(call), self._table(call)
        if not filters:
            return await super().clearRecords(call)
        rows, _ = await self._select(table, self._bounds(call, table), filters, Page(1, 1_000))
        await asyncio.sleep(WHILE / 5)
        chosen = [row[KEY] for row in rows]
        for key in chosen:
            if key in table:
                state_of(call.sandbox).delete_record(call.path["databaseId"], key, call.sandbox.now())
        return await super().clearRecords(call)
