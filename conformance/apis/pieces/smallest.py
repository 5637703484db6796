"""The smallest export that a target takes for an import: whether it may leave out all but what is brought.

A whole export in every import would cost gigabytes where the database is large, and would double it on a
server that does not match what it has. Nobody says, however, that an empty collection is accepted, and a
wrong server may lose for it what it holds. So one such import, of nothing, is tried in a run; what is gone
then is put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from ...authoring.check import CheckFailed, PrerequisiteFailed
from ...authoring.context import Context
from ...http.spool import Folded, dump
from .imports import Imports

_KEPT: Final = frozenset({"version", "schema"})
_BRACKETS: Final = 2

SMALL: Final = "an import may leave its collections empty"
LOSES: Final = "an import of empty collections loses what was there"
"""What a run notes of its target."""


def base_of(ctx: Context, own: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an import that brings nothing, without its `values`.

    Args:
        ctx: of the check.
        own: the target's own export.

    Raises:
        PrerequisiteFailed: the target loses what an import does not bring, and is not thrown away.
    """
    if SMALL not in ctx.run.seen:
        ctx.run.seen[SMALL] = _is_taken(ctx, own)
    # `destroy` does not permit taking what need not be taken.
    if ctx.run.seen.get(LOSES) and not (ctx.environment.disposable and ctx.can("destroy")):
        message = "an import of nothing lost what was there, which was put back: nothing more is imported"
        raise PrerequisiteFailed("PI-IMP-11", message)
    if ctx.run.seen[SMALL]:
        return _small(ctx, own)
    return {name: value for name, value in own.items() if name != "values"}


def _small(ctx: Context, own: Mapping[str, Any]) -> dict[str, Any]:
    required = ctx.description.schema.raw_schema["components"]["schemas"]["ExportedDatabaseInput"]["required"]
    collections = (name for name in required if name not in _KEPT and name != "values")
    kept = {name: own[name] for name in _KEPT if own.get(name) is not None}
    return {**{name: [] for name in collections}, **kept}


def _is_taken(ctx: Context, own: Mapping[str, Any]) -> bool:
    """Import nothing, and look."""
    gate = ctx.run.session.gate
    whole = dump(own)
    if gate is not None:
        gate.keeper(Imports).guard(ctx.endpoint, whole)  # for one that is broken off
    nothing = {**_small(ctx, own), "values": {"iterable": []}}
    answer = ctx.call("importDatabase", json=nothing, note="is an import of nothing taken?")
    lost = list(_lost(own, _export(ctx)))
    if lost:
        ctx.run.seen[LOSES] = True
        ctx.call("importDatabase", body=whole, note=f"puts back what is gone: {', '.join(lost)}")
    if gate is not None:
        gate.keeper(Imports).unguard(ctx.endpoint)
    return answer.status == 204 and not lost


def _export(ctx: Context) -> Mapping[str, Any]:
    for _ in range(2):
        # What a server sends behind a 204 may be read as the beginning of the next answer, once.
        with suppress(CheckFailed):
            found: dict[str, Any] = ctx.call("exportDatabase", note="is all still there?").expect_json(dict)
            return found
    return {}


def _lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """The fields whose content is gone; an empty collection may look like a pair of brackets."""
    for name, value in before.items():
        found = after.get(name)
        if isinstance(value, list | Folded):
            if len(value) > _BRACKETS >= len(found if isinstance(found, list | Folded) else ()):
                yield name
        elif isinstance(value, Mapping) and isinstance(value.get("iterable"), list):
            there = found.get("iterable") if isinstance(found, Mapping) else None
            entries = there if isinstance(there, list) else []
            if any(entry not in entries for entry in value["iterable"]):
                yield name
