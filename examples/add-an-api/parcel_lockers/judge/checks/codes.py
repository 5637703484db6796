"""Pick-up codes, and their hour."""

from __future__ import annotations

from dbcontract.conformance.authoring.arrange import step
from dbcontract.conformance.authoring.check import check

from ..practice import Lockers

HOUR = 3_601
"""How many seconds, and a little, a code works."""


@check("PL-CODE-01", control="collectParcel")
def the_code_comes_with_the_courier(ctx: Lockers) -> None:
    """Tries to collect a new parcel, then reads it until it has a code."""
    parcel = ctx.announced()
    ctx.expect("the code of a new parcel", None, parcel.get("code"))
    ctx.collect(parcel["id"], "000000").expect_status(400)
    ctx.ready()


@check("PL-CODE-02", control="collectParcel")
def an_expired_code_opens_nothing(ctx: Lockers) -> None:
    """Moves the clock by an hour and uses the code from before."""
    parcel = ctx.ready()
    ctx.clock.advance(HOUR)
    ctx.collect(parcel["id"], parcel["code"]).expect_status(400)


@check("PL-CODE-03")
def a_new_code_takes_its_place(ctx: Lockers) -> None:
    """Moves the clock by an hour, reads the parcel again and collects it with what it has then."""
    parcel = ctx.ready()
    ctx.clock.advance(HOUR)
    code = ctx.read(parcel["id"]).get("code")
    ctx.expect_true("the code", code != parcel["code"], expected="another one", actual=code)
    with step("PL-COL-01", "collect a parcel"):
        ctx.collect(parcel["id"], str(code)).expect_status(200)
