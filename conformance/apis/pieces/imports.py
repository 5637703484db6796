"""Which imports into a Pieces OS change nothing that is there, and what of them is there afterwards.

With `write` an import may bring entries under ids of the run, and repeat what the target has exported itself;
all else may write over what is there, and takes `destroy`. What the run has brought is read from the exports.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import orjson

from ...environment.inventory import Inventory
from ...environment.keeper import Keeper, Sender, Traffic
from ...environment.request_effects import Passage, Refusal, answered, parsed
from ...http.spool import Spool, digest_of
from ...http.wire import Header, Received
from ...target.target import Endpoint, Target
from .exports import LISTS

_PLAIN: Final = frozenset({"version", "schema"})
_WHOLE: Final = 0.9
_INDENTED: Final = 5
"""An export may be this many times as long as what was brought: it may have a line for each byte."""
_SLACK: Final = 100_000
"""How many bytes an export may grow beyond what was brought, and by half: a server may note what it did."""


class Imports(Keeper):
    """What the gate knows of the Pieces OS instances of a run.

    Args:
        target: with what the user allows: with `destroy` imports may write over what is there.
        mark: with which the ids of the run's entries begin.
        inventory: of the run.

    Attributes:
        whole: how many imports were about as large as the export before them.
        grown: why nothing more is imported; None while all is well.
    """

    headers: ClassVar[tuple[Header, ...]] = ()

    def __init__(self, target: Target, mark: str, inventory: Inventory) -> None:
        super().__init__(target, mark, inventory)
        self._destroy = "destroy" in target.capabilities
        self._contents: set[int] = set()
        self._entries: set[int] = set()
        self._last: dict[str, set[int]] = {}
        self._first: dict[str, int] = {}
        self._brought = 0
        self._unseen: dict[str, Endpoint] = {}
        self._imported: dict[str, Endpoint] = {}
        self._blind: set[str] = set()
        self._guarded: dict[str, tuple[Endpoint, bytes | Spool]] = {}
        self._collections: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
        self._restless: dict[str, set[str]] = {}
        self._sizes: dict[str, int] = {}
        self._read: dict[str, tuple[bytes, _Content | None]] = {}
        self._noted: dict[str, frozenset[str]] = {}
        self._overlapping = 0
        self.whole = 0
        self.grown: str | None = None

    def finish(self, send: Sender) -> None:
        """Import what was there before an import that was broken off, and look at what nobody has seen."""
        for endpoint, export in self.guarded:
            answer = send(endpoint, "POST", "/database/import", export)
            if answer is not None and answer.status < 300:
                self.unguard(endpoint)
        for endpoint in self.unseen:
            send(endpoint, "GET", "/database/export")

    def put_back(self, send: Sender) -> None:
        """Look at what the target has put back, which is not a change that it makes by itself."""
        with self.lock:
            self._unseen.update(self._imported)
        for endpoint in self.unseen:
            send(endpoint, "GET", "/database/export")

    def told(self, traffic: Mapping[str, Traffic]) -> Iterator[str]:
        """How much is exported and imported."""
        exports = traffic["exportDatabase"].calls if "exportDatabase" in traffic else 0
        yield f"each as large as the target's own export: {exports} exports, {self.whole} imports"

    def why_not(self, passage: Passage, endpoint: Endpoint) -> Refusal | None:
        """Why a request that is not a GET may not be sent to a Pieces OS; None if it may."""
        if self.grown is not None:
            return Refusal(self.grown)
        if self._destroy:
            return None
        document = parsed(passage.request.body or b"")
        if passage.operation == "importDatabase":
            part = None if not isinstance(document, Mapping) else next(self._foreign(document), None)
            if part is None:
                return None
            return Refusal(f"its {part} might write over what is there", ("destroy",))
        if isinstance(document, Mapping) and self._covers(document, endpoint):
            return None
        return Refusal("nobody knows what it does, and it does not hold all that is there", ("destroy",))

    def _foreign(self, document: Mapping[str, Any]) -> Iterator[str]:
        """The names of those fields that hold what is neither the run's nor the target's own."""
        for name, value in document.items():
            if name in _PLAIN or not value or isinstance(value, bool | int | float):
                continue
            if name in LISTS:
                if not all(map(self._is_harmless, _objects_with_id(value))):
                    yield name
            elif _digest((name, value)) not in self._contents:
                yield name

    def _is_harmless(self, entry: Mapping[str, Any]) -> bool:
        return str(entry["id"]).startswith(self.mark) or _digest(entry) in self._entries

    def _covers(self, document: Mapping[str, Any], endpoint: Endpoint) -> bool:
        """Whether a body holds all that the last export had: if it replaces that, nothing is lost."""
        there = self._last.get(endpoint.url)
        return there is not None and not any(self._foreign(document)) and there <= _digests(document)

    def settle(self, passage: Passage, endpoint: Endpoint, received: Received | None) -> None:
        """Take in an exchange."""
        operation, body = passage.operation, passage.request.body
        if operation == "exportDatabase":
            if received is not None and received.status == 200 and received.is_whole:
                self._exported(endpoint, received)
        elif operation == "importDatabase" or body:
            document = parsed(body or b"")
            self.whole += len(body or b"") >= _WHOLE * self._sizes.get(endpoint.url, 1) > 0
            brought = len(body or b"")
            if isinstance(document, Mapping):
                known = self._contents | self._entries
                brought = sum(_length(value) for value in _parts(document) if _digest(value) not in known)
            with self.lock:
                self._brought += brought
                self._unseen[endpoint.url] = endpoint
                self._imported[endpoint.url] = endpoint
                if endpoint.url not in self._collections:
                    self._blind.add(endpoint.url)

    def restless(self, url: str) -> set[str]:
        """The collections of an instance that changed between two exports, with no import in between.

        The server itself works at them.
        """
        with self.lock:
            return self._restless.get(url, set()) - set(LISTS)

    def guard(self, endpoint: Endpoint, export: bytes | Spool) -> None:
        """Take an export, which the run imports again when it cleans up, unless it is unguarded before."""
        with self.lock:
            self._guarded[endpoint.url] = endpoint, export

    def unguard(self, endpoint: Endpoint) -> None:
        """What was guarded is safe."""
        with self.lock:
            self._guarded.pop(endpoint.url, None)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """While exports and imports overlap: what exports show then, nobody can say what it comes from."""
        with self.lock:
            self._overlapping += 1
        try:
            yield
        finally:
            with self.lock:
                self._overlapping -= 1

    @property
    def guarded(self) -> tuple[tuple[Endpoint, bytes | Spool], ...]:
        """What is guarded: where, and the exports."""
        return tuple(self._guarded.values())

    def changed(self) -> Iterator[str]:
        """What of the instances is another than it was at first, beside entries of the run: one line each."""
        with self.lock:
            for url in sorted(self._blind):
                yield f"what was imported at {url}, of which nobody knows what it held before"
            for url, (first, last) in self._collections.items():
                restless = self._restless.get(url, set())
                others = [name for name in last if last[name] != first.get(name) and name not in restless]
                if others and url in self._imported:
                    yield f"what {url} holds in {', '.join(others)}, which is another than before"

    @property
    def unseen(self) -> tuple[Endpoint, ...]:
        """Where an import was sent that no export has followed yet."""
        return tuple(self._unseen.values())

    def _content_of(self, url: str, received: Received) -> _Content | None:
        """What an export holds; the same bytes as those of the last one are not read again."""
        if received.spool is not None:
            self._read.pop(url, None)
            return _content(answered(received), self.mark)
        known = self._read.get(url)
        if known is None or known[0] != received.content:
            known = received.content, _content(answered(received), self.mark)
            self._read[url] = known
        return known[1]

    def _exported(self, endpoint: Endpoint, received: Received) -> None:
        content, size = self._content_of(endpoint.url, received), received.size
        if content is None:
            return
        with self.lock:
            by_itself = not self._overlapping and self._unseen.pop(endpoint.url, None) is None
            self._last[endpoint.url] = content.entries | content.fields
            self._entries |= content.entries
            self._contents |= content.fields
            collections = content.collections
            before, last = self._collections.get(endpoint.url, (collections, collections))
            if by_itself:
                others = (name for name in collections if collections[name] != last.get(name))
                self._restless.setdefault(endpoint.url, set()).update(others)
            self._collections[endpoint.url] = before, collections
            self._sizes[endpoint.url] = size
            first = self._first.setdefault(endpoint.url, size)
            if size > 1.5 * first + _INDENTED * self._brought + _SLACK:
                self.grown = (
                    f"the export has grown from {_size(first)} to {_size(size)}, much more than was "
                    "imported; nothing more is imported"
                )
            noted, own = self._noted.get(endpoint.url, frozenset()), content.own
            for entry_id in [one for one in own if one not in noted]:
                self.inventory.add("values", entry_id, endpoint, name=own[entry_id])
            if noted - own.keys():
                self.inventory.keep("values", own, endpoint)
            self._noted[endpoint.url] = frozenset(own)


@dataclass(frozen=True, slots=True)
class _Content:
    """What an export holds, as digests.

    Attributes:
        entries: of the entries of all lists.
        fields: of the other fields, with their names.
        collections: by name, without the entries of the run.
        own: the ids of the run's entries, each with the list that it is in.
    """

    entries: set[int]
    fields: set[int]
    collections: dict[str, int]
    own: dict[str, str]


def _content(export: object, mark: str) -> _Content | None:
    """Read an export; None of what is not an object."""
    if not isinstance(export, Mapping):
        return None
    found = _Content(set(), set(), {}, {})
    for name, value in export.items():
        if name not in LISTS:
            digest = _digest(value)
            found.fields.add(_field_digest(name, digest))
        else:
            others = set()
            for entry in _objects_with_id(value):
                of_entry, entry_id = _digest(entry), str(entry["id"])
                found.entries.add(of_entry)
                if entry_id.startswith(mark):
                    found.own[entry_id] = name
                else:
                    others.add(of_entry)
            digest = hash(frozenset(others))
        if name not in _PLAIN:
            found.collections[name] = digest
    return found


def _digests(document: Mapping[str, Any]) -> set[int]:
    """Of each entry and each field."""
    return {
        *(_digest(entry) for name in LISTS for entry in _objects_with_id(document.get(name))),
        *(_digest((name, value)) for name, value in document.items() if name not in LISTS),
    }


def _parts(document: Mapping[str, Any]) -> Iterator[object]:
    for name, value in document.items():
        if name in LISTS:
            yield from _objects_with_id(value)
        else:
            yield name, value


def _objects_with_id(value: object) -> Iterator[Mapping[str, Any]]:
    """All objects in a value that have an id, however deep: a server may find entries where none belong."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            if "id" in one:
                yield one
            else:
                waiting += one.values()
        elif isinstance(one, list) and one and not isinstance(one[0], int):
            waiting += one


def _length(value: object) -> int:
    """Of the text of a value in JSON, in bytes; of an array in a file there are at least as many."""
    return len(json.dumps(value, default=lambda array: "0," * len(array)))


def _field_digest(name: str, digest: int) -> int:
    """Of a field with its name, by that of its value."""
    return hash((_digest(name), digest))


def _digest(value: object) -> int:
    if isinstance(value, tuple):
        return hash(tuple(map(_digest, value)))
    digest = digest_of(value)
    if digest is not None:
        return hash(digest)
    if isinstance(value, Mapping):
        # The same, whether its bytes are in memory or in a file.
        value = {
            name: one if (found := digest_of(one)) is None else found.hex() for name, one in value.items()
        }
    try:
        return hash(orjson.dumps(value, default=repr, option=orjson.OPT_SORT_KEYS))
    except (
        TypeError
    ):  # what orjson does not write: an integer of more than 64 bits, half of a pair of code units
        return hash(json.dumps(value, sort_keys=True, default=repr))


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
