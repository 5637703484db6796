"""Records that look wrong in exported files: their data, the columns and the quotes."""

from __future__ import annotations

import io
import re
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ....state import jsonio
from ....storage.downloads import Item
from ....variants.defect import defect
from ..files import PixieBrixFiles
from ..state.jobs import Job
from ..state.records import Row
from .csv_table import as_csv, table_of

JSON, CSV, XLSX = "application/json", "text/csv", "application/xlsx"

# JSON


class _Json(PixieBrixFiles):
    """Writes JSON exports otherwise."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return item.rewritten(self._again) if job.media_type == JSON else item

    def _again(self, content: bytes) -> bytes:
        return jsonio.dumps(self.document(jsonio.loads(content)))

    def document(self, items: list[dict[str, Any]]) -> Any:
        """The whole export."""
        return [self.item(item) for item in items]

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        """One element."""
        return {**item, "data": self.value(item["data"])}

    def value(self, value: Any) -> Any:
        """A value, or one that is within another."""
        if isinstance(value, dict):
            return {name: self.value(one) for name, one in value.items()}
        return [self.value(one) for one in value] if isinstance(value, list) else value


@defect("PB-JOB-39")
class ExportLeavesNullsOut(_Json):
    """Leaves the fields that are null out of a JSON export."""

    def value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.value(one) for name, one in value.items() if one is not None}
        return super().value(value)


@defect("PB-JOB-31")
class ExportKeyedByRecord(_Json):
    """Collects the records of all databases by their keys, so that of those with one key the last is left."""

    def document(self, items: list[dict[str, Any]]) -> Any:
        return super().document(list({item["id"]: item for item in items}.values()))


@defect("PB-JOB-39")
class ExportedNullsAreEmpty(_Json):
    """Writes an empty text for null in a JSON export."""

    def value(self, value: Any) -> Any:
        return "" if value is None else super().value(value)


@defect("PB-JOB-39")
class ExportedBooleansAreNumbers(_Json):
    """Writes 1 and 0 for true and false in a JSON export."""

    def value(self, value: Any) -> Any:
        return int(value) if isinstance(value, bool) else super().value(value)


@defect("PB-JOB-39")
class ExportedNumbersAreRounded(_Json):
    """Rounds the numbers of a JSON export to seven digits."""

    def value(self, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(f"{value:.7g}")
        return super().value(value)


@defect("PB-JOB-39")
class ExportedNestingIsText(_Json):
    """Writes arrays and objects within the data of a record as texts."""

    def value(self, value: Any) -> Any:
        return {
            name: jsonio.dumps(one).decode() if isinstance(one, dict | list) else one
            for name, one in value.items()
        }


@defect("PB-JOB-39")
class ExportLosesLetters(_Json):
    """Writes question marks for all letters that Latin-1 does not have."""

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.encode("latin-1", "replace").decode("latin-1")
        return super().value(value)


@defect("PB-JOB-39")
class ExportTrimsTexts(_Json):
    """Trims the texts of a JSON export and joins their lines."""

    def value(self, value: Any) -> Any:
        return " ".join(value.split()) if isinstance(value, str) else super().value(value)


@defect("PB-JOB-40")
class ExportedAsTheListShows(_Json):
    """Exports records as the records endpoint lists them, without their database and last update."""

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        return {name: item[name] for name in ("id", "data", "created_at")}


@defect("PB-JOB-40", "PB-JOB-55", "PB-JOB-52")
class ExportIsAPage(_Json):
    """Wraps the records of a JSON export as a page of results."""

    def document(self, items: list[dict[str, Any]]) -> Any:
        return {"count": len(items), "next": None, "previous": None, "results": items}


@defect("PB-JOB-40", "PB-JOB-55", "PB-JOB-52")
class ExportByDatabase(_Json):
    """Puts the records of a JSON export into one array for each database."""

    def document(self, items: list[dict[str, Any]]) -> Any:
        found: dict[str, list[dict[str, Any]]] = {}
        for item in items:
            found.setdefault(item["database"], []).append(item)
        return found


@defect("PB-JOB-40")
class ExportedDatabaseByName(_Json):
    """Writes the word Customers where the id of a record's database should be."""

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "database": "Customers"}


