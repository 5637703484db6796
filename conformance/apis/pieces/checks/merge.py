"""What an import of Pieces OS adds to the database, and what it leaves there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....authoring.arrange import as_own, step
from ....authoring.check import NotVerified, check
from ..context import Pieces
from ..exports import (
    LISTS,
    OPTIONAL_COLLECTIONS,
    OPTIONAL_LISTS,
    REQUIRED_COLLECTIONS,
    entries_of,
    missing_from,
)
from ..probes import brought_to, expect_kept, own_schema_or, putting_back, send, thin

_MANY = 1_025
"""One more than a batch of a round number holds, binary or decimal."""


@check("PI-IMP-10")
def an_imported_entry_is_in_the_next_export(ctx: Pieces) -> None:
    """Imports one probe and looks for its id in the next export. Where probes are not kept, imports the
    target's export in an empty second instance and looks for its entries there.
    """
    if not ctx.given.keeps_new():
        _expect_moved(ctx, "values")
        return
    probe = ctx.given.imported()[0]
    ids = [entry["id"] for entry in entries_of(ctx.given.export())]
    ctx.expect_true("the values after the import", probe["id"] in ids, expected=probe["id"], actual=ids)


def _expect_moved(ctx: Pieces, *names: str) -> None:
    """Import the target's own export in the second instance, and look for the entries of some lists there.

    What the target holds is of formats that it knows, and those come along.

    Raises:
        NotVerified: there is no second instance, nothing in a list, or something of it there already.
    """
    moved = {name: entries_of(ctx.given.own, name) for name in names}
    if not all(moved.values()) or not ctx.can("second"):
        missing = () if ctx.can("second") else ("second",)
        reason = f"the target keeps no entry of {' or '.join(names)} whose format it does not know"
        raise NotVerified(f"{reason}, and none of its own can be moved to an empty instance", missing=missing)
    second = ctx.second()
    # Looked at before, for a server may go on to export what it has exported once.
    for name, entries in moved.items():
        if len(missing_from(second.given.own, entries, name)) < len(entries):
            ctx.skip(f"the second instance is not empty: it holds {name} of the first one")
    with step("PI-IMP-06", "import the export in the second instance"):
        send(second, ctx.given.own).expect_status(204)
    after = second.given.export()
    for name, entries in moved.items():
        lost = missing_from(after, entries, name)
        ctx.expect(f"the entries of {name} that did not arrive in an empty server", [], lost)


@check("PI-IMP-11")
def what_was_there_before_stays(ctx: Pieces) -> None:
    """Imports a first probe with lists of the target's own, then a second one, and looks for all of them."""
    first = ctx.given.probes(1) if ctx.given.keeps_new() else []
    before = ctx.given.own
    own = {name: before[name] for name in OPTIONAL_LISTS if entries_of(before, name)}
    with step("PI-IMP-01", "import a first entry"):
        send(ctx, ctx.given.importable(*first, **own)).expect_status(204)
    empty: dict[str, object] = {name: {"iterable": []} for name in OPTIONAL_LISTS}
    with step("PI-IMP-01", "import a second entry"):
        send(ctx, ctx.given.importable(ctx.given.probe(), **empty)).expect_status(204)
    after = ctx.given.export()
    ctx.expect("the earlier import's entries that are gone", [], missing_from(after, first))
    expect_kept(ctx, before, after, "an import of other entries")


@check("PI-IMP-11")
def what_an_import_leaves_out_stays(ctx: Pieces) -> None:
    """Imports a probe with empty or no collections, and expects that none is empty or lost for that; where it
    may destroy, brings something in each optional collection first.
    """
    before = _with_collections(ctx) if ctx.can("destroy") else ctx.given.own
    # Whether an empty collection is accepted is nowhere documented; if it is not, nothing may be gone either.
    with as_own(ctx):
        body = thin(ctx, values=ctx.given.probes(1))
    if ctx.can("destroy"):
        body |= {name: [] for name in REQUIRED_COLLECTIONS}
    with putting_back(ctx):
        send(ctx, body)
        expect_kept(ctx, before, ctx.given.export(), "an import of empty collections")


def _with_collections(ctx: Pieces) -> dict[str, Any]:
    """An export with something in each optional collection, as far as the target takes and shows it."""
    absent = {name: brought_to(ctx, name) for name in OPTIONAL_COLLECTIONS if not ctx.given.own.get(name)}
    if not absent:
        return ctx.given.own
    send(ctx, ctx.given.importable(**absent))
    return ctx.given.export()


@check("PI-IMP-12")
def imported_bytes_come_back(ctx: Pieces) -> None:
    """Imports a probe of all 256 byte values, no text in any encoding, and one of no bytes, and compares."""
    every, none = ctx.given.imported(ctx.given.probe(range(256)), ctx.given.probe([]))
    raws = {entry["id"]: entry["raw"] for entry in entries_of(ctx.given.export())}
    ctx.expect("the entry of all byte values", every["raw"], raws.get(every["id"], "not there"))
    ctx.expect("the entry of no bytes", none["raw"], raws.get(none["id"], "not there"))


