"""How long `dbcontract check` takes in shards, side by side, against a server that is far away.

`python -m benchmarks.shards`.

A relay holds back every byte of a request for as long as `--latency` says, as a long way would; many requests
may be on it at once. Behind it is one `dbcontract serve`, where each check has a sandbox, so that shards
leave each other alone. The generated calls are left out, and rules enough for a thousand requests are chosen.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click

from .processes import BenchmarkError, Mock
from .report import judged, machine, say, show

GOAL = 1 / 3
ONLY = ("PI-EXP-*", "PI-IMP-*", "PB-PAGE-*", "PB-FILT-*", "PB-ERR-*")


class Relay:
    """A TCP relay on a port of its own that delays what goes to the server; a context manager.

    Args:
        port: of the server on this machine.
        seconds: that each byte takes.
    """

    def __init__(self, port: int, seconds: float) -> None:
        self._to = port
        self._seconds = seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server: asyncio.Server = self._wait(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (the server runs it as one)
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):  # a connection that broke, or the end of all
                there, back = await asyncio.open_connection("127.0.0.1", self._to)
                await asyncio.gather(self._delayed(reader, back), self._copied(there, writer))
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _delayed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            data = b"begin"
            while data:
                due, data = await on_its_way.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                writer.write(data)
                await writer.drain()
            writer.close()

        async with asyncio.TaskGroup() as group:
            group.create_task(deliver())
            data = b"begin"
            while data:
                data = await reader.read(65_536)
                on_its_way.put_nowait((self._loop.time() + self._seconds, data))

    @staticmethod
    async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()


@dataclass(frozen=True)
class Ended:
    """A check that has come to its end: seconds from its start to its end, CPU time among them, requests."""

    wall: float
    cpu: float
    requests: int
    verdicts: dict[str, str]


def check(base_url: str, folder: Path, shards: Sequence[str]) -> list[Ended]:
    """Run the shards side by side, or the whole where there are none.

    Raises:
        BenchmarkError: the target is not found conformant.
    """
    base = [sys.executable, "-m", "dbcontract", "check", base_url, "--no-fuzzing"]
    base += [word for one in ONLY for word in ("--only", one)]
    began, children = time.perf_counter(), []
    for number, shard in enumerate(shards or [""]):
        report = folder / f"{len(shards)}-{number}.json"
        command = [*base, "--report", f"json={report}", *(["--shard", shard] if shard else [])]
        with (folder / "log").open("ab") as log:
            environment = {**os.environ, "DBCONTRACT_TOKEN": "any"}
            children.append(
                (
                    subprocess.Popen(command, stdout=log, stderr=log, env=environment),  # noqa: S603 - our own
                    report,
                )
            )
    ended, wrong = [], 0
    for child, report in children:
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            wrong = child.returncode
            continue
        found = json.loads(report.read_text())
        verdicts = {one["rule"]: one["verdict"] for one in found["results"]}
        ended.append(Ended(wall, usage.ru_utime + usage.ru_stime, found["run"]["requests"], verdicts))
    if wrong:
        raise BenchmarkError(f"a check ended with {wrong}:\n{(folder / 'log').read_text()[-2_000:]}")
    return ended


@click.command()
@click.option("--latency", default=100, show_default=True, help="Milliseconds a request.")
@click.option("--shards", default=4, show_default=True, help="How many.")
def main(*, latency: int, shards: int) -> None:
    """Shards side by side, beside the whole run (goal: under a third of its time)."""
    say(machine())
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            mock = stack.enter_context(Mock())
            relay = stack.enter_context(Relay(int(mock.base_url.rpartition(":")[2]), latency / 1000))
            base_url = f"http://127.0.0.1:{relay.port}"
            (whole,) = check(base_url, folder, ())
            parts = check(base_url, folder, [f"{index}/{shards}" for index in range(1, shards + 1)])
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from error
    together = {rule: verdict for part in parts for rule, verdict in part.verdicts.items()}
    if together != whole.verdicts:
        raise click.ClickException("the shards and the whole run judge differently")
    rows = [
        (name, f"{one.wall:.1f}", f"{one.cpu:.1f}", str(len(one.verdicts)), str(one.requests))
        for name, one in [
            ("the whole", whole),
            *((f"shard {number}/{shards}", part) for number, part in enumerate(parts, 1)),
        ]
    ]
    show(f"{latency} ms a request", ("", "wall s", "CPU s", "rules", "requests"), rows)
    ratio = max(part.wall for part in parts) / whole.wall
    told = judged(f"{ratio:.2f}", ("under a third", ratio < GOAL))
    say(f"the longest of {shards} shards, of the whole: {told}")
    most = max(part.requests for part in parts) / whole.requests
    say(f"by requests, which a busy machine does not change: {most:.2f}")


if __name__ == "__main__":
    main()
