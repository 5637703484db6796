"""Servers under measurement: processes that are started, asked for CPU time and memory, and stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class BenchmarkError(Exception):
    """Something stands in the way of a measurement; the message says what, and what helps."""


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


def get(url: str, headers: Mapping[str, str] | None = None, timeout: float = 60) -> tuple[int, bytes]:
    """Status and body of one request without a kept connection."""
    request = urllib.request.Request(url, headers=dict(headers or {}))  # noqa: S310 - our own servers
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def new_folder() -> Path:
    """A new temporary folder."""
    return Path(tempfile.mkdtemp(prefix="benchmark-"))


class Process:
    """A started server: a context manager that ends it, and everything that it has started.

    Args:
        command: what to run.
        cpus: the CPUs that it may use; all of them if None.
        pipe: connect its standard input and output.
        folder: where it runs and its log goes; removed at the end, and made if None.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cpus: set[int] | None = None,
        pipe: bool = False,
        folder: Path | None = None,
    ) -> None:
        self.folder = folder or new_folder()
        self.log = self.folder / "log.txt"
        self.command = command
        with self.log.open("wb") as log:
            # A folder of its own: nothing of the checkout is imported by accident, and nothing is left in it.
            self.popen = subprocess.Popen(  # noqa: S603 - our own command
                command,
                cwd=self.folder,
                stdin=subprocess.PIPE if pipe else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipe else log,
                stderr=log,
                start_new_session=True,
            )
        if cpus is not None:
            os.sched_setaffinity(self.popen.pid, cpus)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.popen.pid, number)
            except ProcessLookupError:
                break
            try:
                self.popen.wait(timeout=10)
            except subprocess.TimeoutExpired:
                continue
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait_for(self, url: str, headers: Mapping[str, str] | None = None, seconds: float = 60) -> bytes:
        """The body of the first answer with status 200.

        Raises:
            BenchmarkError: the process ended, or does not give one in time.
        """
        deadline = time.monotonic() + seconds
        seen = "nothing"
        while time.monotonic() < deadline:
            self.check()
            try:
                status, body = get(url, headers)
            except OSError as error:
                seen = str(error)
            else:
                if status == 200:
                    return body
                seen = f"{status} {body[:300]!r}"
            time.sleep(0.1)
        raise BenchmarkError(
            f"{' '.join(self.command)} does not answer {url} with 200: {seen}\n{self._tail()}"
        )

    def check(self) -> None:
        """Raises `BenchmarkError` if the process has ended."""
        if self.popen.poll() is not None:
            raise BenchmarkError(f"{' '.join(self.command)} ended early\n{self._tail()}")

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-2_000:]

    def cpu_seconds(self) -> float:
        """The CPU time that the process and its descendants have used so far."""
        return sum(_cpu_ticks(pid) for pid in self._family()) / _TICKS

    def memory(self) -> int:
        """The resident memory of the process and its descendants, in bytes."""
        return sum(_resident_pages(pid) for pid in self._family()) * _PAGE

    def peak_memory(self) -> int:
        """The most resident memory that the process itself ever had, in bytes."""
        status = Path(f"/proc/{self.popen.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def _family(self) -> list[int]:
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                fields = _stat(int(entry.name))
                if fields:
                    parents[int(entry.name)] = int(fields[1])
        family = [self.popen.pid]
        for pid in family:
            family.extend(child for child, parent in parents.items() if parent == pid)
        return family


class Mock(Process):
    """`dbcontract serve` with these arguments, on a port of its own; `base_url` is known when it answers.

    Attributes:
        ready_seconds: from the start of the process until its ready file was there.
    """

    def __init__(self, *arguments: str, cpus: set[int] | None = None) -> None:
        folder = new_folder()
        ready = folder / "ready.json"
        started = time.perf_counter()
        command = [sys.executable, "-m", "dbcontract", "serve", "--port", "0", "--ready-file", str(ready)]
        super().__init__([*command, *arguments], cpus=cpus, folder=folder)
        try:
            while not ready.exists():
                self.check()
                time.sleep(0.001)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.ready_seconds = time.perf_counter() - started
        self.base_url: str = json.loads(ready.read_text())["base_url"]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; none if the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_ticks(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def _resident_pages(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[21]) if fields else 0
