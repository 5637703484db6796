"""The id of a request: the same in its answer, in the journal and in the log.

A client's own id is taken over, as proxies and frameworks do with `X-Request-Id`. Without one it is made from
the sandbox and how many requests that has had: two runs of the same requests have the same ids.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Iterable
from typing import Final

from starlette.types import Message, Scope, Send

REQUEST_ID: Final = "dbcontract.request_id"
"""Key of the ASGI scope: the id, or None until a sandbox has made it."""
HEADER: Final = b"x-request-id"

_VALID = re.compile(rb"[A-Za-z0-9._~:@=+/-]{1,128}")
"""What goes into logs and headers as it is, and has a bound."""


class RequestIds:
    """Puts the id of a request into its answer."""

    def __init__(self) -> None:
        self._unplaced = itertools.count(1)

    def telling(self, scope: Scope, send: Send) -> Send:
        """Note the client's own id in the scope; what sends the answer with the id that is there by then."""
        scope[REQUEST_ID] = _own(scope["headers"])

        def told(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                # Some answers come from no sandbox: preflights, and paths that name a sandbox wrongly.
                made: str = scope[REQUEST_ID] or f"server-{next(self._unplaced)}"
                message = {
                    **message,
                    "headers": [*message.get("headers", ()), (HEADER, made.encode("ascii"))],
                }
            return send(message)

        return told


def _own(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The id that the client sent; None where it sent none, several, or what is not valid."""
    found = [value for name, value in headers if name == HEADER]
    if not found:
        return None
    return found[0].decode("ascii") if len(found) == 1 and _VALID.fullmatch(found[0]) else None