@defect("PB-JOB-40", "PB-JOB-39")
class ExportedDataSpreadOut(_Json):
    """Writes the fields of a record beside its id, and not below `data`."""

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        data = item.pop("data")
        return {**data, **item}


@defect("PB-JOB-40")
class ExportedTimesInSeconds(PixieBrixFiles):
    """Writes the times of exported records in whole seconds since 1970."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return item.rewritten(_times_as_numbers) if job.media_type == JSON else item


_TIME = re.compile(rb'"((?:created|updated)_at)":"[0-9T:.-]+Z"')


def _times_as_numbers(content: bytes) -> bytes:
    return _TIME.sub(rb'"\1":1700000000', content)


# Columns


@defect("PB-JOB-41", "PB-JOB-43")
class ExportHasFirstRecordsColumns(PixieBrixFiles):
    """Gives the table of an export only those columns that its first record has."""

    async def artifact(self, job: Job, key: str) -> Item:
        if job.media_type != JSON and job.rows:
            fields = jsonio.loads(job.rows[0][1][-1])
            job = replace(
                job, parts=tuple((id_, [_only(row, fields) for row in rows]) for id_, rows in job.parts)
            )
        return await super().artifact(job, key)


def _only(row: Row, fields: Iterable[str]) -> Row:
    data = jsonio.loads(row[-1])
    return (*row[:-1], jsonio.dumps({name: data[name] for name in fields if name in data}))


class _Csv(PixieBrixFiles):
    """Writes CSV exports otherwise."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return item.rewritten(self._again) if job.media_type == CSV else item

    def _again(self, content: bytes) -> bytes:
        rows = table_of(content)
        return self.write(self.table(rows))

    def table(self, rows: list[list[str]]) -> list[list[str]]:
        """The rows, the header among them."""
        return rows

    def write(self, rows: list[list[str]]) -> bytes:
        """The file."""
        return as_csv(rows)


@defect("PB-JOB-48")
class LastOfManyIsTheFirst(_Csv):
    """Exports the first record again in place of the last where there are more than 10,000."""

    def table(self, rows: list[list[str]]) -> list[list[str]]:
        return [*rows[:-1], rows[1]] if len(rows) > 10_000 else rows


@defect("PB-JOB-41", "PB-JOB-42")
class ExportWithoutHeader(_Csv):
    """Leaves the header out of a CSV export."""

    def table(self, rows: list[list[str]]) -> list[list[str]]:
        return rows[1:]


@defect("PB-JOB-41", "PB-JOB-42")
class ExportedFieldsWithoutPrefix(_Csv):
    """Names the columns of the fields in CSV without `data.` in front."""

    def table(self, rows: list[list[str]]) -> list[list[str]]:
        return [[name.removeprefix("data.") for name in rows[0]], *rows[1:]]


@defect("PB-JOB-41")
class ExportedRowsNumbered(_Csv):
    """Begins each row of a CSV export with its number, under a header without a name."""

    def table(self, rows: list[list[str]]) -> list[list[str]]:
        return [[str(number) if number else "", *row] for number, row in enumerate(rows)]


@defect("PB-JOB-41", "PB-JOB-42")
class ExportedDataInOneColumn(_Csv):
    """Writes the data of a record into one column of a CSV export, as JSON."""

    def table(self, rows: list[list[str]]) -> list[list[str]]:
        names = [name.removeprefix("data.") for name in rows[0][4:]]
        data = [jsonio.dumps(dict(zip(names, row[4:], strict=True))).decode() for row in rows[1:]]
        return [[*rows[0][:4], "data"], *([*row[:4], one] for row, one in zip(rows[1:], data, strict=True))]


# Quotes


