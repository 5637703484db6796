"""A model-based walk over imports: good ones, repeated ones and failing ones in any order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ....authoring.arrange import as_own, step
from ....authoring.check import check
from ....authoring.properties import StatefulTest, explore
from ..context import Pieces
from ..exports import entries_of
from ..probes import as_bytes, failed, next_major, send

_BYTES = st.lists(st.integers(0, 255), max_size=12)


@check("PI-IMP-11", "PI-ROLL-15")
def imports_in_any_order(ctx: Pieces) -> None:
    """Sends good, repeated and failing imports in generated orders, and compares exports with a model."""
    ctx.given.require_kept()
    with as_own(ctx):
        kinds = cycle(_BROKEN_BY)
        explore(ctx, lambda: _Imports(ctx, kinds), examples=3, steps=8)


class _Imports(StatefulTest):
    """The model is the bytes of each entry that was imported."""

    def __init__(self, ctx: Pieces, kinds: Iterator[str]) -> None:
        super().__init__()
        self._kinds = kinds
        self._ctx = ctx
        self._model: dict[str, list[int]] = {}
        self._refused: set[str] = set()

    @rule(raws=st.lists(_BYTES, min_size=1, max_size=3), index=st.integers(0, 9), again=st.booleans())
    def add(self, raws: list[list[int]], index: int, again: bool) -> None:  # noqa: FBT001 (drawn by its name)
        """New entries, and maybe one that is there already; the ones from before stay."""
        probes = [self._ctx.given.probe(raw) for raw in raws]
        repeated = list(self._model)[index % len(self._model)] if again and self._model else None
        if repeated is not None:
            probes.append(self._ctx.given.probe(self._model[repeated], id=repeated))
        self._ctx.given.imported(*probes)
        there = self._compare("PI-IMP-11", repeated)
        self._model.update((probe["id"], probe["raw"]) for probe in probes)
        with step("PI-IMP-10", "find what was imported"):
            missing = [probe["id"] for probe in probes if probe["id"] not in there]
            self._ctx.expect("the entries that did not arrive", [], missing)

    @rule(raw=_BYTES)
    def fail(self, raw: list[int]) -> None:
        """An import with a new entry, and other bytes for a known one, that cannot succeed."""
        # In turn, over all walks: drawn, some kinds would not come at all.
        what = next(self._kinds)
        new = self._ctx.given.probe(raw)
        entries = [new, *({"id": known, "raw": [*old, 1]} for known, old in self._model.items())]
        document = self._ctx.given.importable(*entries)
        failed(
            _BROKEN_BY[what],
            send(self._ctx, self._broken(what, document), note=f"an import that fails: {what}"),
        )
        self._refused.add(new["id"])
        self._compare("PI-ROLL-15")

    def _broken(self, what: str, document: dict[str, Any]) -> object:
        match what:
            case "cut":
                return as_bytes(document)[:-2]
            case "byte":
                document["values"]["iterable"].append(self._ctx.given.probe([1, 256]))
            case "version":
                del document["version"]
            case "newer":
                document["version"] = next_major(self._ctx)
            case "migration":
                document["schema"] = {"semantic": "UNKNOWN"}
        return document

    def _compare(self, changed_by: str, repeated: str | None = None) -> set[str]:
        """Hold an export against the model; what is wrong is the fault of the import that was sent last."""
        entries = entries_of(self._ctx.given.export())
        raws: dict[str, list[object]] = {}
        for entry in entries:
            raws.setdefault(entry["id"], []).append(entry["raw"])
        for known, raw in self._model.items():
            with step("PI-IMP-14" if known == repeated else changed_by, "keep what was there"):
                told = f"the bytes of the entry {known}, as often as it is there"
                self._ctx.expect(told, [raw], raws.get(known, []))
        # What failed before may also come with a later import that works.
        with step("PI-ROLL-16" if changed_by == "PI-IMP-11" else changed_by, "leave out what failed"):
            refused = sorted(self._refused & raws.keys())
            self._ctx.expect("the entries of imports that failed", [], refused)
        return set(raws)


_BROKEN_BY = {
    "cut": "PI-ERR-04",
    "byte": "PI-ERR-08",
    "version": "PI-ERR-06",
    "newer": "PI-VER-01",
    "migration": "PI-ERR-14",
}
"""What makes an import fail, and the rule that says so."""
