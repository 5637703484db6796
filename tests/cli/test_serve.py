"""`dbcontract serve` as a process: how it starts, what it tells, and how it ends."""

import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from dbcontract import openapi

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])


def organization(server: Any) -> str:
    """Ids are in the banner: the first one under the heading."""
    return str(server.banner[server.banner.index("  Organizations") + 1].split()[0])


def databases(server: Any, token: str | None = "any-token") -> requests.Response:
    headers = {"Authorization": f"Token {token}"} if token else {}
    return requests.get(
        f"{server.pixiebrix}/organizations/{organization(server)}/databases/", headers=headers, timeout=10
    )


@SIGNALS
def test_it_stops_cleanly_and_quickly(
    serve: Callable[..., Any], tmp_path: Path, number: signal.Signals
) -> None:
    server = serve("--quiet")
    with requests.Session() as session:
        # A client that keeps its connection open must not hold the server up: it would for 30 seconds,
        # and 20 are waited for.
        assert session.get(f"{server.pieces}/database/export", timeout=10).status_code == 200
        status, stderr = server.stop(number)
    assert (status, stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_the_ready_file_says_where_it_is(serve: Callable[..., Any]) -> None:
    server = serve()
    assert server.ready == {
        "base_url": server.ready["base_url"],
        "pieces_url": server.ready["base_url"],
        "pixiebrix_url": server.ready["base_url"] + "/api",
        "pid": server.process.pid,
    }
    assert requests.get(f"{server.pieces}/database/export", timeout=10).status_code == 200


def test_an_api_that_is_not_served_has_no_url(serve: Callable[..., Any]) -> None:
    server = serve("--api", "pieces")
    assert server.ready["pixiebrix_url"] is None
    assert not any("/api" in line for line in server.banner)


def test_a_port_in_use(run: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port))
    assert result.status == 2
    assert result.stderr.count("\n") == 1
    assert f"port {port}" in result.stderr
    assert "--port" in result.stderr


def test_a_failed_start_leaves_the_ready_file_of_another_server(
    serve: Callable[..., Any], run: Callable[..., Any], tmp_path: Path
) -> None:
    server = serve()
    port = server.pieces.rpartition(":")[2]
    assert run("serve", "--port", port, "--ready-file", "ready-0.json").status == 2
    assert json.loads((tmp_path / "ready-0.json").read_text()) == server.ready


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.json", b"{"),
        ("other.json", b'{"format": "something else"}'),
        ("broken.jsonl", b'{"kind": "dataset"\n'),
        ("binary.json", bytes(range(256))),
        ("empty.json", b""),
    ],
)
def test_a_bad_data_file(run: Callable[..., Any], tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    result = run("serve", "--port", "0", "--data", name)
    assert result.status == 2
    assert result.stdout == b""
    assert result.stderr.count("\n") == 1
    assert name in result.stderr


def test_a_ready_file_that_cannot_be_written(run: Callable[..., Any]) -> None:
    result = run("serve", "--port", "0", "--ready-file", "missing/ready.json")
    assert result.status == 2
    assert result.stderr.startswith("Error: --ready-file missing/ready.json: no such file or directory")
    assert result.stderr.count("\n") == 1


def test_it_serves_on_when_nobody_reads_its_banner(
    tmp_path: Path, environment: dict[str, str], command: str
) -> None:
    fifo = tmp_path / "ready"
    os.mkfifo(fifo)
    waiting = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [command, "serve", "--quiet", "--port", "0", "--ready-file", fifo.name],
        cwd=tmp_path,
        env=environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(writing)
        assert process.stderr is not None
        select.select([waiting, process.stderr.fileno()], [], [], 30)
        ready = json.loads(os.read(waiting, 4096))
        os.close(waiting)
        assert requests.get(f"{ready['pieces_url']}/database/export", timeout=10).status_code == 200
        process.terminate()
        _, stderr = process.communicate(timeout=20)
    assert (process.returncode, stderr) == (0, "")


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_it_serves_what_the_data_command_wrote(
    serve: Callable[..., Any], run: Callable[..., Any], form: str
) -> None:
    assert run("data", "bi", "--records", "12", "-o", f"mine.{form}").status == 0
    (database,) = databases(serve("--data", f"mine.{form}")).json()
    assert database["num_records"] == 12


def test_any_token_by_default(serve: Callable[..., Any]) -> None:
    server = serve()
    assert databases(server, "whatever").status_code == 200
    assert databases(server, None).status_code == 401


def test_only_the_given_tokens(serve: Callable[..., Any]) -> None:
    server = serve("--token", "writer", "--token", "reader:read-only")
    assert databases(server, "writer").status_code == 200
    assert databases(server, "reader").status_code == 200
    assert databases(server, "other").status_code == 401
    answer = requests.post(
        f"{server.pixiebrix}/organizations/{organization(server)}/databases/",
        json={"name": "x"},
        headers={"Authorization": "Token reader"},
        timeout=10,
    )
    assert answer.status_code == 403


def test_no_token_needed(serve: Callable[..., Any]) -> None:
    server = serve("--no-auth")
    assert databases(server, None).status_code == 200
    assert not any("Authorization" in line for line in server.banner)


def test_the_server_version_is_what_was_asked_for(serve: Callable[..., Any]) -> None:
    server = serve("--os-version", "3.2.1-beta.4")
    export = requests.get(f"{server.pieces}/database/export", timeout=10).json()
    assert export["version"] == "3.2.1-beta.4"


def commands(server: Any) -> dict[str, str]:
    """The shell commands of the banner: operation id -> the line, to be pasted as it stands."""
    lines = iter(server.banner)
    return {line.strip(" #"): next(lines) for line in lines if line.startswith("  # ")}


NEXT_STEPS = {"createAsset, then upload to it": {"204"}, "getExportJob, then download its file": {"200"}}
"""What the storage answers."""


def successes(operation_id: str) -> set[str]:
    return {
        status
        for api in ("pieces", "pixiebrix")
        for item in openapi.load(api)["paths"].values()
        for part in item.values()
        if isinstance(part, dict) and part.get("operationId") == operation_id
        for status in part["responses"]
        if status.startswith("2")
    }


@pytest.mark.parametrize("flags", [[], ["--no-auth"], ["--token", "a$b'c"], ["--data", "edge"]], ids=str)
def test_every_command_of_the_banner_works(
    serve: Callable[..., Any], tmp_path: Path, environment: dict[str, str], flags: list[str]
) -> None:
    server = serve("--curls", *flags)
    # curl also writes the status of each transfer, and the lines still run exactly as a user pastes them
    (tmp_path / ".curlrc").write_text('write-out = "%{stderr}%{http_code}\\n"\n')
    shown = commands(server)
    assert len(shown) >= 16
    steps = {name.partition(" (")[0] for name in shown if ", then " in name}
    assert steps == (set(NEXT_STEPS) if "edge" not in flags else {"createAsset, then upload to it"})
    for operation, command in shown.items():
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=tmp_path,
            env={**environment, "CURL_HOME": str(tmp_path)},
            capture_output=True,
            check=False,
            timeout=30,
        )
        statuses = done.stderr.decode().split()
        assert done.returncode == 0, (operation, command, done)
        wanted = NEXT_STEPS.get(operation.partition(" (")[0]) or successes(operation)
        assert statuses[-1] in wanted, (operation, command, done.stdout[:500], statuses)


def test_log_lines_are_json_when_asked(serve: Callable[..., Any]) -> None:
    server = serve("--log-format", "json")
    status, stderr = server.stop(signal.SIGTERM)
    assert status == 0
    assert [json.loads(line) for line in stderr.splitlines()] == []
