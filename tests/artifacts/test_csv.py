import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver import artifacts
from dbcontract.mockserver.apis.pixiebrix.state.records import Row
from dbcontract.mockserver.artifacts.table import fields_of
from dbcontract.mockserver.state import jsonio
from dbcontract.mockserver.state.instants import format_instant

MakeRow = Callable[..., Row]


def read(rows: Sequence[Row]) -> list[list[str]]:
    return list(
        csv.reader(io.StringIO(b"".join(artifacts.records_csv(rows)).decode(), newline=""), strict=True)
    )


def test_an_empty_list_still_has_its_header() -> None:
    assert b"".join(artifacts.records_csv([])) == b"id,created_at\r\n"
    assert b"".join(artifacts.export_csv([])) == b"id,database,created_at,updated_at\r\n"


def test_columns_are_the_union_in_first_seen_order(row: MakeRow) -> None:
    rows = [row({"b": "1", "a": "2"}), row({"c": "3", "a": "4"}), row({"b": "5"})]
    header, *table = read(rows)
    assert header == ["id", "created_at", "data.b", "data.a", "data.c"]
    assert [line[2:] for line in table] == [["1", "2", ""], ["", "4", "3"], ["5", "", ""]]
    assert [line[:2] for line in table] == [[stored[2], format_instant(stored[0])] for stored in rows]


def test_a_field_that_only_the_last_row_has_is_a_column_from_the_start(row: MakeRow) -> None:
    rows = [row({"a": "x"}) for _ in range(1200)] + [row({"late": "y"})]
    header, *table = read(rows)
    assert header[2:] == ["data.a", "data.late"]
    assert all(line[2:] == ["x", ""] for line in table[:-1])
    assert table[-1][2:] == ["", "y"]


def test_export_rows_name_their_database_and_both_instants(row: MakeRow) -> None:
    stored = row({"a": 1})
    text = b"".join(artifacts.export_csv([("db-1", stored)])).decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["id", "database", "created_at", "updated_at", "data.a"],
        [stored[2], "db-1", format_instant(stored[0]), format_instant(stored[3]), "1"],
    ]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (2**63, "9223372036854775808"),
        (10**30 + 1, "1" + "0" * 29 + "1"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (0.30000000000000004, "0.30000000000000004"),
        (1e-7, "1e-7"),
        ("", ""),
        ("true", "true"),
        ("=1+1", "=1+1"),
        (" padded ", " padded "),
        ("a,b", "a,b"),
        ('say "so"', 'say "so"'),
        ("one\r\ntwo\nthree\rfour", "one\r\ntwo\nthree\rfour"),
        ("Zürich 日本 😀", "Zürich 日本 😀"),
        ([], "[]"),
        ([1, "a", None], '[1,"a",null]'),
        ({"b": 1, "a": [2.5]}, '{"b":1,"a":[2.5]}'),
        ({"id": 10**25}, '{"id":1' + "0" * 25 + "}"),
    ],
)
def test_cells(row: MakeRow, value: Any, cell: str) -> None:
    assert read([row({"before": 1, "field": value, "after": 10**20})])[1][2:] == ["1", cell, "1" + "0" * 20]
    assert read([row({"field": value})])[1][2:] == [cell]


def test_every_line_ends_in_crlf_and_only_what_needs_quotes_has_them(row: MakeRow) -> None:
    content = b"".join(artifacts.records_csv([row({"a b": "x y", 'q"': 'r"', "c,": "\n"}, key="k")]))
    header, first = content.split(b"\r\n", 1)
    assert header == b'id,created_at,data.a b,"data.q""","data.c,"'
    assert first.endswith(b',x y,"r""","\n"\r\n')


def test_field_names_are_case_sensitive_and_may_look_like_other_columns(row: MakeRow) -> None:
    header, line = read([row({"id": "inner", "ID": "upper", "": "nameless"}, key="outer")])
    assert header == ["id", "created_at", "data.id", "data.ID", "data."]
    assert (line[0], *line[2:]) == ("outer", "inner", "upper", "nameless")


def test_a_very_wide_table_is_complete_and_its_chunks_stay_small(row: MakeRow) -> None:
    rows = [row({f"field {i}": i}) for i in range(1000)]
    chunks = list(artifacts.records_csv(rows))
    assert max(map(len, chunks)) < 200_000
    header, *table = read(rows)
    assert len(header) == 1002
    assert [line[2 + i] for i, line in enumerate(table)] == [str(i) for i in range(1000)]
    assert all(sum(map(bool, line[2:])) == 1 for line in table)


