"""What the checks of Pieces OS share: bodies to send, and questions about the database afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from typing import Any

from ...authoring.answer import Answer
from ...authoring.arrange import field_of, step
from ...authoring.check import CheckFailed, PrerequisiteFailed
from ...http.spool import dump
from .context import Pieces
from .exports import (
    LISTS,
    OPTIONAL_COLLECTIONS,
    REQUIRED_COLLECTIONS,
    REQUIRED_FIELDS,
    Version,
    differences,
    entries_of,
    missing_from,
)
from .imports import Imports

REFUSAL = "500, or 400 as plain text"
"""What an import that is not JSON or not an exported database, may be answered: a framework may be first."""

_BRACKETS = 2
_LOOKS = 4
"""How many exports more are looked at before a change is held against an import."""


def own_version(ctx: Pieces) -> Version:
    """The version of the target, by its own export."""
    with step("PI-EXP-14", "read the version of the target"):
        version = Version.parse(field_of(ctx.given.own, "version"))
        if version is None:
            raise CheckFailed("the version of the export", "a semantic version", ctx.given.own["version"])
        return version


def next_major(ctx: Pieces) -> str:
    """A version that is newer than the target's."""
    return f"{own_version(ctx).major + 1}.0.0"


def conflicting(ctx: Pieces) -> dict[str, Any]:
    """Random bytes for a collection that holds others; empty where none holds any.

    A target may refuse them, or merge them in a way of its own.
    """
    held = [name for name in REQUIRED_COLLECTIONS if len(ctx.given.own.get(name) or ()) > _BRACKETS]
    # 0xfe begins no text in UTF-8, and no number of most binary formats.
    return {held[-1]: [254, *ctx.random.randbytes(63)]} if held else {}


def brought_to(ctx: Pieces, name: str) -> list[int]:
    """Bytes for a collection that the target has nothing in, by which what becomes of them can be told."""
    return list(json.dumps([{"id": f"{ctx.run.mark}{name}."}], separators=(",", ":")).encode())


def mark_in(ctx: Pieces, value: list[int], name: str) -> bool:
    """Whether the bytes of a collection hold what the run brings for the one of that name."""
    with suppress(ValueError, TypeError):  # what is not a byte is the subject of rules of their own
        return f"{ctx.run.mark}{name}.".encode() in bytes(value)
    return False


def own_schema(ctx: Pieces) -> dict[str, Any]:
    """The schema of the target's own export.

    Raises:
        NotVerified: it has none.
    """
    if ctx.given.own.get("schema") is None:
        ctx.skip("the export of the target has no schema")
    with step("PI-EXP-13", "read the schema of the target"):
        if type(field_of(ctx.given.own, "schema", "migration")) is not int:
            raise CheckFailed("the migration of the export", "a whole number", ctx.given.own["schema"])
        return dict(ctx.given.own["schema"])


def own_schema_or(ctx: Pieces, migration: int) -> dict[str, Any]:
    """The schema of the target's own export, or one with this migration where it has none."""
    if ctx.given.own.get("schema") is None:
        return {"migration": migration, "semantic": "UNKNOWN"}
    return own_schema(ctx)


def moved_to(second: Pieces) -> str:
    """The fact that a run has moved the first instance's export to the second one, which was empty."""
    return f"an export was moved to {second.base_url}"


def send(ctx: Pieces, document: object, *, look: bool = True, **options: Any) -> Answer:
    """Send an import.

    Args:
        ctx: of the check.
        document: a value, or the bytes of a body.
        look: export after one that fails where the gate has to know what became of it; not for a check that
            exports by itself.
        options: of `call`.
    """
    body = document if isinstance(document, bytes) else dump(document)
    answer = ctx.call("importDatabase", body=body, **options)
    if look and answer.status >= 400 and ctx.run.session.gate is not None:
        ctx.call("exportDatabase", described=False, note="looks after an import that failed")
    return answer


def as_bytes(document: object) -> bytes:
    """A document as the body of a request, in memory."""
    body = dump(document)
    return body if isinstance(body, bytes) else body.whole()