@defect("PB-JOB-42")
class ExportEscapesQuotes(_Csv):
    """Writes a backslash before a quote in CSV, where RFC 4180 doubles it."""

    def write(self, rows: list[list[str]]) -> bytes:
        return as_csv(rows, doublequote=False, escapechar="\\")


@defect("PB-JOB-42")
class ExportLosesLineBreaks(_Csv):
    """Writes spaces for the line breaks within the values of a CSV export."""

    def table(self, rows: list[list[str]]) -> list[list[str]]:
        return [[re.sub(r"[\r\n]+", " ", cell) for cell in row] for row in rows]


@defect("PB-JOB-42")
class ExportUnifiesLineBreaks(_Csv):
    """Writes every line break within the values of a CSV export as a line feed alone."""

    def table(self, rows: list[list[str]]) -> list[list[str]]:
        return [[cell.replace("\r\n", "\n") for cell in row] for row in rows]


@defect("PB-JOB-42")
class ExportTrimsCells(_Csv):
    """Trims the values of a CSV export."""

    def table(self, rows: list[list[str]]) -> list[list[str]]:
        return [[cell.strip() for cell in row] for row in rows]


@defect("PB-JOB-42")
class ExportInWindowsLetters(_Csv):
    """Writes a CSV export in the encoding of an old Windows."""

    def write(self, rows: list[list[str]]) -> bytes:
        return super().write(rows).decode(errors="replace").encode("cp1252", "replace")


@defect("PB-JOB-42")
class ExportQuotesNothing(PixieBrixFiles):
    """Joins the values of a CSV row with commas and quotes none of them."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return item.rewritten(_unquoted) if job.media_type == CSV else item


def _unquoted(content: bytes) -> bytes:
    rows = table_of(content)
    return "".join(",".join(row) + "\r\n" for row in rows).encode(errors="surrogatepass")


# Workbooks


def _sheet_changed(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """Change the text of a workbook's first worksheet."""

    def changed(content: bytes) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
            for name in old.namelist():
                part = old.read(name)
                if name == "xl/worksheets/sheet1.xml":
                    part = change(part.decode()).encode()
                new.writestr(name, part)
        return packed.getvalue()

    return changed


class _Sheet(PixieBrixFiles, ABC):
    """Writes workbooks otherwise."""

    async def artifact(self, job: Job, key: str) -> Item:
        item = await super().artifact(job, key)
        return item.rewritten(_sheet_changed(self.sheet)) if job.media_type == XLSX else item

    @abstractmethod
    def sheet(self, text: str) -> str:
        """The XML of the worksheet."""


@defect("PB-JOB-43")
class WorkbookWithoutHeader(_Sheet):
    """Leaves the row with the names of the columns out of a workbook."""

    def sheet(self, text: str) -> str:
        return re.sub(r'<row r="1".*?</row>', "", text, count=1, flags=re.DOTALL)


@defect("PB-JOB-43")
class WorkbookWithoutPrefix(_Sheet):
    """Names the columns of the fields in a workbook without `data.` in front."""

    def sheet(self, text: str) -> str:
        return text.replace("<t>data.", "<t>")


@defect("PB-JOB-43")
class WorkbookWithATitle(_Sheet):
    """Writes the title of the export above the header of a workbook."""

    def sheet(self, text: str) -> str:
        title = '<row r="1"><c r="A1" t="inlineStr"><is><t>Export</t></is></c></row>'
        lower = re.sub(
            r'(<row r=|<c r=)"([A-Z]*)(\d+)"', lambda at: f'{at[1]}"{at[2]}{int(at[3]) + 1}"', text
        )
        return lower.replace("<sheetData>", f"<sheetData>{title}", 1)


@defect("PB-JOB-28", "PB-JOB-43")
class LastRowOfWorkbookLost(_Sheet):
    """Writes one row too few into a workbook."""

    def sheet(self, text: str) -> str:
        head, _, last = text.rpartition("<row ")
        return head + last.partition("</row>")[2]
