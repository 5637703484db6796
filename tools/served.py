"""A server of its own for a tool."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(folder: Path, *options: str, findings: list[str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A mock's URL and its process, which is ended by SIGTERM unless it has ended before.

    Args:
        folder: where it runs; it may hold what an earlier server left.
        options: of `dbcontract serve`.
        findings: gets what the server says on stderr, for it has nothing to say.

    Raises:
        RuntimeError: it does not start; the message has what it says.
    """
    ready, log = folder / "ready.json", folder / "log.txt"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", "dbcontract", "serve", "--port", "0", "--quiet"]
    command += ["--ready-file", str(ready), *options]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=stream)
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise RuntimeError(f"the server does not start: {log.read_text(errors='replace')}")
            time.sleep(0.01)
        yield json.loads(ready.read_text())["base_url"], process
    finally:
        process.terminate()
        process.wait(timeout=20)
    if log.stat().st_size:
        findings.append(f"the server said: {log.read_text(errors='replace')[-3_000:]}")
