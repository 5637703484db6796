"""Workbooks are read whoever has written them, and what is none is told as a failure."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from dbcontract.conformance.authoring import workbook
from dbcontract.conformance.authoring.check import CheckFailed, NotVerified
from dbcontract.conformance.authoring.workbook import rows_of

CELLS: list[list[Any]] = [
    ["id", "database", "data.a"],
    ["one", None, " spaces and\nbreaks "],
    ["two", 17, "Žluťoučký <kůň> & 漢字 😀"],
    [None, None, 0.5],
]
EXPECTED = [["" if cell is None else str(cell) for cell in row] for row in CELLS]

WORKBOOK = '<workbook xmlns:r="urn:r"><sheets><sheet name="a" sheetId="1" r:id="x"/></sheets></workbook>'
RELATION = '<Relationship Id="{}" Type="urn:relationships/{}" Target="{}"/>'


def relations(*each: tuple[str, str, str]) -> str:
    """The relationships of a part: id, kind and target of each."""
    return f"<Relationships>{''.join(RELATION.format(*one) for one in each)}</Relationships>"


ROOT = relations(("y", "extended-properties", "docProps/app.xml"), ("z", "officeDocument", "xl/workbook.xml"))


def by_openpyxl() -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in CELLS:
        sheet.append(row)
    made.create_sheet("another").append(["of no interest"])
    saved = io.BytesIO()
    made.save(saved)
    return saved.getvalue()


def by_xlsxwriter(*, constant_memory: bool) -> bytes:
    saved = io.BytesIO()
    made = xlsxwriter.Workbook(saved, {"constant_memory": constant_memory})
    sheet = made.add_worksheet()
    for number, row in enumerate(CELLS):
        for column, cell in enumerate(row):
            if cell is not None:
                sheet.write(number, column, cell)
    made.close()
    return saved.getvalue()


def by_hand(sheet: str, target: str = "sheets/1.xml", more: Mapping[str, str] | None = None) -> bytes:
    """A workbook of few parts; the target of its sheet is relative to the folder of the workbook."""
    parts = {
        "_rels/.rels": ROOT,
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": relations(("x", "worksheet", target)),
        "xl/sheets/1.xml": f"<worksheet><sheetData>{sheet}</sheetData></worksheet>",
        **(more or {}),
    }
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return saved.getvalue()


@pytest.mark.parametrize(
    "content", [by_openpyxl(), by_xlsxwriter(constant_memory=True), by_xlsxwriter(constant_memory=False)]
)
def test_the_cells_of_the_first_sheet(content: bytes) -> None:
    assert [row + [""] * (3 - len(row)) for row in rows_of(content)] == EXPECTED


def test_cells_may_lack_their_places_and_texts_be_in_pieces() -> None:
    shared = "<sst><si><t>plain</t></si><si><r><t>in </t></r><r><t>pieces</t></r></si></sst>"
    row = '<row><c t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t>x</t></is></c><c><v>2</v></c></row>'
    related = relations(("x", "worksheet", "/xl/sheets/1.xml"), ("s", "sharedStrings", "sharedStrings.xml"))
    content = by_hand(row, more={"xl/_rels/workbook.xml.rels": related, "xl/sharedStrings.xml": shared})
    assert rows_of(content) == [["in pieces", "", "x", "2"]]


def test_parts_may_have_any_names() -> None:
    parts = {
        "_rels/.rels": relations(("r", "officeDocument", "/book.xml")),
        "book.xml": WORKBOOK,
        "_rels/book.xml.rels": relations(
            ("t", "sharedStrings", "a/texts.xml"), ("x", "worksheet", "a/b.xml")
        ),
        "a/b.xml": '<worksheet><sheetData><row><c t="s"><v>0</v></c></row></sheetData></worksheet>',
        "a/texts.xml": "<sst><si><t>found</t></si></sst>",
    }
    assert rows_of(by_hand("", more=parts)) == [["found"]]


def test_a_sheet_without_rows() -> None:
    assert rows_of(by_hand("")) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "BadZipFile"),
        (b"id,database\r\n", "BadZipFile"),
        (by_openpyxl()[:-100], "BadZipFile"),
        (by_hand("<row>"), "ParseError"),
        (by_hand("", "nowhere.xml"), r"without xl/nowhere\.xml"),
        (
            by_hand("", more={"_rels/.rels": relations(("z", "thumbnail", "xl/workbook.xml"))}),
            "names no workbook",
        ),
        (by_hand("", more={"xl/workbook.xml": "<workbook/>"}), "without sheets"),
        (by_hand("", more={"xl/_rels/workbook.xml.rels": "<none/>"}), "nowhere"),
        (by_hand('<row><c t="s"><v>0</v></c></row>'), "text number '0'"),
        (by_hand("", more={"xl/workbook.xml": f"<!DOCTYPE workbook>{WORKBOOK}"}), "document type"),
    ],
)
def test_what_is_not_a_workbook(content: bytes, told: str) -> None:
    with pytest.raises(CheckFailed, match=told) as failed:
        rows_of(content)
    assert failed.value.expected == "an Office Open XML workbook with a worksheet"


def test_a_part_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LARGEST", 400)
    assert rows_of(by_hand("<row/>")) == [[]]
    with pytest.raises(
        NotVerified, match=r"xl/sheets/1\.xml of the workbook has .* the kit reads 400 at most"
    ):
        rows_of(by_hand("<row/>" * 100))
