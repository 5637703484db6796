"""The lockers, as the mock serves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dbcontract.mockserver.apis.base import ServedApi, Shown
from dbcontract.mockserver.coverage.situation import Situation, advance
from dbcontract.mockserver.extension_point import ExtensionPoint
from dbcontract.mockserver.sandbox.ids import IdSource
from dbcontract.mockserver.sandbox.sandbox import Sandbox
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.snapshot.section import JSONSection
from dbcontract.mockserver.state.instants import parse_instant
from dbcontract.mockserver.state.objects import ObjectStore
from dbcontract.mockserver.web.errors import Refusal, refusal_of, refuse
from dbcontract.mockserver.web.negotiated import Negotiated
from starlette.responses import Response

from .handlers import LockerHandlers
from .state import AlreadyCollected, Lockers, dump, load

HANDLERS = ExtensionPoint("lockers.handlers", LockerHandlers)
STATE = ExtensionPoint("lockers.state", Lockers)


class Loader:
    """Takes the parcels of a data set; where it has none, there are three."""

    def __init__(self, settings: Settings, objects: ObjectStore) -> None:
        del settings, objects
        self.kinds: Mapping[str, Callable[[Mapping[str, Any]], None]] = {"parcel": self._parcel}
        self._state = Lockers({})

    def _parcel(self, entry: Mapping[str, Any]) -> None:
        self._state.announce(entry["id"], entry["recipient"], parse_instant(entry["created_at"]))

    def finish(self, as_of: int, seed: int) -> Lockers:
        """The parcels, which the courier has brought."""
        ids = IdSource(seed, "lockers")
        for recipient in () if self._state.parcels else ("Ada", "Bo", "Cy"):
            self._state.announce(ids(), recipient, as_of)
        return self._state


def _error(sandbox: Sandbox, error: Exception, answer: Negotiated | None) -> Response:
    del sandbox
    refusal = Refusal(409, str(error)) if isinstance(error, AlreadyCollected) else refusal_of(error)
    return refuse(refusal, answer)


def _known_ids(sandbox: Sandbox) -> Mapping[str, str]:
    first = next(iter(sandbox.states["lockers"].parcels), None)
    return {} if first is None else {"parcelId": first}


def _shown(sandbox: Sandbox) -> list[Shown]:
    parcels = sandbox.states["lockers"].parcels.values()
    return [Shown("Parcels", tuple((one.id, one.recipient) for one in parcels), len(parcels))]


API = ServedApi(
    name="lockers",
    label="Parcel lockers",
    base_path="/lockers",
    handlers=lambda sandbox: sandbox.implementation[HANDLERS],
    error=_error,
    loader=Loader,
    section=JSONSection("lockers", dump=dump, load=load),
    state=STATE,
    extension_points=(HANDLERS, STATE),
    description_package="parcel_lockers",
    defects=f"{__package__}.defects",
    conforming=f"{__package__}.conforming",
    known_ids=_known_ids,
    shown=_shown,
    situations=(
        Situation(
            id="code-refused",
            title="A code is refused, for it is wrong or its time is over",
            operations=("collectParcel",),
            met=lambda exchange, _: exchange.status == 400 and "code" in exchange.response.object,
            steps=(advance(hours=1),),
            then="collect a parcel with the code that it had before",
            rules=("PL-CODE-02",),
        ),
    ),
)
