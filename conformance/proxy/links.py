"""Links that lead past the proxy, made to lead through it, where the user wants that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from .heads import Raw
from .upstreams import Upstreams

LONGEST: Final = 8 * 1024 * 1024
"""A longer body is passed on as it is, in bytes."""
_LINKED: Final = frozenset({b"location", b"content-location", b"link"})


class Links:
    """Replaces the origins of what is behind by the proxy's own.

    Args:
        upstreams: whose origins to look for.
        own: the proxy's origin, as its clients say it.
    """

    def __init__(self, upstreams: Upstreams, own: str) -> None:
        self._new = {
            one.origin.encode(): (own + one.prefix).encode() for one in (upstreams.main, *upstreams.storages)
        }
        origins = b"|".join(re.escape(origin) for origin in self._new)
        self._in_header = re.compile(rb"(?:%b)(?=[/?#>;,\s]|$)" % origins)
        # JSON may write a slash with a backslash before it.
        escaped = b"|".join(re.escape(origin).replace(b"/", rb"\\?/") for origin in self._new)
        self._in_json = re.compile(rb'(?<=")(?:%b)(?=\\?/|["?#])' % escaped)

    def headers(self, headers: Sequence[Raw]) -> list[Raw]:
        """The headers of an answer with links through the proxy."""
        return [
            (name, self._in_header.sub(self._other, value) if name.lower() in _LINKED else value)
            for name, value in headers
        ]

    def body(self, content: bytes) -> bytes:
        """A JSON body with links through the proxy: strings that begin with a known origin."""
        return self._in_json.sub(self._other, content)

    def _other(self, found: re.Match[bytes]) -> bytes:
        return self._new[found[0].replace(rb"\/", b"/")]
