"""Redis or Valkey, by redis-py, which is loaded when a server has a store."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from .framed import MAX_BYTES, NotReadable

SCHEMES: Final = ("redis", "rediss", "valkey", "valkeys", "unix")
_SECONDS: Final = 3.0
"""For a connection, and for an answer."""
_PREFIX: Final = "dbcontract:sandbox:"


class StoreError(ValueError):
    """The store cannot be used at all; the message says why, and what helps."""


class StoreLost(Exception):
    """The store does not answer, or refuses; the message says why."""


def masked(url: str) -> str:
    """The URL without what is secret in it: password and options."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = f"{parts.username or ''}:***@" if "@" in parts.netloc else ""
    return urlunsplit((parts.scheme, f"{user}{host}", parts.path, "", ""))


class RedisStore:
    """A Redis or Valkey.

    Args:
        url: as redis-py has it; `valkey` says the same as `redis`.
        seconds: after which what was not written again goes; None keeps it for ever.

    Raises:
        StoreError: that is not such a URL, or redis-py is not installed.
    """

    def __init__(self, url: str, seconds: int | None) -> None:
        self.name = masked(url)
        self._seconds = seconds
        if urlsplit(url).scheme not in SCHEMES:
            raise StoreError(f"{self.name}: write redis://HOST:PORT/0, or another of {', '.join(SCHEMES)}")
        try:
            redis: Any = import_module("redis.asyncio")
        except ImportError:
            raise StoreError(f"{self.name}: `pip install 'dbcontract[store]'` brings what it needs") from None
        self._errors = (import_module("redis.exceptions").RedisError, OSError)
        try:
            self._client: Any = redis.Redis.from_url(
                url.replace("valkey", "redis", 1) if url.startswith("valkey") else url,
                socket_timeout=_SECONDS,
                socket_connect_timeout=_SECONDS,
            )
        except ValueError as error:
            raise StoreError(f"{self.name}: {error}") from None

    async def read(self, name: str) -> bytes | None:
        """What is held under a name, if anything.

        Raises:
            StoreLost: nobody knows.
            NotReadable: it is too large to be a sandbox, or no text.
        """
        key = _PREFIX + name
        try:
            if await self._client.type(key) not in {b"string", b"none"}:
                raise NotReadable("it is not a sandbox of dbcontract")
            if await self._client.strlen(key) > MAX_BYTES:
                raise NotReadable(f"it has more than {MAX_BYTES:,} bytes")
            found: bytes | None = await self._client.get(key)
        except self._errors as error:
            raise StoreLost(self._told(error)) from error
        return found

    async def write(self, name: str, content: bytes) -> None:
        """Hold something under a name; what was there goes.

        Raises:
            StoreLost: it may not be held.
        """
        try:
            await self._client.set(_PREFIX + name, content, ex=self._seconds)
        except self._errors as error:
            raise StoreLost(self._told(error)) from error

    async def delete(self, *names: str) -> int:
        """Hold nothing under these names; how many there were.

        Raises:
            StoreLost: it may still be held.
        """
        try:
            deleted: int = await self._client.delete(*(_PREFIX + name for name in names))
        except self._errors as error:
            raise StoreLost(self._told(error)) from error
        return deleted

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _told(self, error: Exception) -> str:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
