"""HTTP/1.1 by uvicorn and httptools, for clients that offer another protocol with their first request."""

from __future__ import annotations

from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OF_THE_OFFER = frozenset({b"upgrade", b"http2-settings"})
_LINE = b"%b %b HTTP/%b\r\n"


class PlainProtocol(HttpToolsProtocol):
    """Ignores every offer to go on in another protocol, and reads the request to its end.

    Java's HttpClient and `curl --http2` offer HTTP/2 with `Upgrade: h2c`, browsers WebSocket; a server may go
    on as if they had not (RFC 9110, 7.8). httptools stops after the head of such a request, body or not. What
    it has read is put before it once more, without the offer.
    """

    def data_received(self, data: bytes) -> None:
        """Take in what came over the connection."""
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                if self.scope["method"] == "CONNECT":  # asks for nothing else than another protocol
                    self._refuse()
                    return
                data = self._without_offer() + data[offer.args[0] :]
                self.parser = _parser(self)
            except httptools.HttpParserError:
                self._refuse()
                return
            else:
                return

    def _should_upgrade(self) -> bool:
        """Whether a request that offers another protocol is to be left alone until it comes once more."""
        return True

    def _without_offer(self) -> bytes:
        lines = [_LINE % (self.scope["method"].encode(), self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"connection":
                kept = [word for word in value.split(b",") if word.strip().lower() not in _OF_THE_OFFER]
                lines += [b"connection: %b\r\n" % b",".join(kept)] if kept else []
            elif name not in _OF_THE_OFFER:
                lines.append(b"%b: %b\r\n" % (name, value))
        return b"".join([*lines, b"\r\n"])

    def _refuse(self) -> None:
        self.send_400_response("Invalid HTTP request received.")


def _parser(protocol: HttpToolsProtocol) -> Any:
    parser = httptools.HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn sets it
    return parser
