"""The id of a request: the same in its answer, in the journal and in the log.

A client's own id is taken over, as proxies and frameworks do with `X-Request-Id`. Without one it is made from
the sandbox and how many requests that has had: two runs of the same requests have the same ids.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .fields import FIELDS

REQUEST_ID: Final = "dbcontract.request_id"
"""Key of the ASGI scope: the id, once it is known."""
HEADER: Final = b"x-request-id"

_VALID = re.compile(rb"[A-Za-z0-9._~:@=+/-]{1,128}")
"""What goes into logs and headers as it is, and has a bound; several ids are not one."""


def own_id(scope: Scope) -> str | None:
    """The id that the client sent; None where it sent none, several, or what is not valid."""
    own: bytes | None = scope[FIELDS].get(HEADER)
    return None if own is None or _VALID.fullmatch(own) is None else own.decode("ascii")


class Unplaced:
    """Ids of requests that no sandbox answers: preflights, and paths that name a sandbox wrongly."""

    def __init__(self) -> None:
        self._count = itertools.count(1)

    def id_of(self, scope: Scope) -> str:
        """The client's own id, or one of the server's."""
        return own_id(scope) or f"server-{next(self._count)}"

    def told(self, app: ASGIApp) -> ASGIApp:
        """The application, with an id in those answers that have none."""

        def telling(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            def tell(message: Message) -> Awaitable[None]:
                if message["type"] == "http.response.start" and REQUEST_ID not in scope:
                    message["headers"] = [*message.get("headers", ()), (HEADER, self.id_of(scope).encode())]
                return send(message)

            return app(scope, receive, tell if scope["type"] == "http" else send)

        return telling
