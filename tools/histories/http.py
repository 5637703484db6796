"""Requests of one client, some of which are cut off."""

from __future__ import annotations

import contextlib
import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

HEADERS = {"Authorization": "Token any", "Accept": "application/json; version=2.0"}
PATIENCE = 60.0


class Unexpected(Exception):
    """An answer that the contract does not have for such a request; the message shows it."""


class NoAnswer(Unexpected):
    """None came; the request may have been taken."""


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    body: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


class Connection:
    """A kept connection to a server.

    Args:
        base: URL of the server.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self._host = urlsplit(base).netloc
        self._kept = self._new()

    def close(self) -> None:
        """End it."""
        self._kept.close()

    def ask(
        self, method: str, path: str, body: Any = None, *, expect: tuple[int, ...] = (200,), **headers: str
    ) -> Answer:
        """Send one request, its body as JSON, and read the answer.

        Raises:
            Unexpected: its status is another one.
            NoAnswer: there is none.
        """
        sent = {**HEADERS, **headers}
        if not isinstance(body, bytes | None):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        return self._exchange(method, path, body, sent, expect)

    def fetch(self, link: str, *expect: int) -> Answer:
        """What a signed link leads to, without the token; errors are those of `ask`."""
        return self._exchange("GET", link, None, {}, expect)

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], expect: tuple[int, ...]
    ) -> Answer:
        target = path.removeprefix(self.base)
        try:
            self._kept.request(method, target, body, headers)
            found = self._kept.getresponse()
            named = {name.lower(): value for name, value in found.headers.items()}
            answer = Answer(found.status, found.read(), named)
        except (OSError, http.client.HTTPException) as error:
            self._kept.close()
            raise NoAnswer(f"{method} {target[:200]}: {type(error).__name__}: {error}") from error
        if answer.status not in expect:
            raise Unexpected(f"{method} {target[:200]}: {answer.status} {answer.body[:300]!r}")
        return answer

    def cut(self, method: str, path: str, body: Any, *, half: bool) -> None:
        """Send one request, or only the first half of its body, and go away without reading anything."""
        content = json.dumps(body).encode()
        leaving = self._new()
        with contextlib.closing(leaving), contextlib.suppress(ConnectionError):
            leaving.putrequest(method, path)
            for name, value in {**HEADERS, "Content-Type": "application/json"}.items():
                leaving.putheader(name, value)
            leaving.putheader("Content-Length", str(len(content)))
            leaving.endheaders()
            leaving.send(content[: len(content) // 2] if half else content)

    def _new(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, timeout=PATIENCE)
