"""Deleted databases: what goes with them, and what stays (published: destroyDatabase)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from .client import UNKNOWN, PixieBrix, detail_of
from .mock import Running, TokenGrant
from .places import OPERATIONS, Environments


def upload(pb: PixieBrix, database: str, content: bytes) -> str:
    """An uploaded asset; the link to its file."""
    made = pb.new_asset(database)
    answer = requests.post(made["upload_url"], data=made["fields"], files={"file": content}, timeout=10)
    assert answer.status_code == 204
    path = f"/databases/{database}/assets/{made['asset']['id']}"
    assert pb.request("PATCH", path, json={"is_uploaded": True}).status_code == 200
    return str(pb.get(path).headers["Location"])


@pytest.mark.parametrize(
    "path", ["/databases/{database}/", "/organizations/{organization}/databases/{database}/"]
)
def test_everything_in_it_goes_and_nothing_else(pb: PixieBrix, places: Environments, path: str) -> None:
    pb.put(places.user_database, "kept")
    file, other_file = upload(pb, places.database, b"gone"), upload(pb, places.user_database, b"stays")
    before = {item["id"] for item in pb.databases()}
    assert pb.request("DELETE", places.path(path)).status_code == 204
    assert {item["id"] for item in pb.databases()} == before - {places.database}
    below = {name: place for name, place in OPERATIONS.items() if "{database}" in place[1]}
    for name, (method, template) in below.items():
        answer = pb.request(method, places.path(template), json=places.body(name))
        detail_of(answer, 404)
    assert requests.get(file, timeout=10).status_code == 404
    assert requests.get(other_file, timeout=10).content == b"stays"
    assert pb.keys(places.user_database) == ["kept"]
    order = {"name": "x", "databases": [places.database]}
    assert pb.post("/databases/records/jobs/", json=order).status_code == 400


def test_what_a_job_has_exported_stays(pb: PixieBrix) -> None:
    database = pb.new_database()
    pb.put(database, "a", text="exported")
    job = pb.new_job(database)
    pb.request("DELETE", f"/databases/{database}/")
    pb.wait(60_000_000)
    (record,) = requests.get(pb.job(job)["data"], timeout=10).json()
    assert (record["id"], record["database"], record["data"]) == ("a", database, {"text": "exported"})


def test_what_is_not_there_cannot_be_deleted(pb: PixieBrix) -> None:
    before = pb.databases()
    other = pb.databases(pb.organizations[1])[0]["id"]
    for path in (
        f"/databases/{UNKNOWN}/",
        f"{pb.databases_path()}{UNKNOWN}/",
        f"{pb.databases_path()}{other}/",
        f"{pb.databases_path(UNKNOWN)}{before[0]['id']}/",
    ):
        detail_of(pb.request("DELETE", path), 404)
    assert pb.databases() == before
    assert other in {item["id"] for item in pb.databases(pb.organizations[1])}


def test_a_token_deletes_in_its_own_organization_only(start: Callable[..., Running]) -> None:
    running = start(tokens=(TokenGrant.parse("all"),))
    everyone = PixieBrix(running, "all")
    mine, others = everyone.organizations[:2]
    running.sandbox.settings.tokens = {
        one.token: one for one in map(TokenGrant.parse, ("all", f"limited:organization={mine}"))
    }
    limited = PixieBrix(running, "limited")
    foreign = everyone.databases(others)[0]["id"]
    job = everyone.new_job(foreign)
    detail_of(limited.request("DELETE", f"/databases/{foreign}/"), 404)
    detail_of(limited.request("DELETE", f"{everyone.databases_path(others)}{foreign}/"), 404)
    assert everyone.request("DELETE", f"/databases/{foreign}/").status_code == 204
    # The job's records are still another organization's.
    detail_of(limited.get(f"/databases/records/jobs/{job}/"), 404)
    assert everyone.get(f"/databases/records/jobs/{job}/").status_code == 200
    for client in (everyone, limited):
        client.close()
