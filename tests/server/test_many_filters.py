"""However many filters are looked through, others have their turns meanwhile."""

from __future__ import annotations

import asyncio

from dbcontract.mockserver.apis.pixiebrix.handlers.records import RecordHandlers
from dbcontract.mockserver.apis.pixiebrix.pagination import Page
from dbcontract.mockserver.apis.pixiebrix.state.filters import FieldEquals, FieldNull, Filter
from dbcontract.mockserver.apis.pixiebrix.state.records import KEY, RecordTable

from .turns import with_turns

ROWS = 8_000
FILTERS = 100


class Select(RecordHandlers):
    """The handlers' choice of rows, by itself."""

    async def chosen(self, table: RecordTable, filters: list[Filter]) -> tuple[list[str], bool, int]:
        """The keys of the first page of two, whether more follow, and the turns that others had."""
        (rows, more), turns = await with_turns(self._select(table, (0, len(table)), filters, Page(1, 2)))
        return [row[KEY] for row in rows], more, turns


def test_many_filters_give_way_as_often_as_they_look_at_many_rows() -> None:
    table = RecordTable()
    last = (ROWS - 1, ROWS)
    table.load((n, str(n), n, b'{"place":"last"}' if n in last else b"{}") for n in range(1, ROWS + 1))
    passed: list[Filter] = [FieldNull(f"absent {number}", is_null=True) for number in range(FILTERS)]
    keys, more, turns = asyncio.run(Select().chosen(table, [*passed, FieldEquals("place", "last")]))
    assert (keys, more) == ([str(ROWS - 1), str(ROWS)], False)
    assert turns >= ROWS * FILTERS / 4_000 - 1

    keys, more, turns = asyncio.run(Select().chosen(table, [FieldEquals("place", "nowhere"), *passed]))
    assert (keys, more) == ([], False)
    assert turns <= 3  # what no row has passed is not looked at again


def test_a_large_table_that_is_filtered_again_gives_the_same_until_it_is_changed() -> None:
    table = RecordTable()
    table.load((n, str(n), n, b'{"n":"%d","last":null}' % (n % 8_000)) for n in range(20_500))

    def keys(*filters: Filter) -> list[str]:
        async def chosen() -> list[str]:
            bounds = (500, len(table))
            rows, _ = await Select()._select(table, bounds, list(filters), Page(1, 50_000))  # noqa: SLF001
            return [row[KEY] for row in rows]

        (found,) = {tuple(asyncio.run(chosen())) for _ in range(3)}
        return list(found)

    wanted = FieldEquals("n", "4100")
    assert keys(wanted) == ["4100", "12100", "20100"]
    assert keys(FieldNull("last", is_null=True), wanted) == ["4100", "12100", "20100"]
    assert keys(FieldNull("last", is_null=False)) == []
    assert len(keys(FieldNull("n", is_null=False))) == 20_000
    table.store("12100", b'{"n":"0","last":"x"}', 30_000)
    table.store("600", b'{"n":"4100"}', 30_000)
    table.store("new", b'{"n":"4100"}', 30_000)
    assert keys(wanted) == ["600", "4100", "20100", "new"]
    assert keys(FieldNull("last", is_null=False)) == ["12100"]
    table.delete("4100")
    assert keys(wanted) == ["600", "20100", "new"]
