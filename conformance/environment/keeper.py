"""What an API decides at the gate, learns there, and removes at the end; and how it is by default."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from ..http.spool import Spool
from ..http.wire import Header, Received
from ..target.target import Endpoint, Target
from .effects import CREATE, Named, inside
from .inventory import Inventory, Item
from .request_effects import Passage, Refusal, answered, ids_in

NOT_OURS: Final = Refusal("it might change what the run did not create")


@dataclass
class Traffic:
    """What went through, of one kind of request.

    Attributes:
        calls: how many requests.
        sent, received: bytes of their bodies.
    """

    calls: int = 0
    sent: int = 0
    received: int = 0


class Sender(Protocol):
    """Sends a request of a cleaning up; gives None where no answer came."""

    def __call__(
        self, endpoint: Endpoint, method: str, path: str, body: bytes | Spool | None = None
    ) -> Received | None:
        """Send it to a path below the base URL, with the token of that endpoint."""


class Keeper:
    """Lets the run create things, and change or delete those that it has created, by their ids.

    An id that the target has shown before is not the run's, whatever an answer says: a thing that was there
    is neither changed nor deleted. This is what an API needs whose operations make things with an `id`, below
    a path that ends with it. One with other habits overrides what is different. Several threads may use it.

    Args:
        target: with what the user allows.
        mark: with which the names of everything begin that the run makes.
        inventory: of the run.

    Attributes:
        headers: of the requests that clean up.
    """

    headers: ClassVar[tuple[Header, ...]] = (("Accept", "application/json"),)

    def __init__(self, target: Target, mark: str, inventory: Inventory) -> None:
        self.target = target
        self.mark = mark
        self.inventory = inventory
        self.lock = threading.RLock()
        self.invented: set[str] = set()
        self._shown: set[tuple[str, str, str | None, str]] = set()

    def invent(self, id_: str) -> None:
        """Take note of an id that names nothing at the target."""
        with self.lock:
            self.invented.add(id_)

    def goes_nowhere(self, passage: Passage) -> bool:
        """Whether a request is about something invented: it has to be refused, and can do nothing."""
        return passage.names.plain and passage.names.last in self.invented

    def why_not(self, passage: Passage, endpoint: Endpoint) -> Refusal | None:
        """Why a request that might change something may not be sent, where writing is allowed."""
        del endpoint
        if passage.effect is None or not passage.names.plain:
            return Refusal("nobody knows what it does")
        return None if passage.only_creates or self.made(passage) else NOT_OURS

    def made(self, passage: Passage) -> bool:
        """Whether the run has made what a path names."""
        names, endpoint = passage.names, passage.endpoint
        if names.id is None or endpoint is None:
            return False
        item = self.inventory.find(names.kind, names.id, endpoint, inside(names.kind, names.ids))
        return item is not None and item.ours

    def settle(self, passage: Passage, endpoint: Endpoint, received: Received | None) -> None:
        """Enter what a request has made or removed, and what the target shows.

        Args:
            passage: of the request.
            endpoint: where it went.
            received: the answer; None where none came.
        """
        done = received is not None and received.status < 300
        names, effect = passage.names, passage.effect
        if effect is None:
            if done and received is not None and names.kind:
                self._note_shown(names, endpoint, ids_in(answered(received)))
            return
        if passage.deletes:
            if done and names.id is not None and not names.rest:
                self.inventory.remove(names.kind, names.id, endpoint, inside(names.kind, names.ids))
        elif CREATE in effect.may and (done or received is None or received.status >= 500):
            ids = ids_in(answered(received)) if received is not None and done else set()
            holder = inside(effect.thing, names.ids)
            for id_ in ids or (None,):
                ours = (effect.thing, endpoint.url, holder, id_ or "") not in self._shown
                self.inventory.add(
                    effect.thing, id_, endpoint, inside=holder, ids=names.ids, sure=done, ours=ours
                )

    def _note_shown(self, names: Named, endpoint: Endpoint, ids: Iterable[str]) -> None:
        thing, holder = names.kind, inside(names.kind, names.ids)
        with self.lock:
            self._shown |= {
                (thing, endpoint.url, holder, id_)
                for id_ in ids
                if self.inventory.find(thing, id_, endpoint, holder) is None
            }

    def link_in(self, passage: Passage, received: Received) -> object:
        """Where an answer says that a file has to be sent to; None where it says nothing of the kind."""
        del passage, received
        return None

    def put_back(self, send: Sender) -> None:
        """Take note that the target has put its data back; forget what is gone by that."""
        del send

    def changed(self) -> Iterator[str]:
        """What at the target is another than before, beside what is in the inventory: one line each."""
        return iter(())

    def finish(self, send: Sender) -> None:
        """Do what has to be done before things are removed."""

    def disposes(self, item: Item, send: Sender) -> bool:
        """Whether nothing more is to be done to remove a thing: it is gone already, or has to stay."""
        del item, send
        return False

    def told(self, traffic: Mapping[str, Traffic]) -> Iterator[str]:
        """What is to be said of the requests that a rehearsal has sent, by operation: one line each."""
        del traffic
        return iter(())


@dataclass(frozen=True, kw_only=True)
class KeepingPractice:
    """What the gate takes of an API.

    Attributes:
        keeper: decides which requests a run may send, from the target, the mark of the run and its inventory.
            By default what the run has made itself may be changed (`Keeper`).
    """

    keeper: Callable[[Target, str, Inventory], Keeper] | None = None
