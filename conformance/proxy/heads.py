"""The heads of what is passed on: all of them but what belongs to a single connection (RFC 9110, 7.6.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

Raw = tuple[bytes, bytes]

_OF_A_CONNECTION: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"upgrade",
        b"http2-settings",
    }
)
_FRAMING: Final = b"transfer-encoding"


class BadHead(ValueError):
    """A head that means one thing here and could mean another behind; the message is for the client."""


def named_by_connection(headers: Iterable[Raw]) -> frozenset[bytes]:
    """The names of headers that belong to this connection because the message says so."""
    values = [value for name, value in headers if name.lower() == b"connection"]
    return frozenset(word.strip().lower() for value in values for word in value.split(b",") if word.strip())


def onward(headers: Sequence[Raw], host: bytes, *, without: frozenset[bytes] = frozenset()) -> list[Raw]:
    """The headers of a request as they go on: in their order, each as often as it came.

    Args:
        headers: as they came.
        host: to say; empty for the client's own.
        without: names in lower case that are left out, too.

    Raises:
        BadHead: it says in two ways how long the body is, or another coding than chunked.
    """
    lengths = [value for name, value in headers if name.lower() == b"content-length"]
    codings = [value.strip().lower() for name, value in headers if name.lower() == _FRAMING]
    if (codings and (lengths or codings != [b"chunked"])) or len(set(lengths)) > 1:
        raise BadHead("the head says in two ways, or in none that is known, where the body ends")
    left_out = (
        _OF_A_CONNECTION | without | (named_by_connection(headers) - {b"content-length", b"host", _FRAMING})
    )
    kept = [(name, value) for name, value in headers if name.lower() not in left_out]
    return [(name, host if host and name.lower() == b"host" else value) for name, value in kept]


def back(headers: Sequence[Raw], *, without: frozenset[bytes] = frozenset()) -> list[Raw]:
    """The headers of an answer as they go back; how the body is framed is the server's own matter."""
    left_out = _OF_A_CONNECTION | without | named_by_connection(headers) - {b"content-length"}
    return [(name, value) for name, value in headers if name.lower() not in left_out | {_FRAMING}]


def as_text(headers: Iterable[Raw]) -> tuple[tuple[str, str], ...]:
    """The same as text, for judging."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def length_of(headers: Iterable[Raw]) -> int | None:
    """The length that a head announces."""
    found = [value for name, value in headers if name.lower() == b"content-length"]
    return int(found[0]) if found and found[0].isdigit() else None
