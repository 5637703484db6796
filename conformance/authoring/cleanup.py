"""Removes what a run has made, and nothing else: by the inventory, whatever has happened before."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Event
from urllib.parse import quote

from ..environment.effects import things
from ..environment.gate import Gate
from ..environment.inventory import Item, told
from ..environment.request_effects import answered
from ..http.session import Cancelled, Session, TimeIsUp, target_headers
from ..http.spool import Spool
from ..http.wire import NoAnswer, Received, Request, Unreachable
from ..target.target import Endpoint
from .check import NotVerified
from .run import Run

_TROUBLE = (NoAnswer, Unreachable, NotVerified, Cancelled, TimeIsUp, ValueError)
_ACCEPT = ("Accept", "application/json; version=2.0")
_MOST = 1_000
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
    return tuple(told(clean_up(session.gate, unstopped, since=since, until=until), run.mark))


def clean_up(gate: Gate, session: Session, *, since: int = 0, until: float | None = None) -> tuple[Item, ...]:
    """Remove what was made, in reverse.

    Args:
        gate: knows what was made.
        session: to send with; one that is not cancelled.
        since: the number in the inventory after which to begin.
        until: an instant of `time.monotonic` after which nothing is sent any more.

    Returns:
        What stays.
    """
    work = _CleanUp(gate, session, until)
    for endpoint, export in gate.imports.guarded:
        work.put_back(endpoint, export)
    for endpoint in gate.imports.unseen:
        work.look(endpoint)
    for item in gate.inventory.since(since):
        # With a database goes what is in it, so that an item may be gone by now.
        if item.ours and item.id is not None and _is_there(gate, item):
            work.remove(item, item.id)
    return gate.inventory.since(since)


def _is_there(gate: Gate, item: Item) -> bool:
    return gate.inventory.find(item.thing, item.id or "", item.endpoint, item.database) is not None


class _CleanUp:
    def __init__(self, gate: Gate, session: Session, until: float | None) -> None:
        self._gate = gate
        self._session = session
        self._until = until
        self._cleared: set[str] = set()

    def look(self, endpoint: Endpoint) -> None:
        """Export a Pieces OS: the gate reads in it what is there of the run."""
        self._send(endpoint, "GET", "/database/export")

    def put_back(self, endpoint: Endpoint, export: bytes | Spool) -> None:
        """Import what a Pieces OS held before an import that was broken off."""
        answer = self._send(endpoint, "POST", "/database/import", export)
        if answer is not None and answer.status < 300:
            self._gate.imports.unguard(endpoint)

    def remove(self, item: Item, id_: str) -> None:
        """Try what removes a thing; the gate notes it where that has worked."""
        removed_by = things()[item.thing].removed_by
        if item.thing == "database" and (not removed_by or not self._bears_our_name(item, id_)):
            return
        if item.thing == "record" and self._clear(item):
            return
        names = {
            "organizationId": item.organization,
            "databaseId": item.database if item.thing != "database" else id_,
            "recordKey": id_,
        }
        for template in removed_by:
            path = template
            for name, value in names.items():
                path = path.replace(f"{{{name}}}", quote(value, safe="")) if value else path
            if "{" in path:
                continue  # It is in nothing that the path names.
            answer = self._send(item.endpoint, "DELETE", path)
            if answer is None or answer.status < 300:
                return
            gone = item.thing != "database" and answer.status == 404
            if gone and (not item.sure or self._is_gone(item, path)):
                self._gate.inventory.remove(item.thing, id_, item.endpoint, item.database)
                return

    def _clear(self, item: Item) -> bool:
        """Delete all records of a database, once, where all are the run's."""
        database = item.database or ""
        if not self._gate.writes.holds_nothing_else(database):
            return False
        if database not in self._cleared:
            self._cleared.add(database)
            self._send(item.endpoint, "DELETE", f"/databases/{quote(database, safe='')}/records/")
        return not _is_there(self._gate, item)

    def _is_gone(self, item: Item, path: str) -> bool:
        """Whether a 404 says that a thing is not there, and not that no operation deletes it."""
        answer = self._send(item.endpoint, "GET", path)
        return answer is not None and answer.status == 404

    def _bears_our_name(self, item: Item, id_: str) -> bool:
        """Whether a database is called what the run has called it: an answer may have named one of others."""
        answer = self._send(item.endpoint, "GET", f"/databases/{quote(id_, safe='')}/")
        found = answered(answer) if answer is not None and answer.status == 200 else None
        if not isinstance(found, Mapping) or found.get("id") != id_:
            found = self._listed(item, id_)
        return isinstance(found, Mapping) and found.get("name") == item.name

    def _listed(self, item: Item, id_: str) -> object:
        if item.organization is None:
            return None
        path = f"/organizations/{quote(item.organization, safe='')}/databases/"
        for page in range(1, _MOST):
            answer = self._send(item.endpoint, "GET", f"{path}?page={page}&page_size={_MOST}")
            listed = answered(answer) if answer is not None and answer.status == 200 else None
            if not isinstance(listed, list) or not listed:
                return None
            for one in listed:
                if isinstance(one, Mapping) and one.get("id") == id_:
                    return one
        return None

    def _send(
        self, endpoint: Endpoint, method: str, path: str, body: bytes | Spool | None = None
    ) -> Received | None:
        url = endpoint.url + path
        own = (_ACCEPT,) if endpoint.token is not None else ()
        own = own if body is None else (*own, ("Content-Type", "application/json"))
        request = Request(method, url, (*own, *target_headers(endpoint, url, auth=True)), body)
        try:
            return self._session.send(request, until=self._until)
        except _TROUBLE:
            return None
