"""What a client may provoke: answers of HTTP itself that no description has, and none is blamed for."""

from __future__ import annotations

from typing import Final

from ..http.headers import Headers
from ..http.wire import Received, Request

_OF_HTTP: Final = frozenset({405, 406, 408, 411, 413, 414, 415, 417, 421, 426, 429, 431})
"""What a server may say to how a client asks, whatever the operation."""
_OF_A_CONDITION: Final = frozenset({206, 304, 412, 416})
_CONDITIONS: Final = (
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "if-range",
)


def is_for_the_client(request: Request, received: Received) -> bool:
    """Whether an answer is owed to what the client asked for beside the operation.

    That is a part of a body, a condition, a form or a pace that the server does not take: the description
    has a say only where the call is one that it describes.
    """
    if received.status in _OF_HTTP:
        return True
    headers = Headers(request.headers)
    return received.status in _OF_A_CONDITION and any(name in headers for name in _CONDITIONS)
