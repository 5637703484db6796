"""One sandbox of a real server, as these tests talk to it: control API and both APIs below one base URL."""

from __future__ import annotations

import warnings
from typing import Any

import requests

# The web framework below warns of its own dependencies while it is imported; nothing here uses those parts.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dbcontract.mockserver.server.run import Running, ServerThread

from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings, TokenGrant

__all__ = [
    "NOW",
    "ClockSetting",
    "Mock",
    "Running",
    "ServerThread",
    "Settings",
    "TokenGrant",
    "settings",
]

V2 = "application/json; version=2.0"
NOW = "2024-05-10T12:00:00.000000Z"
"""Where the clock of a test's server stands."""


def settings(**changes: object) -> Settings:
    """Small data, any free port, a clock that stands still, every response held against the description."""
    options = changes.pop("options", {})
    assert isinstance(options, dict)
    values: dict[str, object] = {
        "port": 0,
        "clock": ClockSetting.parse(f"frozen@{NOW}"),
        "options": {"os_version": "9.2.1", "migration": 50, **options},
        "validate_responses": True,
        "max_sandboxes": 5_000,
        **changes,
    }
    return Settings(**values)  # type: ignore[arg-type]  # the names and types are those of the class


class Mock:
    """One sandbox, the default one or a sandbox; redirects are not followed unless asked for."""

    def __init__(self, base: str, token: str = "a-token") -> None:
        self.base = base
        self.pixiebrix = f"{base}/api"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept"] = V2
        self.authorization = {"Authorization": f"Token {token}"}

    def close(self) -> None:
        self.session.close()

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request; `path` stands below the sandbox's base URL, or is a whole URL."""
        url = path if path.startswith("http://") else self.base + path
        return self.session.request(method, url, **{"allow_redirects": False, "timeout": 30, **options})

    def control(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """A call of the control API: the parsed answer, if any; its status must be as expected."""
        response = self.send(method, f"/_mock{path}", json=body)
        if status is None:
            assert response.ok, (response.status_code, response.text[:1000])
        else:
            assert response.status_code == status, (response.status_code, response.text[:1000])
        return response.json() if response.content else None

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        """A call of PixieBrix, with a token unless the headers say otherwise."""
        headers = {**self.authorization, **options.pop("headers", {})}
        return self.send(method, f"/api{path}", headers=headers, **options)

    def export(self) -> dict[str, Any]:
        """What Pieces exports."""
        response = self.send("GET", "/database/export")
        assert response.status_code == 200, response.text[:500]
        document: dict[str, Any] = response.json()
        return document

    def merge(self, document: Any) -> requests.Response:
        """Import a document into Pieces."""
        return self.send("POST", "/database/import", json=document)

    # What tests need to have

    @property
    def organization(self) -> str:
        """The first organization."""
        return str(self.control("GET", "/health")["organizations"][0])

    @property
    def database(self) -> dict[str, Any]:
        """The first database of the first organization, as the control API lists it."""
        mine = self.organization
        listed: list[dict[str, Any]] = self.control("GET", "/databases")
        return next(item for item in listed if item["organization_id"] == mine)

    def new_database(self, name: str = "Fresh") -> str:
        path = f"/organizations/{self.organization}/databases/"
        response = self.api("POST", path, json={"name": name})
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def put(self, database: str, key: str, **data: Any) -> None:
        """Write one record."""
        response = self.api("PUT", f"/databases/{database}/records/{key}/", json={"data": data})
        assert response.status_code in {200, 201}, response.text

    def keys(self, database: str) -> list[str]:
        response = self.api("GET", f"/databases/{database}/records/", params={"page_size": 10_000})
        assert response.status_code == 200, response.text
        return [record["id"] for record in response.json()]

    def archives(self, database: str) -> list[dict[str, Any]]:
        path = f"/organizations/{self.organization}/databases/{database}/record-archives/"
        response = self.api("GET", path, params={"page_size": 1000})
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()
        return found

    def new_job(self, database: str, name: str = "Export") -> str:
        response = self.api("POST", "/databases/records/jobs/", json={"name": name, "databases": [database]})
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def job(self, id_: str) -> dict[str, Any]:
        response = self.api("GET", f"/databases/records/jobs/{id_}/")
        assert response.status_code == 200, response.text
        job: dict[str, Any] = response.json()
        return job

    def new_asset(self, database: str, filename: str = "notes.txt") -> dict[str, Any]:
        """What the creation of an asset answers: `asset`, `upload_url`, `fields`."""
        response = self.api("POST", f"/databases/{database}/assets/", json={"filename": filename})
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def upload(self, created: dict[str, Any], content: bytes) -> requests.Response:
        """Send a file as the answer to the creation of its asset says."""
        return self.send("POST", created["upload_url"], data=created["fields"], files={"file": content})

    def fault(self, operation: str, **order: Any) -> dict[str, Any]:
        """Order a fault."""
        made: dict[str, Any] = self.control("POST", "/faults", {"operation": operation, **order}, 201)
        return made

    def journal(self, **filters: Any) -> list[dict[str, Any]]:
        """The exchanges that pass the filters."""
        response = self.send("GET", "/_mock/requests", params=filters)
        assert response.status_code == 200, response.text
        entries: list[dict[str, Any]] = response.json()
        return entries

    def state(self) -> bytes:
        """The sandbox's document, to the byte."""
        response = self.send("GET", "/_mock/state")
        assert response.status_code == 200, response.text[:500]
        return response.content

    def restore(self, document: bytes, status: int = 204) -> Any:
        """Put a document back; the parsed answer, if there is one."""
        response = self.send("PUT", "/_mock/state", data=document)
        assert response.status_code == status, (response.status_code, response.text[:1000])
        return response.json() if response.content else None
