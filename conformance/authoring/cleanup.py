"""Removes what a run has made, and nothing else: by the inventory, whatever has happened before."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from threading import Event
from urllib.parse import quote

from ..environment.effects import things
from ..environment.gate import Gate
from ..environment.inventory import Item, told
from ..environment.keeper import Keeper, Sender
from ..environment.session import Cancelled, Session, TimeIsUp, target_headers
from ..http.spool import Spool
from ..http.wire import Header, NoAnswer, Received, Request, Unreachable
from ..target.target import Endpoint
from .check import NotVerified
from .run import Run

_TROUBLE = (NoAnswer, Unreachable, NotVerified, Cancelled, TimeIsUp, ValueError)
_MINUTES = 2.0


def clean_up_after(run: Run, since: int) -> tuple[str, ...]:
    """Remove what a run has made after that number in its inventory, also when the run was stopped.

    Returns:
        What stays, in words.
    """
    session = run.session
    if session.gate is None:
        return ()
    unstopped = Session(session.wire, session.pace, Event(), session.gate, session.turns)
    until = time.monotonic() + _MINUTES * 60
    left = clean_up(session.gate, unstopped, since=since, until=until, telling=run.cleaning)
    return tuple(told(left, run.mark))


def look_again(run: Run) -> None:
    """After the target has put its data back: what is not there any longer leaves the inventory."""
    gate = run.session.gate
    if gate is None:
        return
    work = _CleanUp(gate, run.session, time.monotonic() + _MINUTES * 60)
    for keeper in gate.keepers.values():
        keeper.put_back(work.sender(keeper))


def clean_up(
    gate: Gate,
    session: Session,
    *,
    since: int = 0,
    until: float | None = None,
    telling: Callable[[int], None] = lambda _: None,
) -> tuple[Item, ...]:
    """Remove what was made, in reverse.

    Args:
        gate: knows what was made.
        session: to send with; one that is not cancelled.
        since: the number in the inventory after which to begin.
        until: an instant of `time.monotonic` after which nothing is sent any more.
        telling: is told how much there is left, before each thing.

    Returns:
        What stays.
    """
    work = _CleanUp(gate, session, until)
    for keeper in gate.keepers.values():
        keeper.finish(work.sender(keeper))
    ours = [(item, item.id) for item in gate.inventory.since(since) if item.ours and item.id is not None]
    for left, (item, id_) in zip(range(len(ours), 0, -1), ours, strict=True):
        telling(left)
        # With a thing goes what is in it, so that an item may be gone by now.
        if _is_there(gate, item):
            work.remove(item, id_)
    return gate.inventory.since(since)


def _is_there(gate: Gate, item: Item) -> bool:
    return gate.inventory.find(item.thing, item.id or "", item.endpoint, item.inside) is not None


class _CleanUp:
    def __init__(self, gate: Gate, session: Session, until: float | None) -> None:
        self._gate = gate
        self._session = session
        self._until = until

    def sender(self, keeper: Keeper) -> Sender:
        """What sends with the headers of an API."""
        return partial(self._send, keeper.headers)

    def remove(self, item: Item, id_: str) -> None:
        """Try what removes a thing; the gate notes it where that has worked."""
        thing, keeper = things()[item.thing], self._gate.keeper_of(item)
        send = self.sender(keeper)
        if not thing.removed_by or keeper.disposes(item, send):
            return
        names = {**item.ids, thing.parameter: id_}
        for template in thing.removed_by:
            path = template
            for name, value in names.items():
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            if "{" in path:
                continue  # It is in nothing that the path names.
            answer = send(item.endpoint, "DELETE", path)
            if answer is None or answer.status < 300:
                return
            # Where there is another path, a 404 may say that this one is not served.
            gone = len(thing.removed_by) == 1 and answer.status == 404
            if gone and (not item.sure or _is_gone(item, path, send)):
                self._gate.inventory.remove(item.thing, id_, item.endpoint, item.inside)
                return

    def _send(
        self,
        headers: tuple[Header, ...],
        endpoint: Endpoint,
        method: str,
        path: str,
        body: bytes | Spool | None = None,
    ) -> Received | None:
        url = endpoint.url + path
        own = headers if body is None else (*headers, ("Content-Type", "application/json"))
        request = Request(method, url, (*own, *target_headers(endpoint, url, auth=True)), body)
        try:
            return self._session.send(request, until=self._until)
        except _TROUBLE:
            return None


def _is_gone(item: Item, path: str, send: Sender) -> bool:
    """Whether a 404 says that a thing is not there, and not that no operation deletes it."""
    answer = send(item.endpoint, "GET", path)
    return answer is not None and answer.status == 404