def thin(ctx: Pieces, **lists: list[dict[str, Any]]) -> dict[str, Any]:
    """An import with these lists and nothing else.

    The required collections are what `importable` has: empty only at a target that was seen to take that, and
    to lose nothing by it, so that no failure is blamed on what nobody says is accepted.
    """
    body = ctx.given.importable()
    kept = {name: value for name, value in body.items() if name in REQUIRED_FIELDS}
    return {**kept, **{name: {"iterable": entries} for name, entries in lists.items()}}


@contextmanager
def putting_back(ctx: Pieces) -> Iterator[None]:
    """Import the target's own export, where what it holds turns out to be changed inside."""
    own = ctx.given.own
    try:
        yield
    except CheckFailed:
        if not ctx.environment.disposable:
            with suppress(CheckFailed):
                ctx.call("importDatabase", body=dump(own), described=False, note="puts back what was there")
        raise


def expect_unchanged(ctx: Pieces, before: Mapping[str, Any], after_what: str) -> None:
    """Export and go on if the database is the one from before.

    A server may work by itself: collections that were seen to change with no import in between do not count.

    Raises:
        CheckFailed: it is another one.
    """
    after = ctx.given.export()
    changed = differences(before, after)
    restless = by_themselves(ctx, after, changed.keys() - set(LISTS))
    told = "; ".join(f"{name}: {what}" for name, what in changed.items() if name not in restless)
    ctx.expect_true(f"the database after {after_what}", not told, expected="unchanged", actual=told)


def by_themselves(ctx: Pieces, last: Mapping[str, Any], doubtful: AbstractSet[str]) -> set[str]:
    """The collections of a server that change without an import: in the run so far, or in exports more.

    Args:
        ctx: of the check.
        last: the last export.
        doubtful: the collections that matter; without any, nothing is exported.
    """
    gate = ctx.run.session.gate
    found: set[str] = set() if gate is None else gate.keeper(Imports).restless(ctx.base_url)
    for _ in range(_LOOKS):
        if doubtful <= found:
            break
        following = ctx.given.export()
        found |= differences(last, following).keys() - set(LISTS)
        last = following
    return found


def expect_kept(ctx: Pieces, before: Mapping[str, Any], after: Mapping[str, Any], what: str) -> None:
    """Go on if no content of an export is gone: no entry of a list, and no collection emptied.

    What an empty collection looks like is nowhere documented; no more than a pair of brackets counts as that.

    Raises:
        CheckFailed: some is.
    """
    emptied = [
        name
        for name in (*REQUIRED_COLLECTIONS, *OPTIONAL_COLLECTIONS)
        if len(before.get(name) or ()) > _BRACKETS >= len(after.get(name) or ())
    ]
    gone = [entry_id for name in LISTS for entry_id in missing_from(after, entries_of(before, name), name)]
    ctx.expect(f"the collections that are empty after {what}", [], emptied)
    ctx.expect(f"the entries that are gone, or have other bytes, after {what}", [], gone)


def expect_no(ctx: Pieces, problems: Iterator[str], what: str) -> None:
    """Go on if there is no problem.

    Raises:
        CheckFailed: there are some; the first few are told.
    """
    found = list(problems)
    rest = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    ctx.expect_true(what, not found, expected="as the model has it", actual="; ".join(found[:3]) + rest)


def is_refusal(answer: Answer) -> bool:
    """Whether an answer is one that a body may get which is not an exported database."""
    return answer.status == 500 or (answer.status == 400 and answer.media_type == "text/plain")


def expect_refusal(answer: Answer) -> None:
    """Go on if an answer is one that a body may get which is not an exported database.

    Raises:
        CheckFailed: it is another one.
    """
    if not is_refusal(answer):
        raise CheckFailed("the answer to an import that cannot be used", REFUSAL, answer.summary)


def failed(rule_id: str, answer: Answer) -> Answer:
    """The answer to an import that has to fail, whichever error it is.

    Raises:
        PrerequisiteFailed: it did not fail.
    """
    if answer.status < 400:
        message = f"an import that should fail was answered {answer.summary}"
        raise PrerequisiteFailed(rule_id, message)
    return answer
