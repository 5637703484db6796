"""An offer to go on in another protocol, which a server may take up or ignore (RFC 9110, 7.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .answer import Answer
from .check import NotVerified

OFFER: Final[Mapping[str, str]] = {
    "Connection": "Upgrade, HTTP2-Settings",
    "Upgrade": "h2c",
    "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA",
}
"""What Java's HttpClient and `curl --http2` send with their first request to a server without TLS."""

_SWITCHING: Final = 101


def expect_ignored(answer: Answer) -> Answer:
    """Go on if an offer was not taken up.

    Raises:
        NotVerified: the target goes on in HTTP/2, in which its answer cannot be read.
    """
    if answer.status == _SWITCHING:
        raise NotVerified("the target takes up the offer of HTTP/2, and answers in that")
    return answer
