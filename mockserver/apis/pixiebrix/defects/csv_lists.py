"""Wrong lists of records as CSV (document: Retrieve Organization Database Records)."""

from __future__ import annotations

from starlette.responses import Response

from .... import artifacts
from ....state import jsonio
from ....variants.defect import defect
from ....web.call import Call
from ....web.negotiated import JSON, Negotiated
from ....web.problems import NotAcceptable
from ..handlers.records import RecordHandlers
from ..negotiation import Negotiation, Offer
from ..state.filters import Filter
from ..state.records import DATA, Row
from .csv_table import MEDIA_TYPE as CSV
from .csv_table import as_csv, table_of


class _CSV(RecordHandlers):
    """Writes the CSV otherwise, in a method that the subclass has."""

    def csv(self, rows: list[Row]) -> bytes:
        return b"".join(artifacts.records_csv(rows))

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.answer.media_type != CSV or status != 200:
            return super()._rendered(rows, call, headers, status)
        return Response(self.csv(rows), status, headers, call.answer.content_type)


def _is_list(offer: Offer, answer: Negotiated) -> bool:
    """Whether a list is about to be answered as CSV."""
    return offer.operation_id == "listRecords" and answer.media_type == CSV


# How it is asked for


@defect("PB-CSV-01")
class CSVListIgnored(Negotiation):
    """Answers with JSON where CSV is asked for."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        found = super().choose(offer, accept)
        return Negotiated(JSON, found.version) if _is_list(offer, found) else found


@defect("PB-CSV-01")
class CSVListRefused(Negotiation):
    """Answers 406 where CSV is asked for."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        found = super().choose(offer, accept)
        if _is_list(offer, found):
            raise NotAcceptable("Could not satisfy the request Accept header.")
        return found


@defect("PB-CSV-01", "PB-REC-06")
class CSVListIsJSON(_CSV):
    """Says `text/csv` of a body that is JSON all the same."""

    def csv(self, rows: list[Row]) -> bytes:
        return b"".join(artifacts.records_json(rows))


@defect("PB-CSV-01", "PB-REC-06")
class CSVListAsDownload(RecordHandlers):
    """Sends the CSV as `application/octet-stream`."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        answer = super()._rendered(rows, call, headers, status)
        if call.answer.media_type == CSV:
            answer.headers["content-type"] = "application/octet-stream"
        return answer


@defect("PB-CSV-06")
class CSVListWithoutVersion(RecordHandlers):
    """Leaves the version out of the Content-Type of the CSV."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        answer = super()._rendered(rows, call, headers, status)
        if call.answer.media_type == CSV:
            answer.headers["content-type"] = "text/csv; charset=utf-8"
        return answer


@defect("PB-CSV-01")
class CSVListAtVersion1Only(Negotiation):
    """Serves CSV at version 1.0 only, and says 406 to version 2.0."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        found = super().choose(offer, accept)
        if not _is_list(offer, found):
            return found
        if accept is not None and "version=2.0" in accept:
            raise NotAcceptable('Invalid version in "Accept" header.')
        return Negotiated(CSV, "1.0")


# Columns


@defect("PB-CSV-02")
class CSVListOfFirstColumns(_CSV):
    """Has only the columns of the first record's fields."""

    def csv(self, rows: list[Row]) -> bytes:
        header, *lines = table_of(super().csv(rows))
        width = 2 + (len(jsonio.loads(rows[0][DATA])) if rows else 0)
        return as_csv([line[:width] for line in (header, *lines)])


@defect("PB-CSV-02")
class CSVListOfOneColumn(_CSV):
    """Writes the data of a record into one column, as JSON."""

    def csv(self, rows: list[Row]) -> bytes:
        return as_csv([["id", "data"], *([row[2], row[DATA].decode()] for row in rows)])


@defect("PB-CSV-02", "PB-CSV-03")
class CSVListWithoutHeader(_CSV):
    """Begins with the first record, without names of columns."""

    def csv(self, rows: list[Row]) -> bytes:
        return as_csv(table_of(super().csv(rows))[1:])


