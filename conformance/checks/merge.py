"""What an import adds, and what it keeps."""

from __future__ import annotations

from ..check import check
from ..context import Pieces


@check("PI-IMP-01")
def import_succeeds(ctx: Pieces) -> None:
    """Sends a probe import and looks at the status."""
    body = ctx.given.importable(ctx.given.probe())
    ctx.cleanup("imported values", None)
    ctx.call("importDatabase", json=body).expect_status(204)


@check("PI-ROLL-05")
def a_byte_above_255_changes_nothing(ctx: Pieces) -> None:
    """Sends two good probes and a third whose last byte is 256, and expects the database unchanged."""
    good = ctx.given.probes(2)
    bad = ctx.given.probe([1, 2, 256])
    before = ctx.given.values(ctx.given.export())
    ctx.call("importDatabase", json=ctx.given.importable(*good, bad)).expect_status(500)
    after = ctx.given.values(ctx.given.export())
    ctx.expect("the ids of values after the failed import", sorted(before), sorted(after))
    ctx.expect_true(
        "the bytes of values after the failed import", before == after, expected="as before", actual="changed"
    )
