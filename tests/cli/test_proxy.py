"""`dbcontract proxy`, as a process between real ones."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dbcontract import fixtures
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import Running, ServerThread

COMMAND = str(Path(sys.executable).with_name("dbcontract"))


@pytest.fixture(scope="module")
def mock() -> Iterator[Running]:
    with ServerThread(Settings(port=0)) as running:
        yield running


@pytest.fixture
def proxy(
    tmp_path: Path, environment: dict[str, str]
) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start `dbcontract proxy`; gives the process and its URL."""
    with ExitStack() as at_the_end:

        def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
            ready = tmp_path / "ready.json"
            process = subprocess.Popen(
                [COMMAND, "proxy", *arguments, "--port", "0", "--ready-file", ready.name],
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            at_the_end.callback(process.wait, 20)
            at_the_end.callback(process.kill)
            until = time.monotonic() + 60
            while not ready.exists() and process.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            return process, json.loads(ready.read_text())["base_url"]

        yield start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_on_a_signal_with_the_reports_of_a_check(
    proxy: Callable[..., tuple[subprocess.Popen[str], str]],
    mock: Running,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    process, url = proxy(mock.base_url, "--report", "json=r.json", "--api", "pieces")
    assert urllib.request.urlopen(f"{url}/database/export", timeout=20).status == 200
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "conformant in what was verified" in out
    assert f"GET {mock.base_url}/database/export 200" in err
    report = json.loads((tmp_path / "r.json").read_text())
    verdicts = {one["rule"]: one["verdict"] for one in report["results"]}
    assert verdicts["PI-DESC-07"] == "passed"
    assert not any(name.startswith("PB-") for name in verdicts)
    assert not (tmp_path / "ready.json").exists()


def test_a_signal_in_the_middle_of_a_request_ends_it_quietly(
    proxy: Callable[..., tuple[subprocess.Popen[str], str]],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as behind:
        process, url = proxy(f"http://127.0.0.1:{behind.getsockname()[1]}", "--api", "pieces")
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port)) as client:
            client.sendall(b"POST /database/import HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
            accepted, _ = behind.accept()  # by then it is under way
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
        accepted.close()
    assert process.returncode == 3  # nothing ever answered
    assert "Traceback" not in err
    assert "/database/import the proxy was stopped" in err


def test_it_ends_after_a_number_of_requests_and_fails_for_what_is_wrong(
    proxy: Callable[..., tuple[subprocess.Popen[str], str]],
) -> None:
    with ServerThread(Settings(port=0, variants=("export-wrapped",))) as running:
        process, url = proxy(running.base_url, "--requests", "2", "--quiet")
        for _ in range(2):
            urllib.request.urlopen(f"{url}/database/export", timeout=20).close()
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "FAILED PI-DESC-07" in out
    assert "GET" not in err


def test_what_was_seen_is_recorded_and_no_file_is_lost(
    proxy: Callable[..., tuple[subprocess.Popen[str], str]],
    run: Callable[..., Any],
    mock: Running,
    tmp_path: Path,
) -> None:
    process, url = proxy(mock.base_url, "--requests", "1", "--record", "recorded.json")
    with urllib.request.urlopen(f"{url}/database/export", timeout=20) as answer:
        export = json.load(answer)
    process.communicate(timeout=30)
    assert process.returncode == 0
    (pieces,) = [one for one in fixtures.read(tmp_path / "recorded.json") if one["kind"] == "pieces"]
    assert pieces["export"] == export
    again = run("proxy", mock.base_url, "--record", "recorded.json")
    assert again.status == 2
    assert "--force" in again.stderr


def test_without_traffic_nothing_is_verified_and_no_recording_lost(
    run: Callable[..., Any], mock: Running, tmp_path: Path
) -> None:
    recorded = tmp_path / "recorded.jsonl"
    recorded.write_text("of yesterday")
    arguments = ("--port", "0", "--for", "0.2", "--record", recorded.name, "--force")
    result = run("proxy", mock.base_url, *arguments)
    assert result.status == 4
    assert "recorded.jsonl is left as it is" in result.stderr
    assert recorded.read_text() == "of yesterday"


def test_it_goes_on_where_nobody_reads_its_lines(
    proxy: Callable[..., tuple[subprocess.Popen[str], str]], mock: Running
) -> None:
    process, url = proxy(mock.base_url, "--requests", "2", "--api", "pieces")
    assert process.stderr is not None
    process.stderr.close()
    for _ in range(2):
        assert urllib.request.urlopen(f"{url}/database/export", timeout=20).status == 200
    assert process.stdout is not None
    with process.stdout as out:
        assert "conformant in what was verified" in out.read()
    assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "UPSTREAM: 'nowhere' is not an http or https URL"),
        (("http://a.example", "--storage", "x"), "--storage: 'x'"),
        (("http://a.example", "--ca-bundle", "none.pem"), "--ca-bundle none.pem"),
        (("http://a.example", "--only", "PX-*"), "--only PX-*"),
        (("http://a.example", "--fake-personal-data"), "--fake-personal-data: this is of a recording"),
        (("http://127.0.0.1:{port}", "--port", "{port}"), "in use"),
    ],
)
def test_a_wrong_option_is_named(
    run: Callable[..., Any], mock: Running, arguments: tuple[str, ...], told: str
) -> None:
    port = mock.base_url.rpartition(":")[2]
    result = run("proxy", *(one.format(port=port) for one in arguments))
    assert result.status == 2
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
