"""What is behind the proxy: the implementation, and the storages that its links lead to, where named."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ..target.target import TargetError, base_url

PREFIX: Final = "/_storage-at/"
"""Below it, by host, lie the storages that were named."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """One origin.

    Attributes:
        scheme, host, port: of it; the host without brackets.
        prefix: of its paths at the proxy; empty for the implementation itself.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @property
    def netloc(self) -> str:
        """Host and port, as `Host` has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme] == self.port
        return host if usual else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """`http://host:port`."""
        return f"{self.scheme}://{self.netloc}"


def upstream_of(url: str, *, where: str, prefixed: bool = False) -> Upstream:
    """The origin of a URL.

    Raises:
        TargetError: no http or https URL; `where` is the flag that said it.
    """
    parts = urlsplit(base_url(url, where=where))
    assert parts.hostname is not None  # noqa: S101 (base_url has looked)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    found = Upstream(parts.scheme, parts.hostname, port)
    if not prefixed:
        return found
    return Upstream(found.scheme, found.host, found.port, f"{PREFIX}{found.netloc}")


class Upstreams:
    """All of them: which one a path at the proxy belongs to.

    Args:
        main: the implementation.
        storages: what else is passed on to; nothing else ever is.
    """

    def __init__(self, main: Upstream, storages: Sequence[Upstream] = ()) -> None:
        self.main = main
        self.storages = tuple(storages)

    def of(self, target: bytes) -> tuple[Upstream, bytes] | None:
        """The origin, and path and query there; None for a storage that was not named."""
        text = target.decode("latin-1")
        for storage in self.storages:
            rest = text.removeprefix(storage.prefix)
            if rest != text and rest[:1] in {"", "/", "?"}:
                return storage, (rest if rest.startswith("/") else f"/{rest}").encode("latin-1")
        return None if text.startswith(PREFIX) else (self.main, target)


def tls(ca_bundle: str | None) -> ssl.SSLContext:
    """What certificates are held against.

    Raises:
        TargetError: the file cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except (OSError, ssl.SSLError) as error:
        raise TargetError(f"--ca-bundle {ca_bundle}: {error}; give a PEM file of certificates") from error
