"""One process at a time for a file: an advisory lock, held on a file beside it until it is released."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

# Where a file system has no locks (some of those on networks), files are not guarded.
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}


class AlreadyLockedError(Exception):
    """Another process has the lock."""


class FileLock:
    """A lock that ends with its process, however that ends; on POSIX its file goes when it is released."""

    def __init__(self, path: Path) -> None:
        """Take the path of the guarded file; nothing is locked yet."""
        path = path.resolve()
        self._path = path.with_name(f".{path.name.encode()[:100].decode(errors='ignore')}.lock")
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Lock, without waiting.

        Raises:
            AlreadyLockedError: another process has done so.
            OSError: the file beside it cannot be made.
        """
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                _lock(descriptor)
                if self._is_there(descriptor):
                    self._descriptor = descriptor
                    return
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # who had the lock before has just removed this file

    def release(self) -> None:
        """Unlock; nothing happens where nothing is locked."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):  # Windows removes no file that is open
            if self._is_there(self._descriptor):
                self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = None

    def _is_there(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False


def _lock(descriptor: int) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}:
            raise AlreadyLockedError from None
        if error.errno not in _NO_LOCKS:
            raise
