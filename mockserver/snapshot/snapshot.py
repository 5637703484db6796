"""A whole sandbox as one JSON document, and back (format `dbcontract-sandbox/1`).

The document holds everything but the journal and the requests that were counted for the request limit (those
are counted by token, and tokens do not belong in a document). It is read completely before anything changes:
one that has another version, another shape or contradicts itself is refused whole.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from ..sandbox.sandbox import Sandbox
from .format import FORMAT, DocumentError
from .pacing import paced
from .reading import read
from .writing import write

__all__ = ["FORMAT", "DocumentError", "dump", "dump_chunks", "restore", "restore_steps"]


def dump(sandbox: Sandbox) -> bytes:
    """The sandbox as a document."""
    return b"".join(dump_chunks(sandbox))


def dump_chunks(sandbox: Sandbox) -> Iterator[bytes]:
    """The sandbox as a document of this moment, in small pieces; what is written meanwhile is not in it."""
    return write(sandbox)


def restore(sandbox: Sandbox, document: bytes, operations: tuple[str, ...]) -> None:
    """Make the sandbox what the document says, clock, settings, faults and ids included; the journal stays.

    Args:
        sandbox: keeps its name and its tokens, and becomes the document's sandbox otherwise.
        document: as `dump` gave it; white space and the order of its fields do not matter.
        operations: the operationIds that may have faults.

    Raises:
        DocumentError: the document is not a sandbox of this format; nothing has changed.
    """
    for _ in restore_steps(sandbox, document, operations):
        pass


def restore_steps(
    sandbox: Sandbox, document: bytes, operations: tuple[str, ...]
) -> Generator[None, None, None]:
    """As `restore`, in short steps, for callers that have other things to do in between."""
    draft = yield from paced(read(document, operations))
    draft.become(sandbox)
