"""What checks take of an API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .context import Context


@dataclass(frozen=True, kw_only=True)
class CallingPractice:
    """How an API is called.

    Attributes:
        context: of its checks.
        right_calls: what makes a right call of an operation, by operationId, with a context of the API.
        reading: the operation out of `right_calls` that only reads, and needs nothing that has to be made.
    """

    context: type[Context]
    right_calls: Mapping[str, Callable[..., None]]
    reading: str
