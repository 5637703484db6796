"""Wrong media types of answers, and forms that are not taken (published specification)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from starlette.responses import Response

from .... import artifacts
from ....state import jsonio
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import BodyRule, Validation
from ....web.forms import MULTIPART, URLENCODED, form_type
from ....web.negotiated import JSON, Negotiated
from ....web.problems import UnsupportedMediaType
from ..handlers.records import RecordHandlers
from ..negotiation import API_JSON, CSV, FLAT_JSON, Negotiation, Offer, negotiator
from ..state.records import DATA, KEY, Row


class _Without(Negotiation, ABC):
    """Does not produce one media type."""

    @abstractmethod
    def missing(self) -> str:
        """That media type."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        kept = tuple(one for one in offer.media_types if one != self.missing())
        negotiate = negotiator(kept, offer.versions, offer.own.version, any_media_type=offer.any_media_type)
        return negotiate(accept or "*/*")


@defect("PB-NEG-11")
class ApiJsonRefused(_Without):
    """Answers 406 where the media type of the API is asked for."""

    def missing(self) -> str:
        return API_JSON


@defect("PB-NEG-11")
class ApiJsonCalledJson(Negotiation):
    """Answers in application/json where the media type of the API is asked for."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        found = super().choose(offer, accept)
        return Negotiated(JSON, found.version) if found.media_type == API_JSON else found


@defect("PB-NEG-12", "PB-NEG-13")
class FlatRecordsRefused(_Without):
    """Answers 406 where flat records are asked for."""

    def missing(self) -> str:
        return FLAT_JSON


@defect("PB-NEG-12")
class FlatListRefused(Negotiation):
    """Answers 406 where a list of flat records is asked for, and has single ones."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        found = super().choose(offer, accept)
        if found.media_type == FLAT_JSON and offer.operation_id == "listRecords":
            raise UnsupportedMediaType(FLAT_JSON)
        return found


class _One(RecordHandlers, ABC):
    """Shows single records in one media type otherwise, in a method that the subclass has."""

    media_type: str

    @abstractmethod
    def shown(self, row: Row) -> bytes:
        """A record."""

    def _one(self, row: Row, call: Call, status: int) -> Response:
        if call.answer.media_type != self.media_type:
            return super()._one(row, call, status)
        return Response(self.shown(row), status, None, call.answer.content_type)


@defect("PB-NEG-13")
class FlatRecordIsNotFlat(_One):
    """Shows a flat record with its data in a field of their own."""

    media_type = FLAT_JSON

    def shown(self, row: Row) -> bytes:
        return artifacts.record_json(row)


@defect("PB-NEG-13")
class FlatRecordIsFlatAllTheWay(_One):
    """Shows the nested objects of a flat record by paths."""

    media_type = FLAT_JSON

    def shown(self, row: Row) -> bytes:
        flat: dict[str, Any] = {"id": row[KEY], "created_at": "2024-01-01T00:00:00Z"}
        for name, value in jsonio.loads(row[DATA]).items():
            if isinstance(value, dict):
                flat |= {f"{name}.{inner}": one for inner, one in value.items()}
            else:
                flat[name] = value
        return jsonio.dumps(flat)


@defect("PB-NEG-13")
class FlatRecordWithoutId(_One):
    """Shows a flat record under its number and not its key."""

    media_type = FLAT_JSON

    def shown(self, row: Row) -> bytes:
        return artifacts.flat_record_json((row[0], row[1], str(row[1]), row[3], row[4]))


@defect("PB-CSV-07")
class RecordAsCSVRefused(Negotiation):
    """Answers 406 where a single record is asked for as CSV."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        if offer.operation_id != "getRecord":
            return super().choose(offer, accept)
        kept = tuple(one for one in offer.media_types if one != CSV)
        return negotiator(kept, offer.versions, offer.own.version)(accept or "*/*")


@defect("PB-CSV-07")
class RecordAsCSVHasNoHeader(_One):
    """Sends a single record as CSV without the row that names its fields."""

    media_type = CSV

    def shown(self, row: Row) -> bytes:
        return b"".join(artifacts.records_csv([row])).partition(b"\r\n")[2]


@defect("PB-CSV-07")
class RecordAsCSVIsJson(_One):
    """Sends a single record as JSON and calls it CSV."""

    media_type = CSV

    def shown(self, row: Row) -> bytes:
        return artifacts.record_json(row)


class _NoForm(Validation, ABC):
    """Refuses forms of one kind."""

    @abstractmethod
    def kind(self) -> str:
        """Their media type."""

    async def form(self, rule: BodyRule, raw: bytes, content_type: str) -> Any:
        if form_type(content_type) == self.kind():
            raise UnsupportedMediaType(content_type)
        return await super().form(rule, raw, content_type)


@defect("PB-NEG-14")
class UrlencodedFormsRefused(_NoForm):
    """Refuses bodies that are urlencoded forms."""

    def kind(self) -> str:
        return URLENCODED


@defect("PB-NEG-15")
class MultipartFormsRefused(_NoForm):
    """Refuses bodies that are multipart forms."""

    def kind(self) -> str:
        return MULTIPART


@defect("PB-NEG-14", "PB-NEG-15")
class LastOfRepeatedFields(Validation):
    """Takes the last value of a form's field that is given several times, also where a list is described."""

    async def form(self, rule: BodyRule, raw: bytes, content_type: str) -> Any:
        body = await super().form(rule, raw, content_type)
        return {name: one[-1:] if isinstance(one, list) else one for name, one in body.items()}


@defect("PB-NEG-20")
class FormsOfTextAlone(Validation):
    """Reads a field of a form as true where it is given, whatever it says."""

    async def form(self, rule: BodyRule, raw: bytes, content_type: str) -> Any:
        body = await super().form(rule, raw, content_type)
        return {name: True if one is False else one for name, one in body.items()}


@defect("PB-NEG-14", "PB-NEG-15")
class FormsWithoutLists(Validation):
    """Takes a field of a form for one value, also where a list is described."""

    async def form(self, rule: BodyRule, raw: bytes, content_type: str) -> Any:
        body = await super().form(rule, raw, content_type)
        return {name: one[0] if isinstance(one, list) and one else one for name, one in body.items()}
