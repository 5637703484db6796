"""The examples of Pieces OS' description fit the server that shows them."""

from __future__ import annotations

import requests

from dbcontract import openapi
from dbcontract.mockserver.apis.pieces.api import EXAMPLE_VERSION
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import ServerThread


def test_the_example_of_an_import_imports_at_the_first_click() -> None:
    example = openapi.load("pieces")["components"]["examples"]["SmallDatabase"]["value"]
    with ServerThread(Settings(port=0)) as running:
        url = f"{running.base_url}/database"
        assert requests.post(f"{url}/import", json=example, timeout=10).status_code == 204
        exported = requests.get(f"{url}/export", timeout=10).json()
    assert example["values"]["iterable"][0] in exported["values"]["iterable"]


def test_a_forced_505_tells_the_version_of_the_server() -> None:
    with ServerThread(Settings(port=0, options={"os_version": "3.2.1"})) as running:
        url = f"{running.base_url}/database/import"
        forced = requests.post(url, headers={"Prefer": "code=505"}, timeout=10)
        fault = {"operation": "importDatabase", "status": 505, "times": 1}
        requests.post(f"{running.base_url}/_mock/faults", json=fault, timeout=10).raise_for_status()
        ordered = requests.post(url, timeout=10)
        own = {**fault, "body": EXAMPLE_VERSION}
        requests.post(f"{running.base_url}/_mock/faults", json=own, timeout=10).raise_for_status()
        worded = requests.post(url, timeout=10)
    for answer in (forced, ordered):
        assert answer.status_code == 505
        assert "this is 3.2.1." in answer.text
    assert worded.text == EXAMPLE_VERSION
