"""`dbcontract serve --state FILE`: a sandbox that outlives its server."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

SIGNALS = pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name
)
FROZEN = ("--clock", "frozen@2024-05-10T12:00:00Z", "--signing-key", "the same in every run")


def control(server: Any, method: str, path: str, **options: Any) -> requests.Response:
    answer = requests.request(method, f"{server.ready['base_url']}/_mock{path}", timeout=10, **options)
    assert answer.ok, answer.text
    return answer


def state(server: Any) -> bytes:
    return control(server, "GET", "/state").content


def change(server: Any) -> bytes:
    """Make the sandbox differ from every start; its document."""
    control(server, "PATCH", "/clock", json={"now": "2031-01-01T00:00:00Z"})
    control(server, "PATCH", "/settings", json={"record_limit": 77})
    control(server, "POST", "/faults", json={"operation": "listRecords", "status": 503})
    return state(server)


@SIGNALS
def test_the_sandbox_goes_on_where_it_stopped(
    serve: Callable[..., Any], tmp_path: Path, number: signal.Signals
) -> None:
    server = serve("--state", "sandbox.json", *FROZEN)
    assert not (tmp_path / "sandbox.json").exists()
    kept = change(server)
    assert server.stop(number) == (0, "")
    assert (tmp_path / "sandbox.json").read_bytes() == kept
    again = serve("--state", "sandbox.json", "--data", "empty")
    assert state(again) == kept
    control(again, "PATCH", "/settings", json={"record_limit": 78})
    kept = state(again)
    again.stop(number)
    assert (tmp_path / "sandbox.json").read_bytes() == kept
    assert [path.name for path in tmp_path.iterdir()] == ["sandbox.json"]


def test_a_reset_goes_back_to_the_data_set(serve: Callable[..., Any]) -> None:
    fresh = serve(*FROZEN)
    first = state(fresh)
    server = serve("--state", "sandbox.json", *FROZEN)
    change(server)
    server.stop(signal.SIGTERM)
    again = serve("--state", "sandbox.json", *FROZEN)
    assert state(again) != first
    control(again, "POST", "/reset")
    assert state(again) == first


def test_sandboxes_begin_with_the_data_set_and_are_not_kept(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    server = serve("--state", "sandbox.json", *FROZEN)
    change(server)
    url = f"{server.ready['base_url']}/~one/_mock/settings"
    assert requests.get(url, timeout=10).json()["record_limit"] == 500_000
    requests.patch(url, json={"record_limit": 5}, timeout=10)
    server.stop(signal.SIGTERM)
    assert json.loads((tmp_path / "sandbox.json").read_bytes())["settings"]["record_limit"] == 77


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this system has no such signal")
def test_a_signal_saves_at_once(serve: Callable[..., Any], tmp_path: Path) -> None:
    server = serve("--state", "sandbox.json", *FROZEN)
    path = tmp_path / "sandbox.json"
    for limit in (1, 2, 3):
        control(server, "PATCH", "/settings", json={"record_limit": limit})
        server.process.send_signal(signal.SIGUSR1)
        while not path.exists() or json.loads(path.read_bytes())["settings"]["record_limit"] != limit:
            assert server.process.poll() is None
    assert path.read_bytes() == state(server)
    for _ in range(20):
        server.process.send_signal(signal.SIGUSR1)
    kept = state(server)
    assert server.stop(signal.SIGTERM) == (0, "")
    assert path.read_bytes() == kept


@pytest.fixture(scope="module")
def whole() -> bytes:
    """A sandbox's document."""
    import warnings

    from dbcontract.mockserver.sandbox.settings import Settings

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the web framework warns of its own dependencies while it is imported
        from dbcontract.mockserver.sandbox.registry import Sandboxes
        from dbcontract.mockserver.snapshot import snapshot as document
    return document.dump(Sandboxes.load(Settings(data="empty")).default)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda whole: whole[:-1],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole.replace(b"dbcontract-sandbox/1", b"dbcontract-sandbox/2"),
        lambda whole: whole.replace(b'"signing_key":"', b'"signing_key":"!'),
        lambda whole: b"\xff" + whole,
        lambda _: b"{}",
        lambda _: b'{"format": "dbcontract-dataset/1"}',
    ],
    ids=[
        "empty",
        "cut at the end",
        "half",
        "another version",
        "a bad key",
        "binary",
        "no sandbox",
        "a data set",
    ],
)
def test_a_damaged_file_is_refused_and_never_overwritten(
    run: Callable[..., Any], tmp_path: Path, whole: bytes, damage: Callable[[bytes], bytes]
) -> None:
    refused(run, ("serve", "--port", "0", "--state", "sandbox.json"), tmp_path, damage(whole))