def test_pandas_reads_the_same_table(row: MakeRow) -> None:
    rows = [row({"name": f"n{i}", "count": i, "ratio": i / 3, "odd": bool(i % 2)}) for i in range(20)]
    frame = pd.read_csv(io.BytesIO(b"".join(artifacts.records_csv(rows))))
    assert list(frame.columns) == ["id", "created_at", "data.name", "data.count", "data.ratio", "data.odd"]
    assert frame["data.count"].tolist() == list(range(20))
    assert frame["data.ratio"].tolist() == pytest.approx([i / 3 for i in range(20)])
    assert frame["data.odd"].tolist() == [bool(i % 2) for i in range(20)]
    assert frame["id"].tolist() == [stored[2] for stored in rows]


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def expected(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else jsonio.dumps(value).decode()


def same_numbers(cell: str, value: Any) -> bool:
    """Floats may be spelled differently beside an integer beyond 64 bits; the numbers are the same."""
    return not isinstance(value, str) and cell != "" and repr(json.loads(cell)) == repr(value)


@given(st.lists(st.dictionaries(TEXT, VALUES, max_size=5), max_size=5))
def test_any_records_equal_the_naive_table(items: list[dict[str, Any]]) -> None:
    rows = [(i, i, f"k{i}", i, jsonio.dumps(item)) for i, item in enumerate(items)]
    header, *table = read(rows)
    fields = list(dict.fromkeys(name for item in items for name in item))
    assert header == ["id", "created_at", *(f"data.{name}" for name in fields)]
    for item, line in zip(items, table, strict=True):
        for name, cell in zip(fields, line[2:], strict=True):
            value = item.get(name)
            assert cell == expected(value) or same_numbers(cell, value)


KINDS = [
    st.sampled_from(["", "plain", "a,b", 'q"', "\r", "\n", " ", "\0", "ü"]),
    st.booleans() | st.none(),
    st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.just("x,") | st.integers(0, 9), max_size=2),
    st.dictionaries(st.sampled_from('",a'), st.sampled_from(["\0", "1", 1.5, None]), max_size=2),
]
COLUMNS = st.lists(st.sampled_from(KINDS) | st.just(st.one_of(KINDS)), max_size=3)


@given(COLUMNS.flatmap(lambda kinds: st.lists(st.tuples(*kinds), max_size=6)), st.booleans())
def test_columns_of_a_kind_are_written_as_the_standard_writer_does(
    lines: list[tuple[Any, ...]], sparse: bool
) -> None:
    items = [
        {f"f{n}": cell for n, cell in enumerate(line) if not (sparse and cell is None)} for line in lines
    ]
    rows = [("d,", (i, i, f"k{i}", i, jsonio.dumps(item))) for i, item in enumerate(items)]
    fields = list(dict.fromkeys(name for item in items for name in item))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["id", "database", "created_at", "updated_at", *(f"data.{name}" for name in fields)])
    for (_, (at, _, key, _, _)), item in zip(rows, items, strict=True):
        cells = [expected(item.get(name)) for name in fields]
        writer.writerow([key, "d,", format_instant(at), format_instant(at), *cells])
    assert b"".join(artifacts.export_csv(rows)).decode() == text.getvalue()
    assert b"".join(artifacts.export_csv(rows, artifacts.first_fields(rows))).decode() == text.getvalue()


@pytest.mark.parametrize("late", [{"b": "1", "late": 2}, {"late": 1}, {"a": 1, "b": 2, "late": 3}])
def test_a_field_beyond_those_foreseen_is_not_left_out(row: MakeRow, late: dict[str, Any]) -> None:
    rows = [("db", row({"a": 1, "b": 2})), ("db", row(late))]
    with pytest.raises(artifacts.UnforeseenField):
        list(artifacts.export_csv(rows, ["a", "b"]))


@given(st.dictionaries(TEXT, VALUES, max_size=5), st.integers(10**18, 10**40))
def test_reading_around_a_long_number_loses_nothing(data: dict[str, Any], long: int) -> None:
    data = {**data, "long": long, "inside": [long]}
    fields = fields_of(jsonio.dumps(data))
    nested = {name: value for name, value in data.items() if isinstance(value, (list, dict))}
    assert list(fields) == list(data)
    assert {
        name: jsonio.loads(fields[name].encode()) for name in nested if isinstance(fields[name], str)
    } in (
        nested,
        {},
    )
    assert {k: v for k, v in fields.items() if k not in nested} == {
        k: v for k, v in data.items() if k not in nested
    }
