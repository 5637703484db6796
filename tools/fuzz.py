"""Sends a mock what is nearly HTTP, and what its descriptions have and have not, for a bounded time.

`python tools/fuzz.py --seconds 60` starts servers of its own. Half of the time mutated requests go over raw
sockets, each with a connection of its own; the other half Schemathesis has, over each of the three
descriptions in turn. No answer may be an undocumented 5xx, nothing may show a traceback or hang, what is
refused may change nothing, and memory stays flat. The same seed makes the same requests.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import random
import re
import socket
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import described
from served import served

HEAD = b"HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token any\r\n"
JSON = b"Content-Type: application/json\r\n"
CHUNKS = b'3\r\n{"a\r\n2;x=y\r\n":\r\n2\r\n1}\r\n0\r\nX: y\r\n\r\n'
AT_2_0 = b"Accept: application/json; version=2.0\r\n"
OFFER = b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\n"
FORM = b"Content-Type: multipart/form-data; boundary=b\r\n"
SEEDS = (
    b"GET / " + HEAD + b"\r\n",
    b"GET /database/export " + HEAD + b"\r\n",
    b"POST /database/import " + HEAD + JSON + b'Content-Length: 13\r\n\r\n{"values": 1}',
    b"POST /database/import " + HEAD + JSON + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    b"GET /api/databases/@DATABASE@/records/?page=1&data__a=b " + HEAD + AT_2_0 + b"\r\n",
    b"POST /api/databases/@DATABASE@/records/ " + HEAD + JSON + b"Content-Length: 2\r\n\r\n{}",
    b"PATCH /api/databases/@DATABASE@/assets/@DATABASE@/ " + HEAD + JSON + b"Content-Length: 2\r\n\r\n[]",
    b"POST /_storage/ " + HEAD + FORM + b"Content-Length: 6\r\n\r\n--b--\r",
    b"GET /_storage/a/b?X-Amz-Signature=00 " + HEAD + b"Range: bytes=0-1\r\n\r\n",
    b"GET /~one/_mock/health " + HEAD + b"\r\n",
    b"POST /_mock/faults " + HEAD + JSON + b"Content-Length: 2\r\n\r\n{}",
    b"OPTIONS * " + HEAD + b"\r\n",
    b"GET http://localhost/api/health/ " + HEAD + OFFER + b"\r\n",
)
_SHORT = (
    r"\0|\r|\n|\r\n|\r\n |\r\n\r\n| |\t|:|%|%2f|%00|%ff|..|/../|//|~|?|#|*|\xff|-1|0x10|99999999999999999999"
)
PIECES = (
    *(piece.encode().decode("unicode_escape").encode("latin-1") for piece in _SHORT.split("|")),
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Host: b\r\n",
    b"Expect: 100-continue\r\n",
    b"Connection: close\r\n",
    b"HTTP/1.0",
    b"HTTP/2.0",
    b"[" * 300,
    b"A" * 70_000,
    b"X: y\r\n" * 3_000,
)
PATIENCE = 10.0
BATCH = 20
FROZEN = ("--clock", "frozen")
GROWTH = 1.3
"""Of the memory from the first third to the end; what the journal keeps differs from time to time."""


@dataclass
class Campaign:
    """What was sent, what came back, and what should not have been.

    Attributes:
        statuses: how many answers had each status; 0 for connections that were closed without one.
    """

    base: str
    statuses: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def run(self, chance: random.Random, goes_on: Callable[[], bool]) -> None:
        """Send in batches until it is enough or something was found."""
        database = self._json("/_mock/databases")[0]["id"].encode()
        seeds = [seed.replace(b"@DATABASE@", database) for seed in SEEDS]
        before = self._state()
        while goes_on() and not self.findings:
            sent = [mutated(chance, seeds) for _ in range(BATCH)]
            may_change = sum(self._may_change(one) for one in sent)
            after = self._state()
            if not may_change and after != before:
                self.findings.append(f"refused requests changed the state, among {sent!r}")
            before = after

    def _may_change(self, sent: bytes) -> bool:
        """Send one request; whether it may lawfully have changed something."""
        try:
            received = self._exchange(sent)
        except TimeoutError:
            self.findings.append(f"no end of the answer within {PATIENCE} s: {sent[:2_000]!r}")
            return True
        found = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]
        self.statuses.update(found or [0])
        documented = {500, 505} if b"/database/" in sent else set()
        if b"Traceback" in received or any(status >= 500 and status not in documented for status in found):
            self.findings.append(f"{received[:500]!r} answers {sent[:2_000]!r}")
        # What got no answer may have been taken, or is not a request at all.
        return not found or (min(found) < 300 and (not sent.startswith(b"GET ") or len(found) > 1))

    def _exchange(self, sent: bytes) -> bytes:
        address = urlsplit(self.base)
        received = b""
        with socket.create_connection((address.hostname, address.port or 80), timeout=PATIENCE) as sock:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, OSError):
                sock.sendall(sent)
                if not sent.startswith(b"GET /_mock/requests/events"):
                    sock.settimeout(0.2)
                    with contextlib.suppress(TimeoutError):
                        received += sock.recv(65_536)
                    sock.settimeout(PATIENCE)
                sock.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while part := sock.recv(65_536):
                    received += part
        return received

    def _state(self) -> str:
        return hashlib.sha256(self._get("/_mock/state")).hexdigest()

    def _json(self, path: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(self._get(path))
        return found

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.base + path, timeout=PATIENCE) as answer:  # noqa: S310 - http, our own
            body: bytes = answer.read()
        return body


def mutated(chance: random.Random, seeds: list[bytes]) -> bytes:
    """One or two of the requests after another, with a few changes."""
    sent = b"".join(chance.choices(seeds, k=chance.choice((1, 1, 1, 2))))
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(sent) + 1)
        end = min(len(sent), start + chance.choice((0, 0, 1, 2, 8, 40)))
        sent = sent[:start] + chance.choice((b"", *PIECES)) + sent[end:]
    return sent


def resident(process: int) -> float:
    """MiB that a process holds, where the system tells it; else 0."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def below_http(folder: Path, seconds: float, seed: str, findings: list[str]) -> str:
    """The half with raw sockets; what there was of it."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    with served(folder, *FROZEN, findings=findings) as (base, process):
        campaign, sizes = Campaign(base), []
        for part in (0.3, 0.7):  # the journal and the like are full after the first part
            end = time.monotonic() + seconds * part
            campaign.run(chance, lambda: time.monotonic() < end)  # noqa: B023 - it is called in this round
            sizes.append(resident(process.pid))
    if sizes[1] > GROWTH * sizes[0]:
        campaign.findings.append(f"memory grew from {sizes[0]:.0f} to {sizes[1]:.0f} MiB")
    findings += campaign.findings
    counts = ", ".join(f"{status or 'none'} {count}" for status, count in sorted(campaign.statuses.items()))
    return f"below HTTP: {sizes[0]:.0f}, then {sizes[1]:.0f} MiB; answers: {counts}"


def main() -> int:
    """Run a campaign; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    findings: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        each = round(options.seconds / 2 / len(described.PATHS))
        bounds = ("--max-time", str(max(1, each)))
        print(below_http(folder, options.seconds / 2, options.seed, findings), flush=True)
        for description in described.PATHS:
            with served(folder, *FROZEN, findings=findings) as (base, _):
                calls, found = described.fuzz(description, base, folder, seed=options.seed, bounds=bounds)
            print(f"{description}: {calls:,} calls", flush=True)
            findings += found
    print("\n".join(findings or ["nothing was found"]))
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