def test_exec_refuses_a_damaged_file_before_it_runs_anything(
    run: Callable[..., Any], tmp_path: Path, whole: bytes
) -> None:
    refused(run, ("exec", "--state", "sandbox.json", "--", "echo", "told"), tmp_path, whole[:-1])


def refused(run: Callable[..., Any], command: tuple[str, ...], folder: Path, damaged: bytes) -> None:
    path = folder / "sandbox.json"
    path.write_bytes(damaged)
    result = run(*command)
    assert (result.status, result.stdout) == (2, b"")
    assert result.stderr.startswith("Error: --state sandbox.json: ")
    assert result.stderr.count("\n") == 1
    assert path.read_bytes() == damaged
    assert [item.name for item in folder.iterdir()] == ["sandbox.json"]


@pytest.mark.parametrize("name", ["missing/sandbox.json", ".", "pipe", "/proc/sandbox.json"])
def test_a_place_where_nothing_can_be_kept(run: Callable[..., Any], tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = run("serve", "--port", "0", "--state", name)
    assert (result.status, result.stdout) == (2, b"")
    assert result.stderr.startswith(f"Error: --state {name}: ")
    assert result.stderr.count("\n") == 1


def test_a_file_that_can_no_longer_be_written_is_told_at_the_end(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    server = serve("--state", "folder/sandbox.json")
    shutil.rmtree(folder)
    status, stderr = server.stop(signal.SIGTERM)
    assert status == 2
    assert stderr.startswith("Error: --state folder/sandbox.json: ")
    assert stderr.count("\n") == 1


def test_a_link_is_followed(serve: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "sandbox.json").symlink_to("real/kept.json")
    serve("--state", "sandbox.json").stop(signal.SIGTERM)
    assert (tmp_path / "sandbox.json").is_symlink()
    assert json.loads((tmp_path / "real" / "kept.json").read_bytes())["format"] == "dbcontract-sandbox/1"


def test_two_servers_never_keep_their_sandboxes_in_one_file(
    serve: Callable[..., Any], run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "link.json").symlink_to("sandbox.json")
    server = serve("--state", "sandbox.json", *FROZEN)
    for name in ("sandbox.json", "link.json"):
        for command in (("serve", "--port", "0"), ("exec",)):
            rest = () if command[0] == "serve" else ("--", "true")
            result = run(*command, "--state", name, *rest)
            assert (result.status, result.stdout) == (2, b"")
            assert result.stderr.startswith(f"Error: --state {name}: another server keeps its sandbox there")
    kept = change(server)
    assert server.stop(signal.SIGTERM) == (0, "")
    assert (tmp_path / "sandbox.json").read_bytes() == kept
    assert run("exec", "--state", "sandbox.json", "--", "true").status == 0
    assert not list(tmp_path.glob(".*"))


def test_what_a_killed_server_left_is_no_obstacle(serve: Callable[..., Any], tmp_path: Path) -> None:
    server = serve("--state", "sandbox.json", *FROZEN)
    server.stop(signal.SIGKILL)
    for name in (".sandbox.json.123.tmp", ".sandbox.json.99999.tmp", ".sandbox.json.x.tmp", ".other.1.tmp"):
        (tmp_path / name).write_text("half")
    assert serve("--state", "sandbox.json", *FROZEN).stop(signal.SIGTERM) == (0, "")
    assert {path.name for path in tmp_path.glob(".*")} == {".sandbox.json.x.tmp", ".other.1.tmp"}


def test_a_full_disk_is_told_and_the_old_file_stays(serve: Callable[..., Any], tmp_path: Path) -> None:
    """A bound on the size of files stands for the end of the disk."""
    serve("--state", "sandbox.json", *FROZEN).stop(signal.SIGTERM)
    before = (tmp_path / "sandbox.json").read_bytes()
    server = serve("--state", "sandbox.json", *FROZEN)
    change(server)
    bound = len(before) // 2
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (bound, bound))
    status, stderr = server.stop(signal.SIGTERM)
    assert status == 2
    assert stderr.startswith("Error: --state sandbox.json: file too large; ")
    assert stderr.count("\n") == 1
    assert (tmp_path / "sandbox.json").read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_a_hangup_that_is_ignored_stays_so(tmp_path: Path, command: str, environment: dict[str, str]) -> None:
    """`nohup dbcontract serve` outlives its terminal."""
    options = ["serve", "--port", "0", "--ready-file", "ready.json", "--data", "empty"]
    process = subprocess.Popen(["nohup", command, *options], cwd=tmp_path, env=environment)
    try:
        while not (tmp_path / "ready.json").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGHUP)
        url = json.loads((tmp_path / "ready.json").read_text())["base_url"]
        assert requests.get(f"{url}/_mock/health", timeout=10).status_code == 200
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0
