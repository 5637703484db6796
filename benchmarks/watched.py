"""A server with a probe in its event loop, and a client that keeps one connection to it."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .processes import BenchmarkError, Process, new_folder

PROGRAM = Path(__file__).with_name("probed_server.py")


@dataclass(frozen=True)
class Pause:
    """The longest pause of a server's event loop while something was asked of it; see `Probe`. In seconds."""

    wall: float
    cpu: float
    process: float
    collecting: float


class Watched(Process):
    """A mock server that serves a data file, its clock standing still.

    Attributes:
        load_seconds: from the start of the process until it answered.
        load_cpu: the CPU time that it used until then.
    """

    def __init__(self, data: Path) -> None:
        folder = new_folder()
        ready = folder / "ready.txt"
        began = time.perf_counter()
        super().__init__(
            [sys.executable, "-P", str(PROGRAM), str(ready), str(data)], pipe=True, folder=folder
        )
        try:
            while not ready.exists():
                self.check()
                time.sleep(0.005)
            self.load_seconds = time.perf_counter() - began
            self.load_cpu = self.cpu_seconds()
            self.address = urlsplit(ready.read_text())
            self._connection = http.client.HTTPConnection(str(self.address.netloc), timeout=600)
            found = self.json("GET", "/_mock/databases")
            database = max(found, key=lambda one: int(one["records"]))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.database: str = database["id"]
        self.count: int = database["records"]
        self.records = f"/api/databases/{self.database}/records/"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Send one request: the body of its answer, which is a success.

        Raises:
            BenchmarkError: it is not one.
        """
        # at 2.0, for at 1.0, the default, no list has pages
        versioned = {"Accept": "application/json; version=2.0"}
        token = {} if path.startswith("/_storage") else {"Authorization": "Token any"}
        sent = {**token, **versioned, **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            self._connection.request(method, path, body, sent)
            answer = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            # Where the machine is slow, the server has given the idle connection up meanwhile.
            self._connection.close()
            self._connection.request(method, path, body, sent)
            answer = self._connection.getresponse()
        got = answer.read()
        if answer.status >= 400:
            raise BenchmarkError(f"{method} {path}: {answer.status} {got[:300]!r}")
        return got

    def json(self, method: str, path: str, body: object = None) -> Any:
        """The same with JSON both ways."""
        answer = self.ask(method, path, None if body is None else json.dumps(body).encode())
        return json.loads(answer) if answer else None

    def seconds(self, method: str, path: str, body: bytes | None = None) -> float:
        """How long one request takes, to the last byte of its answer."""
        began = time.perf_counter()
        self.ask(method, path, body)
        return time.perf_counter() - began

    def reset(self) -> None:
        """Everything as it was at the start."""
        self.ask("POST", "/_mock/reset")

    def pause(self) -> Pause:
        """The longest pause since the last time this was asked."""
        if self.popen.stdin is None or self.popen.stdout is None:
            raise BenchmarkError("the server was started without pipes")
        self.popen.stdin.write(b"\n")
        self.popen.stdin.flush()
        line = self.popen.stdout.readline()
        self.check()
        return Pause(**json.loads(line))


def make_data(records: int, folder: Path) -> Path:
    """A data file with one database of this many records, on 90 days.

    Raises:
        BenchmarkError: it cannot be made.
    """
    file = folder / f"{records}.jsonl"
    command = [sys.executable, "-m", "dbcontract", "data", "bi", "--records", str(records), "-o", str(file)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BenchmarkError(f"{' '.join(command)}:\n{done.stderr[-2_000:]}")
    return file
