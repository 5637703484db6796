"""The options that `serve` and `exec` share: the control API, its token, and sandboxes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
import requests


def status(server: Any, path: str) -> int:
    return requests.get(f"{server.ready['base_url']}{path}", timeout=10).status_code


def test_the_control_api_is_on_and_in_the_banner(serve: Callable[..., Any]) -> None:
    server = serve()
    assert status(server, "/_mock/health") == 200
    assert any("/_mock/ui/" in line for line in server.banner)


def test_no_control(serve: Callable[..., Any]) -> None:
    server = serve("--no-control")
    assert status(server, "/_mock/health") == 404
    assert status(server, "/database/export") == 200
    assert not any("_mock" in line for line in server.banner)


@pytest.mark.parametrize("way", ["option", "variable"])
def test_the_control_token_is_for_clients_elsewhere_and_not_shown(
    serve: Callable[..., Any], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "variable":
        monkeypatch.setitem(environment, "DBCONTRACT_CONTROL_TOKEN", "s3cr3t")
    server = serve(*(["--control-token", "s3cr3t"] if way == "option" else []))
    assert status(server, "/_mock/health") == 200
    assert not any("s3cr3t" in line for line in server.banner)


def test_max_sandboxes_and_other_limits(serve: Callable[..., Any]) -> None:
    server = serve("--max-sandboxes", "2", "--limit", "url=300", "--limit", "faults=0")
    assert status(server, f"/{'a' * 300}") == 414
    for name in "abc":
        assert status(server, f"/~{name}/database/export") == 200
    listed = requests.get(f"{server.ready['base_url']}/_mock/sandboxes", timeout=10).json()
    assert [one["name"] for one in listed] == ["b", "c"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--max-sandboxes", "0"], "--max-sandboxes"),
        (["--limit", "body=1"], "limit body=1"),
        (["--control-token", "two words"], "control token"),
        (["--control-token", ""], "control token"),
        (["--signing-key", "short"], "signing key"),
    ],
)
def test_what_cannot_be(run: Callable[..., Any], options: list[str], reason: str) -> None:
    result = run("serve", "--port", "0", *options)
    assert (result.status, result.stdout) == (2, b"")
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
    assert "two words" not in result.stderr


def test_serve_and_exec_have_the_same_options(run: Callable[..., Any]) -> None:
    code = """
import json
from dbcontract.cli import execute, serve
def options(command):
    return {one.opts[0]: str(one.default) for one in command.params if one.param_type_name == "option"}
print(json.dumps([options(serve.command), options(execute.command)]))
"""
    result = run("exec", "--", sys.executable, "-c", code)
    served, executed = json.loads(result.stdout)
    assert set(served) - set(executed) == {"--ready-file", "--quiet", "--curls"}
    assert set(executed) <= set(served)
    assert {name for name in executed if executed[name] != served[name]} == {"--port"}
