"""The same call of Pieces OS in other clothes: headers and framings that mean the same."""

from __future__ import annotations

from typing import Any

from ....authoring.check import check
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
    """Sends probe imports as JSON in several spellings and with a charset, and looks for what was taken."""
    kinds = ("application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON")
    probes = ctx.given.probes(len(kinds))
    taken = []
    for kind, probe in zip(kinds, probes, strict=True):
        answer = send(ctx, ctx.given.importable(probe), content_type=kind)
        good = answer.status not in _REFUSED
        ctx.expect_true(f"the import as {kind}", good, expected="not refused", actual=answer.summary)
        taken += [probe] if answer.status == 204 else []
    _expect_merged(ctx, taken)


def _expect_merged(ctx: Pieces, probes: list[dict[str, Any]]) -> None:
    """Go on if probes of imports that were answered 204 are there, where the target keeps such at all."""
    after = ctx.given.export()
    if ctx.given.keeps_new():
        ctx.expect("the entries of imports answered 204 that are not there", [], missing_from(after, probes))


@check("PI-IMP-05")
def plain_text_may_be_one_of_several(ctx: Pieces) -> None:
    """Sends probe imports whose Accept has plain text among other ranges, at any place and in any form."""
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
