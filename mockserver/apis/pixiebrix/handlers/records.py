"""Records of a database (document: Database APIs, from Retrieve Organization Database Records on)."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from .... import artifacts
from ....state.errors import BrokenSchema, InvalidInput
from ....state.instants import DAY, parse_date
from ....web.call import Call
from ....web.responses import ChunkedResponse
from .. import negotiation
from ..pagination import PAGES, Page, no_such_page, paginate, requested_page
from ..settings import settings_of
from ..state.field_index import BLOCK, MAX_FIELDS
from ..state.filters import Filter, parse_filters, sift
from ..state.merging import MergeStrategy
from ..state.pixiebrix import Item
from ..state.records import RecordTable, Row
from ..state_of import state_of

# Rows filtered or written between two turns of the event loop, and rows sent as one piece.
_SCAN = 4_000
_WRITE = 1_000
# As many rows as it takes to begin with a filter.
_FILTER = 10
_ONE_PIECE = 500


class RecordHandlers:
    """`/databases/{databaseId}/records/` and one record below it."""

    async def listRecords(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The records that pass the filters: one page; before version 2.0 what one answer may hold."""
        sandbox = call.sandbox
        sandbox.now()
        table = self._table(call)
        filters = self._filters(call) if call.pairs else []
        limit = settings_of(sandbox).max_records
        unpaged = self._unpaged(call)
        page = Page(1, limit) if unpaged else requested_page(call, limit)
        rows, more = await self._select(table, self._bounds(call, table), filters, page)
        if page.number > 1 and not rows:
            raise no_such_page()
        headers = {} if unpaged else paginate(call, page, more=more, total=None)
        return self._rendered(rows, call, headers)

    def _table(self, call: Call) -> RecordTable:
        """The records among which the list chooses. Raises `NotFound`."""
        return state_of(call.sandbox).database(call.path["databaseId"]).records

    def _limits(self, call: Call) -> list[Filter]:
        """What a deletion asks of the records' fields. Raises `InvalidInput`."""
        return self._filters(call) if call.pairs else []

    def _filters(self, call: Call) -> list[Filter]:
        """What the query asks of the records' fields. Raises `InvalidInput`."""
        return parse_filters(call.pairs)

    def _unpaged(self, call: Call) -> bool:
        """Whether one answer holds all records, or as many as it may."""
        return not call.sandbox.implementation[PAGES].paged(call)

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        """Rows in the negotiated media type."""
        return render(rows, call, headers, status)

    def _one(self, row: Row, call: Call, status: int) -> Response:
        """The answer that shows one record."""
        return render_one(row, call, status)

    def _bounds(self, call: Call, table: RecordTable) -> tuple[int, int]:
        """The positions of the records created between the two dates, both inclusive."""
        start, end = call.query.get("start_date"), call.query.get("end_date")
        return table.span(
            None if start is None else parse_date(start) * DAY,
            None if end is None else (parse_date(end) + 1) * DAY,
        )

    async def _select(
        self, table: RecordTable, bounds: tuple[int, int], filters: list[Filter], page: Page
    ) -> tuple[list[Row], bool]:
        """The rows of one page, and whether more follow."""
        low, high = bounds
        if not filters:
            first = min(low + page.start, high)
            last = min(low + page.end, high)
            return table.slice(first, last), last < high
        found: list[Row] = []
        rows = table.slice(low, high)
        index = table.index() if len(filters) <= MAX_FIELDS else None
        looked = 0
        for block in range(low // BLOCK, -(-high // BLOCK)):
            part = rows[max(0, block * BLOCK - low) : (block + 1) * BLOCK - low]
            left = filters
            if index is not None and len(part) == BLOCK:
                for field in index.to_learn(block, filters):
                    looked = await _turn(looked, len(part))
                    index.learn(block, part, field)
                looked = await _turn(looked, _FILTER * len(filters))
                part, left = index.narrowed(block, part, filters)
            # Filter by filter: a thousand of them over the same rows are a thousand turns, not one.
            for one in left:
                if not part:
                    break
                looked = await _turn(looked, len(part) + _FILTER)
                part = sift(part, one)
            found += part
            if len(found) > page.end:
                break
        return found[page.start : page.end], len(found) > page.end

    async def createRecords(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Write one record or several; all of them or none."""
        return await self._write(call, 201)

    async def putRecords(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Write one record or several, each under its own key; all of them or none."""
        return await self._write(call, 200)

    async def _write(self, call: Call, status: int) -> Response:
        one = isinstance(call.body, dict)
        items = [call.body] if one else call.body
        try:
            rows = await self._written(call, items)
        except BrokenSchema as error:
            if one:
                raise InvalidInput(error.errors[0]) from None
            raise
        if one:
            return self._one(rows[0], call, status)
        return self._rendered(rows, call, {}, status=status)

    async def _written(self, call: Call, items: list[dict[str, Any]]) -> list[Row]:
        """The rows of all items, once they are written."""
        sandbox, database_id = call.sandbox, call.path["databaseId"]
        await self._copied(call)
        now, state = sandbox.now(), state_of(sandbox)
        state.database(database_id)
        if len(items) <= _WRITE:
            return state.put_records(database_id, _items(items), now) if items else []
        async with sandbox.turn.alone():
            now, state = sandbox.now(), state_of(sandbox)
            # The whole body has passed by now, so nothing can fail half way, and it is written in slices,
            # unless the database has a schema of its own to hold it to. Nobody sees a part.
            checked = state.database(database_id).enforced is not None
            step = len(items) if checked else _WRITE
            rows: list[Row] = []
            slices = (_items(items[start : start + step]) for start in range(0, len(items), step))
            try:
                for part in slices:
                    rows += state.put_records(database_id, part, now)
                    await asyncio.sleep(0)
            except asyncio.CancelledError:
                for part in slices:  # the server stops; what has begun is finished
                    state.put_records(database_id, part, now)
                raise
            return rows

    async def _copied(self, call: Call) -> None:
        """Copy what other sandboxes share, with turns for others, where the next write would."""
        database = state_of(call.sandbox).databases.get(call.path["databaseId"])
        if database is not None and database.records.copies_long:
            for _ in database.records.copy_steps():
                await asyncio.sleep(0)
            await call.sandbox.turn.free()

    async def clearRecords(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Remove every record, or those that pass the filters where there are any; archives stay."""
        sandbox = call.sandbox
        filters = self._limits(call)
        if filters or {"start_date", "end_date"} & call.query.keys():
            now = sandbox.now()
            table = self._table(call)
            rows, _ = await self._select(table, self._bounds(call, table), filters, Page(1, len(table)))
            await self._copied(call)
            await sandbox.turn.free()
            state_of(sandbox).delete_records(call.path["databaseId"], rows, now)
            return Response(None, 204)
        discarded = state_of(sandbox).clear_records(call.path["databaseId"], sandbox.now())
        while discarded.release(5_000):  # noqa: ASYNC110 - lets other requests run, waits for nothing
            await asyncio.sleep(0)
        return Response(None, 204)

    async def getRecord(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """One record by its key."""
        call.sandbox.now()
        row = state_of(call.sandbox).get_record(call.path["databaseId"], call.path["recordKey"])
        return self._one(row, call, 200)

    async def putRecord(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Write one record by the key in the path, whatever `id` says: 201 when it is new, else 200."""
        key, sandbox = call.path["recordKey"], call.sandbox
        await self._copied(call)
        row, created = state_of(sandbox).put_record(
            call.path["databaseId"], key, call.body["data"], strategy_of(call.body), sandbox.now()
        )
        return self._one(row, call, 201 if created else 200)

    async def deleteRecord(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Remove one record."""
        sandbox = call.sandbox
        await self._copied(call)
        state_of(sandbox).delete_record(call.path["databaseId"], call.path["recordKey"], sandbox.now())
        return Response(None, 204)


async def _turn(looked: int, more: int) -> int:
    """Let others have their turn when enough rows were looked at; how many it is then since the last turn."""
    if looked < _SCAN:
        return looked + more
    await asyncio.sleep(0)
    return more


def _items(written: list[dict[str, Any]]) -> list[Item]:
    return [(item["id"], item["data"], strategy_of(item)) for item in written]


def strategy_of(item: dict[str, Any]) -> MergeStrategy:
    """How a written record merges into one that exists; `replace` unless it says otherwise."""
    asked = item.get("merge_strategy")
    return MergeStrategy(asked) if asked else MergeStrategy.REPLACE


def render_one(row: Row, call: Call, status: int) -> Response:
    """One record in the negotiated media type; as CSV, below the header row."""
    match call.answer.media_type:
        case negotiation.CSV:
            body = b"".join(artifacts.records_csv([row]))
        case negotiation.FLAT_JSON:
            body = artifacts.flat_record_json(row)
        case _:
            body = artifacts.record_json(row)
    return Response(body, status, None, call.answer.content_type)


def render(rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
    """Rows in the negotiated media type; a long list goes out in chunks."""
    content_type = call.answer.content_type
    match call.answer.media_type:
        case negotiation.CSV:
            chunks = artifacts.records_csv(rows)
        case negotiation.FLAT_JSON:
            chunks = artifacts.flat_records_json(rows)
        case _:
            chunks = artifacts.records_json(rows)
    if len(rows) <= _ONE_PIECE:
        return Response(b"".join(chunks), status, headers, content_type)
    return ChunkedResponse(chunks, content_type, headers, status)
