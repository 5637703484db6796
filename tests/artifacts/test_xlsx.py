import datetime as dt
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import pandas as pd  # type: ignore[import-untyped]
import pytest
from openpyxl.utils.escape import unescape

from dbcontract.mockserver import artifacts
from dbcontract.mockserver.apis.pixiebrix.state.records import Row
from dbcontract.mockserver.artifacts import workbook
from dbcontract.mockserver.state.instants import format_instant, parse_instant

MakeRow = Callable[..., Row]
CREATED = parse_instant("2024-11-15T20:42:47.670046Z")
XLSX = "application/xlsx"


def sheet(rows: Sequence[tuple[str, Row]]) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(artifacts.export_xlsx(rows, CREATED)))
    assert book.sheetnames == ["records"]
    return [[cell.value for cell in line] for line in book["records"].iter_rows()]


def test_one_row_a_record_under_named_columns(row: MakeRow) -> None:
    rows = [("db-1", row({"b": "x"})), ("db-2", row({"a": 1, "b": "y"}))]
    header, *table = sheet(rows)
    assert header == ["id", "database", "created_at", "updated_at", "data.b", "data.a"]
    assert [line[:4] for line in table] == [
        [stored[2], name, format_instant(stored[0]), format_instant(stored[3])] for name, stored in rows
    ]
    assert [line[4:] for line in table] == [["x", None], ["y", 1]]


def test_no_records_leave_the_header() -> None:
    assert sheet([]) == [["id", "database", "created_at", "updated_at"]]


@pytest.mark.parametrize(
    ("value", "kind", "content"),
    [
        (True, "b", True),
        (False, "b", False),
        (0, "n", 0),
        (-5, "n", -5),
        (2**53, "n", 2**53),
        (-(2**53), "n", -(2**53)),
        (2**53 + 1, "s", str(2**53 + 1)),
        (-(2**60), "s", str(-(2**60))),
        (10**30, "s", "1" + "0" * 30),
        (0.5, "n", 0.5),
        (0.30000000000000004, "n", 0.30000000000000004),
        (1.7976931348623157e308, "n", 1.7976931348623157e308),
        (5e-324, "s", "5e-324"),
        ("text", "s", "text"),
        ("12", "s", "12"),
        ("=1+1", "s", "=1+1"),
        ("{=SUM(A1)}", "s", "{=SUM(A1)}"),
        ("https://example.com/", "s", "https://example.com/"),
        (" padded\n", "s", " padded\n"),
        ("<&>\"'", "s", "<&>\"'"),
        ("Zürich 日本 😀", "s", "Zürich 日本 😀"),
        ("<r>not markup</r>", "s", "<r>not markup</r>"),
        ("<r><t>a</t> & b</r>", "s", "<r><t>a</t> & b</r>"),
        ([1, {"a": None}], "s", '[1,{"a":null}]'),
        ({"id": 10**20}, "s", '{"id":1' + "0" * 20 + "}"),
    ],
)
def test_cells_keep_type_and_value(row: MakeRow, value: Any, kind: str, content: Any) -> None:
    book = openpyxl.load_workbook(io.BytesIO(artifacts.export_xlsx([("db", row({"f": value}))], CREATED)))
    cell = book["records"]["E2"]
    # openpyxl takes text that begins with "=" for a formula; the file says what it is
    assert (cell.data_type if cell.data_type != "f" else "s", cell.value) == (kind, content)
    assert cell.hyperlink is None


def test_nothing_is_ever_a_formula(row: MakeRow) -> None:
    content = artifacts.export_xlsx([("db", row({"=1": "=1+1", "b": "=HYPERLINK(0)"}, key="=2"))], CREATED)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        tree = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    names = [element.tag.rpartition("}")[2] for element in tree.iter()]
    assert "f" not in names
    assert names.count("c") == 12


@pytest.mark.parametrize("text", ["bell\x07", "carriage\rreturn", "literal _x0041_", "\ufffe\uffff", "\x00"])
def test_characters_that_xml_cannot_hold_are_escaped_as_spreadsheets_do(row: MakeRow, text: str) -> None:
    value = sheet([("db", row({"f": text}))])[1][4]
    assert unescape(value) == text


def test_keys_and_field_names_are_treated_like_any_text(row: MakeRow) -> None:
    table = sheet([("db", row({"<r></r>": 1, "a&b": 2}, key="<r>k & <b></r>"))])
    assert table[0][4:] == ["data.<r></r>", "data.a&b"]
    assert table[1][0] == "<r>k & <b></r>"


