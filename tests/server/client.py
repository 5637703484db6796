"""Clients of the mock: `requests` sessions that refuse answers which no request may ever get."""

from __future__ import annotations

from typing import Any

import requests

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .mock import Running, parse_instant

TOKEN = "a-token"
V1 = {"Accept": "application/json; version=1.0"}
V2 = {"Accept": "application/json; version=2.0"}
CSV = {"Accept": "text/csv"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"
"""A UUID that names nothing."""


class Client:
    """One base URL; paths are given below it, or as whole URLs."""

    def __init__(self, base_url: str, token: str | None = None) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.session.trust_env = False
        if token is not None:
            self.session.headers["Authorization"] = f"Token {token}"

    def close(self) -> None:
        self.session.close()

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request; redirects are not followed unless asked for."""
        url = path if path.startswith("http://") else self.base_url + path
        response = self.session.request(method, url, **{"allow_redirects": False, "timeout": 30, **options})
        check_sane(response)
        return response

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.request("POST", path, **options)


def check_sane(response: requests.Response) -> None:
    """No traceback, and no server error but those that Pieces documents."""
    text = response.content[:100_000]
    assert b"Traceback" not in text
    assert b"Internal error" not in text
    if response.status_code >= 500:
        assert "/database/" in response.url
        assert response.status_code in {500, 505}
        assert response.headers["Content-Type"].startswith("text/plain")
        assert response.text.strip()


class PixieBrix(Client):
    """PixieBrix with a token, at version 2.0; knows the first two organizations of the data set."""

    def __init__(self, running: Running, token: str | None = TOKEN) -> None:
        super().__init__(running.urls["pixiebrix"], token)
        self.session.headers.update(V2)
        self.running = running
        self.organizations = list(state_of(running.sandbox).organizations)
        self.organization = self.organizations[0]

    def at(self, instant: str) -> None:
        """Move the server's clock."""
        self.running.sandbox.clock.set(parse_instant(instant))

    def wait(self, microseconds: int) -> None:
        """Let time pass on the server's clock."""
        self.running.sandbox.clock.advance(microseconds)

    def databases_path(self, organization: str | None = None) -> str:
        return f"/organizations/{organization or self.organization}/databases/"

    def databases(self, organization: str | None = None) -> list[dict[str, Any]]:
        return listed(self.get(self.databases_path(organization), params={"page_size": 1000}))

    def database(self, database_id: str) -> dict[str, Any]:
        """What the list of the organization's databases says of one."""
        return next(item for item in self.databases() if item["id"] == database_id)

    def new_database(self, name: str = "Fresh") -> str:
        response = self.post(self.databases_path(), json={"name": name})
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def write(self, database_id: str, *records: dict[str, Any]) -> None:
        """Create or replace records, each given as `{"id", "data"}`."""
        response = self.post(f"/databases/{database_id}/records/", json=list(records))
        assert response.status_code == 201, response.text

    def put(self, database_id: str, key: str, **data: Any) -> None:
        self.write(database_id, {"id": key, "data": data})

    def records(self, database_id: str, **params: Any) -> list[dict[str, Any]]:
        path = f"/databases/{database_id}/records/"
        return listed(self.get(path, params={"page_size": 10_000, **params}))

    def keys(self, database_id: str, **params: Any) -> list[str]:
        return [record["id"] for record in self.records(database_id, **params)]

    def archives(self, database_id: str, **params: Any) -> list[dict[str, Any]]:
        path = f"{self.databases_path()}{database_id}/record-archives/"
        return listed(self.get(path, params={"page_size": 1000, **params}))

    def assets(self, database_id: str) -> list[dict[str, Any]]:
        return listed(self.get(f"/databases/{database_id}/assets/", params={"page_size": 1000}))

    def new_asset(self, database_id: str, filename: str = "my-file.png") -> dict[str, Any]:
        """The answer to the creation of an asset: `asset`, `upload_url`, `fields`."""
        response = self.post(f"/databases/{database_id}/assets/", json={"filename": filename})
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def new_job(self, *database_ids: str, **fields: Any) -> str:
        payload = {"name": "Export", "databases": list(database_ids), **fields}
        response = self.post("/databases/records/jobs/", json=payload)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        response = self.get(f"/databases/records/jobs/{job_id}/")
        assert response.status_code == 200, response.text
        job: dict[str, Any] = response.json()
        return job

    def everything(self, database_id: str) -> dict[str, Any]:
        """What the API shows of the data set, to compare before and after."""
        return {
            "databases": [self.databases(organization) for organization in self.organizations],
            "records": self.records(database_id),
            "archives": [archive["date"] for archive in self.archives(database_id)],
            "assets": self.assets(database_id),
            "jobs": len(state_of(self.running.sandbox).jobs),
        }


def listed(response: requests.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()
    return items


def errors_at(response: requests.Response, *path: str | int) -> list[str]:
    """The messages of a 400 under a path of fields; fails unless there are some."""
    assert response.status_code == 400, (response.status_code, response.text[:500])
    assert media_type(response) == "application/json"
    node = response.json()
    for part in path:
        node = node[part]
    assert isinstance(node, list), node
    assert node
    assert all(isinstance(message, str) and message for message in node), node
    return list(node)


def detail_of(response: requests.Response, status: int) -> str:
    """The sentence of an error answer `{"detail": …}`; fails if the answer is another."""
    assert response.status_code == status, (response.status_code, response.text[:500])
    assert media_type(response) == "application/json"
    body = response.json()
    assert list(body) == ["detail"], body
    assert body["detail"]
    return str(body["detail"])


def media_type(response: requests.Response) -> str:
    return response.headers["Content-Type"].partition(";")[0].strip()
