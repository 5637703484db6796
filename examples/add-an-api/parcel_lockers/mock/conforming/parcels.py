"""Lockers that do everything right in an unusual way."""

from __future__ import annotations

from dbcontract.mockserver.variants.conforming_variant import conforming

from ..state import Lockers, Parcel


@conforming()
class NewestParcelFirst(Lockers):
    """Lists the newest parcel first."""

    def announce(self, id_: str, recipient: str, ready_at: int) -> Parcel:
        parcel = super().announce(id_, recipient, ready_at)
        self.parcels = {id_: parcel, **self.parcels}
        return parcel


@conforming()
class CodesWithLetters(Lockers):
    """Gives codes that begin with letters."""

    def code(self, parcel: Parcel, now: int) -> str | None:
        code = super().code(parcel, now)
        return None if code is None else f"PL-{code}"
