"""Unusual pages and lists."""

from __future__ import annotations

from starlette.responses import Response

from ....state import jsonio
from ....variants.conforming_variant import conforming
from ....web.call import Call
from ....web.negotiated import Negotiated
from ....web.problems import BadRequest, UnknownPath
from ..handlers.records import RecordHandlers
from ..negotiation import CSV, Negotiation, Offer, negotiator
from ..pagination import Page, Pagination
from ..state.databases import Database
from ..state.filters import FieldNull, Filter
from ..state.pixiebrix import PixieBrixState
from ..state.records import Row


@conforming()
class NeighboursOnly(Pagination):
    """Links a page to the next and the previous one, and to no others."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        links = super().links(page, more=more, total=total)
        return {relation: number for relation, number in links.items() if relation in {"next", "prev"}}


@conforming()
class FirstAndLastOnEveryPage(Pagination):
    """Links every page to the first and, where there is a count, to the last one."""

    def links(self, page: Page, *, more: bool, total: int | None) -> dict[str, int]:
        ends = {} if total is None else {"last": max(1, -(-total // page.size))}
        return {"first": 1, **ends, **super().links(page, more=more, total=total)}


@conforming()
class RelativeLinks(Pagination):
    """Links pages by paths, with the relation after other parameters and without quotes."""

    def link(self, call: Call, number: int, relation: str) -> str:
        target = super().link(call, number, relation).partition(">")[0].removeprefix(f"<{call.origin}")
        return f'<{call.sandbox.prefix}{target}>; title="page {number}, {relation}"; rel={relation}'


@conforming()
class BadPageIsTheFirst(Pagination):
    """Answers a page that is not a number with the first page."""

    def number(self, call: Call) -> int:
        try:
            return super().number(call)
        except UnknownPath:
            return 1


@conforming()
class BadSizeIsRefused(Pagination):
    """Refuses a page size that is not a number."""

    def size(self, call: Call, maximum: int) -> int:
        text = call.query.get("page_size", "1")
        if not text.isdecimal() or int(text) == 0:
            raise BadRequest({"page_size": ["A positive number is needed."]})
        return super().size(call, maximum)


@conforming()
class OneVersionEach(Negotiation):
    """Serves export jobs at version 1.0 and all else at 2.0, and takes that where none is asked for."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        version = "1.0" if "ExportJob" in offer.operation_id else "2.0"
        return negotiator(offer.media_types, (version,), version, any_media_type=offer.any_media_type)(
            accept or "*/*"
        )


@conforming()
class NewestVersionByDefault(Negotiation):
    """Takes version 2.0 where none is asked for."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        return negotiator(
            offer.media_types, offer.versions, max(offer.versions), any_media_type=offer.any_media_type
        )(accept or "*/*")


@conforming()
class NewestFirst(RecordHandlers):
    """Lists records from the newest to the oldest within what one answer holds."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        turned = rows[::-1] if call.operation_id == "listRecords" else rows
        return super()._rendered(turned, call, headers, status)


@conforming()
class BareFieldNames(RecordHandlers):
    """Names the columns of a CSV list by the fields alone, without `data.` in front."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        response = super()._rendered(rows, call, headers, status)
        if call.answer.media_type != CSV or not isinstance(response.body, bytes) or not response.body:
            return response
        header, end, rest = response.body.partition(b"\r\n")
        renamed = header.replace(b",data.", b",").replace(b',"data.', b',"')
        return Response(renamed + end + rest, status, headers, call.answer.content_type)


@conforming()
class PutIsAlways200(RecordHandlers):
    """Answers the PUT of a new record with 200, as it does for one that exists."""

    def _one(self, row: Row, call: Call, status: int) -> Response:
        return super()._one(row, call, 200 if call.operation_id == "putRecord" else status)


@conforming()
class PagesOfRecordsLikeOthers(Pagination):
    """Takes the 1,000 of the other lists for the largest page of records, too."""

    def size(self, call: Call, maximum: int) -> int:
        return super().size(call, min(maximum, 1_000))


@conforming()
class OnlyManagedDatabases(PixieBrixState):
    """Leaves the first database of an organization out of the list, as one that the token does not manage."""

    def list_databases(self, org_id: str) -> list[Database]:
        return super().list_databases(org_id)[1:]


class _Absent(FieldNull):
    def matches(self, data: bytes) -> bool:
        return (self.field not in jsonio.loads(data)) is self.is_null


@conforming()
class NullMeansAbsent(RecordHandlers):
    """Looks whether a record has the field at all, so that a null counts as a value."""

    def _filters(self, call: Call) -> list[Filter]:
        found = super()._filters(call)
        return [_Absent(one.field, one.is_null) if isinstance(one, FieldNull) else one for one in found]
