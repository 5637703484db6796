"""A snapshot as a store holds it: a line that says what it is, and the document, packed."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of a document, packed or not. A sandbox that is larger is not stored."""

_FORMAT: Final = "dbcontract-store/1"
_HEAD: Final = re.compile(rb"dbcontract-store/(\d{1,6}) ([0-9a-f]{16}) (whole|so-far) ([0-9a-f]{64})\n")
_LEVEL: Final = 1  # four times as fast as the usual one, and not much larger


class NotReadable(ValueError):
    """What the store holds under the name of a sandbox is damaged, too large, or something else."""


@dataclass(frozen=True, slots=True)
class Framed:
    """A snapshot that a store holds.

    Attributes:
        life: of the sandbox.
        whole: nothing happened to the sandbox after it was written.
        document: as `snapshot.dump` gives it.
    """

    life: str
    whole: bool
    document: bytes

    def packed(self) -> bytes:
        """For the store.

        Raises:
            NotReadable: it is too large to be read again.
        """
        if len(self.document) > MAX_BYTES:
            raise NotReadable(f"it has {len(self.document):,} bytes, and {MAX_BYTES:,} are stored at most")
        digest = hashlib.sha256(self.document).hexdigest()
        head = f"{_FORMAT} {self.life} {'whole' if self.whole else 'so-far'} {digest}\n"
        return head.encode() + zlib.compress(self.document, _LEVEL)


def unpacked(content: bytes) -> Framed:
    """Read what a store holds.

    Raises:
        NotReadable: it is none of ours, of another version, damaged or too large.
    """
    head = _HEAD.match(content)
    if head is None:
        raise NotReadable("it is not a sandbox of dbcontract")
    if head[1] != b"1":
        raise NotReadable(f"it has version {head[1].decode()} of the format, and this server reads 1")
    unpacker = zlib.decompressobj()
    try:
        document = unpacker.decompress(content[head.end() :], MAX_BYTES + 1)
    except zlib.error:
        raise NotReadable("it is damaged") from None
    if len(document) > MAX_BYTES:
        raise NotReadable(f"it has more than {MAX_BYTES:,} bytes")
    if not unpacker.eof or hashlib.sha256(document).hexdigest().encode() != head[4]:
        raise NotReadable("it is damaged")
    return Framed(head[2].decode(), head[3] == b"whole", document)
