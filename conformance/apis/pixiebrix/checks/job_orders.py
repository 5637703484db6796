"""Which orders of an export job are accepted, and which are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....authoring.check import check
from ..calls import expect_refused, unknown_id
from ..context import PixieBrix
from ..exports import MEDIA_TYPES, expect_accepted, exported, order, send, succeeded

LONGEST = 1_024
START, END = "2024-01-01T00:00:00Z", "2024-12-31T23:59:59Z"
TIMESTAMPS = (
    START,
    "2024-01-01T00:00:00.250Z",
    "2024-01-01T00:00:00.250125Z",
    "2024-01-01T02:00:00+02:00",
    "2023-12-31T18:30:00.500-05:30",
)
NO_TIMESTAMPS = ("yesterday", "2024-02-30T00:00:00Z")


def _order(ctx: PixieBrix, **fields: Any) -> dict[str, Any]:
    return order(ctx, ctx.given.database().id, **fields)


def _without(body: Mapping[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != field}


@check("PB-JOB-05", control="createExportJob")
def a_job_must_have_a_name(ctx: PixieBrix) -> None:
    """Sends an order without a name."""
    expect_refused(ctx, send(ctx, _without(_order(ctx), "name")), "an order without a name")


@check("PB-JOB-06", control="createExportJob")
def a_job_must_have_databases(ctx: PixieBrix) -> None:
    """Sends an order without databases."""
    expect_refused(ctx, send(ctx, _without(_order(ctx), "databases")), "an order without databases")


@check("PB-JOB-07", control="createExportJob")
def one_database_at_least(ctx: PixieBrix) -> None:
    """Sends an order with an empty array of databases."""
    expect_refused(ctx, send(ctx, order(ctx)), "an order with an empty array of databases")


@check("PB-JOB-08", control="createExportJob")
def databases_are_uuids(ctx: PixieBrix) -> None:
    """Sends an order for a database and a word."""
    answer = send(ctx, order(ctx, ctx.given.database().id, "no-uuid"))
    expect_refused(ctx, answer, "an order with a word among its databases")


@check("PB-JOB-09")
def a_name_may_have_1024_characters(ctx: PixieBrix) -> None:
    """Creates a job with such a name, of letters outside of ASCII, which are more bytes."""
    name = ctx.name("export").ljust(LONGEST, "ä")
    expect_accepted(ctx, send(ctx, _order(ctx, name=name)), "an order with a name of 1,024 characters")


@check("PB-JOB-09")
def a_name_may_have_any_characters(ctx: PixieBrix) -> None:
    """Creates jobs whose names a path, a header or a file system stumbles over, and finishes each."""
    database = ctx.given.database()
    for end in (
        "a/b",
        "../a",
        'q"uote',
        "semi;colon",
        "%2F%00",
        "\U0001f600 e\u0301",
        "a\\b",
        "con",
        "x" * 300,
    ):
        name = f"{ctx.name('export')} {end}"
        expect_accepted(
            ctx, send(ctx, order(ctx, database.id, name=name)), f"an order with the name {name!r}"
        )
        details = succeeded(ctx, database, name=name)
        if ctx.can("storage"):
            exported(ctx, details)


@check("PB-JOB-10", control="createExportJob")
def a_name_may_not_have_more(ctx: PixieBrix) -> None:
    """Sends an order with a name of 1,025 characters."""
    name = ctx.name("export").ljust(LONGEST + 1, "x")
    expect_refused(ctx, send(ctx, _order(ctx, name=name)), "an order with a name of 1,025 characters")


@check("PB-JOB-11", control="createExportJob")
def other_media_types_are_refused(ctx: PixieBrix) -> None:
    """Sends an order for application/xml."""
    answer = send(ctx, _order(ctx, media_type="application/xml"))
    expect_refused(ctx, answer, "an order for application/xml")


@check("PB-JOB-12")
def the_three_media_types_are_taken(ctx: PixieBrix) -> None:
    """Creates a job for each of the three."""
    body = _order(ctx)
    for media_type in MEDIA_TYPES:
        answer = send(ctx, {**body, "media_type": media_type})
        expect_accepted(ctx, answer, f"an order for {media_type}")


@check("PB-JOB-13")
def filters_are_optional(ctx: PixieBrix) -> None:
    """Creates a job with either filter, with both, and with none of them."""
    body = _order(ctx)
    both = {"start_date": START, "end_date": END}
    for filters in ({"start_date": START}, {"end_date": END}, both, {}):
        answer = send(ctx, {**body, "filters": filters})
        expect_accepted(ctx, answer, f"an order with the filters {filters}")


@check("PB-JOB-14")
def filters_take_timestamps(ctx: PixieBrix) -> None:
    """Creates jobs with timestamps in UTC and with offsets, with fractions of a second and without."""
    body = _order(ctx)
    for text in TIMESTAMPS:
        answer = send(ctx, {**body, "filters": {"start_date": text}})
        expect_accepted(ctx, answer, f"an order with the start date {text}")


@check("PB-JOB-15", control="createExportJob")
def what_is_not_a_timestamp_is_answered_400(ctx: PixieBrix) -> None:
    """Sends a word, and a date that no calendar has, as start date and as end date."""
    body = _order(ctx)
    for name in ("start_date", "end_date"):
        for text in NO_TIMESTAMPS:
            send(ctx, {**body, "filters": {name: text}}).expect_status(400)


def _invalid(ctx: PixieBrix) -> Iterator[dict[str, Any]]:
    body = _order(ctx)
    yield _without(body, "name")
    yield {**body, "name": ctx.name("export").ljust(LONGEST + 1, "x")}
    yield _without(body, "databases")
    yield {**body, "databases": []}
    yield {**body, "databases": ["no-uuid"]}
    yield {**body, "media_type": "application/xml"}


@check("PB-JOB-16", control="createExportJob")
def an_invalid_order_is_answered_400(ctx: PixieBrix) -> None:
    """Sends orders with invalid names, databases and media types, and looks at the status codes."""
    for body in _invalid(ctx):
        send(ctx, body).expect_status(400)


@check("PB-JOB-17", control="createExportJob")
def an_unknown_database_is_told(ctx: PixieBrix) -> None:
    """Sends orders for an invented UUID, alone and beside a database, and reads what is told of databases."""
    for known in ((), (ctx.given.database().id,)):
        body = send(ctx, order(ctx, *known, unknown_id(ctx))).expect_status(400).expect_json(dict)
        what = "what the body says of databases"
        ctx.expect_true(what, body.get("databases"), expected="an entry under its name", actual=body)
