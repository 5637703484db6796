"""The same call of Pieces OS in other clothes: headers and framings that mean the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ....authoring.arrange import step
from ....authoring.check import check
from ....authoring.offers import OFFER, expect_ignored
from ..context import Pieces
from ..exports import entries_of, missing_from
from ..probes import as_bytes, send

_IMPORTS = (
    *(
        "text/plain, */*",
        "application/json, text/plain, */*",
        "text/html,text/plain",
        "text/html, text/plain",
    ),
    *("application/json;q=0.9, text/plain;q=0.1", "TEXT/PLAIN", "text/*", "text/plain; charset=utf-8", "*/*"),
    "application/json, text/plain",
    "",
)
_EXPORTS = (
    *("application/json,text/plain", "text/plain, application/json", "text/html, application/json;q=0.1"),
    *(
        "application/json, text/plain, */*",
        "Application/JSON",
        "application/*",
        "application/json;charset=utf-8",
    ),
)
_KINDS = (
    *("application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"),
    *('application/json; charset="utf-8"', "application/json ; charset=utf-8"),
)
_LETTERS = "\u00e9\u6771\U0001f600"
_LONG = 90
_CHUNKS = 11


@check("PI-IMP-04")
def json_may_have_a_charset(ctx: Pieces) -> None:
    """Sends probe imports as JSON in several spellings and with a charset, expects 204 as without, and looks
    for the probes.
    """
    probes = ctx.given.probes(len(_KINDS))
    with step("PI-IMP-01", "import an entry without a charset"):
        send(ctx, ctx.given.importable(ctx.given.probe())).expect_status(204)
    for kind, probe in zip(_KINDS, probes, strict=True):
        answer = send(ctx, ctx.given.importable(probe), content_type=kind)
        ctx.expect_true(f"the import as {kind}", answer.status == 204, expected="204", actual=answer.summary)
    _expect_merged(ctx, probes)


@check("PI-IMP-04")
def json_is_the_same_however_it_is_written(ctx: Pieces) -> None:
    """Sends probe imports with letters as they are and escaped, with the fields in another order, and with
    line breaks and tabs between them, and looks for the probes.
    """
    spelled: tuple[Callable[[dict[str, Any]], str], ...] = (
        lambda document: json.dumps(document, ensure_ascii=False),
        json.dumps,
        lambda document: json.dumps(_turned(document), separators=(",", ":")),
        lambda document: json.dumps(document, indent="\t").replace("\n", "\r\n"),
    )
    sent = []
    for spell in spelled:
        # More than a buffer holds, so that letters of several bytes are where one ends.
        ids = [f"{ctx.name('value')} {_LETTERS * _LONG}" for _ in range(_LONG)]
        probes = [ctx.given.probe([1], id=one) for one in (ids if spell is spelled[0] else ids[:1])]
        document = json.loads(as_bytes(ctx.given.importable(*probes)))
        with step("PI-IMP-01", "import an entry"):
            send(ctx, ctx.given.importable(ctx.given.probe())).expect_status(204)
        send(ctx, spell(document).encode(), note="JSON in another spelling").expect_status(204)
        sent += probes
    _expect_merged(ctx, sent)


def _turned(document: dict[str, Any]) -> dict[str, Any]:
    """The same with its fields, and those of the entries, the other way round."""
    turned = dict(reversed(document.items()))
    entries = [dict(reversed(entry.items())) for entry in document["values"]["iterable"]]
    return {**turned, "values": {"iterable": entries}}


def _expect_merged(ctx: Pieces, probes: list[dict[str, Any]]) -> None:
    """Go on if probes of imports that were answered 204 are there, where the target keeps such at all."""
    after = ctx.given.export()
    if ctx.given.keeps_new():
        ctx.expect("the entries of imports answered 204 that are not there", [], missing_from(after, probes))


@check("PI-IMP-05")
def plain_text_may_be_one_of_several(ctx: Pieces) -> None:
    """Sends probe imports whose Accept has plain text among other ranges, at any place and in any form, and
    one without Accept.
    """
    probes = ctx.given.probes(len(_IMPORTS))
    for accept, probe in zip(_IMPORTS, probes, strict=True):
        send(ctx, ctx.given.importable(probe), accept=accept, note=accept).expect_status(204)
    _expect_merged(ctx, probes)


@check("PI-EXP-06")
def json_may_be_one_of_several(ctx: Pieces) -> None:
    """Exports with Accept headers that have JSON among other ranges, at any place and in any form."""
    for accept in _EXPORTS:
        answer = ctx.call("exportDatabase", accept=accept, described=False, note=accept)
        answer.expect_status(200).expect_media_type("application/json")


@check("PI-IMP-28")
def an_import_may_come_in_chunks(ctx: Pieces) -> None:
    """Sends a probe import without its length, in chunks, and looks for the probe where the target keeps
    such.
    """
    probe = ctx.given.probe()
    body = as_bytes(ctx.given.importable(probe))
    headers = {"Content-Type": "application/json", "Accept": "*/*"}
    answer = ctx.raw(
        "POST", "/database/import", headers=headers, body=body, chunked=True, operation_id="importDatabase"
    )
    if answer.http < _CHUNKS:
        ctx.skip("the target speaks HTTP/1.0, which knows no chunks")
    answer.expect_status(204)
    if ctx.given.keeps_new():
        ids = [entry["id"] for entry in entries_of(ctx.given.export())]
        ctx.expect_true("the export", probe["id"] in ids, expected=probe["id"], actual=f"{len(ids)} others")


@check("PI-IMP-30")
def an_offer_of_another_protocol_costs_nothing(ctx: Pieces) -> None:
    """Sends an export and a probe import that offer HTTP/2 by Upgrade, as Java's client does, and looks for
    the probe where the target keeps such. Where the offer is taken up, it is not verified.
    """
    with step("PI-IMP-01", "import an entry without an offer"):
        send(ctx, ctx.given.importable(ctx.given.probe())).expect_status(204)
    answer = ctx.call("exportDatabase", headers=OFFER, described=False, note="offers HTTP/2")
    expect_ignored(answer).expect_status(200).expect_json(dict)
    probe = ctx.given.probe()
    answer = send(ctx, ctx.given.importable(probe), headers=OFFER, described=False, note="offers HTTP/2")
    expect_ignored(answer).expect_status(204)
    _expect_merged(ctx, [probe])