@check("PI-IMP-13", bulky=True)
def every_entry_arrives(ctx: Pieces) -> None:
    """Imports 1,025 probes at once and looks for all of them in the next export."""
    probes = ctx.given.imported(*ctx.given.probes(_MANY))
    ids = {entry["id"] for entry in entries_of(ctx.given.export())}
    missing = [f"{probe['id']} (number {n})" for n, probe in enumerate(probes, 1) if probe["id"] not in ids]
    ctx.expect("the entries that did not arrive", [], missing)


@check("PI-IMP-14")
def an_entry_that_is_imported_again_is_there_once(ctx: Pieces) -> None:
    """Sends the same probe import twice, or where probes are not kept an entry of the target's own, and
    counts those with its id.
    """
    if ctx.given.keeps_new():
        probe = ctx.given.imported()[0]
    elif own := entries_of(ctx.given.own):
        probe = own[0]
    else:
        ctx.skip("the target holds no entry, and keeps none whose format it does not know")
    with step("PI-IMP-01", "import an entry again"):
        send(ctx, ctx.given.importable(probe)).expect_status(204)
    ids = [entry["id"] for entry in entries_of(ctx.given.export())]
    ctx.expect(f"the number of entries with the id {probe['id']}", 1, ids.count(probe["id"]))


@check("PI-IMP-15")
def an_entry_on_both_sides_keeps_one_sides_bytes(ctx: Pieces) -> None:
    """Imports a probe and then its id with other bytes, and compares with both."""
    old = ctx.given.imported(ctx.given.probe([1, 2, 3, 4]))[0]
    new = ctx.given.imported(ctx.given.probe([9, 8], id=old["id"]))[0]
    raws = [entry["raw"] for entry in entries_of(ctx.given.export()) if entry["id"] == old["id"]]
    ok = raws in ([old["raw"]], [new["raw"]])
    ctx.expect_true("the bytes of the entry", ok, expected=f"{old['raw']} or {new['raw']}", actual=raws)


@check("PI-IMP-15")
def an_entry_on_both_sides_is_one_sides_whole(ctx: Pieces) -> None:
    """Imports entries with a schema over some without, and the other way round, into each list."""
    ctx.given.require_kept()
    schema = own_schema_or(ctx, 0)
    for name in filter(ctx.given.keeps_new, LISTS):
        bare, full = ctx.given.probe([1, 2, 3]), {**ctx.given.probe([4, 5, 6]), "schema": schema}
        with step("PI-IMP-01", "import entries"):
            send(ctx, ctx.given.importable(**{name: {"iterable": [bare, full]}})).expect_status(204)
        if _whole(ctx, name, full["id"]) != [_parts(full)]:
            return  # the schema of an entry is a matter of a rule of its own
        theirs = [{**bare, "raw": [7, 7], "schema": schema}, {"id": full["id"], "raw": [8, 8, 8, 8]}]
        with step("PI-IMP-01", "import them again"):
            send(ctx, ctx.given.importable(**{name: {"iterable": theirs}})).expect_status(204)
        for old, new in zip((bare, full), theirs, strict=True):
            shown, sides = _whole(ctx, name, old["id"]), (_parts(old), _parts(new))
            what = f"bytes and schema of an entry of {name}"
            ctx.expect_true(
                what, shown in ([sides[0]], [sides[1]]), expected=f"{sides}, either", actual=shown
            )


def _whole(ctx: Pieces, name: str, entry_id: str) -> list[tuple[object, object]]:
    return [_parts(entry) for entry in entries_of(ctx.given.export(), name) if entry["id"] == entry_id]


def _parts(entry: Mapping[str, object]) -> tuple[object, object]:
    return entry["raw"], entry.get("schema")


@check("PI-IMP-17")
def optional_lists_are_merged(ctx: Pieces) -> None:
    """Imports one probe in each of the two optional lists and looks for each in the same list. Where probes
    are not kept, looks for the target's own entries in an empty second instance.
    """
    unkept = [name for name in OPTIONAL_LISTS if not ctx.given.keeps_new(name)]
    if unkept:
        _expect_moved(ctx, *unkept)
        return
    before = ctx.given.own
    probes = {name: ctx.given.probes(1) for name in OPTIONAL_LISTS}
    lists = {name: {"iterable": entries} for name, entries in probes.items()}
    with step("PI-IMP-01", "import entries"):
        send(ctx, ctx.given.importable(**lists)).expect_status(204)
    after = ctx.given.export()
    for name, entries in probes.items():
        for other in LISTS:
            expected = [] if other == name else [entries[0]["id"]]
            ctx.expect(
                f"what {other} lacks of the entries of {name}", expected, missing_from(after, entries, other)
            )
    expect_kept(ctx, before, after, "an import of other entries")
