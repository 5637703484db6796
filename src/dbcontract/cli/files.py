"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def check_writable(path: Path) -> None:
    """Fail now if `atomic_writer` would fail at the end of long work; `path` stays as it is.

    Raises:
        OSError: the folder does not exist, is not writable, …
    """
    path = path.resolve()
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not path.exists() or path.is_file():
        temporary = _beside(path)
        temporary.touch()
        temporary.unlink()


@contextmanager
def atomic_writer(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that replaces `path` when the block ends well, and is gone when it does not.

    A link is followed, and what is not a regular file (a device, a pipe) is written to directly.

    Raises:
        OSError: the folder does not exist, is not writable, is full, …
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        # a folder refuses here, with the reason; /dev/stdout and named pipes take the bytes
        with path.open("wb") as stream:
            yield stream
        return
    temporary = _beside(path)
    try:
        with temporary.open("wb") as stream:
            yield stream
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes left beside a file that they were writing; only while nobody writes it.

    Raises:
        OSError: it cannot be removed.
    """
    path = path.resolve()
    begin, _, end = _beside(path).name.rpartition(f"{os.getpid()}")
    for found in path.parent.iterdir():
        middle = found.name.removeprefix(begin).removesuffix(end)
        if found.name == f"{begin}{middle}{end}" and middle.isdecimal():
            found.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    """A temporary name in the same folder: a rename is atomic only within one file system."""
    return path.with_name(f".{path.name.encode()[:100].decode(errors='ignore')}.{os.getpid()}.tmp")
