"""What the lockers remember. Everything that time changes is computed from the clock when somebody asks."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from dbcontract.mockserver.state.errors import InvalidInput, NotFound, StateError
from dbcontract.mockserver.state.instants import HOUR
from dbcontract.mockserver.state.lifecycle import TimelessState


class AlreadyCollected(StateError):
    """The parcel is collected already."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel; instants are in µs."""

    id: str
    recipient: str
    ready_at: int
    collected: bool = False


class Lockers(TimelessState):
    """All parcels, by id."""

    def __init__(self, parcels: dict[str, Parcel]) -> None:
        self.parcels = parcels

    def fork(self, kind: type[Self] | None = None) -> Lockers:
        """An independent state with the same parcels."""
        return (kind or type(self))(dict(self.parcels))

    def announce(self, id_: str, recipient: str, ready_at: int) -> Parcel:
        """A new parcel, which the courier has brought at that instant."""
        self.parcels[id_] = Parcel(id_, recipient, ready_at)
        return self.parcels[id_]

    def get(self, id_: str) -> Parcel:
        """Raises `NotFound`."""
        if id_ not in self.parcels:
            raise NotFound("parcel", id_)
        return self.parcels[id_]

    def code(self, parcel: Parcel, now: int) -> str | None:
        """The code that works now; None before the courier has come and after the parcel is collected."""
        if parcel.collected or now < parcel.ready_at:
            return None
        digest = hashlib.sha256(f"{parcel.id}/{self.expires_at(parcel, now)}".encode()).hexdigest()
        return f"{int(digest, 16) % 1_000_000:06}"

    def expires_at(self, parcel: Parcel, now: int) -> int:
        """The instant at which another code takes the place of that one."""
        return parcel.ready_at + ((now - parcel.ready_at) // HOUR + 1) * HOUR

    def collect(self, id_: str, code: str, now: int) -> Parcel:
        """Open the compartment. Raises `NotFound`, `AlreadyCollected` and `InvalidInput`."""
        parcel = self.get(id_)
        if parcel.collected:
            raise AlreadyCollected("The parcel is collected already.")
        if not self.opens(parcel, code, now):
            raise InvalidInput({"code": ["The code is wrong."]})
        self.parcels[id_] = replace(parcel, collected=True)
        return self.parcels[id_]

    def opens(self, parcel: Parcel, code: str, now: int) -> bool:
        """Whether a code opens the compartment now."""
        return code == self.code(parcel, now)


def dump(state: Lockers) -> list[Any]:
    """The state as JSON."""
    return [asdict(parcel) for parcel in state.parcels.values()]


def load(value: Any) -> Lockers:
    """The state that `dump` wrote; raises `TypeError` for anything else."""
    parcels = [Parcel(**one) for one in value]
    return Lockers({parcel.id: parcel for parcel in parcels})
