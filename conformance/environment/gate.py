"""The permission gate: what may change the target passes here before it is sent, whoever sends it.

What an operation may do is data (`x-effect` of the description), and what the run may do is what the user
allows: nothing without `write`; with it, to create things, and to change and delete what the run itself has
created; with `destroy`, to delete and overwrite what else the user has named for it. What that is, the
`Keeper` of the API knows. Requests about invented ids can do nothing, and are always let through.

Whatever is made is entered in the inventory when its answer comes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urljoin

from ..apis.base import names, practice_of
from ..http.wire import Received, Request
from ..outcomes import NotVerified
from ..target.target import Target
from .effects import things
from .inventory import Inventory, Item
from .keeper import Keeper, KeepingPractice, Traffic
from .request_effects import Passage, Refusal, Routes, address_of, header


class NotAllowed(NotVerified):
    """A request was not sent, because the run may not do what it might."""


_K = TypeVar("_K", bound=Keeper)


class Gate:
    """One for a run. Several threads may use it.

    Args:
        target: with what the user allows there.
        mark: with which the ids of everything begin that the run makes: `dbcontract-1a2b3c-`.
        operations: the operationIds by API, method and template of the path.
    """

    def __init__(self, target: Target, mark: str, operations: Mapping[tuple[str, str, str], str]) -> None:
        self.mark = mark
        self._write = "write" in target.capabilities
        self._routes = Routes(target, operations)
        self._lock = threading.Lock()
        self._links: set[str] = set()
        self.traffic: dict[str, Traffic] = {}
        self.inventory = Inventory()
        self.keepers: dict[str, Keeper] = {
            name: (practice_of(name, KeepingPractice).keeper or Keeper)(target, mark, self.inventory)
            for name in names()
        }

    def keeper(self, kind: type[_K]) -> _K:
        """The keeper of the API that has one of this class."""
        return next(keeper for keeper in self.keepers.values() if isinstance(keeper, kind))

    def keeper_of(self, item: Item) -> Keeper:
        """The keeper of the API that makes such things."""
        return self.keepers[things()[item.thing].api]

    def invent(self, api: str, id_: str) -> None:
        """Take note of an id that names nothing at the target."""
        self.keepers[api].invent(id_)

    def admits(self, request: Request) -> bool:
        """Whether a request would be let through."""
        try:
            self.admit(request)
        except NotAllowed:
            return False
        return True

    def admit(self, request: Request) -> Passage:
        """Let a request through.

        Raises:
            NotAllowed: it might do what is not allowed.
        """
        passage = self._routes.passage(request)
        if passage.reads or (passage.api and self.keepers[passage.api].goes_nowhere(passage)):
            return passage
        if self._is_link(passage):
            return replace(passage, link=True)
        refusal = self._why_not(passage)
        if refusal is not None:
            raise NotAllowed(f"{passage.told} was not sent: {refusal.reason}", missing=refusal.missing)
        return passage

    def _why_not(self, passage: Passage) -> Refusal | None:
        if passage.endpoint is None:
            return Refusal("the target gave no such link")
        if not self._write:
            return Refusal("writing is not allowed", ("write",))
        return self.keepers[passage.api].why_not(passage, passage.endpoint)

    def _is_link(self, passage: Passage) -> bool:
        # No answer of the target may lead to one of its operations.
        free = passage.operation is None and not passage.names.kind
        method = passage.request.method.upper()
        return free and method in {"POST", "PUT"} and address_of(passage.request.url) in self._links

    def settle(self, passage: Passage, received: Received | None) -> None:
        """Enter what a request has made, or removed.

        Args:
            passage: as `admit` gave it.
            received: the answer; None where the request was sent and no answer came.
        """
        self._count(passage, received)
        if received is not None:
            self._give_link(passage, received)
        if passage.link or passage.endpoint is None:
            return
        self.keepers[passage.api].settle(passage, passage.endpoint, received)

    def _count(self, passage: Passage, received: Received | None) -> None:
        other = f"{passage.request.method} of other paths" if passage.api else "storage links"
        with self._lock:
            traffic = self.traffic.setdefault(passage.operation or other, Traffic())
            traffic.calls += 1
            traffic.sent += len(passage.request.body or b"")
            traffic.received += received.size if received is not None else 0

    def _give_link(self, passage: Passage, received: Received) -> None:
        """Learn where a file may be sent: to what a new asset says, and on from there."""
        try:
            link = self._link_in(passage, received)
        except ValueError:
            return  # No address that anything could be sent to.
        if link is not None:
            with self._lock:
                self._links.add(link)

    def _link_in(self, passage: Passage, received: Received) -> str | None:
        link: object = None
        if passage.link and received.status in {307, 308}:
            link = urljoin(passage.request.url, header(received.headers, "location"))
        elif passage.effect is not None and received.status < 300:
            link = self.keepers[passage.api].link_in(passage, received)
        return address_of(link) if isinstance(link, str) else None
