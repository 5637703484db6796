"""Surroundings that are not the usual: proxies, encodings and byte order marks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from dbcontract.mockserver.server.no_proxy import without_proxy

BOM = b"\xef\xbb\xbf"
CALL = "import os, urllib.request; print(urllib.request.urlopen(os.environ['DBCONTRACT_URL']).status)"


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "dbcontract", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        timeout=120,
        check=False,
    )


# Proxies


@pytest.mark.parametrize(
    ("environment", "url", "value"),
    [
        ({}, "http://127.0.0.1:1", "127.0.0.1,localhost"),
        ({"NO_PROXY": "a.example, localhost"}, "http://127.0.0.1:1", "a.example,localhost,127.0.0.1"),
        ({"no_proxy": "b", "NO_PROXY": "a"}, "http://mock.example:1", "b,mock.example"),
        ({"NO_PROXY": "*"}, "http://127.0.0.1:1", "*"),
        ({}, "http://[::1]:1", "::1,localhost"),
    ],
)
def test_the_host_of_the_mock_is_excepted(environment: dict[str, str], url: str, value: str) -> None:
    assert without_proxy(environment, url) == {"NO_PROXY": value, "no_proxy": value}


def test_a_command_reaches_its_mock_whatever_the_proxy() -> None:
    nowhere = "http://127.0.0.1:9"
    done = command("exec", "--", sys.executable, "-c", CALL, http_proxy=nowhere, HTTP_PROXY=nowhere)
    assert (done.returncode, done.stdout.split()) == (0, [b"200"]), done.stderr


# Encodings


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize("arguments", [["data"], ["--help"], ["serve", "--help"], ["defects"], ["rules"]])
def test_no_command_ends_because_of_its_output(encoding: str, arguments: list[str]) -> None:
    done = command(*arguments, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout


def test_a_banner_with_names_that_the_output_has_no_signs_for(tmp_path: Path) -> None:
    entry = {"id": "00000000-0000-4000-8000-000000000001", "name": "\u65e5\u672c \u2713"}
    header = {"kind": "dataset", "format": "dbcontract-dataset/1", "name": "x", "seed": None}
    lines = [{**header, "as_of": "2024-01-01T00:00:00Z"}, {"kind": "organization", **entry}]
    data, ready = tmp_path / "data.jsonl", tmp_path / "ready"
    data.write_text("\n".join(json.dumps(line) for line in lines))
    os.mkfifo(ready)
    process = subprocess.Popen(
        [sys.executable, "-m", "dbcontract", "serve", "--port", "0", "--data", data, "--ready-file", ready],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    base = json.loads(ready.read_bytes())["base_url"]
    assert requests.get(f"{base}/_mock/health", timeout=10).status_code == 200
    process.send_signal(signal.SIGTERM)
    out, error = process.communicate(timeout=20)
    assert process.returncode == 0, error
    assert b"?? ?" in out


# Byte order marks


def test_files_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    data, state = tmp_path / "data.json", tmp_path / "state.json"
    data.write_bytes(BOM + command("data", "empty").stdout)
    true = [sys.executable, "-c", ""]
    done = command("exec", "--data", str(data), "--state", str(state), "--", *true)
    assert (done.returncode, done.stderr) == (0, b"")
    state.write_bytes(BOM + state.read_bytes())
    done = command("exec", "--state", str(state), "--", *true)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_target_file_may_too(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    target.write_bytes(BOM + b'[pieces]\nbase_url = "http://127.0.0.1:9"\n')
    done = command("check", "--target", str(target), "--only", "PI-DESC-01")
    assert b"no TOML" not in done.stderr


# The request log


@pytest.mark.parametrize("quiet", [False, True])
def test_requests_are_logged_wherever_stderr_goes_unless_quiet(
    serve: Callable[..., Any], quiet: bool
) -> None:
    server = serve(*(["--quiet"] if quiet else []))
    requests.get(f"{server.ready['base_url']}/database/export", timeout=10)
    _, stderr = server.stop(signal.SIGTERM)
    assert ("200 GET /database/export" in stderr) is not quiet
