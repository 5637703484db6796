"""PixieBrix that remembers what is not so any more (just after a change, and again)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from starlette.responses import Response

from ....state.errors import NotFound
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import BodyRule, Validation
from ....web.problems import BadRequest
from ..handlers.assets import AssetHandlers
from ..handlers.databases import DatabaseHandlers
from ..handlers.records import RecordHandlers
from ..pagination import Page
from ..state.databases import Database
from ..state.filters import Filter
from ..state.merging import MergeStrategy
from ..state.pixiebrix import PixieBrixState
from ..state.records import DATA, KEY, RecordTable, Row
from ..state_of import state_of


@defect("PB-REC-35")
class MissingRecordRemembered(RecordHandlers):
    """Remembers for which keys there was no record, and answers 404 for them from then on."""

    def __init__(self) -> None:
        super().__init__()
        self._missing: set[tuple[str, str]] = set()

    async def getRecord(self, call: Call) -> Response:
        asked = call.path["databaseId"], call.path["recordKey"]
        if asked in self._missing:
            raise NotFound("record", asked[1])
        try:
            return await super().getRecord(call)
        except NotFound:
            self._missing.add(asked)
            raise


@defect("PB-REC-35")
class FilteredListsRemembered(RecordHandlers):
    """Keeps what a filter has found until records come or go, whatever was changed in them."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[tuple[object, ...], tuple[list[Row], bool]] = {}

    async def _select(
        self, table: RecordTable, bounds: tuple[int, int], filters: list[Filter], page: Page
    ) -> tuple[list[Row], bool]:
        if not filters:
            return await super()._select(table, bounds, filters, page)
        asked = (id(table), len(table), table.sequence, bounds, tuple(filters), page)
        if asked not in self._found:
            self._found[asked] = await super()._select(table, bounds, filters, page)
        return self._found[asked]


@defect("PB-REC-35")
class TenthReadingIsRemembered(RecordHandlers):
    """Takes a record that was read ten times for one that does not change any more."""

    def __init__(self) -> None:
        super().__init__()
        self._read: dict[tuple[str, str], int] = {}
        self._kept: dict[tuple[str, str], bytes] = {}

    async def getRecord(self, call: Call) -> Response:
        asked = call.path["databaseId"], call.path["recordKey"]
        response = await super().getRecord(call)
        times = self._read[asked] = self._read.get(asked, 0) + 1
        if times < 10:
            return response
        body = self._kept.setdefault(asked, bytes(response.body))
        return Response(body, 200, None, response.headers["content-type"])


@defect("PB-RET-11")
class NightsAreNotNoticed(RecordHandlers):
    """Keeps a record that was read until somebody deletes it, and the nightly job is not somebody."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[str, str], bytes] = {}

    async def getRecord(self, call: Call) -> Response:
        asked = call.path["databaseId"], call.path["recordKey"]
        try:
            response = await super().getRecord(call)
        except NotFound as error:
            if asked not in self._kept or error.what != "record":
                raise
            return Response(self._kept[asked], 200, None, "application/json")
        self._kept[asked] = bytes(response.body)
        return response

    async def deleteRecord(self, call: Call) -> Response:
        self._kept.pop((call.path["databaseId"], call.path["recordKey"]), None)
        return await super().deleteRecord(call)

    async def clearRecords(self, call: Call) -> Response:
        self._kept.clear()
        return await super().clearRecords(call)


@defect("PB-REC-36")
class DeletedDataMerged(PixieBrixState):
    """Only marks a record as deleted, and merges new data into what is still there."""

    def __init__(self, record_limit: int = 500_000, *, now: int = 0) -> None:
        super().__init__(record_limit, now=now)
        self._hidden: dict[tuple[str, str], bytes] = {}

    def delete_record(self, db_id: str, key: str, now: int) -> Row:
        row = super().delete_record(db_id, key, now)
        self._hidden[db_id, key] = row[DATA]
        return row

    def put_record(
        self, db_id: str, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
    ) -> tuple[Row, bool]:
        hidden = self._hidden.pop((db_id, key), None)
        if hidden is None or strategy is MergeStrategy.REPLACE:
            return super().put_record(db_id, key, data, strategy, now)
        self.database(db_id).records.store(key, hidden, now)
        return super().put_record(db_id, key, data, strategy, now)


@defect("PB-DB-17")
class CountKeptUntilItGrows(DatabaseHandlers):
    """Counts the records of a database anew when there are more of them, and not when there are fewer."""

    def __init__(self) -> None:
        super().__init__()
        self._most: dict[str, int] = {}

    async def listDatabases(self, call: Call) -> Response:
        for database in state_of(call.sandbox).databases.values():
            self._most[database.id] = max(self._most.get(database.id, 0), len(database.records))
        return await super().listDatabases(call)

    def describe_database(self, database: Database) -> dict[str, Any]:
        shown = super().describe_database(database)
        return {**shown, "num_records": self._most.get(database.id, shown["num_records"])}


@defect("PB-ASSET-40")
class ListShowsTheFirstMark(AssetHandlers):
    """Keeps in its list whether an asset is uploaded as it was when it was first marked."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[str, bool] = {}

    def describe_asset(self, asset: Any, call: Call) -> dict[str, Any]:
        shown = super().describe_asset(asset, call)
        if call.operation_id == "listAssets" and asset.is_uploaded:
            self._first[asset.id] = True
        if call.operation_id == "listAssets":
            shown["is_uploaded"] = self._first.get(asset.id, asset.is_uploaded)
        return shown


@defect("PB-REC-14", "PB-DB-17")
class PutBringsBack(RecordHandlers):
    """Brings what was deleted back with the next PUT of a record, whichever it is."""

    def __init__(self) -> None:
        super().__init__()
        self._gone: list[tuple[str, Row]] = []

    async def deleteRecord(self, call: Call) -> Response:
        database, key = call.path["databaseId"], call.path["recordKey"]
        row = state_of(call.sandbox).get_record(database, key)
        answer = await super().deleteRecord(call)
        self._gone.append((database, row))
        return answer

    async def putRecord(self, call: Call) -> Response:
        while self._gone:
            database, row = self._gone.pop()
            with suppress(NotFound):
                table = state_of(call.sandbox).database(database).records
                table.store(row[KEY], row[DATA], call.sandbox.now())
        return await super().putRecord(call)


@defect("PB-REC-35")
class BufferNotEmptied(Validation):
    """Reads the records of an array into a buffer, and empties that only when the whole array is right."""

    def __init__(self) -> None:
        self._left: dict[str, Any] = {}

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        try:
            super().values(rule, body, long=long)
        except BadRequest:
            if rule.operation_id == "putRecords" and isinstance(body, list) and body:
                self._left = body[0].get("data", {})
            raise
        if rule.operation_id == "putRecord" and self._left:
            body["data"], self._left = {**self._left, **body["data"]}, {}
