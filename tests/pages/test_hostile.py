"""Whatever names and bodies a mock holds, its pages show them as text."""

from __future__ import annotations

import pytest
import requests

from dbcontract.mockserver.client import MockClient

from .conftest import Page

HOSTILE = "<img src=x onerror=document.title=1><script>document.title='1'</script>"


@pytest.fixture
def hostile(mock: MockClient) -> MockClient:
    """A sandbox in which everything that a client can name has such a name."""
    headers = {"Authorization": f"Token {mock.token}", "Accept": "application/json; version=1.0"}

    def post(path: str, body: object) -> dict[str, str]:
        answer = requests.post(f"{mock.pixiebrix_url}/{path}", json=body, headers=headers, timeout=10)
        assert answer.status_code == 201, answer.text
        made: dict[str, str] = answer.json()
        return made

    database = post(f"organizations/{mock.organization_id}/databases/", {"name": HOSTILE})["id"]
    post(f"databases/{database}/records/", {"id": HOSTILE, "data": {HOSTILE: HOSTILE}})
    post(f"databases/{database}/assets/", {"filename": HOSTILE})
    post("databases/records/jobs/", {"name": HOSTILE, "databases": [database]})
    mock.faults.add("exportDatabase", status=500, body=HOSTILE)
    requests.get(f"{mock.pieces_url}/database/export?{HOSTILE}", headers={"X-Hostile": HOSTILE}, timeout=10)
    return mock


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/", HOSTILE),
        ("/_mock/#state", HOSTILE),
        ("/_mock/#faults", "exportDatabase"),
        ("/_mock/", "/database/export"),
        ("/api/ui/", "PixieBrix Database APIs"),
    ],
)
def test_no_page_obeys_a_name(page: Page, hostile: MockClient, path: str, seen: str) -> None:
    page.open(f"{hostile.base_url}{path}")
    page.sees(seen)
    if path == "/_mock/":
        page.click("/database/export", "summary")
        page.sees("What the contract says")
        page.sees(HOSTILE, "pre")
    assert page.driver.title not in {"", "1"}
    assert page.css("img[src=x]") == []
