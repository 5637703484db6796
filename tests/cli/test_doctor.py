"""`dbcontract doctor`: what it finds, and what it never does: send or show the token, or end badly."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import pytest

from dbcontract.cli.surroundings import Level, port_at

TOKEN = "a-token-that-nobody-may-see"
Findings = dict[str, list[tuple[str, str]]]


class Strange(http.server.BaseHTTPRequestHandler):
    """A server that is none of the APIs, and whose clock stands wrong."""

    seconds: ClassVar[float] = 0.0
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(f"{self.path} {self.headers}")
        self.send_response_only(404)
        date = datetime.now(UTC) + timedelta(seconds=self.seconds)
        self.send_header("Date", format_datetime(date, usegmt=True))
        self.send_header("Content-Type", f"text/{TOKEN}\x1b[31m")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], str]]:
    monkeypatch.setattr(Strange, "seen", [])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Strange) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()

        def ahead(seconds: float) -> str:
            monkeypatch.setattr(Strange, "seconds", seconds)
            return f"http://127.0.0.1:{server.server_port}"

        yield ahead
        server.shutdown()
        thread.join()


@pytest.fixture
def doctor(command: str, environment: dict[str, str], tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Exit status and output of the command, which says nothing on stderr."""

    def ask(*arguments: str, **variables: str) -> tuple[int, str]:
        done = subprocess.run(
            [command, "doctor", *arguments],
            cwd=tmp_path,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    return ask


def by_area(text: str) -> Findings:
    found: Findings = {}
    for one in json.loads(text):
        found.setdefault(one["area"], []).append((one["level"], one["text"]))
    return found


def test_an_installation_that_is_well(doctor: Callable[..., tuple[int, str]]) -> None:
    status, text = doctor("--json")
    found = by_area(text)
    assert status == 0
    assert found["version"] == [("ok", f"dbcontract {version('dbcontract')}")]
    ((level, versions),) = found["dependencies"]
    assert level == "ok"
    assert f"starlette {version('starlette')}" in versions
    assert {level for level, _ in found["API"]} == {"ok"}
    assert len(found["API"]) == 6
    assert found["folder"][0][0] == "ok"
    assert {"Python", "port"} <= set(found)
    assert "target" not in found


def test_lines_are_plain_in_a_pipe_and_coloured_in_a_terminal(
    doctor: Callable[..., tuple[int, str]],
) -> None:
    _, plain = doctor()
    assert plain.splitlines()[1] == f"ok      version: dbcontract {version('dbcontract')}"
    assert "\x1b" not in plain
    _, coloured = doctor(FORCE_COLOR="1", NO_COLOR="")
    assert "\x1b[32m" in coloured


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = port_at("127.0.0.1", port)
        assert found.level is Level.WARNING
        assert f"{port} on 127.0.0.1: is in use" in found.text
        assert "--port" in found.text
    assert port_at("127.0.0.1", port).level is Level.OK


def test_a_folder_that_is_not_there(doctor: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    status, text = doctor("--json", "--state", "missing/state.json")
    assert status == 1
    assert by_area(text)["state"] == [
        (
            "problem",
            "missing/state.json: no such file or directory; name a file that can be read and written",
        )
    ]
    status, text = doctor("--json", "--state", "state.json")
    assert (status, by_area(text)["state"]) == (0, [("ok", "state.json can be read and written")])
    assert list(tmp_path.iterdir()) == []


def test_a_state_file_that_a_server_has(
    doctor: Callable[..., tuple[int, str]], serve: Callable[..., Any], tmp_path: Path
) -> None:
    serve("--state", tmp_path / "state.json")
    status, text = doctor("--json", "--state", str(tmp_path / "state.json"))
    ((level, told),) = by_area(text)["state"]
    assert (status, level) == (0, "warning")
    assert "a server keeps its sandbox there" in told


def test_an_api_that_cannot_be_loaded(doctor: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    folder = tmp_path / "broken-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (folder / "entry_points.txt").write_text("[dbcontract.conformance.apis]\nbroken = nowhere.at_all:API\n")
    status, text = doctor("--json", "http://127.0.0.1:9", PYTHONPATH=str(tmp_path))
    found = by_area(text)
    assert status == 1
    (told,) = [told for level, told in found["API"] if level == "problem"]
    assert told.startswith(
        "broken (dbcontract.conformance.apis) cannot be loaded from nowhere.at_all:API: ModuleNotFoundError"
    )
    assert found["target"] == [("warning", "not asked, as the APIs above cannot be loaded")]


def test_a_mock(doctor: Callable[..., tuple[int, str]], serve: Callable[..., Any]) -> None:
    base = serve().ready["base_url"]
    status, text = doctor("--json", base, DBCONTRACT_TOKEN=TOKEN)
    found = by_area(text)
    assert status == 0
    assert found["target"] == [("ok", f"{base} can be reached")]
    assert found["pieces"] == [("ok", f"a mock of dbcontract serves Pieces OS at {base}")]
    assert found["pixiebrix"] == [("ok", f"a mock of dbcontract serves PixieBrix at {base}/api")]
    assert found["TLS"] == [("ok", "none, on this machine")]
    assert found["clock"][0][0] == "ok"
    assert TOKEN not in text


def test_nobody_answers(doctor: Callable[..., tuple[int, str]]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        status, text = doctor("--json", url, "--api", "all")
    found = by_area(text)
    assert status == 1
    assert found["target"] == [
        ("problem", f"{url}: connection refused; is it running, and is this its address?")
    ]
    assert "clock" not in found


@pytest.mark.parametrize(
    ("seconds", "level", "told"),
    [(0, "ok", "less than"), (-60, "warning", "behind this"), (3600, "problem", "ahead of this")],
)
def test_a_clock(
    doctor: Callable[..., tuple[int, str]],
    strange: Callable[[float], str],
    seconds: float,
    level: str,
    told: str,
) -> None:
    _, text = doctor("--json", strange(seconds), "--api", "pieces")
    ((found, sentence),) = by_area(text)["clock"]
    assert found == level
    assert told in sentence


def test_another_server_gets_no_token_and_shows_none(
    doctor: Callable[..., tuple[int, str]], strange: Callable[[float], str]
) -> None:
    status, text = doctor("--json", strange(0), "--api", "pixiebrix", "--token-env", "MINE", MINE=TOKEN)
    found = by_area(text)
    assert status == 1
    ((level, told),) = found["pixiebrix"]
    assert level == "problem"
    assert "answers 404 Not Found" in told
    assert found["token"][0][0] == "ok"
    assert len(Strange.seen) == 2  # one asks whether it is a mock
    assert TOKEN not in "".join(Strange.seen) + text
    _, shown = doctor(strange(0), DBCONTRACT_TOKEN=TOKEN)  # nothing tells which API it is
    assert TOKEN not in "".join(Strange.seen) + shown
    assert "problem target: " in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--api", "pieces"], "--api: this is of a target"),
        (["http://127.0.0.1:9", "--api", "soap"], "--api soap: there is no such API; name one of pieces"),
        (["http://127.0.0.1:9", "--target", "x.toml"], "URL, --target: give one of the two"),
    ],
)
def test_wrong_usage(run: Callable[..., Any], arguments: list[str], named: str) -> None:
    result = run("doctor", *arguments)
    assert (result.status, result.stdout) == (2, b"")
    assert result.stderr.startswith(f"Error: {named}")


def test_what_is_wrong_with_a_target_is_a_finding(
    doctor: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    for arguments, told in (
        (["--target", "missing.toml"], "missing.toml"),
        (["ftp://x"], "'ftp://x' is not an http or https URL"),
    ):
        status, text = doctor("--json", *arguments)
        ((level, sentence),) = by_area(text)["target"]
        assert (status, level) == (1, "problem")
        assert told in sentence
    assert os.listdir(tmp_path) == []  # noqa: PTH208 (the names alone)
