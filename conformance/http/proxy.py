"""A forward proxy that the user names; without one, every connection goes straight to where it leads."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from .destinations import Address, address_of, is_loopback

_DEFAULT_PORT: Final = 3128


class ProxyError(ValueError):
    """No URL of a proxy; the message says why, without its credentials."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where requests are handed to.

    Attributes:
        credentials: `user:password`, sent to the proxy alone.
        exceptions: hosts that are reached without it, as `NO_PROXY` names them.
    """

    host: str
    port: int
    credentials: str | None = field(default=None, repr=False)
    exceptions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its URL, without credentials."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What the proxy wants to see."""
        if self.credentials is None:
            return ()
        return (("Proxy-Authorization", f"Basic {self.encoded}"),)

    @property
    def encoded(self) -> str:
        """The credentials as they are sent."""
        return base64.b64encode((self.credentials or "").encode()).decode()

    def serves(self, host: str, port: int) -> bool:
        """Whether requests to a host go through it: loopback never, as a proxy's loopback is another one."""
        if is_loopback(host):
            return False
        return not any(_matches(exception, host.lower(), port) for exception in self.exceptions)


def proxy_of(url: str, environment: Mapping[str, str]) -> Proxy:
    """A proxy from its URL, `http://user:password@host:3128`.

    Args:
        url: as the user gives it.
        environment: `NO_PROXY` or `no_proxy` names hosts that are reached without it.

    Raises:
        ProxyError: no such URL.
    """
    hint = "write e.g. http://proxy.example:3128"
    try:
        parts = urlsplit(url.strip())
        port = parts.port or _DEFAULT_PORT
    except ValueError:
        raise ProxyError(f"no URL; {hint}") from None
    if parts.scheme != "http" or not parts.hostname:
        raise ProxyError(f"no http URL, and the kit speaks to no other proxies; {hint}")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ProxyError(f"a URL of a proxy ends with its port; {hint}")
    credentials = None
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    named = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    exceptions = tuple(word.strip().lower() for word in named.split(",") if word.strip())
    return Proxy(parts.hostname, port, credentials, exceptions)


def _matches(exception: str, host: str, port: int) -> bool:
    """Whether a word of `NO_PROXY` names a host: `*`, a domain, an address, a network; a port may follow."""
    if exception == "*":
        return True
    named, colon, wanted = exception.rpartition(":")
    if colon and wanted.isdecimal() and (":" not in named or named.endswith("]")):
        if int(wanted) != port:
            return False
        exception = named
    exception = exception.strip("[]")
    address = address_of(host)
    if address is not None:
        return _in_network(address, exception)
    domain = exception.removeprefix("*").removeprefix(".")
    return host == domain or host.endswith(f".{domain}")


def _in_network(address: Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
