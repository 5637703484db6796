"""Counts the instructions of Python that the application takes for a request: the same on every machine.

The application is called as a server calls it, without a server: no socket, no event loop, no clock. What
libraries in C do is one instruction, whatever it costs.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import CodeType, FrameType
from typing import Any

import orjson
from starlette.types import ASGIApp, Message

from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.application import create_app

_SHOWN = 12
_HEADERS = (
    (b"host", b"127.0.0.1:5323"),
    (b"accept", b"application/json; version=2.0"),
    (b"authorization", b"Token any"),
)


class Application:
    """An application in this thread, that is started, and asked one thing after the other."""

    def __init__(self, **settings: Any) -> None:
        self._app: ASGIApp = create_app(Settings(**settings))
        # Connexion reads the descriptions with the first message.
        messages: Iterator[Message] = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        _through(self._app({"type": "lifespan"}, _receiving(messages), _ignore))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a successful answer."""
        return self._asked(method, path, body, nullcontext())

    def count(self, method: str, path: str, body: Any = None) -> Instructions:
        """The instructions of a request that is answered well."""
        found = Instructions()
        self._asked(method, path, body, found.counted())
        return found

    def _asked(self, method: str, path: str, body: Any, meanwhile: AbstractContextManager[None]) -> Any:
        raw = b"" if body is None else orjson.dumps(body)
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 5323),
            "client": ("127.0.0.1", 40000),
            "scheme": "http",
            "root_path": "",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [*_HEADERS, *_of_body(raw)],
        }
        answer: list[Message] = []

        async def send(message: Message) -> None:
            answer.append(message)

        sent: Iterator[Message] = iter([{"type": "http.request", "body": raw, "more_body": False}])
        with meanwhile:
            _through(self._app(scope, _receiving(sent), send))
        content = b"".join(message.get("body", b"") for message in answer)
        assert 200 <= answer[0]["status"] < 300, content
        return orjson.loads(content) if content else None


def _of_body(raw: bytes) -> list[tuple[bytes, bytes]]:
    if not raw:
        return []
    return [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]


class Instructions:
    """How many there were, by function."""

    def __init__(self) -> None:
        self.by_function: Counter[CodeType] = Counter()

    @property
    def all(self) -> int:
        """How many there were."""
        return self.by_function.total()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what is called while the context lasts."""
        counts = self.by_function

        def called(frame: FrameType, *_: Any) -> Any:
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            return executed

        def executed(frame: FrameType, event: str, _: Any) -> Any:
            if event == "opcode":
                counts[frame.f_code] += 1
            return executed

        before = sys.gettrace()
        sys.settrace(called)
        try:
            yield
        finally:
            sys.settrace(before)

    def __str__(self) -> str:
        """The functions that had most of them, which is where to look."""
        lines = [
            f"  {count:8,}  {code.co_qualname} ({code.co_filename}:{code.co_firstlineno})"
            for code, count in self.by_function.most_common(_SHOWN)
        ]
        return "\n".join([f"{self.all:,} instructions of Python, most of them in:", *lines])


def _through(request: Awaitable[None]) -> None:
    """Run to the end what gives its turn away, but waits for nothing."""
    for waited in request.__await__():
        assert waited is None, f"the request waits for {waited}"


def _receiving(messages: Iterator[Message]) -> Any:
    async def receive() -> Message:
        return next(messages)

    return receive


async def _ignore(_: Message) -> None:
    pass
