import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

COMMAND = str(Path(sys.executable).with_name("dbcontract"))
LAST_LINE = "Ctrl-C stops the server."


@dataclass
class Result:
    status: int
    stdout: bytes
    stderr: str


@dataclass
class Server:
    """A real `dbcontract serve` that has shown its banner."""

    process: subprocess.Popen[str]
    banner: list[str]
    ready: dict[str, Any] = field(default_factory=dict)

    @property
    def pieces(self) -> str:
        return str(self.ready["pieces_url"])

    @property
    def pixiebrix(self) -> str:
        return str(self.ready["pixiebrix_url"])

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        """Send the signal; the exit status and what stood on stderr."""
        self.process.send_signal(number)
        _, stderr = self.process.communicate(timeout=20)
        return self.process.returncode, stderr


@pytest.fixture(scope="session")
def command() -> str:
    """The installed command."""
    return COMMAND


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The surroundings of the commands: plain output of known width, whatever terminal runs the tests."""
    kept = {
        name: value for name, value in os.environ.items() if name not in {"FORCE_COLOR", "DBCONTRACT_DEBUG"}
    }
    return {**kept, "NO_COLOR": "1", "COLUMNS": "100"}


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Callable[..., Result]:
    """Run the installed command in an empty folder."""

    def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Result(done.returncode, done.stdout, done.stderr.decode())

    return run


@pytest.fixture
def serve(tmp_path: Path, environment: dict[str, str]) -> Iterator[Callable[..., Server]]:
    """Start `dbcontract serve` on a free port and wait for its banner."""
    servers: list[Server] = []

    def start(*arguments: str | Path) -> Server:
        ready_file = tmp_path / f"ready-{len(servers)}.json"
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", "--ready-file", ready_file.name, *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        server = Server(process, [])
        servers.append(server)
        assert process.stdout is not None
        for line in process.stdout:
            server.banner.append(line.rstrip("\n"))
            if LAST_LINE in line:
                server.ready = json.loads(ready_file.read_text())
                return server
        assert process.stderr is not None
        pytest.fail(f"the server ended at once: {process.stderr.read()}")

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
        server.process.communicate()
