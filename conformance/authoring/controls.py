"""Positive controls: the right call of an operation, made before a wrong one is judged.

That a wrong call is refused says something only where the right one is not: a server that refuses everything
would pass each rule about refusals. What has succeeded once in a run, with the target's own token, is known
to work from then on; everything else is tried, and what a control makes is removed at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..apis.base import practice_of
from .check import NotVerified
from .cleanup import clean_up_after
from .context import Context
from .practice import CallingPractice

EVERY: Final = "*"
"""Every operation that has a right call."""

_ERROR: Final = 400


def control(ctx: Context, *operation_ids: str) -> None:
    """Make the right call of each operation, unless it is known to work.

    Where it cannot be made, for lack of leave or of things to call it with, a plain reading call has to do:
    it shows that the target does not refuse everything.

    Raises:
        PrerequisiteFailed: the right call is refused, too.
        NotVerified: no right call can be made at all.
    """
    practice = practice_of(ctx.api, CallingPractice)
    calls = practice.right_calls
    if EVERY in operation_ids:
        operation_ids = tuple(calls)
    for operation_id in operation_ids:
        if ctx.run.controls.worked(ctx.api, operation_id):
            continue
        try:
            _make(ctx, calls.get(operation_id, calls[practice.reading]))
        except NotVerified:
            _read(ctx)


def control_what_was_refused(ctx: Context) -> None:
    """Make the right call of each operation that a check has seen nothing but errors of.

    Where a check has seen nothing else at all, what has worked before is read once more: the token may have
    expired meanwhile, or the target may have gone.

    Raises:
        PrerequisiteFailed, NotVerified: as for `control`.
    """
    answers = [
        (one.operation, one.received.status) for one in ctx.trace.exchanges if one.received is not None
    ]
    refused = {operation: None for operation, status in answers if status >= _ERROR}
    control(ctx, *filter(None, refused))
    if refused and all(status >= _ERROR for _, status in answers):
        _read(ctx)


def _read(ctx: Context) -> None:
    practice = practice_of(ctx.api, CallingPractice)
    _make(ctx, practice.right_calls[practice.reading])


def _make(ctx: Context, call: Callable[..., None]) -> None:
    """Make a right call, and remove what it has made."""
    # A context of its own: what the check itself is going to set up must not depend on this.
    own = type(ctx)(ctx.run, ctx.environment, ctx.rule_id, ctx.trace)
    gate = ctx.run.session.gate
    since = gate.inventory.last if gate is not None else 0
    try:
        call(own)
    finally:
        if not ctx.environment.disposable:
            clean_up_after(ctx.run, since)
