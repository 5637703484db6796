"""Office Open XML workbooks, read with nothing but the standard library: the cells of the first worksheet."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from posixpath import join, normpath
from typing import Final
from xml.etree import ElementTree as ET

from .check import CheckFailed, NotVerified

LARGEST: Final = 64 * 1024 * 1024
"""No part of a workbook is read that has more bytes than this, unpacked."""

MOST_CELLS: Final = 5_000_000
"""No more cells are read, empty ones included: one at the far right of each row makes many."""

_CELL = re.compile(r"([A-Za-z]{1,3})[0-9]+")


class _NoWorkbook(Exception):
    """What is wrong, as a phrase."""


def rows_of(content: bytes) -> list[list[str]]:
    """The rows of the first worksheet: the text of each cell, empty where there is none.

    Raises:
        CheckFailed: it is not a workbook.
        NotVerified: it has more in it than the kit reads.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            main = _main_part(archive)
            strings = list(_shared_strings(archive, main))
            return list(_rows(_parse(archive, _first_sheet(archive, main)), strings))
    except NotVerified:
        raise
    except _NoWorkbook as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001 (whatever the parsers stumble over, it is not a workbook)
        problem = f"{type(error).__name__}: {error}"
    raise CheckFailed("the exported data", "an Office Open XML workbook with a worksheet", problem)


def _parse(archive: zipfile.ZipFile, name: str) -> ET.Element:
    try:
        size = archive.getinfo(name).file_size
    except KeyError:
        message = f"a ZIP archive without {name}"
        raise _NoWorkbook(message) from None
    if size > LARGEST:
        raise NotVerified(f"{name} of the workbook has {size} bytes, and the kit reads {LARGEST} at most")
    text = archive.read(name)
    # A workbook has no document type, and without one nothing in it can grow.
    if b"<!DOCTYPE" in text:
        message = f"a {name} with a document type"
        raise _NoWorkbook(message)
    return ET.fromstring(text)  # noqa: S314 (no document type, see above)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _all(root: ET.Element, name: str) -> Iterator[ET.Element]:
    return (element for element in root.iter() if _local(element.tag) == name)


def _related(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, str, str]]:
    """What a part is related to: id, last word of the type, other part's name; `""` is the whole package."""
    folder, _, name = part.rpartition("/")
    of_part = join(folder, "_rels", f"{name}.rels")
    if of_part in archive.namelist():
        for one in _all(_parse(archive, of_part), "Relationship"):
            target = normpath(join("/", folder, one.get("Target", ""))).lstrip("/")
            yield one.get("Id", ""), one.get("Type", "").rpartition("/")[2], target


def _main_part(archive: zipfile.ZipFile) -> str:
    """The name of the part that lists the sheets: where it is, each package says for itself."""
    found = (name for _, kind, name in _related(archive, "") if kind == "officeDocument")
    main = next(found, None)
    if main is None:
        message = "a ZIP archive that names no workbook in _rels/.rels"
        raise _NoWorkbook(message)
    return main


def _first_sheet(archive: zipfile.ZipFile, main: str) -> str:
    wanted = next((sheet.attrib for sheet in _all(_parse(archive, main), "sheet")), None)
    if wanted is None:
        message = "a workbook without sheets"
        raise _NoWorkbook(message)
    # The sheet's own id has the same local name, without a namespace.
    relation = next((value for name, value in wanted.items() if name.endswith("}id")), "")
    sheet = next((name for id_, _, name in _related(archive, main) if id_ == relation), None)
    if sheet is None:
        message = "a workbook whose first sheet is nowhere"
        raise _NoWorkbook(message)
    return sheet


def _shared_strings(archive: zipfile.ZipFile, main: str) -> Iterator[str]:
    for _, kind, name in _related(archive, main):
        if kind == "sharedStrings":
            for item in _all(_parse(archive, name), "si"):
                yield _text(item)


def _text(item: ET.Element) -> str:
    return "".join(part.text or "" for part in _all(item, "t"))


def _rows(sheet: ET.Element, strings: list[str]) -> Iterator[list[str]]:
    room = MOST_CELLS
    for row in _all(sheet, "row"):
        cells: list[str] = []
        for cell in _all(row, "c"):
            column = _column(cell, len(cells))
            cells += [""] * (column - len(cells))
            cells[column:] = [_value(cell, strings)]
        room -= len(cells)
        if room < 0:
            raise NotVerified(f"the worksheet has more than {MOST_CELLS} cells, and the kit reads no more")
        yield cells


def _column(cell: ET.Element, following: int) -> int:
    found = _CELL.fullmatch(cell.get("r", ""))
    if found is None:
        return following
    number = 0
    for letter in found[1].upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return max(number - 1, following)


def _value(cell: ET.Element, strings: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return _text(cell)
    value = next((part.text or "" for part in _all(cell, "v")), "")
    if cell.get("t") != "s":
        return value
    if not value.isdecimal() or int(value) >= len(strings):
        message = f"a cell whose text number {value!r} is not there"
        raise _NoWorkbook(message)
    return strings[int(value)]
