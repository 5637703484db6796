"""What writing and reading a sandbox's document have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..state import jsonio

FORMAT = "dbcontract-sandbox/1"

ROWS_A_STEP = 250
"""Records written or read between two steps: about two milliseconds."""


class DocumentError(ValueError):
    """A document that is not a sandbox.

    Attributes:
        errors: what is wrong, keyed by field.
    """

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(texts)}" for name, texts in errors.items()))
        self.errors = dict(errors)


def array(items: Iterable[Iterator[bytes]]) -> Iterator[bytes]:
    """A JSON array of items that are texts in pieces."""
    lead = b"["
    for item in items:
        yield lead
        yield from item
        lead = b","
    yield b"]" if lead == b"," else b"[]"


def opened(head: Mapping[str, Any]) -> bytes:
    """A JSON object without its closing brace, for more members to follow."""
    return jsonio.dumps(head)[:-1]
