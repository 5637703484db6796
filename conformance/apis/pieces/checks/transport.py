"""The same call of Pieces OS in other clothes: headers and framings that mean the same."""

from __future__ import annotations

from ....authoring.check import check
from ..context import Pieces
from ..exports import entries_of
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
_REFUSED = (400, 406, 415, 422)
_CHUNKS = 11


@check("PI-IMP-04")
def json_may_have_a_charset(ctx: Pieces) -> None:
    """Sends probe imports as JSON with a charset, with and without a blank, and with capital letters."""
    for kind in ("application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"):
        answer = send(ctx, ctx.given.importable(ctx.given.probe()), content_type=kind)
        taken = answer.status not in _REFUSED
        ctx.expect_true(f"the import as {kind}", taken, expected="not refused", actual=answer.summary)


@check("PI-IMP-05")
def plain_text_may_be_one_of_several(ctx: Pieces) -> None:
    """Sends probe imports whose Accept has plain text among other ranges, at any place and in any form."""
    for accept in _IMPORTS:
        send(ctx, ctx.given.importable(), accept=accept, note=accept).expect_status(204)


@check("PI-EXP-06")
def json_may_be_one_of_several(ctx: Pieces) -> None:
    """Exports with Accept headers that have JSON among other ranges, at any place and in any form."""
    for accept in _EXPORTS:
        answer = ctx.call("exportDatabase", accept=accept, described=False, note=accept)
        answer.expect_status(200).expect_media_type("application/json")


@check("PI-IMP-28")
def an_import_may_come_in_chunks(ctx: Pieces) -> None:
    """Sends a probe import in chunks, and looks for the probe where the target keeps such."""
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
