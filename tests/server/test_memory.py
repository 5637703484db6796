"""Nothing of a request stays when it is answered, whatever the collector does; `benchmarks.soak` in small."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator

import pytest

from dbcontract.mockserver.sandbox.sandbox import Sandbox
from dbcontract.mockserver.web.call import Call, Exchange

from .client import PixieBrix
from .mock import ServerThread, settings


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is a cycle stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_an_answered_request_and_a_deleted_sandbox_leave_nothing() -> None:
    with ServerThread(settings()) as running:
        client = PixieBrix(running)
        root, sandbox = running.base_url, f"{running.base_url}/~gone"
        database = client.get(f"{root}/_mock/databases").json()[0]["id"]
        records = f"{sandbox}/api/databases/{database}/records/"
        export = client.get(f"{root}/database/export").content
        asked = [
            ("PUT", f"{root}/_mock/sandboxes/gone", None, 201),
            ("POST", records, json.dumps([{"id": f"k{n}", "data": {"n": n}} for n in range(100)]), 201),
            ("POST", records, "[1]", 400),
            ("POST", records, "{", 400),
            ("GET", records, None, 200),
            ("GET", f"{records}?page=99", None, 404),
            ("GET", f"{sandbox}/api/nowhere/", None, 404),
            ("POST", f"{sandbox}/database/import", export, 204),
            ("POST", f"{sandbox}/database/import", "{", 500),
            ("GET", f"{sandbox}/database/export", None, 200),
            ("PUT", f"{sandbox}/_mock/state", client.get(f"{root}/_mock/state").content, 204),
            ("POST", f"{sandbox}/_mock/reset", '{"data": "empty"}', 200),
            ("DELETE", f"{root}/_mock/sandboxes/gone", None, 204),
        ]
        for method, url, body, status in asked:
            response = client.request(method, url, data=body, headers={"Content-Type": "application/json"})
            assert response.status_code == status, response.text
        client.close()
    left = [one for one in gc.get_objects() if isinstance(one, Call | Exchange)]
    assert [one.operation_id if isinstance(one, Call) else one.path for one in left] == []
    assert [one.name for one in gc.get_objects() if isinstance(one, Sandbox) and one.name == "gone"] == []