def test_null_and_absent_are_blank(row: MakeRow) -> None:
    rows = [("db", row({"a": None, "b": 1})), ("db", row({"b": 2}))]
    assert [line[4:] for line in sheet(rows)[1:]] == [[None, 1], [None, 2]]


def test_the_same_rows_give_the_same_bytes_and_the_instant_is_the_jobs(row: MakeRow) -> None:
    rows = [("db", row({"i": i})) for i in range(50)]
    content = artifacts.export_xlsx(rows, CREATED)
    assert artifacts.export_xlsx(rows, CREATED) == content
    created = openpyxl.load_workbook(io.BytesIO(content)).properties.created
    assert created == dt.datetime(2024, 11, 15, 20, 42, 47)  # noqa: DTZ001 - as the file has it


def test_nothing_is_left_in_the_temporary_folder(
    row: MakeRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    artifacts.export_xlsx([("db", row({"a": 1}))], CREATED)
    assert list(tmp_path.iterdir()) == []


def test_pandas_reads_the_same_table(row: MakeRow) -> None:
    rows = [("db", row({"name": f"n{i}", "ratio": i / 3})) for i in range(600)]
    frame = pd.read_excel(io.BytesIO(artifacts.export_xlsx(rows, CREATED)))
    assert frame["data.ratio"].tolist() == [i / 3 for i in range(600)]
    assert frame["id"].tolist() == [stored[2] for _, stored in rows]


@pytest.mark.parametrize("media_type", ["application/json", "text/csv"])
def test_only_workbooks_have_limits(row: MakeRow, media_type: str) -> None:
    assert artifacts.export_problem(media_type, [("db", row({"f": "x" * 40_000}))]) is None


@pytest.mark.parametrize(
    "text",
    ["x" * 32_767, "é" * 32_767, "😀" * 16_383, '"' * 32_767, "<" * 32_767],
    ids=["ascii", "two bytes", "two units", "escaped in JSON", "escaped in XML"],
)
def test_the_longest_cell_fits(row: MakeRow, text: str) -> None:
    rows = [("db", row({"f": text}))]
    assert artifacts.export_problem(XLSX, rows) is None
    assert sheet(rows)[1][4] == text


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"f": "x" * 32_768}, "k"),
        ({"f": "😀" * 16_384}, "k"),
        ({"f": ["x" * 32_767]}, "k"),
        ({"f": 10**18, "g": "x" * 32_768}, "k"),
        ({"x" * 32_763: 1}, "k"),
        ({}, "k" * 32_768),
        ({"f": "<r>" + "&" * 10_000 + "</r>"}, "k"),
    ],
    ids=["text", "two units", "nested", "beside a long number", "field name", "key", "escaped markup"],
)
def test_a_cell_above_the_limit_is_refused_with_its_name(
    row: MakeRow, data: dict[str, Any], key: str
) -> None:
    rows = [("db", row({"f": "fits"})), ("db", row(data, key=key))]
    problem = artifacts.export_problem(XLSX, rows)
    assert problem is not None
    assert "32767" in problem
    assert len(problem) < 400
    with pytest.raises(artifacts.ArtifactTooLarge) as refused:
        artifacts.export_xlsx(rows, CREATED)
    assert refused.value.reason == problem


def test_columns_up_to_the_limit_fit_and_one_more_is_refused(row: MakeRow) -> None:
    half = [{f"a{i}": 1 for i in range(8190)}, {f"b{i}": 1 for i in range(8190)}]
    rows = [("db", row(data)) for data in half]
    assert artifacts.export_problem(XLSX, rows) is None
    assert len(sheet(rows)[0]) == 16_384
    problem = artifacts.export_problem(XLSX, [*rows, ("db", row({"one more": 1}))])
    assert problem is not None
    assert "16385 columns" in problem


def test_many_colons_are_not_many_columns(row: MakeRow) -> None:
    assert artifacts.export_problem(XLSX, [("db", row({"f": ":" * 20_000}))]) is None


def test_rows_up_to_the_limit_fit_and_one_more_is_refused(row: MakeRow) -> None:
    one = ("db", row({"a": 1}))
    assert artifacts.export_problem(XLSX, [one] * workbook.MAX_ROWS) is None
    problem = artifacts.export_problem(XLSX, [one] * (workbook.MAX_ROWS + 1))
    assert problem is not None
    assert "1048576 records" in problem
