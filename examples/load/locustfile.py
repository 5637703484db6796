"""Loads a client of the two Database APIs, with a mock of dbcontract in the vendors' place.

`locust --host http://127.0.0.1:5323`; docs/load.md is the guide. Put the calls of your own client in place of
the requests below, and keep the rest.
"""

from __future__ import annotations

import os
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from locust import HttpUser, between, task

NUMBERS = count(1)
SHARED = os.environ.get("LOAD_SANDBOX", "")
"""The name of a sandbox that all users share; by default each has one of its own."""
SECONDS = os.environ.get("LOAD_DELAY", "")
"""How long the mock waits before it answers, in seconds: as the real service would."""


class DatabaseUser(HttpUser):
    """Somebody who reads and writes records, and now and then makes a backup."""

    wait_time = between(0.01, 0.05)

    def on_start(self) -> None:
        """Find a database in a sandbox, as a client finds it that has just been started."""
        self.sandbox = f"/~{SHARED or f'load-{os.getpid()}-{next(NUMBERS)}'}"
        self.api = f"{self.sandbox}/api"
        self.client.headers["Authorization"] = "Token load"
        self.client.headers["Accept"] = "application/json; version=2.0"
        if SECONDS:
            fault = {"operation": "listRecords", "delay": float(SECONDS)}
            self.client.post(f"{self.sandbox}/_mock/faults", json=fault, name="/_mock/faults")
        organizations = self.client.get(f"{self.api}/organizations/", name="organizations").json()
        mine = f"{self.api}/organizations/{organizations[0]['id']}/databases/"
        databases = self.client.get(mine, name="databases").json()
        self.records = f"{self.api}/databases/{databases[0]['id']}/records/"

    def on_stop(self) -> None:
        """Let the mock forget what this user made."""
        if not SHARED:
            place = f"{self.sandbox}/_mock/sandboxes/{self.sandbox[2:]}"
            self.client.delete(place, name="/_mock/sandboxes")

    @task(6)
    def reads_all_pages(self) -> None:
        """Follow the links of a list to its end, as they were given."""
        page: str | None = f"{self.records}?page_size=25"
        while page is not None:
            with self.client.get(page, name="records", catch_response=True) as answer:
                if answer.ok and not isinstance(answer.json(), list):
                    answer.failure("the page is not a list")
                page = _path(answer.links.get("next", {}).get("url"))

    @task(3)
    def writes_and_finds(self) -> None:
        """Write a record, and find it again."""
        key = f"load-{id(self)}"
        record: dict[str, Any] = {"id": key, "data": {"from": key}}
        self.client.post(self.records, json=[record], name="records")
        with self.client.get(
            self.records, params={"data__from": key}, name="records?data__from", catch_response=True
        ) as answer:
            if answer.ok and [one["id"] for one in answer.json()] != [key]:
                answer.failure(f"{key} is not found again")

    @task(1)
    def makes_a_backup(self) -> None:
        """Export the database of Pieces OS, and import it again."""
        backup = self.client.get(
            f"{self.sandbox}/database/export", name="export", headers={"Accept": "application/json"}
        )
        self.client.post(
            f"{self.sandbox}/database/import",
            name="import",
            json=backup.json(),
            headers={"Accept": "text/plain"},
        )


def _path(url: str | None) -> str | None:
    """A link without its origin, since Locust puts the host before it."""
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"
