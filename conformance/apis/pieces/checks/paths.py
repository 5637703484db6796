"""Where the two operations of Pieces OS are, and what is not there."""

from __future__ import annotations

from ....authoring.arrange import field_of, step
from ....authoring.check import check
from ....http.spool import Spool, dump
from ..context import Pieces
from ..probes import expect_unchanged

_EXPORT, _IMPORT = "/database/export", "/database/import"


@check("PI-DESC-01")
def the_operations_are_below_the_base_url(ctx: Pieces) -> None:
    """Asks for the export, and posts nothing to the import where that is allowed; 404 and 405 fail."""
    _expect_there(ctx, "GET", _EXPORT)
    if ctx.can("write"):
        _expect_there(ctx, "POST", _IMPORT)


def _expect_there(ctx: Pieces, method: str, path: str) -> None:
    answer = ctx.raw(method, path)
    there = answer.status not in {404, 405}
    ctx.expect_true(f"{method} {path}", there, expected="an operation", actual=answer.summary)


@check("PI-DESC-10", control="exportDatabase")
def other_methods_do_nothing(ctx: Pieces) -> None:
    """Sends POST, PUT and DELETE to the export and GET, PUT and DELETE to the import, a probe in the body,
    and compares the exports; DELETE only where it may destroy.
    """
    before = ctx.given.own
    # All that the target holds and a probe: a server that lets PUT replace the database loses nothing.
    with step("PI-EXP-10", "read the values of the export"):
        entries = field_of(before, "values", "iterable")
        ctx.expect_true("the values", isinstance(entries, list), expected="an array", actual=entries)
    values = {"iterable": [*entries, ctx.given.probe()]}
    body = dump({**before, "values": values})
    for path, method in ((_EXPORT, "POST"), (_EXPORT, "PUT"), (_IMPORT, "GET"), (_IMPORT, "PUT")):
        _expect_refused(ctx, method, path, None if method == "GET" else body)
    if ctx.can("destroy"):
        _expect_refused(ctx, "DELETE", _EXPORT)
        _expect_refused(ctx, "DELETE", _IMPORT)
    expect_unchanged(ctx, before, "methods that are not described")


def _expect_refused(ctx: Pieces, method: str, path: str, body: bytes | Spool | None = None) -> None:
    headers = {} if body is None else {"Content-Type": "application/json"}
    answer = ctx.raw(method, path, headers=headers, body=body)
    ctx.expect_true(f"the status of {method} {path}", answer.refused, expected="a 4xx", actual=answer.summary)
