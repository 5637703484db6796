"""What a client does for each situation: up to the yield before the lines that bring it about, then after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import requests

from dbcontract.mockserver.client import MockClient

V2 = "application/json; version=2.0"


class Client:
    """A client of both APIs, which does all as documented."""

    def __init__(self, mock: MockClient) -> None:
        self.mock = mock
        self.session = mock.session()
        self.session.headers["Accept"] = V2
        self.storage = requests.Session()
        self.storage.trust_env = False
        self.database = mock.database_ids[0]
        self.records = f"/databases/{self.database}/records/"
        self.assets = f"/databases/{self.database}/assets/"

    def close(self) -> None:
        self.session.close()
        self.storage.close()

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("http") else self.mock.pixiebrix_url + path
        return self.session.request(method, url, allow_redirects=False, timeout=30, **options)

    def open(self, link: str) -> requests.Response:
        return self.storage.get(link, timeout=30)

    def write(self, key: str = "mine") -> None:
        assert self.api("PUT", f"{self.records}{key}/", json={"data": {"a": 1}}).ok

    def order(self) -> str:
        order = {"name": "Export", "databases": [self.database]}
        return str(self.api("POST", "/databases/records/jobs/", json=order).json()["id"])

    def job(self, id_: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.api("GET", f"/databases/records/jobs/{id_}/").json()
        return shown

    def archives(self) -> list[dict[str, Any]]:
        path = f"/organizations/{self.mock.organization_id}/databases/{self.database}/record-archives/"
        shown: list[dict[str, Any]] = self.api("GET", path).json()
        return shown

    def upload(self) -> str:
        made = self.api("POST", self.assets, json={"filename": "notes.txt"}).json()
        self.storage.post(made["upload_url"], data=made["fields"], files={"file": b"notes"}, timeout=30)
        return str(made["asset"]["id"])

    def mark(self, asset: str) -> None:
        self.api("PATCH", self.assets + asset, json={"is_uploaded": True})

    def export(self) -> requests.Response:
        return self.storage.get(f"{self.mock.pieces_url}/database/export", timeout=30)

    def merge(self, exported: Any) -> requests.Response:
        return self.storage.post(f"{self.mock.pieces_url}/database/import", json=exported, timeout=30)


Part = Callable[[Client], Iterator[None]]


def lists(client: Client) -> Iterator[None]:
    yield
    client.api("GET", client.records)


def follows(client: Client) -> Iterator[None]:
    yield
    client.api("GET", client.api("GET", client.records).links["next"]["url"])


def follows_what_is_gone(client: Client) -> Iterator[None]:
    yield
    link = client.api("GET", client.records).links["next"]["url"]
    client.api("DELETE", client.records)
    assert client.api("GET", link).status_code == 404


def writes(client: Client) -> Iterator[None]:
    yield
    assert client.api("PUT", f"{client.records}new/", json={"data": {}}).status_code == 403


def calls_twice(client: Client) -> Iterator[None]:
    yield
    client.api("GET", client.records)
    client.api("GET", client.records)


def waits(client: Client) -> Iterator[None]:
    yield
    client.api("GET", client.records)
    client.api("GET", client.records)
    client.mock.clock.advance(minutes=1)
    client.api("GET", client.records)


def exports(client: Client) -> Iterator[None]:
    yield
    client.job(client.order())


def asks_again(client: Client) -> Iterator[None]:
    job = client.order()
    client.job(job)
    yield
    client.job(job)


def lists_archives(client: Client) -> Iterator[None]:
    client.write()
    yield
    assert client.archives()


def reads_what_went(client: Client) -> Iterator[None]:
    client.write()
    yield
    assert client.api("GET", f"{client.records}mine/").status_code == 404


def opens_archive(client: Client) -> Iterator[None]:
    client.write()
    yield
    assert client.open(client.archives()[0]["file"]).ok


def opens_old_link(client: Client) -> Iterator[None]:
    link = client.job(client.order())["data"]
    yield
    client.open(link)


def renews_link(client: Client) -> Iterator[None]:
    job = client.order()
    link = client.job(job)["data"]
    yield
    client.open(link)
    client.open(client.job(job)["data"])


def downloads_new_asset(client: Client) -> Iterator[None]:
    yield
    made = client.api("POST", client.assets, json={"filename": "notes.txt"}).json()
    assert client.api("GET", client.assets + made["asset"]["id"]).status_code == 404


def uploads(client: Client) -> Iterator[None]:
    yield
    client.upload()


def marks(client: Client) -> Iterator[None]:
    yield
    client.mark(client.upload())


def downloads(client: Client) -> Iterator[None]:
    yield
    asset = client.upload()
    client.mark(asset)
    assert client.api("GET", client.assets + asset).status_code == 302


def imports_own(client: Client) -> Iterator[None]:
    exported = client.export().json()
    yield
    client.merge(exported)


def imports_and_exports(client: Client) -> Iterator[None]:
    exported = client.export().json()
    yield
    client.merge(exported)
    client.export()


def fails_to_export(client: Client) -> Iterator[None]:
    yield
    client.export()


PARTS: dict[str, Part] = {
    "empty-page": lists,
    "next-page": follows,
    "page-past-the-end": follows_what_is_gone,
    "wrong-token": lists,
    "read-only-token": writes,
    "request-limit": calls_twice,
    "request-limit-waited-for": waits,
    "job-running": exports,
    "job-succeeded": exports,
    "job-failed": exports,
    "job-link-renewed": asks_again,
    "archive-listed": lists_archives,
    "night-archived": lists_archives,
    "record-archived": reads_what_went,
    "archive-downloaded": opens_archive,
    "link-expired": opens_old_link,
    "link-renewed": renews_link,
    "asset-not-uploaded": downloads_new_asset,
    "upload": uploads,
    "upload-refused": uploads,
    "asset-marked": marks,
    "asset-downloaded": downloads,
    "import-of-a-newer-export": imports_own,
    "import-fails-inside": imports_own,
    "export-after-a-failed-import": imports_and_exports,
    "export-fails": fails_to_export,
}
"""By the id of the situation; for the others the lines are all that there is to do."""
