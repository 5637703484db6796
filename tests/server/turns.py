"""Whether something that takes long leaves others their turns."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def with_turns(doing: Awaitable[T]) -> tuple[T, int]:
    """What is awaited, and how many turns others had meanwhile."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    done = await doing
    beside.cancel()
    return done, turns
