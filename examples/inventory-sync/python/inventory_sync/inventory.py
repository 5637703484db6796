"""The stock list in a PixieBrix database: one record an article, its key the article number."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests

Stock = dict[str, int]
"""Pieces in stock by article number."""

TRIES = 3


class ExportFailed(Exception):
    """PixieBrix could not make an export; the message says why."""


class Inventory:
    """One stock list.

    Args:
        url: of the API, such as https://app.pixiebrix.com/api.
        token: an API token.
        organization: the id of the organization that owns the database.
        database: the id of the database.
        wait: waits for this many seconds, where the service asks for patience.
    """

    def __init__(
        self,
        url: str,
        token: str,
        organization: str,
        database: str,
        *,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._organization = organization
        self._database = database
        self._wait = wait
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Token {token}"
        self._session.headers["Accept"] = "application/json; version=2.0"  # pages, and archives at all
        self._files = (
            requests.Session()
        )  # storage links carry their own permission; the token is not for them

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        self._files.close()

    def read(self) -> Stock:
        """The whole list, page by page."""
        stock: Stock = {}
        url = f"{self._url}/databases/{self._database}/records/?page_size=100"
        while url:
            answer = self._call("GET", url)
            stock |= {record["id"]: record["data"]["pieces"] for record in answer.json()}
            url = answer.links.get("next", {}).get("url", "")
        return stock

    def write(self, stock: Stock) -> None:
        """Add or replace articles."""
        records = [{"id": article, "data": {"pieces": pieces}} for article, pieces in stock.items()]
        self._call("POST", f"{self._url}/databases/{self._database}/records/", records)

    def remove(self, article: str) -> None:
        """Take an article off the list."""
        self._call("DELETE", f"{self._url}/databases/{self._database}/records/{article}/")

    def export(self) -> list[dict[str, str]]:
        """The list as the rows of a CSV file that PixieBrix makes.

        Raises:
            ExportFailed: it could not make the file.
        """
        order = {"name": "Stock", "databases": [self._database], "media_type": "text/csv"}
        jobs = f"{self._url}/databases/records/jobs/"
        url = f"{jobs}{self._call('POST', jobs, order).json()['id']}/"
        while (job := self._call("GET", url).json())["status"] not in {"SUCCESS", "FAILURE"}:
            self._wait(1)
        if job["status"] == "FAILURE":
            raise ExportFailed(job["error_message"])
        return list(csv.DictReader(self._download(job["data"]).splitlines()))

    def archived(self) -> Iterator[tuple[str, Stock]]:
        """The archived dates, the latest first, each with the articles that changed on it."""
        url = f"{self._url}/organizations/{self._organization}/databases/{self._database}/record-archives/"
        for place, archive in enumerate(self._call("GET", url).json()):
            try:
                text = self._download(archive["file"])
            except requests.HTTPError as error:
                if error.response.status_code != 403:
                    raise
                # A link works for an hour; the caller may have taken longer over the dates before.
                text = self._download(self._call("GET", url).json()[place]["file"])
            lines = [json.loads(line) for line in text.splitlines()]
            yield archive["date"], {line["id"]: line["data"]["pieces"] for line in lines}

    def _download(self, link: str) -> str:
        answer = self._files.get(link, timeout=30)
        answer.raise_for_status()
        return answer.text

    def _call(self, method: str, url: str, body: Any = None) -> requests.Response:
        """Call the API; wait where it asks to, and try again where the connection breaks while reading."""
        for left in reversed(range(TRIES)):
            try:
                answer = self._session.request(method, url, json=body, timeout=30)
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                if method != "GET" or not left:
                    raise
                continue
            if answer.status_code != 429 or not left:
                break
            self._wait(float(answer.headers.get("Retry-After", "1")))
        answer.raise_for_status()
        return answer
