"""A sandbox in a file: read when a server starts, written when it stops (`--state`)."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CommandError, os_reason
from .file_lock import AlreadyLockedError, FileLock
from .files import atomic_writer, check_writable, remove_leftovers

if TYPE_CHECKING:
    from dbcontract.mockserver.server.run import Running


class StateFile:
    """Keeps the default sandbox of a server in a file, as the control API's `GET state` gives it.

    The file is replaced as a whole or not at all; one that cannot be read is never replaced. From `load` to
    `release` no other server keeps its sandbox there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path)

    def release(self) -> None:
        """Let other servers have the file."""
        self._lock.release()

    def load(self, running: Running) -> None:
        """Make the default sandbox what the file says; without a file it stays as the data set has it.

        Raises:
            CommandError: the file cannot be read, is not a sandbox, or could not be written later on.
        """
        from dbcontract.mockserver.server.application import operations_of
        from dbcontract.mockserver.snapshot import snapshot as document

        try:
            check_writable(self._path)
            self._lock.acquire()
            remove_leftovers(self._path)
            if not self._path.exists():
                return
            if not self._path.is_file():
                raise CommandError(f"--state {self._path}: this is not a regular file; name one")
            kept = self._path.read_bytes().removeprefix(codecs.BOM_UTF8)
        except AlreadyLockedError:
            raise CommandError(
                f"--state {self._path}: another server keeps its sandbox there; name another file, or stop it"
            ) from None
        except OSError as error:
            raise self._unusable(error) from error
        try:
            document.restore(running.sandbox, kept, operations_of(running.settings))
        except document.DocumentError as error:
            raise CommandError(
                f"--state {self._path}: this is not a sandbox that can be read ({str(error)[:300]}); "
                "it stays as it is: name another file, or move this one away"
            ) from error

    def save(self, running: Running) -> Iterator[None]:
        """Write the default sandbox as it is now, in short steps.

        Raises:
            CommandError: the file cannot be written; it is then as it was.
        """
        from dbcontract.mockserver.snapshot import snapshot as document

        sandbox = running.sandbox
        sandbox.now()
        try:
            with atomic_writer(self._path) as stream:
                for chunk in document.dump_chunks(sandbox):
                    stream.write(chunk)
                    yield
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> CommandError:
        reason = os_reason(error)
        return CommandError(f"--state {self._path}: {reason}; name a file that can be read and written")
