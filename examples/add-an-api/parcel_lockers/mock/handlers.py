"""The operations, by their operationIds."""

from __future__ import annotations

from typing import Any

from dbcontract.mockserver.state.instants import format_instant
from dbcontract.mockserver.web.call import Call
from dbcontract.mockserver.web.responses import json_response
from starlette.responses import Response

from .state import Lockers, Parcel


class LockerHandlers:
    """Parcels, from their announcement until somebody collects them."""

    async def listParcels(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """`GET /parcels`."""
        return json_response([shown(call, one) for one in lockers(call).parcels.values()], call.answer)

    async def announceParcel(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """`POST /parcels`: the courier takes as long as the sandbox's jobs do."""
        sandbox = call.sandbox
        ready_at = sandbox.now() + sandbox.settings.job_us
        parcel = lockers(call).announce(sandbox.ids(), call.body["recipient"], ready_at)
        return json_response(shown(call, parcel), call.answer, 201)

    async def getParcel(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """`GET /parcels/{parcelId}`."""
        return json_response(shown(call, lockers(call).get(call.path["parcelId"])), call.answer)

    async def collectParcel(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """`POST /parcels/{parcelId}/collect`."""
        parcel = lockers(call).collect(call.path["parcelId"], call.body["code"], call.sandbox.now())
        return json_response(shown(call, parcel), call.answer)


def lockers(call: Call) -> Lockers:
    """The state of the sandbox that the call is for."""
    state: Lockers = call.sandbox.states["lockers"]
    return state


def shown(call: Call, parcel: Parcel) -> dict[str, Any]:
    """A parcel as answers have it."""
    state, now = lockers(call), call.sandbox.now()
    code = state.code(parcel, now)
    return {
        "id": parcel.id,
        "recipient": parcel.recipient,
        "state": "collected" if parcel.collected else "waiting",
        "code": code,
        "code_expires_at": None if code is None else format_instant(state.expires_at(parcel, now)),
    }
