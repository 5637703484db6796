"""A server that says back what it was told in secret, in every place of an answer and in many spellings."""

import base64
import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from urllib.parse import quote

from .serving import Quiet, served

ESCAPE = "\x1b[2J\x9b31m"
BIDI = "\u202e\u2066\u200f"
"""What a terminal would obey, and what turns the direction of text."""


def spellings(secret: str) -> list[str]:
    """The secret as encodings spell it, alone and beside other things, in part and in other letters."""
    content = secret.encode()
    return [
        secret,
        secret.swapcase(),
        secret[: len(secret) // 2],
        secret[3:14].upper(),
        secret[::2] + secret[5:12],
        content.hex(),
        content.hex().upper(),
        base64.b64encode(content).decode(),
        base64.b64encode(b"Token " + content).decode(),
        base64.urlsafe_b64encode(b"user:" + content + b"!").decode(),
        quote(secret, safe=""),
        "".join(f"%{byte:02x}" for byte in content),
        "".join(f"%25{byte:02X}" for byte in content),
        "".join(f"\\u{byte:04x}" for byte in content),
        "".join(f"&#{byte};" for byte in content),
        "".join(f"&#x{byte:X};" for byte in content),
    ]


def _bodies(secret: str) -> Iterator[tuple[str, bytes]]:
    """One body after the other, each with its media type."""
    told = spellings(secret)
    kinds: list[Callable[[], tuple[str, bytes]]] = [
        lambda: ("application/json", json.dumps({one: {one: [one]} for one in told}).encode()),
        lambda: ("application/json", json.dumps([{"id": secret, "detail": one} for one in told]).encode()),
        lambda: ("image/png", b"\x89PNG\0\xff\xfe" + "\0".join(told).encode() + b"\xff" * 40),
        lambda: ("application/octet-stream", b"\xff\xfe\x80" + secret.encode("utf-16-le") + b"\x80" * 40),
        lambda: (
            f"application/{secret}",
            b"\x80\x81\x82" * 9 + base64.b64encode(secret.encode()) + b"\x80" * 9,
        ),
        lambda: ("text/plain", f"{ESCAPE}{BIDI} <b>{' '.join(told)}</b> `|` {ESCAPE}".encode()),
        lambda: (
            "text/csv",
            f"id,{secret}\n1,{secret[1:]}\n".encode(),
        ),
    ]
    for kind in itertools.cycle(kinds):
        yield kind()


@contextlib.contextmanager
def reflecting(*names: str) -> Iterator[str]:
    """Serve it, and give its URL.

    Args:
        names: of the request headers whose values are told, besides `Authorization`.
    """
    cursors: dict[str, Iterator[tuple[str, bytes]]] = {}
    # Nothing that would end the run for a mistake of the user's, before any rule: no 401, 403 or 404.
    statuses = itertools.cycle((200, 200, 500, 400, 201))
    lock = threading.Lock()

    class Handler(Quiet):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            told = [self.headers.get(name, "") for name in ("Authorization", *names)]
            secrets = [value.removeprefix("Token ") for value in told if value]
            with lock:
                secret = secrets[next(turns) % len(secrets)] if secrets else "nothing was told"
                kind, body = next(cursors.setdefault(secret, _bodies(secret)))
                status = next(statuses)
            spelled = spellings(secret)
            self.send_response(status, f"{secret} {spelled[6]}")
            self.send_header("Content-Type", f"{kind}; charset={secret}; version={secret.lower()}")
            self.send_header("Content-Length", str(len(body)))
            self.send_header(f"X-{secret.replace(' ', '-')}", secret[2:])
            for number, one in enumerate(spelled):
                self.send_header(f"X-Told-{number}", one)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    turns = itertools.count()
    with served(Handler) as url:
        yield url
