"""`dbcontract serve --data FILE`, watched from inside: how long was the event loop blocked?

`probed_server.py READY DATA`: writes the base URL to the file READY when it answers. Each line on its
standard input is answered with one line of JSON on its standard output: the longest pause of the event loop
since the line before.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
import time
from pathlib import Path

from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import Running, serve_forever

INTERVAL = 0.001


class Probe:
    """A task of the loop that wants its turn every millisecond and notes how late it gets it.

    Attributes:
        wall: the longest delay, in seconds, whoever was the reason; a busy machine is one.
        cpu: the most CPU time that the loop's own thread used between two turns of the probe, in seconds.
        process: the same for all threads together, which take turns in running Python.
        collecting: the longest run of the garbage collector, in seconds.
    """

    def __init__(self) -> None:
        self._gc_began = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget what was noted."""
        self.wall = self.cpu = self.process = self.collecting = 0.0

    async def run(self) -> None:
        """Watch for ever."""
        gc.callbacks.append(self._collected)
        while True:
            wall, cpu, process = time.perf_counter(), time.thread_time(), time.process_time()
            await asyncio.sleep(INTERVAL)
            self.wall = max(self.wall, time.perf_counter() - wall - INTERVAL)
            self.cpu = max(self.cpu, time.thread_time() - cpu)
            self.process = max(self.process, time.process_time() - process)

    def _collected(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._gc_began = time.perf_counter()
        else:
            self.collecting = max(self.collecting, time.perf_counter() - self._gc_began)

    def answer(self) -> None:
        """Answer the lines of standard input, in a thread of its own."""
        for _line in sys.stdin:
            noted = {name: getattr(self, name) for name in ("wall", "cpu", "process", "collecting")}
            self.reset()
            sys.stdout.write(json.dumps(noted) + "\n")
            sys.stdout.flush()


def main(ready: str, data: str) -> None:
    """Serve the file until the process is ended."""
    probe = Probe()
    tasks = set()

    def on_ready(running: Running) -> None:
        tasks.add(asyncio.get_running_loop().create_task(probe.run()))
        threading.Thread(target=probe.answer, daemon=True).start()
        part = Path(f"{ready}.part")
        part.write_text(running.base_url)
        part.rename(ready)

    serve_forever(Settings(port=0, data=data, clock=ClockSetting(frozen=True), job_seconds=0), on_ready)


if __name__ == "__main__":
    main(*sys.argv[1:])