@defect("PB-CSV-02")
class CSVListOfNumberedColumns(_CSV):
    """Numbers the columns of fields instead of naming them."""

    def csv(self, rows: list[Row]) -> bytes:
        header, *lines = table_of(super().csv(rows))
        return as_csv([[*header[:2], *(f"field {number}" for number, _ in enumerate(header[2:], 1))], *lines])


# Rows


@defect("PB-CSV-03", "PB-REC-45")
class CSVListWithoutLastRecord(_CSV):
    """Leaves the last record out of the CSV, off by one."""

    def csv(self, rows: list[Row]) -> bytes:
        return super().csv(rows[:-1])


@defect("PB-CSV-03")
class CSVListOfAllPages(RecordHandlers):
    """Writes all records into the CSV, whatever page is asked for."""

    def _unpaged(self, call: Call) -> bool:
        return call.answer.media_type == CSV or super()._unpaged(call)


@defect("PB-CSV-05")
class CSVListWithoutFilters(RecordHandlers):
    """Takes no notice of filters on fields where CSV is asked for."""

    def _filters(self, call: Call) -> list[Filter]:
        return [] if call.answer.media_type == CSV else super()._filters(call)


# Values


@defect("PB-CSV-04")
class CSVListWithoutQuotes(_CSV):
    """Joins values with commas, without quotes around those that need them."""

    def csv(self, rows: list[Row]) -> bytes:
        return "".join(",".join(line) + "\r\n" for line in table_of(super().csv(rows))).encode()


@defect("PB-CSV-04")
class CSVListWithBackslashes(_CSV):
    """Puts a backslash before a quote inside of a value, where CSV doubles it."""

    def csv(self, rows: list[Row]) -> bytes:
        quoted = (
            ",".join('"{}"'.format(cell.replace('"', '\\"')) for cell in line)
            for line in table_of(super().csv(rows))
        )
        return "".join(line + "\r\n" for line in quoted).encode()


@defect("PB-CSV-04")
class CSVListOfSingleLines(_CSV):
    """Turns line breaks inside of values into spaces."""

    def csv(self, rows: list[Row]) -> bytes:
        table = table_of(super().csv(rows))
        return as_csv(
            [[" ".join(cell.splitlines()) if "\n" in cell else cell for cell in line] for line in table]
        )


@defect("PB-CSV-04")
class CSVListInLatin1(_CSV):
    """Writes the CSV as Latin-1, with a question mark for what that does not have."""

    def csv(self, rows: list[Row]) -> bytes:
        return super().csv(rows).decode().encode("latin-1", "replace")


@defect("PB-CSV-03", "PB-CSV-04")
class CSVListWithSemicolons(_CSV):
    """Separates values with semicolons, as some spreadsheets want it."""

    def csv(self, rows: list[Row]) -> bytes:
        return as_csv(table_of(super().csv(rows)), delimiter=";")


@defect("PB-CSV-04")
class CSVListTrimmed(_CSV):
    """Trims the spaces at both ends of values in the CSV."""

    def csv(self, rows: list[Row]) -> bytes:
        return as_csv([[cell.strip() for cell in line] for line in table_of(super().csv(rows))])


def _without_case(raw: bytes) -> bytes:
    """A table whose columns are one where their names differ only in case."""
    header, *lines = table_of(raw)
    places: dict[str, list[int]] = {}
    for at, name in enumerate(header):
        places.setdefault(name.casefold(), []).append(at)
    merged = [[next((line[at] for at in some if line[at]), "") for some in places.values()] for line in lines]
    return as_csv([[header[some[0]] for some in places.values()], *merged])


@defect("PB-CSV-04")
class CSVListOfColumnsWithoutCase(_CSV):
    """Puts fields whose names differ only in case into one column."""

    def csv(self, rows: list[Row]) -> bytes:
        return _without_case(super().csv(rows))


@defect("PB-CSV-07")
class CSVRecordOfColumnsWithoutCase(RecordHandlers):
    """Puts fields whose names differ only in case into one column of the CSV of a record."""

    def _one(self, row: Row, call: Call, status: int) -> Response:
        answer = super()._one(row, call, status)
        if call.answer.media_type != CSV:
            return answer
        return Response(_without_case(bytes(answer.body)), status, None, call.answer.content_type)
