"""What a check starts from: things made at the target, step by step.

A step that does not work raises `PrerequisiteFailed` with the rule that the step itself belongs to: the check
then says nothing about its own rule. What is made is removed after the check, where the API can remove it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .check import CheckFailed, PrerequisiteFailed

if TYPE_CHECKING:
    from .context import Context


@contextmanager
def step(rule_id: str, what: str) -> Iterator[None]:
    """Tell a failure inside as that of a prerequisite."""
    try:
        yield
    except CheckFailed as error:
        message = f"to {what} did not work: {error}"
        raise PrerequisiteFailed(rule_id, message) from error


@contextmanager
def as_own(ctx: Context) -> Iterator[None]:
    """Tell the failure of a step as one of the check, if the step is what the check is about."""
    try:
        yield
    except PrerequisiteFailed as error:
        if error.rule != ctx.rule_id:
            raise
        cause = error.__cause__
        if isinstance(cause, CheckFailed):
            raise cause from None
        raise CheckFailed(error.what, "that it works", "it does not") from error


def field_of(value: Mapping[str, Any], *names: str) -> Any:
    """A field of an answer, however deep.

    Raises:
        CheckFailed: it is not there.
    """
    found: Any = value
    for name in names:
        if not isinstance(found, Mapping) or name not in found:
            raise CheckFailed("the fields of the answer", f"a field {'.'.join(names)}", dict(value))
        found = found[name]
    return found
