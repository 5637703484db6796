"""What clients do in a day, so that every rule that watching can tell is exercised once.

It goes on whatever comes back: a client of a wrong implementation does, too.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

from dbcontract.mockserver.client import MockClient

DAY = 86_400
V2 = {"Accept": "application/json; version=2.0"}
V1 = {"Accept": "application/json; version=1.0"}


@dataclass
class Day:
    """A client of the proxy, and the order of time.

    Attributes:
        url: of the sandbox at the proxy.
        mock: the same sandbox, past the proxy: only its clock and its faults.
        later: lets time pass, for the observer, too; in seconds.
    """

    url: str
    mock: MockClient
    later: Callable[[float], None]

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {self.mock.token}"
        self.api = f"{self.url}/api"
        self.through = f"{self.url.partition('/~')[0]}"
        self.behind = self.mock.base_url.partition("/~")[0]

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path.replace(self.behind, self.through) if "://" in path else self.api + path
        return self.session.request(method, url, timeout=30, allow_redirects=False, **options)

    def pieces(self) -> None:
        base = f"{self.url}/database"

        def get() -> requests.Response:
            return requests.get(f"{base}/export", timeout=30)

        export = get().json()
        entry = export["values"]["iterable"][0]
        other = {"iterable": [{**entry, "raw": [6]}]}
        newer = {**export, "version": "999.0.0", "values": other}
        migrated = {
            **export,
            "values": other,
            "schema": {"migration": 9_999, "semantic": "MAJOR_0_MINOR_0_PATCH_1"},
        }
        older = {**export, "version": "0.0.1", "values": {"iterable": [{**entry, "raw": [7]}]}}
        broken = {**export, "analyses": [256], "values": {"iterable": [{**entry, "raw": [9]}, {"id": 3}]}}
        part = {"values": {"iterable": [{"id": entry["id"], "raw": [8]}]}}
        cut = json.dumps({**part, **{name: one for name, one in export.items() if name != "values"}})[
            :-9
        ].encode()
        for body in (cut, b"[1]", newer, migrated, export, older, broken, None):
            data = {"data": body} if isinstance(body, bytes) else {"json": body} if body else {}
            requests.post(f"{base}/import", headers={"Content-Type": "application/json"}, timeout=30, **data)
            get()
        self.mock.faults.add("importDatabase", inside={"after": 2}, times=1)
        different = {"values": {"iterable": [{**one, "raw": [5]} for one in export["values"]["iterable"]]}}
        requests.post(f"{base}/import", json={**export, **different}, timeout=30)
        get()

    def lists(self) -> None:
        organization = self.mock.organization_id
        records = f"/databases/{self.mock.database_ids[0]}/records/"
        databases = f"/organizations/{organization}/databases/"
        assets = f"/databases/{self.asset_database}/assets/"
        requests.get(self.api + databases, timeout=30)
        for path in (databases, records, assets):
            for query in (
                "",
                "?page_size=2",
                "?page_size=2&page=2",
                "?page_size=2&page=99",
                "?page_size=20000",
            ):
                self.call("GET", path + query, headers=V2)
            self.call("GET", path, headers=V1)
            self.call("GET", path, headers={"Accept": "application/json; version=9.9"})
        page = "?page_size=1&page={}"
        for number in (1, 2, 3):
            self.call("GET", databases + page.format(number), headers=V2)
        for path in (f"/databases/{organization}/records/", "/databases/x/assets/"):
            self.call("GET", path, headers=V2)
        self.call("GET", databases, headers={**V2, "Authorization": "Token wrong"})

    @property
    def asset_database(self) -> str:
        return next(one.id for one in self.mock.databases if one.type == "Asset")

    def filters(self) -> None:
        path = f"/databases/{self.mock.database_ids[0]}/records/"
        items = self.call("GET", path, headers=V2).json()
        days = sorted({item["created_at"][:10] for item in items})
        middle, last = days[len(days) // 3], days[2 * len(days) // 3]
        for query in (f"start_date={middle}", f"end_date={middle}", f"start_date={middle}&end_date={last}"):
            self.call("GET", f"{path}?{query}&page_size=5", headers=V2)
            self.call("GET", f"{path}?{query}", headers=V2)
        mine = self.records
        for query in ("data__a=x", "data__A=x", "data__n__isnull=true", "data__a=7", "data__a=x&page_size=1"):
            self.call("GET", f"{mine}?{query}", headers=V2)

    def made(self) -> None:
        """A database of one's own, with records that come, change and go."""
        organization = self.mock.organization_id
        name = {"name": "of the traffic"}
        database = self.call("POST", f"/organizations/{organization}/databases/", json=name).json()["id"]
        self.records = path = f"/databases/{database}/records/"
        data = [
            {"a": "x"},
            {"a": "xy"},
            {"a": "X"},
            {"a": 7},
            {"n": "text"},
            {"n": None, "a": "7"},
            {"a": None},
        ]
        self.call("GET", path, headers=V2)
        for number, one in enumerate(data):
            self.call("POST", path, json={"id": f"k{number}", "data": one})
            self.call("GET", f"{path}k{number}/")
        self.call("POST", path, json=[{"id": "m1", "data": {"b": [1, 2.5, None]}}, {"id": "m2", "data": {}}])
        self.call("GET", f"{path}m1/")
        self.call("PUT", f"{path}k0/", json={"data": {"a": "x", "c": True}})
        self.call("GET", f"{path}k0/")
        self.call("PUT", f"{path}k0/", json={"data": {"d": 1}, "merge_strategy": "shallow"})
        self.call("GET", f"{path}k0/")
        self.call("GET", path, headers=V2)
        self.call("DELETE", f"{path}m2/")
        self.call("GET", f"{path}m2/")
        self.call("GET", path, headers=V2)
        self.mock.faults.add("createRecords", status=403, times=1)
        self.call("POST", path, json={"id": "m3", "data": {}})
        self.call("POST", path, json=[{"id": f"z{number}", "data": {}} for number in range(100)])
        self.call("GET", path, headers=V2)
        for number in (1, 2, 3, 4):
            self.call("GET", f"{path}?page_size=3&page={number}", headers=V2)

    def assets(self) -> None:
        path = f"/databases/{self.asset_database}/assets/"
        created = self.call("POST", path, json={"filename": "ä picture.png"}).json()
        asset = created.get("asset", created)
        own = f"{path}{asset['id']}/"
        self.call("GET", own)
        self.call("GET", f"{own}?meta=true")
        upload = {"files": {"file": ("p.png", b"\x89PNG" * 100)}, "data": created["fields"]}
        requests.post(created["upload_url"].replace(self.behind, self.through), timeout=30, **upload)
        self.call("GET", own)
        for marked in (True, False, True):
            self.later(1)
            self.call("PATCH", own, json={"is_uploaded": marked})
            found = self.call("GET", own)
            if "Location" in found.headers:
                requests.get(found.headers["Location"].replace(self.behind, self.through), timeout=30)
        self.call("GET", f"{own}?meta=true")
        self.call("GET", path, headers=V2)

    def jobs(self) -> None:
        body = {"name": "of the traffic", "databases": self.mock.database_ids[:1]}
        for fails in (False, True):
            if fails:
                self.mock.faults.add("createExportJob", inside={"error_message": "no room"}, times=1)
            created = self.call("POST", "/databases/records/jobs/", json=body).json()
            own = f"/databases/records/jobs/{created.get('id', '')}/"
            self.call("GET", own)
            for seconds in (60, 60, 7_200):
                self.later(seconds)
                self.call("GET", own)

    def archives(self) -> None:
        organization, database = self.mock.organization_id, self.mock.database_ids[0]
        path = f"/organizations/{organization}/databases/{database}/record-archives/"
        self.call("GET", path, headers=V1)
        for query in ("?ordering=date", "?ordering=-date", "?page_size=2", "?page_size=2&page=2", "?page=99"):
            self.call("GET", path + query, headers=V2)
        first = self.files(self.call("GET", path, headers=V2))
        self.later(60)
        record = f"/databases/{database}/records/{{}}/"
        for text in ("a", "b", "c"):
            self.call("PUT", record.format("customer-001"), json={"data": {"user email": text}})
        with going_on():
            self.call(
                "DELETE", record.format(json.loads(self.download(first[-1]).text.splitlines()[0])["id"])
            )
        self.later(2 * 3_600)
        self.files(self.call("GET", path, headers=V2))
        for _ in range(2):
            self.later(DAY)
            self.files(self.call("GET", path, headers=V2), 5)
        for link in first:
            self.download(link)
        self.files(self.call("GET", path, headers=V2), 5)

    def files(self, listed: requests.Response, count: int = 2) -> list[str]:
        links = [item["file"] for item in listed.json()[:count]]
        for link in links:
            self.download(link)
        return links

    def download(self, link: str) -> requests.Response:
        return requests.get(link.replace(self.behind, self.through), timeout=30)

    def whole(self) -> None:
        """All of it, each part on its own: what is wrong with one does not hide the others."""
        for part in (self.pieces, self.lists, self.made, self.filters, self.assets, self.jobs, self.archives):
            with going_on():
                part()


@contextlib.contextmanager
def going_on() -> Iterator[None]:
    with contextlib.suppress(
        KeyError, ValueError, TypeError, AttributeError, IndexError, requests.RequestException
    ):
        yield
