"""What a run has made at its target and not removed yet: one list, for cleaning up and for what is told."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from ..target.target import Endpoint
from .effects import things

_SHOWN_NAME = 60
_FEW = 5


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the run has made.

    Attributes:
        number: counts what was made from 1.
        thing: its kind, by the name that `effects.yaml` has for it.
        id: None where no answer told it.
        endpoint: where it was made.
        inside: the id of the thing that it is in; None for what is in none.
        ids: of the path that it was made at, by the names of the path parameters.
        name: that it was made under.
        sure: False where the answer does not tell whether it was made.
        ours: that it may be deleted; False where the id may be that of something that was there before.
    """

    number: int
    thing: str
    id: str | None
    endpoint: Endpoint = field(repr=False)
    inside: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    sure: bool = True
    ours: bool = True

    @property
    def place(self) -> str:
        """What it is, and in what, without its id."""
        thing = things()[self.thing]
        return thing.called + (
            f" in the {things()[thing.inside].called} {self.inside}" if self.inside else ""
        )

    @property
    def holder(self) -> tuple[str, str | None]:
        """The kind and the id of what it is in."""
        return things()[self.thing].inside, self.inside

    def __str__(self) -> str:
        """Its id and name: `5d2f… (probe.png)`."""
        named = (
            f" ({self.name[:_SHOWN_NAME]})"
            if self.name.isprintable() and self.name not in {"", self.id}
            else ""
        )
        return (self.id or "of unknown id") + named + ("" if self.sure else " (if it was made at all)")


class Details(TypedDict, total=False):
    """What else there is to say of an `Item`."""

    inside: str | None
    ids: Mapping[str, str]
    name: str
    sure: bool
    ours: bool


_Key = tuple[str, str | None, str | None, str]


class Inventory:
    """Several threads may write, and a signal handler may read while one of them does.

    Attributes:
        made, removed: how many of each kind, in all.
    """

    def __init__(self) -> None:
        self._items: dict[int, Item] = {}
        self._numbers: dict[_Key, int] = {}
        self._lock = threading.RLock()
        self._last = 0
        self.made: Counter[str] = Counter()
        self.removed: Counter[str] = Counter()

    @property
    def last(self) -> int:
        """The number of what was made last; 0 before anything was."""
        return self._last

    def add(self, thing: str, id_: str | None, endpoint: Endpoint, **details: Unpack[Details]) -> None:
        """Note that something was made. What is known already is not made again."""
        with self._lock:
            key = (thing, id_, details.get("inside"), endpoint.url)
            known = self._numbers.get(key) if id_ is not None else None
            if known is not None and (self._items[known].sure or not details.get("sure", True)):
                return
            if known is not None:
                del self._items[known]
            self.made[thing] += details.get("sure", True)
            self._last += 1
            self._items[self._last] = Item(self._last, thing, id_, endpoint, **details)
            if id_ is not None:
                self._numbers[key] = self._last

    def remove(self, thing: str, id_: str, endpoint: Endpoint, inside: str | None = None) -> None:
        """Note that something is gone, and all that is in it."""
        with self._lock:
            number = self._numbers.get((thing, id_, inside, endpoint.url))
            gone = [] if number is None else [self._items[number]]
            gone += [one for one in self._items.values() if one.holder == (thing, id_)]
            self._forget(gone)

    def clear(self, thing: str, inside: str) -> None:
        """Note that all things of a kind are gone that are in another."""
        with self._lock:
            self._forget([one for one in self._items.values() if (one.thing, one.inside) == (thing, inside)])

    def keep(self, thing: str, ids: Collection[str], endpoint: Endpoint) -> None:
        """Note that of one kind only these are there."""
        with self._lock:
            there = [
                one for one in self._items.values() if (one.thing, one.endpoint.url) == (thing, endpoint.url)
            ]
            self._forget([one for one in there if one.id not in ids])

    def _forget(self, gone: Iterable[Item]) -> None:
        for item in gone:
            del self._items[item.number]
            self._numbers.pop((item.thing, item.id, item.inside, item.endpoint.url), None)
            self.removed[item.thing] += item.sure

    def find(self, thing: str, id_: str, endpoint: Endpoint, inside: str | None = None) -> Item | None:
        """What the run has made under that id."""
        with self._lock:
            number = self._numbers.get((thing, id_, inside, endpoint.url))
            return None if number is None else self._items[number]

    def since(self, number: int = 0) -> tuple[Item, ...]:
        """What was made after that number and is still there, the latest first."""
        with self._lock:
            return tuple(item for at, item in sorted(self._items.items(), reverse=True) if at > number)


def told(items: Iterable[Item], mark: str) -> list[str]:
    """What stays at the target, in words, one a kind and place.

    Args:
        items: to tell of.
        mark: with which the ids and names begin that the run gives; of many such only that is told.
    """
    groups: dict[str, list[Item]] = {}
    items = tuple(items)
    ours = {(item.thing, item.id) for item in items if item.ours}
    for item in items:
        if item.holder in ours:
            continue  # It is told with what it is in.
        groups.setdefault(item.place, []).append(item)
    found = []
    for place, several in groups.items():
        marked = [
            item
            for item in several
            if item.sure and mark in {item.name[: len(mark)], (item.id or "")[: len(mark)]}
        ]
        numbers = {item.number for item in marked}
        others = [item for item in several if item.number not in numbers]
        names = [str(item) for item in reversed(others)]
        if len(marked) > _FEW:
            names.append(f"{len(marked)} whose ids or names begin with {mark}")
        else:
            names += [str(item) for item in reversed(marked)]
        found.append(f"{place}: {', '.join(names)}")
    return found
