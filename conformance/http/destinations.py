"""Where a target may lead the kit: no link or redirect opens what only the user's machine can reach."""

from __future__ import annotations

import base64
import ipaddress
import socket
import threading
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final
from urllib.parse import unquote, urlsplit

_LEAST: Final = 8
"""Shorter secrets may be part of any word."""
_UNQUOTED: Final = 4
"""An address may be quoted so often."""
_URL_SAFE: Final = str.maketrans("+/", "-_")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Nearness(Enum):
    """Who can reach an address."""

    PUBLIC = "a public"
    PRIVATE = "a private"
    LOOPBACK = "a loopback"
    LINK_LOCAL = "a link-local"
    """Where clouds serve their machines' credentials."""


_OPENED = {
    Nearness.PUBLIC: {Nearness.PUBLIC},
    Nearness.PRIVATE: {Nearness.PUBLIC, Nearness.PRIVATE},
    Nearness.LOOPBACK: {Nearness.PUBLIC, Nearness.PRIVATE, Nearness.LOOPBACK},
    Nearness.LINK_LOCAL: {Nearness.PUBLIC, Nearness.LINK_LOCAL},
}
"""What a target at such an address may lead to: what is as near as itself, or further away."""


class Refused(Exception):
    """An address that the target must not lead to; the message says what it is."""


def address_of(host: str) -> Address | None:
    """The address that a host is written as; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name alone."""
    address = address_of(host)
    if address is not None:
        return nearness(address) is Nearness.LOOPBACK
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def is_here(host: str) -> bool:
    """Whether a host is this machine, by its name or by all addresses that it has."""
    if is_loopback(host):
        return True
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    addresses = [address_of(str(place[0])) for *_, place in found]
    return all(one is not None and nearness(one) is Nearness.LOOPBACK for one in addresses)


def nearness(address: Address) -> Nearness:
    """Who can reach an address; one that is mapped or translated into IPv6 counts as what it stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _translated(address)
        if inner is not None:
            return nearness(inner)
    if address.is_loopback or address.is_unspecified:
        return Nearness.LOOPBACK
    if address.is_link_local:
        return Nearness.LINK_LOCAL
    return Nearness.PUBLIC if address.is_global and not address.is_multicast else Nearness.PRIVATE


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address in one of RFC 6052."""
    if address not in ipaddress.ip_network("64:ff9b::/96"):
        return None
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


class Guard:
    """Lets requests through to where the user sends them, and further only to what is not nearer.

    Several threads may use it at once.

    Args:
        own: URLs of the target, as the user named them.
        open_links: links may lead anywhere.
        secrets: what no address of another host may hold.
    """

    def __init__(
        self, own: Iterable[str] = (), *, open_links: bool = False, secrets: Iterable[str] = ()
    ) -> None:
        self._own = {_place(url) for url in own}
        self._opened: set[Nearness] = {Nearness.PUBLIC}
        self._open_links = open_links
        self._secrets = {one for secret in secrets if len(secret) >= _LEAST for one in _spellings(secret)}
        self._lock = threading.Lock()

    def vet_url(self, host: str, port: int, url: str) -> None:
        """Go on if an address tells no other host a secret, before even its name is looked up.

        Raises:
            Refused: it would.
        """
        if (host, port) not in self._own and self._tells(url):
            raise Refused("the address holds a secret of the run, which is for the target alone")

    def vet_literal(self, host: str, port: int) -> None:
        """The same as `vet` for a host whose name only a proxy looks up.

        Raises:
            Refused: it is written as an address that may not be reached.
        """
        address = address_of(host)
        self.vet(host, port, [] if address is None else [address])

    def vet(self, host: str, port: int, addresses: Iterable[Address]) -> None:
        """Go on if a connection to these addresses of a host may be made.

        Raises:
            Refused: to one of them it may not.
        """
        found = {nearness(address) for address in addresses}
        with self._lock:
            if (host, port) in self._own:
                self._opened |= {near for one in found for near in _OPENED[one]}
                return
            closed = found - self._opened
        if closed and not self._open_links:
            kind = min(one.value for one in closed)
            hint = "target.open_links = true follows such links"
            raise Refused(f"{kind} address, which no link of the target may lead to ({hint})")

    def _tells(self, url: str) -> bool:
        plain = url
        for _ in range(_UNQUOTED):
            plain = unquote(plain)
        return any(one in text for text in (plain, plain.lower()) for one in self._secrets)


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it may stand in an address: plain, in lower case, in hex, in base64 at any offset."""
    content = secret.encode()
    yield from (secret, secret.lower(), content.hex())
    for offset in range(3):
        # The first group depends on what comes before, the last one on what follows.
        core = base64.b64encode(bytes(offset) + content)[4 * bool(offset) : -4].decode()
        if len(core) >= _LEAST:
            yield from (core, core.translate(_URL_SAFE))
