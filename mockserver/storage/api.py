"""What the storage takes of an API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..apis.installed import Api

if TYPE_CHECKING:  # help and completion know the APIs without a server's libraries
    from .downloads import Item


@dataclass(frozen=True, kw_only=True)
class StoringApi(Api):
    """One API, some of whose links may lead to the storage.

    Attributes:
        stored: what its links lead to beside uploads, by key and instant (µs); None for a key of others.
    """

    stored: Callable[[Any, str, int], Awaitable[Item | None]] | None = None
