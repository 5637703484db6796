"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_writer(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that replaces `path` when the block ends well, and is gone when it does not.

    A link is followed, and what is no regular file (a device, a pipe) is written to directly.

    Raises:
        OSError: the folder does not exist, is not writable, is full, …
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        # a folder refuses here, with the reason; /dev/stdout and named pipes take the bytes
        with path.open("wb") as stream:
            yield stream
        return
    # beside it: a rename is atomic only within one file system
    temporary = path.with_name(f".{path.name[:200]}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
