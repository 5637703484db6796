"""What Pieces OS shows just after an import, again and again, and long after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from ....authoring.arrange import step
from ....authoring.check import check
from ..context import Pieces
from ..exports import (
    LISTS,
    OPTIONAL_COLLECTIONS,
    OPTIONAL_LISTS,
    REQUIRED_COLLECTIONS,
    differences,
    entries_of,
    missing_from,
)
from ..probes import own_schema_or, send

_AGAIN = 19
_MOST_BYTES = 20_000_000
_LONG = timedelta(days=400)
_BRACKETS = 2
"""How long a collection may be that holds nothing."""


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
def a_change_of_any_kind_is_in_the_very_next_export(ctx: Pieces) -> None:
    """Imports bytes, schemas and collections alone, and compares the export after each with a last one."""
    _expect_shown_at_once(ctx, _changed_entries(ctx))
    bytes_of = ctx.given.own
    if ctx.can("destroy"):
        _expect_shown_at_once(ctx, _collections(ctx, bytes_of))
    if ctx.environment.disposable and ctx.can("second"):
        # A target of the user's is to keep its second instance empty for a move.
        second = ctx.second()
        _expect_shown_at_once(second, _collections(second, bytes_of))


def _expect_shown_at_once(ctx: Pieces, changes: Iterator[dict[str, Any]]) -> None:
    """Import each change, export, and at the end import a new entry, whose export shows what came late."""
    ctx.given.export()  # a server that keeps its answers has one now
    seen = [
        (change, ctx.given.export())
        for change in changes
        if send(ctx, ctx.given.importable(**change)).status == 204
    ]
    if not seen:
        return
    with step("PI-IMP-01", "import an entry"):
        send(ctx, ctx.given.importable(ctx.given.probe())).expect_status(204)
    last = ctx.given.export()
    late = [
        f"{name}, {'an entry' if name in LISTS else 'a collection'} that was imported alone"
        for change, shown in seen
        for name, value in change.items()
        if _holds(last, name, value) and not _holds(shown, name, value)
    ]
    ctx.expect("what a later export shows and the one after its import did not", [], late)


def _changed_entries(ctx: Pieces) -> Iterator[dict[str, Any]]:
    """Imports after which there are as many entries as before: other bytes, and then other schemas."""
    for names in (("values",), OPTIONAL_LISTS):
        probes = {name: ctx.given.probes(2) for name in filter(ctx.given.keeps_new, names)}
        if not probes:
            continue
        with step("PI-IMP-01", "import entries"):
            lists = {name: {"iterable": several} for name, several in probes.items()}
            send(ctx, ctx.given.importable(**lists)).expect_status(204)
        ctx.given.export()
        changes: tuple[dict[str, Any], ...] = ({"raw": [4, 5, 6]}, {"schema": own_schema_or(ctx, 0)})
        for number, change in enumerate(changes):
            yield {name: {"iterable": [{**several[number], **change}]} for name, several in probes.items()}


def _collections(ctx: Pieces, bytes_of: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A required and an optional collection that the target has nothing in, with bytes that it can read."""
    held = [bytes_of[name] for name in REQUIRED_COLLECTIONS if len(bytes_of.get(name) or ()) > _BRACKETS]
    for names in (REQUIRED_COLLECTIONS, OPTIONAL_COLLECTIONS):
        empty = [name for name in names if len(ctx.given.own.get(name) or ()) <= _BRACKETS]
        if held and empty:
            yield {empty[0]: min(held, key=len)}


def _holds(export: Mapping[str, Any], name: str, value: Any) -> bool:
    if name not in LISTS:
        return bool(export.get(name) == value)
    there = [(entry["id"], entry["raw"], entry.get("schema")) for entry in entries_of(export, name)]
    return all((one["id"], one["raw"], one.get("schema")) in there for one in value["iterable"])


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
