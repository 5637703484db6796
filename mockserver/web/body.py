"""Reading request bodies: chunked or not, within a bound, as JSON."""

from __future__ import annotations

import asyncio
import gc
import io
from collections.abc import Iterable
from itertools import count
from typing import Any, Final

from starlette.types import Receive

from ..sandbox.limits import BODY
from ..state import jsonio
from ..state.collector import keeps_data_out
from ..state.json_steps import load_steps
from .errors import JSON_WORDS, worded
from .problems import BadRequest, ClientGone, UnsupportedEncoding, UnsupportedMediaType

_LONG: Final = 512 * 1024
"""Bytes of JSON from which on it is parsed in steps."""
_SETTLED: Final = 16
"""Steps of parsing: a megabyte at most."""


async def read_body(receive: Receive, limit: int = BODY) -> bytes:
    """The whole body, whatever its framing.

    Raises:
        BadRequest: it is larger than `limit` bytes.
        ClientGone: the client hung up.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) <= limit:
            return body
    # Grows in place and gives what it holds without a copy: to join 60 MB at the end takes 25 ms.
    received = io.BytesIO()
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        if received.tell() + len(chunk) > limit:
            msg = f"Request body larger than {limit} bytes; send it in parts."
            raise BadRequest(msg)
        received.write(chunk)
        if not message.get("more_body", False):
            return received.getvalue()
        message = await receive()


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The value of a header, or None; several lines of one name are one list (RFC 9110, 5.3)."""
    found: bytes | None = None
    more: list[bytes] = []
    for key, value in headers:
        if key == name:
            if found is None:
                found = value
            else:
                more.append(value)
    if found is None:
        return None
    return (b", ".join([found, *more]) if more else found).decode("latin-1")


def check_encoding(content_encoding: str | None) -> None:
    """Accept a body that is not compressed.

    Raises:
        UnsupportedEncoding: it is, or is said to be; what it would become has no bound.
    """
    for coding in (content_encoding or "").split(","):
        if coding.strip().lower() not in {"", "identity"}:
            raise UnsupportedEncoding(coding.strip()[:80])


def check_json_type(content_type: str | None, *, required: bool) -> None:
    """Accept `application/json`, with no charset or with UTF-8.

    Raises:
        UnsupportedMediaType: another type, a charset that JSON does not have, or (when required) none at all.
    """
    if content_type is None or not content_type.strip():
        if required:
            raise UnsupportedMediaType("")
        return
    if content_type == "application/json":
        return
    head, *parameters = [part.strip().lower() for part in content_type.split(";")]
    charsets = [part.partition("=")[2].strip('" ') for part in parameters if part.startswith("charset")]
    if head != "application/json" or any(name not in {"utf-8", "utf8", "us-ascii"} for name in charsets):
        raise UnsupportedMediaType(content_type[:200])


async def parse_body(raw: bytes) -> Any:
    """The value of a JSON body; others are served while a long one is read.

    Raises:
        BadRequest: it is not JSON, or JSON that cannot be kept exactly.
    """
    if len(raw) < _LONG:
        return parse_json(raw)
    steps = load_steps(raw)
    try:
        for number in count(1):
            next(steps)
            if not number % _SETTLED:
                _settle()
            await asyncio.sleep(0)
    except StopIteration as end:
        return end.value
    except jsonio.MalformedJSON as error:
        raise BadRequest(worded(error.wrong, JSON_WORDS)) from None


def _settle() -> None:
    """Take what was parsed out of the garbage collector's sight, where the process keeps its data out of it.

    Ten thousand lists of a thousand numbers hold everybody up where all of them are walked at once.
    """
    if keeps_data_out():
        gc.collect(1)  # what is left is no garbage
        gc.freeze()


def parse_json(raw: bytes) -> Any:
    """The value of a JSON body.

    Raises:
        BadRequest: it is not JSON, or JSON that cannot be kept exactly.
    """
    try:
        return jsonio.loads(raw)
    except jsonio.MalformedJSON as error:
        raise BadRequest(worded(error.wrong, JSON_WORDS)) from None
