"""A model-based walk over imports: good ones, repeated ones and failing ones in any order."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from ..check import check
from ..context import Pieces
from ..exported import entries_of
from ..generated import explore
from ..given import as_own, step
from ..probing import as_bytes, failed, next_major, send

_BYTES = st.lists(st.integers(0, 255), max_size=12)


@check("PI-IMP-11", "PI-ROLL-15")
def imports_in_any_order(ctx: Pieces) -> None:
    """Sends good, repeated and failing imports in generated orders, and compares exports with a model."""
    with as_own(ctx):
        explore(ctx, lambda: _Imports(ctx), examples=3, steps=8)


class _Imports(RuleBasedStateMachine):
    """The model is the bytes of each entry that was imported."""

    def __init__(self, ctx: Pieces) -> None:
        super().__init__()
        self._ctx = ctx
        self._model: dict[str, list[int]] = {}
        self._refused: set[str] = set()

    @rule(raws=st.lists(_BYTES, min_size=1, max_size=3))
    def add(self, raws: list[list[int]]) -> None:
        """New entries; the ones from before stay."""
        probes = self._ctx.given.imported(*(self._ctx.given.probe(raw) for raw in raws))
        there = self._compare("PI-IMP-11")
        self._model.update((probe["id"], probe["raw"]) for probe in probes)
        with step("PI-IMP-10", "find what was imported"):
            missing = [probe["id"] for probe in probes if probe["id"] not in there]
            self._ctx.expect("the entries that did not arrive", [], missing)

    @precondition(lambda self: self._model)
    @rule(index=st.integers(0, 9))
    def repeat(self, index: int) -> None:
        """An entry that is there already."""
        known = list(self._model)[index % len(self._model)]
        self._ctx.given.imported(self._ctx.given.probe(self._model[known], id=known))
        self._compare("PI-IMP-14")

    @rule(what=st.sampled_from(("cut", "byte", "version", "newer", "migration")), raw=_BYTES)
    def fail(self, what: str, raw: list[int]) -> None:
        """An import with a new entry, and other bytes for a known one, that cannot succeed."""
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

    def _compare(self, changed_by: str) -> set[str]:
        """Hold an export against the model; what is wrong is the fault of the import that was sent last."""
        entries = entries_of(self._ctx.given.export())
        raws: dict[str, list[object]] = {}
        for entry in entries:
            raws.setdefault(entry["id"], []).append(entry["raw"])
        with step(changed_by, "keep what was there"):
            for known, raw in self._model.items():
                self._ctx.expect(
                    f"the bytes of the entry {known}, as often as it is there", [raw], raws.get(known, [])
                )
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
