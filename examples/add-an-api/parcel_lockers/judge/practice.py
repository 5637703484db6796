"""What a run needs of the lockers, and what its checks are written with."""

from __future__ import annotations

from typing import Any

from dbcontract.conformance.apis.practice import Practice
from dbcontract.conformance.authoring.answer import Answer
from dbcontract.conformance.authoring.arrange import step
from dbcontract.conformance.authoring.check import CheckFailed
from dbcontract.conformance.authoring.context import Context


class Lockers(Context):
    """A check of the lockers."""

    api = "lockers"

    def announced(self) -> dict[str, Any]:
        """A new parcel."""
        with step("PL-NEW-01", "announce a parcel"):
            answer = self.call("announceParcel", json={"recipient": self.name()})
            return answer.expect_status(201).expect_json(dict)

    def read(self, id_: str) -> dict[str, Any]:
        """A parcel as it is now."""
        with step("PL-NEW-02", "read a parcel"):
            return self.call("getParcel", path={"parcelId": id_}).expect_status(200).expect_json(dict)

    def ready(self) -> dict[str, Any]:
        """A new parcel that has a code."""
        parcel = self.announced()
        with step("PL-CODE-01", "wait for the code of a parcel"):
            for _ in range(60):
                parcel = self.read(parcel["id"])
                if parcel["code"] is not None:
                    return parcel
                if self.can("clock"):
                    self.clock.advance(1)
                else:
                    self.pause(1)
            raise CheckFailed("the code of a parcel", "a code within a minute", "none")

    def collect(self, id_: str, code: str) -> Answer:
        """The answer to a code."""
        return self.call("collectParcel", path={"parcelId": id_}, json={"code": code})


def _collect(ctx: Lockers) -> None:
    parcel = ctx.ready()
    ctx.collect(parcel["id"], parcel["code"]).expect_status(200)


PRACTICE = Practice(
    context=Lockers,
    right_calls={
        "listParcels": lambda ctx: ctx.call("listParcels").expect_status(200),
        "announceParcel": Lockers.announced,
        "getParcel": lambda ctx: ctx.read(ctx.announced()["id"]),
        "collectParcel": _collect,
    },
    reading="listParcels",
)
