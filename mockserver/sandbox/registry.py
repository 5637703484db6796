"""The sandboxes of one server: the default one and those with a name, found by the path of a request."""

from __future__ import annotations

import logging
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from dbcontract import fixtures

from ..coverage.contract import Contracts, CoveredContract
from ..coverage.document import Document, Sum, document, nothing, without_what_was_not_met
from ..extension_point import REFERENCE, Classes
from ..state.instants import day_of
from .clock import real_time
from .loading import DataError, base_of_document, load_base
from .sandbox import Base, Sandbox
from .settings import Settings

logger = logging.getLogger("dbcontract.mockserver")

_KEPT_BASES = 4
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class SandboxNameError(ValueError):
    """An invalid sandbox name."""


class Keeping(Protocol):
    """Keeps sandboxes beyond the life of their server (see `store`)."""

    async def begin(self) -> None:
        """The server begins."""

    async def end(self) -> None:
        """The server ends."""

    async def arrive(self, sandbox: Sandbox) -> None:
        """A sandbox is used, which may be kept elsewhere.

        Raises:
            ValueError: what is kept of it cannot be read; the message says why, and what helps.
        """

    def took(self, sandbox: Sandbox) -> None:
        """A sandbox was made on purpose, whatever is kept of its name."""

    def leave(self, sandbox: Sandbox) -> None:
        """A sandbox goes, since others were used more lately."""

    async def forget(self, *names: str) -> bool:
        """Sandboxes were deleted. Whether any was kept."""

    def status(self) -> Mapping[str, Any]:
        """What the health tells of it."""


