"""Imports of Pieces OS that are under way at the same time."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from threading import Event
from typing import Any

from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import check
from ....authoring.together import AT_ONCE, ROUNDS, ending, together
from ..context import Pieces
from ..exports import LISTS, differences, entries_of, missing_from, with_entries
from ..failing import ways_to_fail
from ..imports import Imports
from ..probes import as_bytes, by_themselves, moved_to, send

_EXPORTING = 2
_MOST_EXPORTS = 100
_SEVERAL = 20
"""How many entries of each list are in an import that exports are made beside."""


def _at_once(ctx: Pieces, *documents: dict[str, Any]) -> list[Answer]:
    bodies = [as_bytes(document) for document in documents]
    with _overlapping(ctx):
        return together(*(partial(send, ctx, body, look=False, described=False) for body in bodies))


def _overlapping(ctx: Pieces) -> AbstractContextManager[None]:
    gate = ctx.run.session.gate
    return nullcontext() if gate is None else gate.keeper(Imports).at_once()


@check("PI-IMP-24")
def imports_at_the_same_time_are_all_merged(ctx: Pieces) -> None:
    """Sends four imports of one probe each at the same moment, three times, and looks for what was taken."""
    ctx.given.require_kept()
    taken: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        probes = ctx.given.probes(AT_ONCE)
        answers = _at_once(ctx, *(ctx.given.importable(probe) for probe in probes))
        taken += [probe for probe, answer in zip(probes, answers, strict=True) if answer.status == 204]
    if len(taken) < 2 * ROUNDS:
        ctx.skip("the target takes no two imports at the same time")
    lost = missing_from(ctx.given.export(), taken)
    ctx.expect("the entries of imports answered 204 that are not there", [], lost)


@check("PI-IMP-24")
def one_entry_at_the_same_time_is_there_once(ctx: Pieces) -> None:
    """Sends one probe in four imports at once, one with other bytes, and looks for it once, whole."""
    ctx.given.require_kept()
    for _ in range(ROUNDS):
        probe = ctx.given.probe([1] * 50)
        other = {**probe, "raw": [2] * 40}
        bodies = [ctx.given.importable(one) for one in (probe, other, probe, probe)]
        if not any(answer.status == 204 for answer in _at_once(ctx, *bodies)):
            ctx.skip("the target takes no imports at the same time")
        raws = [one["raw"] for one in entries_of(ctx.given.export()) if one["id"] == probe["id"]]
        whole = raws in ([probe["raw"]], [other["raw"]])
        ctx.expect_true("the bytes of the entry", whole, expected="one side's, once", actual=raws)


@check("PI-ROLL-19", control="importDatabase")
def a_failing_import_takes_back_nothing_of_its_neighbours(ctx: Pieces) -> None:
    """Sends three good imports and one that has to fail at the same moment, twice in each way that there is,
    by what is sent and from inside, and looks for the probes of all of them.
    """
    ctx.given.require_kept()
    taken: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for way in [one for one in ways_to_fail(ctx) for _ in range(2)]:
        *good, last = ctx.given.probes(AT_ONCE)
        document = way.document(last)
        answers = _at_once(ctx, document, *map(ctx.given.importable, good))
        for one, answer in zip([last, *good], answers, strict=True):
            # A failure that was ordered may have met another one than was meant.
            (taken if answer.status == 204 else refused).append(one)
    after = ctx.given.export()
    lost = missing_from(after, taken)
    ctx.expect("the entries of imports answered 204 that are not there", [], lost)
    ids = {entry["id"] for entry in entries_of(after)}
    ctx.expect("the entries of failed imports", [], [one["id"] for one in refused if one["id"] in ids])


@check("PI-ROLL-17")
def no_export_shows_half_a_move(ctx: Pieces) -> None:
    """Exports a second, empty instance, where there is one, while it imports all that the first one has."""
    source = ctx.given.own
    if not ctx.can("second"):
        return
    second = ctx.second()
    empty = second.given.own
    if any(entries_of(empty, name) for name in LISTS):
        return  # what is there already cannot tell when the rest of it comes
    ctx.run.seen[moved_to(second)] = True
    done: list[Answer] = []

    def move() -> list[Answer]:
        done.append(send(second, as_bytes(source), described=False, look=False))
        return done

    def look() -> list[Answer]:
        exports: list[Answer] = []
        while not done and len(exports) < _MOST_EXPORTS:
            exports.append(second.call("exportDatabase", described=False))
        return exports

    with _overlapping(second):
        _, *seen = together(move, *(look for _ in range(_EXPORTING)))
    with step("PI-IMP-06", "import the export in the second instance"):
        done[0].expect_status(204)
    moved = second.given.export()
    digests = {answer.digest(): answer for exports in seen for answer in exports if answer.status == 200}
    shows = [answer.expect_json(dict) for answer in digests.values()]
    doubtful = {name for shown in shows for name in differences(moved, shown)} - set(LISTS)
    restless = by_themselves(second, moved, doubtful)
    for shown in shows:
        from_before, from_after = (
            {name: what for name, what in differences(whole, shown).items() if name not in restless}
            for whole in (empty, moved)
        )
        told = "; ".join(f"{name}: {what}" for name, what in from_after.items())
        whole = not from_before or not from_after
        ctx.expect_true("an export during a move", whole, expected="all of it or nothing", actual=told)


@check("PI-ROLL-17")
def no_export_shows_part_of_an_import(ctx: Pieces) -> None:
    """Exports while entries of every list are imported, and beside imports that fail in each possible way."""
    ctx.given.export()
    kept = [name for name in LISTS if ctx.given.keeps_new(name)]
    if not kept:
        return  # the other check of this rule looks at what is moved
    for way in (None, *ways_to_fail(ctx)):
        probes = {name: ctx.given.probes(_SEVERAL) for name in kept}
        document = ctx.given.importable() if way is None else way.document(ctx.given.probe())
        body, over = as_bytes(with_entries(document, probes)), Event()
        with _overlapping(ctx):
            (answer,), *exports = together(
                partial(ending, over, partial(send, ctx, body, look=False, described=False)),
                *(partial(_exports, ctx, over) for _ in range(_EXPORTING)),
            )
        # A failure that was ordered may have met another request than was meant.
        whole = _SEVERAL * len(kept) if answer.status == 204 else 0
        for shown in (one for several in exports for one in several if one.status == 200):
            export = shown.expect_json(dict)
            count = sum(
                len(several) - len(missing_from(export, several, name)) for name, several in probes.items()
            )
            what = f"the entries of {'an import' if way is None else way.name} in an export beside it"
            ctx.expect_true(what, count in {0, whole}, expected=f"none, or {whole}", actual=count)


@check("PI-EXP-15")
def what_was_exported_beside_an_import_is_not_kept(ctx: Pieces) -> None:
    """Exports while entries are imported, three times, and once more after it: that export shows them."""
    ctx.given.export()
    kept = [name for name in LISTS if ctx.given.keeps_new(name)]
    if not kept:
        return  # nothing would be seen of it
    for _ in range(ROUNDS):
        probes = {name: ctx.given.probes(1) for name in kept}
        lists = {name: {"iterable": entries} for name, entries in probes.items()}
        body, over = as_bytes(ctx.given.importable(**lists)), Event()
        with _overlapping(ctx):
            (answer,), *_ = together(
                partial(ending, over, partial(send, ctx, body, look=False, described=False)),
                *(partial(_exports, ctx, over) for _ in range(_EXPORTING)),
            )
        with step("PI-IMP-01", "import entries"):
            answer.expect_status(204)
        after = ctx.given.export()
        for name, entries in probes.items():
            ctx.expect(f"what {name} lacks after the import", [], missing_from(after, entries, name))


def _exports(ctx: Pieces, over: Event) -> list[Answer]:
    """Exports until an import is over, and one at least."""
    found = [ctx.call("exportDatabase", described=False)]
    while not over.is_set() and len(found) < _MOST_EXPORTS:
        found.append(ctx.call("exportDatabase", described=False))
    return found
