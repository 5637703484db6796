"""`dbcontract serve --public-url` as a process: what it hands out is the address that others reach it at."""

from collections.abc import Callable
from typing import Any

import requests

OUTSIDE = "https://mock.example.com/tools/mock"


def test_every_url_that_is_handed_out_is_public(serve: Callable[..., Any]) -> None:
    # What a proxy says, and which host was addressed, counts no more.
    server = serve("--public-url", f"{OUTSIDE}/", "--job-seconds", "0", "--quiet")
    local = server.ready["base_url"]
    assert local.startswith("http://127.0.0.1:")
    with requests.Session() as session:
        session.headers.update(
            {
                "Authorization": "Token any",
                "Accept": "application/json; version=2.0",
                "X-Forwarded-Host": "other.example",
            }
        )

        def call(method: str, url: str, status: int = 200, **sent: Any) -> requests.Response:
            answer = session.request(
                method, url.replace(OUTSIDE, local), timeout=10, allow_redirects=False, **sent
            )
            assert answer.status_code == status, answer.text
            return answer

        first = call("GET", f"{server.pixiebrix}/databases/?page_size=1")
        following = first.links["next"]["url"]
        assert following.startswith(f"{OUTSIDE}/api/databases/?")
        database = call("GET", following).json()[0]["id"]

        made = call("POST", f"{server.pixiebrix}/databases/{database}/assets/", 201, json={"filename": "f"})
        assert made.json()["upload_url"] == f"{OUTSIDE}/_storage/"
        asset = made.json()["asset"]["download_url"]
        assert asset.startswith(f"{OUTSIDE}/api/databases/{database}/assets/")
        form = {"data": made.json()["fields"], "files": {"file": b"x"}}
        stored = requests.post(f"{local}/_storage/", **form, timeout=10)
        assert stored.status_code == 204
        assert stored.headers["Location"].startswith(f"{OUTSIDE}/_storage/")
        call("PATCH", asset, json={"is_uploaded": True})
        link = call("GET", asset, 302).headers["Location"]
        assert link.startswith(f"{OUTSIDE}/_storage/")
        assert requests.get(link.replace(OUTSIDE, local), timeout=10).content == b"x"

        order = {"name": "n", "databases": [database]}
        job = call("POST", f"{server.pixiebrix}/databases/records/jobs/", 201, json=order).json()["id"]
        data = call("GET", f"{server.pixiebrix}/databases/records/jobs/{job}/").json()["data"]
        assert data.startswith(f"{OUTSIDE}/_storage/exports/")
        described = call("GET", f"{server.pixiebrix}/openapi.json", headers={"Accept": "*/*"}).json()
        assert described["servers"] == [{"url": f"{OUTSIDE}/api"}]


def test_the_banner_shows_both_addresses(serve: Callable[..., Any]) -> None:
    server = serve("--public-url", OUTSIDE, "--curls")
    text = "\n".join(server.banner)
    assert f"PixieBrix  {OUTSIDE}/api " in text
    assert f"{OUTSIDE}/api/ui/" in text
    assert f"Listens on {server.ready['base_url']}" in text
    # Commands are to be pasted anywhere.
    commands = [line for line in server.banner if line.lstrip().startswith("curl ")]
    assert commands
    assert all(OUTSIDE in line for line in commands)


def test_what_is_not_a_public_url_is_refused_by_name(run: Callable[..., Any]) -> None:
    done = run("serve", "--public-url", "mock.example.com")
    assert done.status == 2
    assert "public" in done.stderr
    assert "write an absolute URL" in done.stderr
    assert "Traceback" not in done.stderr
