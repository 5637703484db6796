"""The HTTP side of the client: one kept connection to the control API of a mock."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import warnings
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

_SANDBOX = re.compile(r"(?:/[^/?]+)*?/~[^/?]+")
_DELETED = re.compile(r"/_mock/sandboxes(?:/(?P<name>[^/?]+))?/?\Z")

Query = Mapping[str, Any] | None


class MockError(Exception):
    """The mock refused what it was asked, or nothing answered.

    The message is the mock's own reason.

    Attributes:
        status: of the mock's answer; None when there was none.
        errors: the reasons, keyed by the field that they are about, where the mock gave them so.
    """

    def __init__(
        self, message: str, *, status: int | None = None, errors: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.errors: dict[str, Any] = dict(errors or {})


class SandboxBeganAnew(UserWarning):
    """A sandbox is not the one any more that this client has used.

    It began anew, since it was removed by another client, or as the least recently used one, or since its
    server was replaced; or it went on from what a store held, which was not the last of it. With
    `warnings.simplefilter("error", SandboxBeganAnew)`, or pytest's `-W`, it is raised.
    """


class ControlConnection:
    """Calls control APIs of one server, that of its default sandbox and those of its sandboxes.

    Threads may share one: their calls take turns. It is connected when it is first used, and again after the
    server has closed the connection.

    Args:
        url: of which scheme, host and port count.
        control_token: what the server was started with as `--control-token`, if it is on another machine.
        timeout: for how many seconds an answer is waited for.

    Attributes:
        origin: scheme, host and port of the server.

    Raises:
        ValueError: that is not an http(s) URL.
    """

    def __init__(self, url: str, control_token: str | None = None, timeout: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = f'"{url}" is not a URL of a mock; write e.g. http://127.0.0.1:5323'
            raise ValueError(msg)
        make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._connection = make(parts.hostname, parts.port, timeout=timeout)
        self._headers = {"Accept": "application/json"}
        if control_token is not None:
            self._headers["Authorization"] = f"Bearer {control_token}"
        self._lock = threading.Lock()
        self._lives: dict[str, str] = {}

    def call(self, method: str, path: str, body: object = None, query: Query = None) -> Any:
        """Call an operation; gives the parsed answer, None for an empty one.

        Args:
            method: of HTTP.
            path: from the root of the server, with the sandbox's prefix.
            body: sent as JSON unless it is None.
            query: parameters; those that are None are left out.

        Raises:
            MockError: the mock refused, or what answers is not a mock.
        """
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{path}?{urlencode(asked)}" if asked else path
        content, headers = None, self._headers
        if body is not None:
            content = json.dumps(body).encode()
            headers = {**headers, "Content-Type": "application/json"}
        with self._lock:
            try:
                status, raw, life = self._exchange(method, target, content, headers)
            except (OSError, HTTPException) as error:
                self._connection.close()
                msg = f"{self.origin} does not answer {method} {path}: {_reason(error)}"
                raise MockError(msg) from error
        self._note_life(method, path, status, life)
        if 200 <= status < 300:
            return self._parsed(raw, status) if raw else None
        raise self._refusal(method, path, status, raw)

    def close(self) -> None:
        """Close the connection; a later call opens another."""
        with self._lock:
            self._connection.close()

    def _exchange(
        self, method: str, target: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes, str | None]:
        # Looked at beforehand, because a request that fails on its way must not be repeated blindly: the
        # clock would be advanced twice.
        if self._connection.sock is not None and _is_closed(self._connection.sock):
            self._connection.close()
        self._connection.request(method, target, content, headers)
        response: HTTPResponse = self._connection.getresponse()
        return response.status, response.read(), response.getheader("Dbcontract-Sandbox-Life")

    def _note_life(self, method: str, path: str, status: int, life: str | None) -> None:
        """Warn where another sandbox answers under the name of one that was used before."""
        sandbox = _SANDBOX.match(path)
        deleted = _DELETED.search(path) if method == "DELETE" and status < 400 else None
        with self._lock:
            if deleted is not None:  # here, on purpose: the next one of that name does not surprise
                name = deleted["name"]
                for known in [
                    one for one in self._lives if name is None or one.endswith(f"/~{unquote(name)}")
                ]:
                    del self._lives[known]
                return
            if sandbox is None or life is None:
                return
            known_as = unquote(sandbox[0])
            before, self._lives[known_as] = self._lives.get(known_as, life), life
        if before != life:
            message = (
                f"{self.origin}{sandbox[0]} began anew since it was last used, or from what was stored before"
            )
            warnings.warn(message, SandboxBeganAnew, stacklevel=4)

    def _parsed(self, raw: bytes, status: int) -> Any:
        try:
            return json.loads(raw)
        except ValueError as error:
            msg = f"{self.origin} does not answer as the control API of a mock does (no JSON)"
            raise MockError(msg, status=status) from error

    def _refusal(self, method: str, path: str, status: int, raw: bytes) -> MockError:
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            msg = (
                f"{self.origin} answers {method} {path} with {status}; is it a mock of dbcontract, "
                "with its control API (no --no-control)?"
            )
            return MockError(msg, status=status)
        detail = answer.get("detail")
        if isinstance(detail, str):
            return MockError(f"{method} {path} is refused ({status}): {detail}", status=status)
        reasons = "; ".join(f"{field}: {_joined(texts)}" for field, texts in answer.items())
        return MockError(f"{method} {path} is refused ({status}): {reasons}", status=status, errors=answer)


def _is_closed(connected: socket.socket) -> bool:
    """Whether the other side has closed an idle connection."""
    timeout = connected.gettimeout()
    try:
        connected.settimeout(0)
        # Nothing may come unasked, so whatever can be read is the end of the connection.
        connected.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        connected.settimeout(timeout)
    return True


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _joined(texts: object) -> str:
    if isinstance(texts, list):
        return " ".join(map(_joined, texts))
    return texts if isinstance(texts, str) else json.dumps(texts)
