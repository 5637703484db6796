"""Addresses among the settings, read strictly: one that can never work is refused with the form that can."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

LOOPBACK: Final = ("127.0.0.0/8", "::1")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def public_url(text: str) -> str:
    """A URL that others reach the server at, without its trailing slash.

    Raises:
        ValueError: it is not an absolute http URL, or has more than a path; the message says what to write.
    """
    parts = _split(text)
    if parts is None or parts.username is not None or "?" in text or "#" in text:
        raise ValueError("write an absolute URL without query, such as https://mock.example.com/dbcontract")
    return text.rstrip("/")


def web_origin(text: str) -> str:
    """An origin as browsers send it.

    Raises:
        ValueError: no browser sends such a one, so that it would never match; the message has the right form.
    """
    if text in {"*", "null"}:
        return text
    several = [word for word in text.replace(",", " ").split() if word]
    if len(several) > 1:
        raise ValueError(f"one origin a time: {' '.join(f'--cors {word}' for word in several)}")
    parts = _split(text)
    if parts is None:
        guess = _split(f"http://{text.removeprefix('//')}")
        form = "http://localhost:3000" if guess is None else _origin(guess)
        raise ValueError(f"an origin begins with http:// or https://, such as {form}")
    right = _origin(parts)
    if text != right:
        raise ValueError(f"browsers send scheme, host and port and nothing more: write {right}")
    return text


def networks(text: str) -> tuple[str, ...]:
    """Addresses and networks, separated by commas; `*` for all.

    Raises:
        ValueError: one of them is not one; the message says what to write.
    """
    found = [word.strip() for word in text.split(",") if word.strip()]
    for word in found:
        if word != "*":
            try:
                ipaddress.ip_network(word)
            except ValueError:
                raise ValueError(
                    f'"{word}" is not an address: write such as 127.0.0.1, 10.0.0.0/8, or * for all'
                ) from None
    return tuple(found)


def _split(text: str) -> SplitResult | None:
    """The parts of an http URL with a host; None for anything else."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in _DEFAULT_PORTS and parts.hostname and (parts.port or 1)
    except ValueError:
        return None
    bare = not any(letter.isspace() or letter in '<>"\\' for letter in text)
    return parts if usable and bare else None


def _origin(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
