"""Where this server is, as its clients see it: the root of every URL that it hands out.

Without more it is what the client addressed. Behind a proxy it is what the proxy says that the client
addressed (RFC 7239, or the `X-Forwarded-…` headers that came before it), if the proxy is one that is trusted;
`--public-url` settles it for all.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from starlette.types import Scope

from ..sandbox.settings import Settings
from .fields import FIELDS, field, fields_in

ORIGIN: Final = "dbcontract.origin"
"""Key of the ASGI scope: the `PublicOrigin` of the server."""

_AUTHORITY = re.compile(r"""[^/\\@?#<>"'\s,;\x80-\xff]+""")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*")
_PAIR = re.compile(r'\s*(\w+)=(?:"([^"]*)"|([^;,\s]*))\s*')
_PIECES = re.compile(r'(?:[^",;]++|"[^"]*+")++|[,;]')
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_TOLD = frozenset(
    {b"forwarded", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-prefix", b"x-forwarded-proto"}
)
"""The headers in which proxies say it: few requests have any."""


class PublicOrigin:
    """Finds the root URL of a request."""

    def __init__(self, settings: Settings) -> None:
        """Take `public_url` and `forwarded_allow_ips` of the settings."""
        self._fixed = settings.public_url
        self._trusts = lru_cache(maxsize=256)(_trust(settings.forwarded_allow_ips))

    def of(self, scope: Scope) -> str:
        """Scheme, authority and path prefix, without a trailing slash."""
        if self._fixed is not None:
            return self._fixed
        if _TOLD.isdisjoint(scope[FIELDS]):
            return addressed(scope)
        client = scope.get("client")
        if client is None or not self._trusts(client[0]):
            return addressed(scope)
        return _forwarded(scope)


def origin_of(scope: Scope) -> str:
    """The root URL of a request, without a trailing slash; before it comes the prefix of no sandbox."""
    origin: PublicOrigin | None = scope.get(ORIGIN)
    return addressed(scope) if origin is None else origin.of(scope)


def addressed(scope: Scope) -> str:
    """Scheme and authority as the client sent them: the Host header, else the socket's address."""
    host = fields_in(scope).get(b"host", b"")
    find = _remembered_root if len(host) <= _SHORT else _root
    return find(scope.get("scheme", "http"), host, scope.get("server"))


def _root(scheme: str, sent: bytes, server: tuple[str, int | None] | None) -> str:
    host = sent.decode("latin-1")
    if _AUTHORITY.fullmatch(host) is None:
        address, port = server or ("127.0.0.1", None)
        host = f"[{address}]" if ":" in address else address
        host = host if port is None else f"{host}:{port}"
    return f"{scheme}://{host}"


_remembered_root = lru_cache(maxsize=256)(_root)
_SHORT = 256
"""Bytes of a Host header that is worth remembering."""


def _forwarded(scope: Scope) -> str:
    own = addressed(scope)
    scheme, _, host = own.partition("://")
    told = _of_rfc_7239(field(scope, b"forwarded"))
    told_host = told.get("host") or _first(scope, b"x-forwarded-host")
    told_scheme = (told.get("proto") or _first(scope, b"x-forwarded-proto")).lower()
    port, prefix = _first(scope, b"x-forwarded-port"), _first(scope, b"x-forwarded-prefix").rstrip("/")
    scheme = told_scheme if told_scheme in _DEFAULT_PORTS else scheme
    host = told_host if _AUTHORITY.fullmatch(told_host) else host
    if port.isdecimal() and len(port) <= 5 and not _has_port(host) and _DEFAULT_PORTS.get(scheme) != port:
        host = f"{host}:{port}"
    return f"{scheme}://{host}{prefix if _PREFIX.fullmatch(prefix) else ''}"


def _first(scope: Scope, name: bytes) -> str:
    """What the proxy nearest to the client says: each one appends to what it got."""
    return (field(scope, name) or "").partition(",")[0].strip()


def _of_rfc_7239(value: str | None) -> dict[str, str]:
    """The parameters of the first element of a `Forwarded` header, names in lower case."""
    if value is None:
        return {}
    found = {}
    for piece in _PIECES.finditer(value):
        if piece[0] == ",":
            break
        match = _PAIR.fullmatch(piece[0])
        if match is not None:
            found[match[1].lower()] = match[2] if match[2] is not None else match[3]
    return found


def _has_port(host: str) -> bool:
    return host.rpartition("]")[2].count(":") == 1


def _trust(networks: tuple[str, ...]) -> Callable[[str], bool]:
    known = [ipaddress.ip_network(one) for one in networks if one != "*"]

    def trusts(address: str) -> bool:
        if "*" in networks:
            return True
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        ip = getattr(ip, "ipv4_mapped", None) or ip
        return any(ip in network for network in known)

    return trusts
