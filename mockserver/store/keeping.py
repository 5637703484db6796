"""Writes sandboxes to a store now and then, and reads each when it is first used at this server.

Of two servers that use one sandbox at once the last one that writes wins: the balancer is to see to it that
there are no two.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

from ..sandbox.registry import Sandboxes
from ..sandbox.sandbox import Sandbox
from ..snapshot import snapshot
from .framed import Framed, NotReadable, unpacked
from .redis_store import RedisStore, StoreLost

logger = logging.getLogger("dbcontract.mockserver")

_PIECES_A_STEP: Final = 8


class StoredSandboxes:
    """Keeps the sandboxes with a name in a store.

    Args:
        store: where they are kept.
        sandboxes: of this server.
        every: seconds between two times of writing.
        operations: the operationIds that may have faults.
    """

    def __init__(
        self, store: RedisStore, sandboxes: Sandboxes, *, every: float, operations: tuple[str, ...]
    ) -> None:
        self._store = store
        self._sandboxes = sandboxes
        self._every = every
        self._operations = operations
        self._here: dict[str, str] = {}
        self._arriving: dict[str, asyncio.Task[None]] = {}
        self._used: dict[str, Sandbox] = {}
        self._leaving: dict[str, Sandbox] = {}
        self._gone: set[str] = set()
        self._apart: set[str] = set()
        self._problem: str | None = None
        self._too_large: dict[str, str] = {}
        self._written = 0
        self._in_flight: set[str] = set()
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._wake = asyncio.Event()
        self._changing = asyncio.Lock()
        self._ending = False
        self._pace: asyncio.Task[None] | None = None

    def status(self) -> Mapping[str, Any]:
        """What the health tells of it."""
        return {
            "url": self._store.name,
            "status": "ok" if self._problem is None else "lost",
            "problem": self._problem,
            "written": self._written,
            "not_stored": sorted({*self._apart, *self._too_large}),
        }

    async def begin(self) -> None:
        """Begin to write."""
        self._pace = asyncio.create_task(self._keep_writing())

    async def end(self) -> None:
        """Write all that is here for the last time."""
        self._ending = True
        self._wake.set()
        if self._pace is not None:
            await self._pace  # what is being written is written; nothing is broken off
        for name in self._here:
            sandbox = self._sandboxes.peek(name)
            if sandbox is not None:
                self._leaving[name] = sandbox
        self._used.clear()
        await self._write()
        if self._leaving:
            logger.error("%d sandboxes were not stored: %s", len(self._leaving), self._problem)
        await self._store.close()

    async def arrive(self, sandbox: Sandbox) -> None:
        """Make a sandbox what the store holds of it, where this server has not used it yet.

        Raises:
            NotReadable: what the store holds cannot be read; the sandbox is none.
        """
        name = sandbox.name
        if self._here.get(name) != sandbox.life:
            if name not in self._arriving:
                self._arriving[name] = asyncio.create_task(self._fetch(sandbox))
            await asyncio.shield(self._arriving[name])
        self._used[name] = sandbox

    def took(self, sandbox: Sandbox) -> None:
        """A sandbox was made on purpose: what the store holds of that name counts no more."""
        self._here[sandbox.name] = sandbox.life
        self._apart.discard(sandbox.name)
        self._used[sandbox.name] = sandbox

    async def forget(self, *names: str) -> bool:
        """Delete what is kept of sandboxes; once the store is back, if it is away. Whether there was any."""
        for name in names:
            for known in (self._here, self._used, self._leaving, self._too_large):
                known.pop(name, None)
            self._apart.discard(name)
            self._in_flight.discard(name)
        async with self._changing:
            self._gone.update(names)
            return await self._delete() > 0

    def leave(self, sandbox: Sandbox) -> None:
        """Write a sandbox that goes, at once, and for the last time."""
        name = sandbox.name
        self._used.pop(name, None)
        if self._here.pop(name, None) is not None and name not in self._apart:
            self._leaving[name] = sandbox
            self._wake.set()

    async def _fetch(self, sandbox: Sandbox) -> None:
        name = sandbox.name
        try:
            await self._write_one(name)
            content = None if name in self._gone else await self._store.read(name)
            if content is not None:
                found = await asyncio.to_thread(unpacked, content)
                for _ in snapshot.restore_steps(sandbox, found.document, self._operations):
                    await asyncio.sleep(0)
                if found.whole:
                    # From now on it is not: if this server dies, the next one is to know.
                    await self._send(name, Framed(found.life, False, found.document))  # noqa: FBT003 (a field)
                    sandbox.life = found.life
            self._found()
        except StoreLost as error:
            self._lost(error)
            self._apart.add(name)
            logger.error(  # noqa: TRY400 - no traceback for a store that is away
                'sandbox "%s" began anew, as the store could not be asked for it; it is not stored until '
                "it is deleted",
                name,
            )
        except (NotReadable, snapshot.DocumentError) as error:
            self._sandboxes.remove(name)
            raise NotReadable(
                f'the store cannot give the sandbox "{name}": {str(error)[:300]}. '
                f"DELETE /_mock/sandboxes/{name} removes it from the store"
            ) from error
        finally:
            del self._arriving[name]
        self._here[name] = sandbox.life

    async def _keep_writing(self) -> None:
        while not self._ending:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._every)
            self._wake.clear()
            try:
                async with self._changing:
                    await self._delete()
                await self._write()
            except Exception:
                logger.exception("the sandboxes were not stored")

    async def _write(self) -> None:
        """Write what was used since, and what leaves; what could not be written waits for the next time."""
        for name in [*self._leaving, *self._used]:
            try:
                await self._write_one(name)
            except StoreLost as error:
                self._lost(error)
                return
        self._found()

    async def _write_one(self, name: str) -> None:
        """Write one, if it was used since, or leaves; whoever else writes it has ended then."""
        async with self._writing.setdefault(name, asyncio.Lock()):
            await self._write_alone(name)

    async def _write_alone(self, name: str) -> None:
        whole = name in self._leaving
        sandbox = self._leaving.pop(name, None) or self._used.pop(name, None)
        if sandbox is None or name in self._apart:
            return
        self._in_flight.add(name)
        try:
            framed = Framed(sandbox.life, whole, await self._document(sandbox))
            async with self._changing:
                if name in self._in_flight:  # else it was deleted meanwhile
                    await self._send(name, framed)
                    self._gone.discard(name)
        except NotReadable as error:
            self._too_large[name] = str(error)
            logger.error('sandbox "%s" is not stored: %s', name, error)  # noqa: TRY400
        except StoreLost:
            if name in self._in_flight:
                (self._leaving if whole else self._used).setdefault(name, sandbox)
            raise
        else:
            self._too_large.pop(name, None)
        finally:
            self._in_flight.discard(name)

    async def _document(self, sandbox: Sandbox) -> bytes:
        await sandbox.ready()
        sandbox.now()
        pieces = []
        for number, piece in enumerate(snapshot.dump_chunks(sandbox)):
            pieces.append(piece)
            if number % _PIECES_A_STEP == 0:
                await asyncio.sleep(0)
        return b"".join(pieces)

    async def _send(self, name: str, framed: Framed) -> None:
        await self._store.write(name, await asyncio.to_thread(framed.packed))
        self._written += 1

    async def _delete(self) -> int:
        if not self._gone:
            return 0
        names = tuple(self._gone)
        try:
            deleted = await self._store.delete(*names)
        except StoreLost as error:
            self._lost(error)
            return 0
        self._gone.difference_update(names)
        self._found()
        return deleted

    def _lost(self, error: StoreLost) -> None:
        if self._problem is None:
            logger.error("the store %s is lost (%s): sandboxes go on in memory", self._store.name, error)
        self._problem = str(error)

    def _found(self) -> None:
        if self._problem is not None:
            logger.warning("the store %s answers again", self._store.name)
        self._problem = None
