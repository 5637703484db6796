"""What Pieces OS shows just after an import, again and again, and long after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ....authoring.arrange import step
from ....authoring.check import check
from ..context import Pieces
from ..exports import LISTS, differences, entries_of, missing_from
from ..probes import send

_AGAIN = 19
_MOST_BYTES = 20_000_000
_LONG = timedelta(days=400)


@check("PI-EXP-15")
def every_import_is_in_the_very_next_export(ctx: Pieces) -> None:
    """Imports into each list twice, exports before and after each, and compares with a later export."""
    seen = []
    for name in (*LISTS, *LISTS):
        probes = ctx.given.probes(1)
        ctx.given.export()  # a server that keeps its answers has one now
        with step("PI-IMP-01", f"import into {name}"):
            send(ctx, ctx.given.importable(**{name: {"iterable": probes}})).expect_status(204)
        seen.append((name, probes, ctx.given.export()))
    with step("PI-IMP-01", "import into values"):
        send(ctx, ctx.given.importable(ctx.given.probe())).expect_status(204)
    last = ctx.given.export()
    # What a server never shows it may have dropped; what it shows later, it held.
    late = [
        f"{probes[0]['id']} of {name}"
        for name, probes, shown in seen
        if not missing_from(last, probes, name) and missing_from(shown, probes, name)
    ]
    ctx.expect("the entries that a later export shows and the one after their import did not", [], late)


@check("PI-EXP-15")
def other_bytes_are_in_the_very_next_export(ctx: Pieces) -> None:
    """Imports a probe, exports, imports it with other bytes as long, and compares two exports after that."""
    ctx.given.export()
    if not ctx.given.keeps_new():
        return  # the other check of this rule has looked at what is there
    (probe,) = ctx.given.imported(ctx.given.probe([1, 2, 3]))
    ctx.given.export()
    ctx.given.imported({**probe, "raw": [4, 5, 6]})
    first = _raws(ctx.given.export(), probe["id"])
    ctx.given.imported()
    ctx.expect("the bytes of the entry in the first export", _raws(ctx.given.export(), probe["id"]), first)


def _raws(export: dict[str, Any], entry_id: str) -> list[object]:
    return [entry["raw"] for entry in entries_of(export) if entry["id"] == entry_id]


@check("PI-IMP-11")
def the_twentieth_import_is_as_good_as_the_first(ctx: Pieces) -> None:
    """Imports twenty probes one by one, some again, with failing imports between, and looks for all."""
    ctx.given.export()
    if not ctx.given.keeps_new():
        return  # the other checks of this rule have looked at what is there
    probes = ctx.given.probes(_AGAIN + 1)
    for number, probe in enumerate(probes):
        again = probes[: number + 1 : 5]
        with step("PI-IMP-01", "import an entry"):
            send(ctx, ctx.given.importable(probe, *again)).expect_status(204)
        if number % 7 == 0:
            send(ctx, ctx.given.importable(ctx.given.probe([256])))
    ctx.expect("the entries that are gone", [], missing_from(ctx.given.export(), probes))


@check("PI-EXP-16")
def exports_stay_the_same(ctx: Pieces) -> None:
    """Exports twenty times, or to 20 MB in all, and compares the entries of each with those of the first."""
    first = ctx.call("exportDatabase").expect_status(200)
    shown = first.expect_json(dict)
    for _ in range(min(_AGAIN, _MOST_BYTES // max(1, first.size))):
        again = ctx.call("exportDatabase", described=False).expect_status(200)
        if again.digest() != first.digest():
            changed = differences(shown, again.expect_json(dict))
            told = {name: what for name, what in changed.items() if name in LISTS}
            ctx.expect("what differs between two exports with nothing between them", {}, told)


@check("PI-IMP-25")
def what_was_imported_stays_for_long(ctx: Pieces) -> None:
    """Imports probes, lets 400 days pass, imports another one, and looks for all that was there."""
    probes = ctx.given.imported(*ctx.given.probes(2))
    before = ctx.given.export()
    ctx.clock.advance(_LONG.total_seconds())
    probes += ctx.given.imported()
    after = ctx.given.export()
    ctx.expect("the imported entries that are gone", [], missing_from(after, probes))
    for name in LISTS:
        gone = missing_from(after, entries_of(before, name), name)
        ctx.expect(f"the entries of {name} that are gone after {_LONG.days} days", [], gone)
