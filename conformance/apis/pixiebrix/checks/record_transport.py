"""The same call of PixieBrix in other clothes, and the addresses that its answers lead to."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlsplit

from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import NotVerified, check
from ....authoring.offers import OFFER, expect_ignored
from ....environment.session import same_origin
from .. import asset_details
from ..arrange import CREATED
from ..calls import Aim, lists
from ..context import PixieBrix
from ..lists import listings
from ..records import expect_data, path_of, read, written

_JSON: Final = "application/json"
_RANGES: Final = (
    "application/json;version=2.0",
    "application/json ; version=2.0",
    "application/json;  version=2.0",
    'application/json; version="2.0"',
    "Application/JSON; Version=2.0",
    "application/json; q=0.9; version=2.0",
    "application/json; version=2.0; q=0.5",
    "text/html, application/json; version=2.0",
    "text/html,application/json;version=2.0",
    "application/json; version=2.0, text/html;q=0.5",
    "application/json; version=2.0, text/plain, */*;q=0.5",
    "*/*;q=0.1, application/json; version=2.0",
)
"""Accept headers that ask for JSON at version 2.0 and for nothing else that a list can give (RFC 9110)."""

_BODIES: Final = (
    *(
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
    ),
    *("Application/JSON", "application/json ; charset=utf-8"),
)
_HUGE: Final = (2**31, 2**63, 10**30, 2**16 + 1, 2**31 + 1, 2**32 + 1, 2**64 + 1)
"""Numbers that a type of fixed length cannot hold, or holds as one of the smallest."""
_CHUNKS: Final = 11


@check("PB-NEG-17")
def an_accept_header_is_read_as_http_has_it(ctx: PixieBrix) -> None:
    """Asks for lists at version 2.0 with blanks or none, quotes, capitals, weights and other ranges in
    Accept, and looks at status, media type and version.
    """
    aims = [aim for aim in lists(ctx) if aim.operation in {"listDatabases", "listRecords"}]
    for aim in aims:
        for accept in _RANGES:
            answer = aim.call(ctx, accept=accept, version="", described=False, note=accept)
            answer.expect_status(200).expect_media_type(_JSON)
            shown = answer.media_parameters.get("version")
            ctx.expect(f"the version of the answer to {accept}", "2.0", shown)
        # The names of headers have no case (RFC 9110, 5.1).
        lower = {"accept": "application/json; version=2.0"}
        answer = aim.call(ctx, accept="", headers=lower, described=False).expect_status(200)
        ctx.expect("the version of the answer", "2.0", answer.media_parameters.get("version"))


@check("PB-NEG-18")
def json_may_have_a_charset(ctx: PixieBrix) -> None:
    """Posts, puts and orders with Content-Types of JSON that have a charset, blanks or capitals, and reads
    what was written.
    """
    database, key = ctx.given.database(), ctx.name("record")
    for number, kind in enumerate(_BODIES):
        data = {"n": number, "text": "\u00e9 \U0001f600"}
        for operation, path, body in (
            # An array that is put might replace what is there, at a target that nobody knows.
            ("createRecords", path_of(database), {"id": key, "data": data}),
            *([("putRecords", path_of(database), [{"id": key, "data": data}])] if ctx.can("destroy") else []),
            ("putRecord", path_of(database, key), {"data": data}),
            ("createExportJob", {}, {"name": ctx.name("export"), "databases": [database.id]}),
        ):
            content = json.dumps(body, ensure_ascii=number % 2 == 1).encode()
            answer = ctx.call(operation, path=path, body=content, content_type=kind, described=False)
            answer.expect_status(*CREATED)
        expect_data(f"the data that came as {kind}", data, read(ctx, database, key))
    try:
        asset = ctx.given.asset()
    except NotVerified:
        return  # no database takes assets
    for number, kind in enumerate(_BODIES):
        path, mark = {"databaseId": asset.database}, number % 2 == 0
        sent: tuple[tuple[str, dict[str, str], dict[str, object]], ...] = (
            ("createAsset", path, {"filename": f"{number} \u00e9.png"}),
            ("updateAsset", asset_details.path_of(asset), {"is_uploaded": mark}),
        )
        for operation, where, fields in sent:
            content = json.dumps(fields, ensure_ascii=False).encode()
            answer = ctx.call(operation, path=where, body=content, content_type=kind, described=False)
            answer.expect_status(*CREATED, 204)
        shown = asset_details.metadata(ctx, asset).get("is_uploaded")
        ctx.expect(f"the mark that came as {kind}", mark, shown)


@check("PB-NEG-19")
def a_body_may_come_in_chunks(ctx: PixieBrix) -> None:
    """Puts a record in chunks, without its length, and reads it."""
    database, key = ctx.given.database(), ctx.name("record")
    written(ctx, database, [{"probe": 0}])
    answer = ctx.raw(
        "PUT",
        f"/databases/{database.id}/records/{key}/",
        headers={"Accept": "application/json; version=2.0", "Content-Type": _JSON},
        body=b'{"data": {"probe": 1}}',
        chunked=True,
        operation_id="putRecord",
    )
    if answer.http < _CHUNKS:
        ctx.skip("the target speaks HTTP/1.0, which knows no chunks")
    answer.expect_status(200, 201)
    expect_data("the data that came in chunks", {"probe": 1}, read(ctx, database, key))


@check("PB-NEG-22")
def an_offer_of_another_protocol_costs_nothing(ctx: PixieBrix) -> None:
    """Writes a record in each way and lists it, with requests that offer HTTP/2 by Upgrade, as Java's client
    does. Where the offer is taken up, it is not verified.
    """
    database, key = ctx.given.database(), ctx.name("record")
    item = {"id": key, "data": {"probe": 0}}
    written(ctx, database, [{"probe": 0}])
    for number, (operation, path, body) in enumerate(
        (
            ("createRecords", path_of(database), item),
            ("putRecord", path_of(database, key), {}),
            *([("putRecords", path_of(database), item)] if ctx.can("destroy") else []),
        )
    ):
        sent = {**body, "data": {"probe": number}}
        answer = ctx.call(operation, path=path, json=sent, headers=OFFER, described=False)
        expect_ignored(answer).expect_status(*CREATED)
        expect_data(f"the data after {operation} with an offer", {"probe": number}, read(ctx, database, key))
    answer = ctx.call("listRecords", path=path_of(database), headers=OFFER, described=False)
    expect_ignored(answer).expect_status(200)
    shown = answer.containing({key})
    ctx.expect_true(
        "the list asked for with an offer", shown, expected=f"the record {key}", actual=answer.summary
    )


@check("PB-PAGE-21")
def links_lead_to_where_they_were_asked_for(ctx: PixieBrix) -> None:
    """Looks at scheme, host, port and path of each link on the pages of each list."""
    for listing in listings(ctx):
        for number in (1, 2):
            _expect_home(ctx, listing.good(number, listing.size))
    if not ctx.can("write"):
        return
    database = ctx.given.database()
    written(ctx, database, [{"probe": number} for number in range(3)])
    answer = ctx.call("listRecords", path=path_of(database), query={"page_size": 1, "page": 2})
    _expect_home(ctx, answer.expect_status(200))


def _expect_home(ctx: PixieBrix, page: Answer) -> None:
    for relation, link in page.links.items():
        there = same_origin(link, page.url) and urlsplit(link).path == urlsplit(page.url).path
        expected = page.url.partition("?")[0]
        ctx.expect_true(f"where rel={relation} leads", there, expected=expected, actual=link)


@check("PB-PAGE-22")
def no_number_of_a_page_is_too_large(ctx: PixieBrix) -> None:
    """Asks each list for pages and sizes around powers of two from the 16th on, and for those whose lowest
    bits are a small number; a huge one may be a bad size.
    """
    aims = list(lists(ctx))
    if ctx.can("write"):
        database = ctx.given.database()
        written(ctx, database, [{"n": number} for number in range(3)])
        aims.append(Aim("listRecords", path_of(database)))
    for aim in aims:
        with step("PB-NEG-01", "read a list"):
            shown = aim.call(ctx, query={"page_size": 1}, described=False).expect_status(200)
            usual = len(_ids(aim.call(ctx, described=False).expect_status(200)))
        for number in _HUGE:
            large = aim.call(ctx, query={"page_size": number}, described=False)
            good = large.refused or (large.status == 200 and len(_ids(large)) >= usual)
            expected = f"a 4xx, or {usual} items or more, as without it"
            ctx.expect_true(f"page_size={number}", good, expected=expected, actual=large.summary)
            behind = aim.call(ctx, query={"page": number, "page_size": 1}, described=False)
            # A number that cannot be read is a bad one, which may get the first page.
            first = behind.status == 200 and _ids(behind) == _ids(shown)
            good = first or behind.refused
            ctx.expect_true(f"page={number}", good, expected="a 4xx, or the first", actual=behind.summary)


def _ids(page: Answer) -> list[object]:
    return [one.get("id") for one in page.expect_objects()]
