"""Records with generated data: what holds of one record holds of any."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ....authoring import strategies
from ....authoring.arrange import step
from ....authoring.check import check
from ....authoring.properties import for_all
from ..arrange import Database
from ..context import PixieBrix
from ..merge_model import mergeable, merged
from ..pages import LARGEST
from ..records import expect_data, field_name, found, listed, path_of, written

_IN_A_PATH = "/\\"
"""What proxies and servers are known to treat of their own accord, however it is encoded."""


@check("PB-REC-10")
def any_data_come_back(ctx: PixieBrix) -> None:
    """Writes generated records, as the description allows them, and compares with the list."""
    database = ctx.given.database()

    def body(several: list[dict[str, Any]]) -> None:
        keys = written(ctx, database, several)
        there = {record.get("id"): record for record in listed(ctx, database)}
        for key, data in zip(keys, several, strict=True):
            with step("PB-REC-02", "list the records"):
                ctx.expect_true(
                    "the list", key in there, expected=f"the record {key}", actual="it is not there"
                )
            expect_data("the data of a record", data, there[key])

    for_all(ctx, st.lists(strategies.data(ctx), min_size=2, max_size=6), body, examples=5)


@check("PB-REC-26")
def any_key_is_a_key(ctx: PixieBrix) -> None:
    """Puts, reads, lists and deletes records under generated keys."""
    database = ctx.given.database()

    def body(texts: tuple[str, str]) -> None:
        for odd in texts:
            key = f"{ctx.name('record')} {odd}"
            path = path_of(database, key)
            ctx.call("putRecord", path=path, json={"data": {"probe": odd}}).expect_status(200, 201)
            record = ctx.call("getRecord", path=path).expect_status(200).expect_json(dict)
            ctx.expect("the key of the record", key, record.get("id"))
            ctx.call("deleteRecord", path=path).expect_status(204)

    for_all(ctx, strategies.short_and_long(without=_IN_A_PATH), body, examples=3)


@check("PB-REC-20")
def shallow_updates_any_data(ctx: PixieBrix) -> None:
    """Merges generated data with that strategy and compares with a model."""
    _merge(ctx, "shallow")


@check("PB-REC-21")
def deep_merges_any_data(ctx: PixieBrix) -> None:
    """Merges generated data with that strategy and compares with a model."""
    _merge(ctx, "deep")


@check("PB-REC-22")
def deep_append_merges_any_data(ctx: PixieBrix) -> None:
    """Merges generated data with that strategy and compares with a model."""
    _merge(ctx, "deep_append")


def _merge(ctx: PixieBrix, strategy: str) -> None:
    database = ctx.given.database()

    def body(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        keys = written(ctx, database, [old for old, _ in pairs])
        for key, (_, new) in zip(keys, pairs, strict=True):
            request = {"data": new, "merge_strategy": strategy}
            ctx.call("putRecord", path=path_of(database, key), json=request).expect_status(200, 201)
        there = {record.get("id"): record for record in listed(ctx, database)}
        for key, (old, new) in zip(keys, pairs, strict=True):
            told = f"the data after {old} met {new}, {strategy}"
            expect_data(told, merged(strategy, old, new), there.get(key, {}))

    pairs = st.lists(st.tuples(mergeable(), mergeable()), min_size=8, max_size=8)
    for_all(ctx, pairs, body, examples=3)


# Filters


@check("PB-FILT-12")
def any_value_is_found(ctx: PixieBrix) -> None:
    """Writes generated values and finds the record of each by its own."""
    _each_value(ctx, others=False)


@check("PB-FILT-13")
def any_other_value_stays_out(ctx: PixieBrix) -> None:
    """Writes values that begin or end as a generated one, and filters by that one."""
    _each_value(ctx, others=True)


def _each_value(ctx: PixieBrix, *, others: bool) -> None:
    """Filter by a value, and look for its own record, or for those of values that are nearly the same.

    They differ by a letter more, less or other; case and blanks have rules of their own.
    """
    database, field = ctx.given.database(), field_name(ctx)

    def body(texts: tuple[str, str]) -> None:
        for text in texts:
            value = f"{text}x" if others else text
            values = [value, text, f"{text}y", f"x{value}", f"{value}y"] if others else [value]
            wanted, *rest = written(ctx, database, [{field: one} for one in values])
            there = found(ctx, database, rest if others else [wanted], {f"data__{field}": value})
            told = f"of the records with {values}, those that come by {value!r}"
            ctx.expect(told, [] if others else [wanted], there)

    for_all(ctx, strategies.short_and_long(), body, examples=5)


@check("PB-FILT-25")
def any_filters_hold_together(ctx: PixieBrix) -> None:
    """Writes records of all combinations of two fields, and filters by generated pairs and by null."""
    database, field = ctx.given.database(), field_name(ctx)
    names, kinds = [f"{name}_{field}" for name in ("front", "back")], ("square", "round", None)
    data = [dict(zip(names, pair, strict=True)) for pair in ((a, b) for a in kinds for b in kinds)]
    # None is a field that is left out: whether a null is one, is not said.
    kept = [{name: value for name, value in one.items() if value is not None} for one in data]
    keys = written(ctx, database, kept)

    def body(chosen: tuple[object, object]) -> None:
        query = {_parameter(name, wanted): wanted for name, wanted in zip(names, chosen, strict=True)}
        expected = [
            key
            for key, one in zip(keys, data, strict=True)
            if all(_meets(one[name], wanted) for name, wanted in zip(names, chosen, strict=True))
        ]
        ctx.expect(f"the records with {query}", sorted(expected), found(ctx, database, keys, query))

    wanted = st.sampled_from(("square", "round", True, False))
    for_all(ctx, st.tuples(wanted, wanted), body, examples=15)


def _parameter(name: str, wanted: object) -> str:
    return f"data__{name}__isnull" if isinstance(wanted, bool) else f"data__{name}"


def _meets(value: object, wanted: object) -> bool:
    return (value is None) is wanted if isinstance(wanted, bool) else value == wanted


# CSV


@check("PB-CSV-04")
def any_text_comes_through(ctx: PixieBrix) -> None:
    """Writes generated texts and reads them from the CSV."""
    database = ctx.given.database(empty=True)

    def body(values: list[str]) -> None:
        field = field_name(ctx, ctx.name("field"))
        # A letter in front: spreadsheets take some texts for formulas, and servers may mark those.
        texts = [f"v{value}" for value in values]
        written(ctx, database, [{field: text} for text in texts])
        rows = _csv(ctx, database)
        with step("PB-CSV-02", "find the column of a field"):
            columns = [index for index, column in enumerate(rows[0]) if column.endswith(field)]
            ctx.expect_true("the first row", columns, expected=f"a column {field}", actual=rows[0])
        there = sorted(row[columns[0]] for row in rows[1:] if len(row) > columns[0] and row[columns[0]])
        ctx.expect("the values in the CSV", sorted(texts), there)

    texts = st.lists(strategies.texts() | strategies.quotable(), min_size=8, max_size=12)
    for_all(ctx, texts, body, examples=4)


def _csv(ctx: PixieBrix, database: Database) -> list[list[str]]:
    query = {"page_size": LARGEST}
    answer = ctx.call("listRecords", path=path_of(database), query=query, accept="text/csv").expect_status(
        200
    )
    rows = answer.csv_rows()
    ctx.expect_true("the CSV", rows, expected="a header row", actual=answer.summary)
    return rows
