"""One request at a time, where its work takes several turns of the event loop and is to be seen whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turn:
    """Lets a request have its sandbox for itself while it writes in slices; the others of the sandbox wait.

    What is done at once, right after `free` and without waiting in between, needs no more than that.
    """

    __slots__ = ("_ended",)

    def __init__(self) -> None:
        self._ended: asyncio.Event | None = None

    @property
    def taken(self) -> bool:
        """Whether somebody has the sandbox for itself."""
        return self._ended is not None

    async def free(self) -> None:
        """Wait until nobody has the sandbox for itself."""
        while self._ended is not None:
            await self._ended.wait()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Have the sandbox for oneself, as soon as it is free."""
        await self.free()
        ended = self._ended = asyncio.Event()
        try:
            yield
        finally:
            self._ended = None
            ended.set()
