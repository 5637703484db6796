"""A reader who follows one page from its beginning to its end, in a folder of their own."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import requests

from .blocks import ROOT, Block

MOCKS: Final = re.compile(
    r"(?:https://staging\.example\.com|(?:http://)?(?:localhost|127\.0\.0\.1):(?:5323|1000))"
)
"""Where the pages say that an implementation is: all of it is the mock that was started last."""
PATIENCE: Final = 300
CURL: Final = "fail-with-body\nmax-time = 60\nsilent\nshow-error\n"
SERVE: Final = re.compile(r"\S*dbcontract serve\b(?P<options>.*)")


class Session:
    """What has been done on the page so far: files in the folder, exported variables, and the mock that runs.

    Args:
        folder: empty, for what the commands write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: list[subprocess.Popen[bytes]] = []
        self._ready: dict[str, Any] | None = None
        self._home = folder.parent / f"{folder.name}-home"
        self._home.mkdir()
        (self._home / ".curlrc").write_text(CURL)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.send_signal(signal.SIGTERM)
        for server in self._servers:
            server.communicate(timeout=PATIENCE)

    def shell(self, block: Block) -> None:
        """Run the commands of a block one after the other; `serve` goes on in the background."""
        text = block.code.replace("\\\n", " ")
        parts = re.split(r"^(\S*dbcontract serve\b.*)$", text, flags=re.MULTILINE)
        for number, part in enumerate(parts):
            if SERVE.match(part):
                self.serve(part)
            elif part.strip():
                self._commands(block, part, last=number == len(parts) - 1)

    def serve(self, line: str = "dbcontract serve") -> None:
        """Start that mock, on a free port instead of its own, and wait until it answers."""
        found = SERVE.fullmatch(line)
        assert found is not None, line
        options = shlex.split(found["options"])
        if "--port" in options:
            at = options.index("--port")
            del options[at : at + 2]
        ready = self._home / f"ready-{len(self._servers)}.json"
        log = (self._home / f"log-{len(self._servers)}.txt").open("wb")
        command = [sys.executable, "-m", "dbcontract", "serve", *options]
        command += ["--port", "0", "--ready-file", str(ready)]
        with log:
            server = subprocess.Popen(
                command, cwd=self._folder, env=self._environment(), stdout=log, stderr=log
            )
        self._servers.append(server)
        until = time.monotonic() + PATIENCE
        while not ready.exists():
            assert server.poll() is None, (line, Path(log.name).read_text())
            assert time.monotonic() < until, line
            time.sleep(0.05)
        self._ready = json.loads(ready.read_text())

    def program(self, block: Block, *command: str, suffix: str) -> None:
        """Write a block into a file and run it, with a mock in its environment."""
        file = self._folder / f"{'test_' if 'def test_' in block.code else ''}page_{block.line}.{suffix}"
        file.write_text(self._placed(block.code), encoding="utf-8")
        done = subprocess.run(
            [*command, str(file)],
            cwd=self._folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, (block.place, done.stdout[-4000:], done.stderr[-4000:])

    def _commands(self, block: Block, text: str, *, last: bool) -> None:
        if "run with" in block.marks:
            more = block.marks["run with"]
            text = re.sub(r"(dbcontract (?:check|prove)\b[^\n|]*)", rf"\1 {more}", text)
        state = self._home / "exported.sh"
        script = f"touch {state}; . {state}\n{self._placed(text)}\nexport -p > {state}"
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        shown = (block.place, text, done.stdout[-3000:], done.stderr[-3000:])
        expected = int(block.marks.get("exit status", 0)) if last else 0
        if last and "answers" in block.marks:
            expected = 22  # curl's, for an HTTP error
            assert f"error: {block.marks['answers']}" in done.stderr, shown
        assert done.returncode == expected, shown
        assert "Traceback" not in done.stderr, shown

    def _placed(self, text: str) -> str:
        """The text with the mock that runs in place of the addresses and ids that the pages have."""
        if MOCKS.search(text) or re.search(r"\b(?:ORGANIZATION|DATABASE)_ID\b", text):
            if self._ready is None:
                self.serve()
            assert self._ready is not None
            base = str(self._ready["base_url"])
            text = MOCKS.sub(base, text)
            if "_ID" in text:
                clock = requests.get(f"{base}/_mock/databases", timeout=60).json()[0]
                text = text.replace("ORGANIZATION_ID", clock["organization_id"]).replace(
                    "DATABASE_ID", clock["id"]
                )
        return text

    def _environment(self) -> dict[str, str]:
        binaries = str(Path(sys.executable).parent)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("DBCONTRACT", "PYTEST"))
        }
        return {
            **kept,
            "PATH": f"{binaries}{os.pathsep}{kept['PATH']}",
            "CURL_HOME": str(self._home),
            "CHECKOUT": str(ROOT),
            "COLUMNS": "120",
        }
