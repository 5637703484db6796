"""The life of an export job and its link (contract: PixieBrix, Export jobs)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import pytest
import requests

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .artifacts import TYPES, download, finished
from .client import UNKNOWN, PixieBrix, detail_of, errors_at, media_type
from .mock import HOUR, SECOND, Running

# Life cycle


def test_the_life_of_a_job(pb: PixieBrix) -> None:
    database = pb.new_database()
    pb.put(database, "key", n=1)
    created = pb.post("/databases/records/jobs/", json={"name": "Mine", "databases": [database]})
    assert created.status_code == 201
    job_id = created.json()["id"]
    assert created.json() == {"id": job_id, "status": "STARTED"}
    for _ in range(2):
        started = pb.job(job_id)
        assert {key: started[key] for key in ("id", "status", "created_at", "data", "error_message")} == {
            "id": job_id,
            "status": "STARTED",
            "created_at": "2024-05-10T12:00:00.000000Z",
            "data": None,
            "error_message": None,
        }
    pb.wait(2 * SECOND - 1)
    assert pb.job(job_id)["status"] == "STARTED"
    pb.wait(1)
    done = pb.job(job_id)
    assert done == {**started, "status": "SUCCESS", "data": done["data"]}
    assert urlsplit(done["data"]).scheme == "http"
    assert [item["id"] for item in download(done).json()] == ["key"]
    pb.wait(400 * 24 * HOUR)
    assert {**pb.job(job_id), "data": None} == {**done, "data": None}
    assert [item["id"] for item in download(pb.job(job_id)).json()] == ["key"]


@pytest.mark.parametrize("seconds", [0, 0.5, 3600])
def test_how_long_a_job_takes(
    start: Callable[..., Running], connect: Callable[[Running], PixieBrix], seconds: float
) -> None:
    pb = connect(start(data="empty", job_seconds=seconds))
    created = pb.post("/databases/records/jobs/", json={"name": "x", "databases": [pb.new_database()]})
    assert created.json()["status"] == "STARTED"
    if seconds:
        pb.wait(round(seconds * SECOND) - 1)
        assert pb.job(created.json()["id"])["status"] == "STARTED"
        pb.wait(1)
    job = pb.job(created.json()["id"])
    assert job["status"] == "SUCCESS"
    assert download(job).json() == []


def test_the_jobs_of_the_small_data(pb: PixieBrix) -> None:
    jobs = [pb.job(job_id) for job_id in state_of(pb.running.sandbox).jobs]
    assert [job["status"] for job in jobs] == [
        "SUCCESS",
        "SUCCESS",
        "SUCCESS",
        "FAILURE",
        "STARTED",
        "STARTED",
    ]
    for job in jobs:
        assert bool(job["data"]) == (job["status"] == "SUCCESS")
        assert bool(job["error_message"]) == (job["status"] == "FAILURE")
    for job in jobs[:3]:
        assert download(job).content
    pb.wait(24 * HOUR)
    later = [pb.job(job_id)["status"] for job_id in state_of(pb.running.sandbox).jobs]
    assert later == ["SUCCESS", "SUCCESS", "SUCCESS", "FAILURE", "SUCCESS", "STARTED"]


def test_an_unknown_job(pb: PixieBrix) -> None:
    detail_of(pb.get(f"/databases/records/jobs/{UNKNOWN}/"), 404)
    detail_of(pb.get(f"/databases/records/jobs/{pb.new_database()}/"), 404)


def test_jobs_have_ids_of_their_own(pb: PixieBrix) -> None:
    database = pb.new_database()
    assert len({pb.new_job(database) for _ in range(20)}) == 20


def test_a_job_that_cannot_succeed_fails_with_the_reason(pb: PixieBrix) -> None:
    database = pb.new_database()
    pb.put(database, "long", text="x" * 32_768)
    ids = {kind: pb.new_job(database, media_type=kind) for kind in TYPES}
    assert pb.job(ids["application/xlsx"])["status"] == "STARTED"
    assert pb.job(ids["application/xlsx"])["error_message"] is None
    pb.wait(2 * SECOND)
    failed = pb.job(ids["application/xlsx"])
    assert (failed["status"], failed["data"]) == ("FAILURE", None)
    assert "text" in failed["error_message"]
    for kind in ("application/json", "text/csv"):
        assert "x" * 32_768 in download(pb.job(ids[kind])).text


# Links


@pytest.mark.parametrize("kind", TYPES)
def test_a_link_works_for_an_hour_then_there_is_a_fresh_one(pb: PixieBrix, kind: str) -> None:
    database = pb.new_database()
    pb.put(database, "key", n=1)
    job = finished(pb, database, media_type=kind)
    first = download(job).content
    pb.wait(HOUR - 1)
    assert pb.job(job["id"])["data"] == job["data"]
    assert download(job).content == first
    pb.wait(1)
    refused = requests.get(job["data"], timeout=10)
    assert refused.status_code == 403
    assert media_type(refused) == "application/xml"
    assert "<Code>AccessDenied</Code>" in refused.text
    fresh = pb.job(job["id"])
    assert fresh["data"] != job["data"]
    assert download(fresh).content == first
    assert requests.get(job["data"], timeout=10).status_code == 403
    pb.wait(HOUR)
    assert requests.get(fresh["data"], timeout=10).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.partition("?")[0],
        lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        lambda url: url.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000"),
        lambda url: url + "&x=1",
        lambda url: url.replace("/exports/", "/assets/"),
    ],
)
def test_a_link_that_was_changed_is_refused(pb: PixieBrix, change: Callable[[str], str]) -> None:
    job = finished(pb, pb.new_database())
    changed = change(job["data"])
    assert changed != job["data"]
    refused = requests.get(changed, timeout=10)
    assert (refused.status_code, media_type(refused)) == (403, "application/xml")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    "name",
    [
        "Leads",
        "Leads of May, 2024",
        "../../etc/passwd",
        "a/b\\c",
        'x"; filename="y',
        "line\r\nSet-Cookie: x=1",
        "Größe ✓ 🦊",
        ".",
        "..",
        "\x00",
        "%2F%00",
        "con?*<>|:",
        "x" * 1_024,
        "🦊" * 1_024,
    ],
    ids=lambda name: ascii(name)[:20],
)
def test_the_artifact_is_named_after_the_job(pb: PixieBrix, name: str, kind: str) -> None:
    database = pb.new_database()
    job = finished(pb, database, name=name, media_type=kind)
    content_type, suffix = TYPES[kind]
    response = download(job)
    assert media_type(response) == content_type
    file_name = unquote(urlsplit(job["data"]).path.rpartition("/")[2])
    assert file_name.endswith(f".{suffix}")
    if name.isalpha() and len(name) < 100:
        assert file_name == f"{name}.{suffix}"
    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert disposition.isascii()
    assert "Set-Cookie" not in response.headers


def test_an_unknown_database_is_named(pb: PixieBrix) -> None:
    payload = {"name": "x", "databases": [pb.new_database(), UNKNOWN]}
    errors_at(pb.post("/databases/records/jobs/", json=payload), "databases", "1")
