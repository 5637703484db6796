"""Lockers that are wrong on purpose, each in one way."""

from __future__ import annotations

from dbcontract.mockserver.state.errors import NotFound
from dbcontract.mockserver.variants.defect import defect
from dbcontract.mockserver.web.call import Call
from dbcontract.mockserver.web.responses import json_response
from starlette.responses import Response

from ..handlers import LockerHandlers
from ..state import Lockers, Parcel


@defect("PL-DESC-02", "PL-NEW-03")
class UnknownParcelIsNull(LockerHandlers):
    """Answers 200 and null for a parcel that is unknown."""

    async def getParcel(self, call: Call) -> Response:
        try:
            return await super().getParcel(call)
        except NotFound:
            return json_response(None, call.answer)


@defect("PL-DESC-01", "PL-NEW-01")
class AnnouncedWith200(LockerHandlers):
    """Answers an announcement with 200."""

    async def announceParcel(self, call: Call) -> Response:
        response = await super().announceParcel(call)
        response.status_code = 200
        return response


@defect("PL-NEW-02", "PL-LIST-01")
class ParcelIsForgotten(Lockers):
    """Answers an announcement as if it were kept."""

    def announce(self, id_: str, recipient: str, ready_at: int) -> Parcel:
        return Parcel(id_, recipient, ready_at)


@defect("PL-CODE-01", "PL-COL-02", "PL-CODE-02")
class AnyCodeOpens(Lockers):
    """Opens for any code, at any time."""

    def opens(self, parcel: Parcel, code: str, now: int) -> bool:
        return True


@defect("PL-CODE-02", "PL-CODE-03")
class CodeNeverChanges(Lockers):
    """Gives one code for ever, and says that it expires after an hour."""

    def code(self, parcel: Parcel, now: int) -> str | None:
        return super().code(parcel, min(now, parcel.ready_at))


@defect("PL-COL-01", "PL-COL-03")
class CollectingIsForgotten(Lockers):
    """Says that a parcel is collected, and keeps it waiting."""

    def collect(self, id_: str, code: str, now: int) -> Parcel:
        before = self.get(id_)
        after = super().collect(id_, code, now)
        self.parcels[id_] = before
        return after
