"""Announcing, listing and collecting parcels."""

from __future__ import annotations

from dbcontract.conformance.authoring.check import check

from ..practice import Lockers


@check("PL-NEW-01")
def a_new_parcel_is_waiting(ctx: Lockers) -> None:
    """Announces a parcel and looks at status, state and recipient."""
    name = ctx.name()
    parcel = ctx.call("announceParcel", json={"recipient": name}).expect_status(201).expect_json(dict)
    ctx.expect("the new parcel", ("waiting", name), (parcel.get("state"), parcel.get("recipient")))


@check("PL-NEW-02")
def a_new_parcel_is_found(ctx: Lockers) -> None:
    """Announces a parcel, reads it, and compares id and recipient."""
    told = ctx.announced()
    answer = ctx.call("getParcel", path={"parcelId": told["id"]}).expect_status(200)
    read = answer.expect_json(dict)
    ctx.expect("the parcel", [told["id"], told["recipient"]], [read.get("id"), read.get("recipient")])


@check("PL-NEW-03", control="getParcel")
def an_unknown_parcel_is_not_found(ctx: Lockers) -> None:
    """Asks for a parcel under an id that nobody has given."""
    ctx.call("getParcel", path={"parcelId": ctx.invented_id()}).expect_status(404)


@check("PL-LIST-01")
def the_list_has_a_new_parcel(ctx: Lockers) -> None:
    """Announces a parcel and looks for its id in the list."""
    parcel = ctx.announced()
    ids = [one.get("id") for one in ctx.call("listParcels").expect_status(200).expect_objects()]
    ctx.expect_true("the list", parcel["id"] in ids, expected=parcel["id"], actual=ids)


@check("PL-COL-01")
def the_code_collects_the_parcel(ctx: Lockers) -> None:
    """Collects a parcel with its code, and reads it again."""
    parcel = ctx.ready()
    ctx.collect(parcel["id"], parcel["code"]).expect_status(200)
    ctx.expect("the state", "collected", ctx.read(parcel["id"]).get("state"))


@check("PL-COL-02", control="collectParcel")
def a_wrong_code_opens_nothing(ctx: Lockers) -> None:
    """Uses a code that the parcel does not have, and reads the parcel."""
    parcel = ctx.ready()
    ctx.collect(parcel["id"], f"{parcel['code']}0").expect_status(400)
    ctx.expect("the state", "waiting", ctx.read(parcel["id"]).get("state"))


@check("PL-COL-03", control="collectParcel")
def a_parcel_is_collected_once(ctx: Lockers) -> None:
    """Collects a parcel twice."""
    parcel = ctx.ready()
    ctx.collect(parcel["id"], parcel["code"]).expect_status(200)
    ctx.collect(parcel["id"], parcel["code"]).expect_status(409)