class Sandboxes:
    """The default sandbox, and those with a name, which are made when they are first addressed.

    A sandbox costs little: it shares the data set with all others until it changes something. When there are
    more than `settings.max_sandboxes`, the one that was used least recently goes.

    Attributes:
        contracts: makes what there is to meet of what is served; asked when coverage is wanted.
        requests: how many the APIs had in all sandboxes, by operation (`none` for a path without one) and
            status (0 without an answer).
        keeping: keeps those with a name beyond the life of the server; None: nothing does.
    """

    def __init__(
        self,
        settings: Settings,
        base: Base,
        *,
        classes: Classes = REFERENCE,
        reload: Callable[[Settings], Base] = load_base,
    ) -> None:
        self.settings = settings
        self.base = base
        self._reload = reload
        self._bases: OrderedDict[tuple[str, int, int], Base] = OrderedDict()
        self.classes = classes
        self.default = Sandbox.make(base, settings, classes=self.classes)
        self._sandboxes: OrderedDict[str, Sandbox] = OrderedDict()
        self.evicted = 0
        self.requests: Counter[tuple[str, int]] = Counter()
        self._fired: Counter[str] = Counter()
        self._began = time.monotonic()
        self.keeping: Keeping | None = None
        self.contracts: Contracts | None = None
        self._contract: CoveredContract | None = None
        self._gone: Sum | None = None

    @classmethod
    def load(cls, settings: Settings, classes: Classes = REFERENCE) -> Sandboxes:
        """The sandboxes over the data set that the settings name.

        Args:
            settings: of the server.
            classes: what serves the default sandbox and all new ones: those of the variants in the settings.

        Raises:
            DataError: the data set is unknown or cannot be read.
        """
        return cls(settings, load_base(settings), classes=classes)

    def serve(self, classes: Classes, names: tuple[str, ...] = ()) -> None:
        """Let a new default sandbox, and all new ones, be served by classes that have these variants."""
        self.classes = classes
        self.settings = replace(self.settings, variants=names)
        # Not the one there is: what a variant made of it at its beginning, as its version, would stay.
        self._part(self.default)
        self.default = Sandbox.make(self.base, self.settings, classes=classes)

    def find(self, path: str, head: str) -> tuple[Sandbox, str]:
        """The sandbox that a path belongs to, and the path inside it.

        Args:
            path: of the request, decoded.
            head: its first segment, decoded; a slash in it was sent encoded and ends no name.

        Raises:
            SandboxNameError: the path names a sandbox by an invalid name.
        """
        if not path.startswith("/~"):
            return self.default, path
        return self.sandbox(head[1:]), path[len(head) + 1 :] or "/"

    def sandbox(self, name: str) -> Sandbox:
        """The sandbox of that name, made when it is new.

        Raises:
            SandboxNameError: letters, digits, `.`, `_` and `-` make a name, 64 at most.
        """
        sandbox = self._sandboxes.get(name)
        if sandbox is not None:
            self._sandboxes.move_to_end(name)
            return sandbox
        return self._keep(
            name, Sandbox.make(self.base, self.settings, name=_named(name), classes=self.classes)
        )

    def sandbox_like(self, name: str, other: Sandbox, base: Base) -> Sandbox:
        """A fresh sandbox over a data set that is set like another sandbox; one of that name is replaced.

        Raises:
            SandboxNameError: as for `sandbox`.
        """
        sandbox = Sandbox.make(base, self.settings, name=_named(name), classes=other.classes)
        sandbox.set_like(other)
        return self._keep(name, sandbox)

    def _keep(self, name: str, sandbox: Sandbox) -> Sandbox:
        self._part(self._sandboxes.get(name))
        self._sandboxes[name] = sandbox
        self._sandboxes.move_to_end(name)
        if self.settings.coverage:
            sandbox.watched(self.contract())
        if len(self._sandboxes) > self.settings.max_sandboxes:
            gone, parted = self._sandboxes.popitem(last=False)
            self._part(parted)
            if self.keeping is not None:
                self.keeping.leave(parted)
            self.evicted += 1
            logger.warning(
                'sandbox "%s" was removed: more than %d are in use', gone, self.settings.max_sandboxes
            )
        return sandbox

    def base_of(self, data: str, seed: int) -> Base:
        """Another data set for a sandbox; the last few named ones are kept, for a base never changes.

        Who asks for it may be anybody, so there are the named ones and what the server was started with; no
        other file is opened, and no answer tells whether there is one.

        Raises:
            DataError: the data set is unknown or cannot be read.
        """
        settings = replace(self.settings, data=data, seed=seed)
        names = fixtures.names()
        if data not in names:
            if data != self.settings.data:
                raise DataError(
                    f'there is no data set "{data[:80]}"; choose one of {", ".join(names)}, or send what a '
                    "file holds as `document`"
                )
            return self._reload(settings)
        # With a live clock, a data set ends where today begins.
        key = (data, seed, day_of(real_time()))
        if key not in self._bases:
            self._bases[key] = self._reload(settings)
        self._bases.move_to_end(key)
        if len(self._bases) > _KEPT_BASES:
            self._bases.popitem(last=False)
        return self._bases[key]

    def base_of_document(self, content: bytes, seed: int) -> Base:
        """The data set that a document holds.

        Raises:
            DataError: it holds none.
        """
        return base_of_document(content, replace(self.settings, data="document", seed=seed))

    def end_watching(self) -> None:
        """Tell all who watch a journal that nothing more will come."""
        for sandbox in self._all():
            sandbox.journal.end_watching()

    def fired(self) -> Counter[str]:
        """How often faults struck each operation since the server started, in deleted sandboxes too."""
        return sum((one.fired for one in self._all()), self._fired)

    def journal_entries(self) -> int:
        """How many exchanges all journals hold."""
        return sum(len(one.journal) for one in self._all())

    def uptime(self) -> float:
        """The seconds since these sandboxes were made, with the server."""
        return time.monotonic() - self._began

    def _all(self) -> tuple[Sandbox, ...]:
        return self.default, *self._sandboxes.values()

    @property
    def count(self) -> int:
        """How many sandboxes there are."""
        return len(self._sandboxes)

    def names(self) -> list[str]:
        """The sandboxes, the least recently used first."""
        return list(self._sandboxes)

    def peek(self, name: str) -> Sandbox | None:
        """The sandbox of that name without making or using it."""
        return self._sandboxes.get(name)

    def remove(self, name: str) -> bool:
        """Forget a sandbox. Whether there was one."""
        gone = self._sandboxes.pop(name, None)
        self._part(gone)
        return gone is not None

    def remove_all(self) -> int:
        """Forget all sandboxes; how many there were."""
        count = len(self._sandboxes)
        for sandbox in self._sandboxes.values():
            self._part(sandbox)
        self._sandboxes.clear()
        return count

    def contract(self) -> CoveredContract:
        """What there is to meet."""
        if self._contract is None:
            if self.contracts is None:
                msg = "the sandboxes are not served, so that nothing can be met"
                raise LookupError(msg)
            self._contract = self.contracts()
        return self._contract

    def coverage(self) -> Document:
        """What was met in all sandboxes since the server started, the deleted ones too.

        Without `settings.coverage` that begins for each sandbox with what its journal has, and the deleted
        ones are not in it.
        """
        whole = Sum(nothing(self.contract()) if self._gone is None else self._gone.document())
        for sandbox in self._all():
            whole.add(document(sandbox.watched(self.contract()), sandbox.title, lines=False))
        return whole.document()

    def _part(self, sandbox: Sandbox | None) -> None:
        """Keep what was met and what struck in a sandbox that goes."""
        if sandbox is not None:
            self._fired += sandbox.fired
        if sandbox is None or sandbox.watch is None or not self.settings.coverage:
            return
        if self._gone is None:
            self._gone = Sum(nothing(self.contract()))
        met = document(sandbox.watch, sandbox.title, lines=False)
        self._gone.add(without_what_was_not_met(met))


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        msg = (
            f'"{name[:80]}" is not a sandbox name: use 1 to 64 ASCII letters, digits, ".", "_" or "-", '
            "beginning with a letter or digit"
        )
        raise SandboxNameError(msg)
    return name
