"""A night that takes long is worked off while others are served, and its own sandbox shows it whole."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import requests

from dbcontract.mockserver.sandbox.loading import load_base
from dbcontract.mockserver.state.lifecycle import TimelessState

from .client import PixieBrix
from .mock import DAY, Running, Sandbox, settings


class Slow(TimelessState):
    """Much has happened by itself, and it takes until somebody else was served."""

    def __init__(self) -> None:
        self.served = threading.Event()
        self.ended = False

    def late(self, now: int) -> int:  # noqa: ARG002 - the protocol's
        return 0 if self.ended else 1_000_000

    def catch_up(self, now: int, new_id: Callable[[], str]) -> None:  # noqa: ARG002 - the protocol's
        self.ended = self.ended or self.served.wait(20)


def test_others_are_served_while_it_takes_long() -> None:
    given = settings()
    sandbox, slow = Sandbox.make(load_base(given), given), Slow()
    sandbox.states["slow"] = slow

    async def ask() -> bool:
        await sandbox.ready()
        return slow.ended

    async def serve() -> bool:
        assert sandbox.turn.taken  # those who ask came first
        was_over = slow.ended
        slow.served.set()
        return was_over

    async def all_of_them() -> tuple[bool, bool, bool]:
        return await asyncio.gather(ask(), ask(), serve())

    assert list(asyncio.run(all_of_them())) == [True, True, False]
    assert not sandbox.waiting


def test_the_first_request_after_it_sees_it_whole(start: Callable[..., Running]) -> None:
    running = start(options={"record_limit": 10})
    pb = PixieBrix(running)
    database = pb.new_database()
    pb.write(database, *({"id": str(number), "data": {"n": number}} for number in range(6_000)))
    requests.post(f"{running.base_url}/_mock/clock/advance", json={"to": "next-midnight"}, timeout=30)
    assert pb.keys(database) == []
    pb.write(database, *({"id": str(number), "data": {"n": number}} for number in range(6_000)))
    pb.wait(DAY)
    assert pb.keys(database) == []
    assert len(pb.archives(database)) == 2
