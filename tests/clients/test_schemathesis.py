"""Schemathesis over both descriptions: no finding but the documented cases of schemathesis.toml."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import socket
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dbcontract import fixtures, openapi
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.application import create_app
from dbcontract.mockserver.server.run import ServerThread

CONFIG = Path(__file__).with_name("schemathesis.toml")
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
OPERATIONS = {"pieces": 2, "pixiebrix": 31}
EXAMPLES = {"pieces": 25, "pixiebrix": 12}
"""For each operation: a few hundred calls in all."""
BASE_PATH = {"pieces": "", "pixiebrix": "/api"}


def schemathesis(name: str, base_url: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`schemathesis run` over a description; what it leaves behind stays in the folder."""
    description = folder / f"{name}.json"
    description.write_text(json.dumps(openapi.load(name, written_out=True)))
    command = [
        str(Path(sysconfig.get_path("scripts"), "schemathesis")), "--config-file", str(CONFIG), "run",
        str(description),
        "--url", base_url + BASE_PATH[name], "--no-color", *arguments,
    ]  # fmt: skip
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=110
    )


def findings(done: subprocess.CompletedProcess[str]) -> str:
    """What a run found, without the rest of what it printed."""
    return done.stdout.partition("= FAILURES =")[2][:5_000] or done.stdout[-3_000:] + done.stderr


@pytest.fixture
def data(tmp_path: Path) -> str:
    """The small data set, where the descriptions' own examples name what is there."""
    entries: list[Any] = list(fixtures.build("small", seed=1))

    def ids(kind: str) -> list[str]:
        return [str(entry["id"]) for entry in entries if entry["kind"] == kind]

    asset = next(entry for entry in entries if entry["kind"] == "asset" and entry["is_uploaded"])
    asset["database"] = ids("database")[0]
    example = {
        name: parameter.get("example")
        for name, parameter in openapi.load("pixiebrix")["components"]["parameters"].items()
    }
    text = "\n".join(json.dumps(entry) for entry in entries)
    for old, new in (
        (ids("organization")[0], example["OrganizationId"]),
        (ids("database")[0], example["DatabaseId"]),
        (ids("database")[1], "7d1f9a34-52c8-4b6b-8e0d-6a9c3b7f1e25"),
        (ids("database")[2], "c41d7a90-6be3-4f52-9a08-1e7d5c3b2f64"),
        (ids("record")[0], example["RecordKey"]),
        (asset["id"], example["AssetId"]),
        (ids("job")[0], example["JobId"]),
    ):
        text = text.replace(str(old), str(new))
    file = tmp_path / "examples.jsonl"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("name", ["pieces", "pixiebrix"])
def test_no_phase_finds_anything_else(
    name: str, data: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(port=0, data=data, clock=ClockSetting(frozen=True), validate_responses=True)
    with ServerThread(settings) as running:
        done = schemathesis(name, running.base_url, tmp_path, "--max-examples", str(EXAMPLES[name]))
    assert done.returncode == 0, findings(done)
    # Nothing was left out, and what a lawful 500 could have hidden would stand in the server's log.
    assert f"Tested: {OPERATIONS[name]}\n" in done.stdout
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}\n" in done.stdout
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


# What the exemptions must not hide: servers that are wrong where something is exempted.


@dataclass(frozen=True)
class Wrong:
    """A server that is wrong in the answers to one operation, or in how it reads the requests for it.

    Attributes:
        operation: what is wrong, `METHOD path` as a regular expression.
        answer: changes (status, headers) of its answers.
        query: changes the query string that the server gets to see.
        body: what the server gets to see in place of the body.
    """

    app: ASGIApp
    operation: str
    answer: Callable[[int, dict[bytes, bytes]], int] | None = None
    query: Callable[[bytes], bytes] | None = None
    body: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not re.fullmatch(self.operation, f"{scope['method']} {scope['path']}"):
            await self.app(scope, receive, send)
            return

        async def changed_receive() -> Message:
            message = await receive()
            if self.body is not None and message.get("body"):
                return {**message, "body": self.body}
            return message

        async def changed_send(message: Message) -> None:
            if self.answer is not None and message["type"] == "http.response.start":
                headers = dict(message["headers"])
                status = self.answer(message["status"], headers)
                message = {**message, "status": status, "headers": list(headers.items())}
            await send(message)

        if self.query is not None:
            scope = {**scope, "query_string": self.query(scope["query_string"])}
        await self.app(scope, changed_receive, changed_send)


def another_status(real: int, shown: int) -> Callable[[int, dict[bytes, bytes]], int]:
    return lambda status, _headers: shown if status == real else status


def errors_as_json(status: int, headers: dict[bytes, bytes]) -> int:
    if status >= 500:
        headers[b"content-type"] = b"application/json"
    return status


@contextlib.contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The base URL of a server that runs any application."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize(
    ("name", "operation_id", "wrong", "finding"),
    [
        pytest.param(
            "pieces", "importDatabase",
            {"operation": "POST /database/import", "answer": another_status(505, 501)},
            "Undocumented status code", id="a server error that is not documented",
        ),
        pytest.param(
            "pieces", "importDatabase",
            {"operation": "POST /database/import", "answer": errors_as_json},
            "Undocumented Content-Type", id="errors that are not plain text",
        ),
        pytest.param(
            "pixiebrix", "createExportJob",
            {"operation": "POST /api/databases/records/jobs/", "answer": another_status(201, 200)},
            "Undocumented status code", id="another status for a started job",
        ),
        pytest.param(
            "pixiebrix", "createExportJob",
            {"operation": "POST /api/databases/records/jobs/", "answer": another_status(201, 415)},
            "Schema-valid request rejected", id="a job that is refused for no reason",
        ),
        pytest.param(
            "pixiebrix", "putDatabaseSchema",
            {"operation": "PUT /api/organizations/.*/schema/", "answer": another_status(200, 415)},
            "Schema-valid request rejected", id="a schema that is refused for no reason",
        ),
        pytest.param(
            "pixiebrix", "putRecords",
            {"operation": "PUT /api/databases/[^/]+/records/", "answer": another_status(200, 400)},
            "Schema-valid request rejected", id="records that are refused though no schema is enforced",
        ),
        pytest.param(
            "pixiebrix", "listRecords",
            {
                "operation": "GET /api/databases/[^/]+/records/",
                "query": lambda query: re.sub(rb"(?:start|end)_date=", b"ignored=", query),
            },
            "Schema-violating request accepted", id="dates that are not looked at",
        ),
        pytest.param(
            "pixiebrix", "updateAsset",
            {"operation": "PATCH /api/databases/[^/]+/assets/[^/]+", "body": b"{}"},
            "Schema-violating request accepted", id="a body that is not looked at",
        ),
    ],
)  # fmt: skip
def test_a_wrong_server_is_found(
    *, name: str, operation_id: str, wrong: dict[str, Any], finding: str, data: str, tmp_path: Path
) -> None:
    app = create_app(Settings(data=data, clock=ClockSetting(frozen=True)))
    with served(Wrong(app, **wrong)) as base_url:
        # One operation alone has no links to follow, which would end the run with an error of its own.
        phases = ("--phases", "examples,coverage,fuzzing")
        done = schemathesis(name, base_url, tmp_path, "--include-operation-id", operation_id, *phases)
    assert done.returncode == 1, findings(done)
    assert finding in findings(done)
