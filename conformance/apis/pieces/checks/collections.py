"""What an import of Pieces OS brings beside its entries: collections, schemas and a version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....authoring.arrange import step
from ....authoring.check import check
from ..context import Pieces
from ..exports import LISTS, OPTIONAL_COLLECTIONS, SEMANTICS, entries_of, missing_from
from ..probes import brought_to, mark_in, own_schema_or, own_version, send

_HIGH = 7


@check("PI-IMP-29")
def each_collection_keeps_its_own_bytes(ctx: Pieces) -> None:
    """Imports other bytes into each optional collection, together or, where that is refused, alone, and looks
    for each in its own place; so too in the second instance of a target that is thrown away.
    """
    _expect_in_place(ctx)
    if ctx.environment.disposable and ctx.can("second"):
        # A target of the user's is to keep its second instance empty for a move.
        _expect_in_place(ctx.second())


def _expect_in_place(ctx: Pieces) -> None:
    own = ctx.given.own
    brought = {name: brought_to(ctx, name) for name in OPTIONAL_COLLECTIONS}
    taken = list(brought)
    if send(ctx, ctx.given.importable(**brought)).status != 204:
        alone = {name: send(ctx, ctx.given.importable(**{name: brought[name]})).status for name in brought}
        taken = [name for name, status in alone.items() if status == 204]
    after = ctx.given.export()
    wrong = {name: what for name in OPTIONAL_COLLECTIONS if (what := _wrong(ctx, after, name))}
    ctx.expect("the collections that hold what was brought for others", {}, wrong)
    lost = [name for name in taken if not own.get(name) and not after.get(name)]
    ctx.expect("the collections that hold nothing of what was brought for them", [], lost)


def _wrong(ctx: Pieces, export: Mapping[str, Any], name: str) -> list[str]:
    """The collections whose bytes another one holds, without its own."""
    value = export.get(name)
    if not isinstance(value, list) or mark_in(ctx, value, name):
        return []
    return [other for other in OPTIONAL_COLLECTIONS if other != name and mark_in(ctx, value, other)]


@check("PI-EXP-12")
def the_version_is_that_of_the_server(ctx: Pieces) -> None:
    """Where it may write, imports an export of an older version, with an older schema, and compares version
    and schema of the target's exports before and after.
    """
    own, (major, minor, patch) = ctx.given.own, own_version(ctx).core
    if not ctx.can("write"):
        return
    older = [(major - 1, _HIGH, _HIGH), (major, minor - 1, _HIGH), (major, minor, patch - 1)]
    schema = own_schema_or(ctx, 0)
    schema["migration"] = max(0, schema["migration"] - 1)
    schema["semantic"] = next(one for one in SEMANTICS if one != schema["semantic"])
    version = next((".".join(map(str, one)) for one in older if min(one) >= 0), own["version"])
    with step("PI-VER-06", "import an older version"):
        body = ctx.given.importable(ctx.given.probe(), version=version, schema=schema)
        send(ctx, body).expect_status(204)
    after = ctx.given.export()
    for name in ("version", "schema"):
        ctx.expect(f"the {name} of the server after an import of another one", own.get(name), after.get(name))


@check("PI-IMP-19")
def a_list_may_carry_a_schema(ctx: Pieces) -> None:
    """Imports a probe in each list with a schema beside its entries, and looks for those that are kept."""
    schema = own_schema_or(ctx, 0)
    with step("PI-IMP-01", "import an entry without a schema"):
        send(ctx, ctx.given.importable(ctx.given.probe())).expect_status(204)
    probes = {name: ctx.given.probes(1) for name in LISTS}
    lists = {name: {"iterable": entries, "schema": schema} for name, entries in probes.items()}
    send(ctx, ctx.given.importable(**lists)).expect_status(204)
    after = ctx.given.export()
    for name, entries in probes.items():
        if ctx.given.keeps_new(name):
            ctx.expect(f"the entries that {name} lacks", [], missing_from(after, entries, name))
            ctx.expect_true(name, entries_of(after, name), expected="entries", actual="none")
