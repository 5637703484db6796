"""What a mock takes at most, so that no client fills its memory or keeps it busy (docs/limits.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, Final

from ..storage.signing import MAX_UPLOAD_BYTES
from .errors import SettingsError

_KIB: Final = 1_024
_MIB: Final = _KIB * _KIB
_GIB: Final = _KIB * _MIB
BODY: Final = 64 * _MIB
"""Bytes that a body has at most unless a user decides otherwise."""
_UNITS: Final = {"": 1, "k": _KIB, "m": _MIB, "g": _GIB, "kb": 1_000, "mb": 1_000**2, "gb": 1_000**3}
_SIZE: Final = re.compile(r"([0-9]{1,15}) ?([kmg]?)(i?b)?", re.IGNORECASE)


def _bytes(default: int, least: int) -> Any:
    return field(default=default, metadata={"least": least, "size": True})


def _count(default: int, least: int = 0) -> Any:
    return field(default=default, metadata={"least": least, "size": False})


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits that a user sets with `serve --limit NAME=VALUE`; the same for all sandboxes of a server.

    Attributes:
        url: bytes of a request's URL; beyond: 414.
        head: bytes of URL and header fields together, of trailers, of the sizes of chunks; beyond: 431.
        head_seconds: real seconds in which a head has to come, once the connection is open or its first byte
            came; beyond: 408.
        body: bytes of a body; beyond: what the API answers to a wrong body. No document knows 413.
        snapshot: bytes of a body of `PUT /_mock/state`; beyond: 400.
        upload: bytes of an uploaded file; beyond: 400 `EntityTooLarge`.
        journal: exchanges in the journal of a sandbox; beyond: the oldest one goes.
        journal_bytes: what they may take together, heads and bodies; beyond: the oldest ones go.
        journal_body: bytes that the journal keeps of a body; beyond: it is marked as cut.
        faults: ordered in a sandbox at once; beyond: 400.

    Raises `SettingsError` for a value below the least that makes sense.
    """

    url: int = _bytes(64_000, 256)
    head: int = _bytes(128 * _KIB, 1_024)
    head_seconds: int = _count(30, 1)
    body: int = _bytes(BODY, 1_024)
    snapshot: int = _bytes(_GIB, 1_024)
    upload: int = _bytes(MAX_UPLOAD_BYTES, 1)
    journal: int = _count(1_000)
    journal_bytes: int = _bytes(32 * _MIB, 0)
    journal_body: int = _bytes(16 * _KIB, 0)
    faults: int = _count(1_000)

    def __post_init__(self) -> None:
        for one in fields(self):
            value, least = getattr(self, one.name), one.metadata["least"]
            if value < least:
                raise SettingsError(f"limit {one.name}={value}: {_wanted(one)}")

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Limits:
        """Read `NAME=VALUE`; a size in bytes, or with a unit such as `64KiB` or `10MB`.

        Raises:
            SettingsError: anything else.
        """
        known = {one.name: one for one in fields(cls)}
        given: dict[str, int] = {}
        for text in texts:
            name, _, value = text.partition("=")
            if name not in known:
                raise SettingsError(f"limit {text}: write NAME=VALUE, with one of {', '.join(known)}")
            given[name] = _number(known[name], value)
        return replace(cls(), **given)


def _number(one: Field[Any], text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None or (not one.metadata["size"] and (found[2] or found[3])):
        raise SettingsError(f"limit {one.name}={text}: {_wanted(one)}")
    unit = found[2].lower()
    return int(found[1]) * _UNITS[unit + "b" if unit and (found[3] or "").lower() == "b" else unit]


def _wanted(one: Field[Any]) -> str:
    least = one.metadata["least"]
    if one.metadata["size"]:
        return f"write a size of {least} bytes or more, such as 100000, 64KiB or 10MB"
    return f"write a whole number, {least} or more"
