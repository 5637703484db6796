"""The wire policy of the served APIs: which path means which, and how every answer looks on the wire."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote, unquote_to_bytes

from starlette.types import Scope, Send

from ..extension_point import ExtensionPoint
from .call import Exchange
from .connexion.validation import hide_slashes
from .problems import UnknownPath


class WirePolicy:
    """What all operations of a sandbox have in common, seen from outside."""

    def path(self, exchange: Exchange, path: str) -> str:
        """The path as the routing wants it: no trailing slash, encoded slashes kept out of its sight.

        Raises:
            UnknownPath: the percent-encoding is not UTF-8, so that two different paths would look the same,
                or there are two slashes at the end, which the routing would answer with a redirect.
        """
        if "%" in exchange.path:
            try:
                unquote_to_bytes(exchange.path).decode()
            except UnicodeDecodeError:
                msg = "Not found. The path is not percent-encoded UTF-8."
                raise UnknownPath(msg) from None
            if "%2f" in exchange.path.lower():
                exchange.hidden_slash = True
                path = slashes_hidden(exchange.path)
        if path.endswith("/") and path != "/":
            path = path[:-1]
            if path.endswith("/") and path != "/":
                msg = "Not found."
                raise UnknownPath(msg)
        return path

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:  # noqa: ARG002
        """What takes the messages of an answer, of storage too, and sends them on."""
        return send


WIRE_POLICY: Final = ExtensionPoint("wire policy", WirePolicy)


def slashes_hidden(raw: str) -> str:
    """A percent-encoded path, decoded, with the slashes inside its segments hidden."""
    return "/".join(hide_slashes(unquote(segment)) for segment in raw.split("/"))


def without_slash(path: str) -> str:
    """The path without one trailing slash."""
    return path[:-1] if len(path) > 1 and path.endswith("/") else path
