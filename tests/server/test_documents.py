"""Every example of the two documents, sent to the letter."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
import requests

from .client import TOKEN, UNKNOWN, V1, V2, Client, PixieBrix, detail_of, media_type
from .exports import FORMATS, OPTIONAL, REQUIRED, export
from .mock import HOUR, SECOND, ClockSetting, Running
from .raw import Answer, literal

AUTH = ("Authorization", f"Token {TOKEN}")
SLASHES = pytest.mark.parametrize("slash", ["/", ""])


def get(pb: PixieBrix, target: str, accept: str = "application/json; version=2.0") -> Answer:
    """GET a target of the document, `/api` and percent-encoding as written."""
    return literal(pb.running.base_url, "GET", target, [AUTH, ("Accept", accept), ("Connection", "close")])


def records_of(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.text
    records: list[dict[str, Any]] = json.loads(answer.body)
    return records


# Database API | Python SDK


@SLASHES
def test_database_export(pieces: Client, slash: str) -> None:
    accept = {"Accept": "application/json, text/plain"}
    response = pieces.get(f"/database/export{slash}", headers=accept)
    assert response.status_code == 200
    assert media_type(response) == "application/json"
    document = response.json()
    for name in (*REQUIRED, *OPTIONAL):
        assert all(type(byte) is int and 0 <= byte <= 255 for byte in document[name])
    for name in FORMATS:
        for value in document[name]["iterable"]:
            assert isinstance(value["id"], str)
            assert all(type(byte) is int and 0 <= byte <= 255 for byte in value["raw"])
    assert document["version"] == "9.2.1"
    assert document["schema"] == {"migration": 50, "semantic": "MAJOR_0_MINOR_0_PATCH_1"}
    assert set(document) == {*REQUIRED, *OPTIONAL, *FORMATS, "version", "schema"}


@SLASHES
def test_database_import(pieces: Client, slash: str) -> None:
    headers = {"Content-Type": "application/json", "Accept": "text/plain"}
    body = json.dumps(export())
    response = pieces.post(f"/database/import{slash}", headers=headers, data=body)
    assert response.status_code == 204
    assert response.content == b""


@SLASHES
def test_database_import_without_its_optional_body(pieces: Client, slash: str) -> None:
    before = pieces.get("/database/export").content
    response = pieces.post(f"/database/import{slash}", headers={"Accept": "text/plain"})
    assert (response.status_code, response.content) == (204, b"")
    assert pieces.get("/database/export").content == before


# Create a Database Export Job


@SLASHES
@pytest.mark.parametrize("kind", ["application/json", "application/xlsx", "text/csv"])
def test_export_job_with_all_fields(pb: PixieBrix, kind: str, slash: str) -> None:
    first, second = (item["id"] for item in pb.databases()[:2])
    payload = {
        "name": "A name for the export",
        "databases": [first, second],
        "media_type": kind,
        "filters": {"start_date": "2024-04-01T00:00:00Z", "end_date": "2024-05-01T00:00:00.000Z"},
    }
    response = pb.post(f"/databases/records/jobs{slash}", json=payload)
    assert response.status_code == 201
    assert list(response.json()) == ["id", "status"]
    assert response.json()["status"] == "STARTED"
    pb.wait(2 * SECOND)
    job = pb.get(f"/databases/records/jobs/{response.json()['id']}{slash}").json()
    assert job["status"] == "SUCCESS"
    assert "A name for the export" in unquote(job["data"].partition("?")[0])
    assert requests.get(job["data"], timeout=10).status_code == 200


@SLASHES
def test_export_job_with_the_required_fields_alone(pb: PixieBrix, slash: str) -> None:
    database = pb.databases()[0]["id"]
    payload = json.dumps({"name": "All", "databases": [database]})
    headers = {"Content-Type": "application/json", "Accept": "application/json; version=1.0"}
    response = pb.post(f"/databases/records/jobs{slash}", data=payload, headers=headers)
    assert response.status_code == 201
    pb.wait(2 * SECOND)
    job = pb.get(f"/databases/records/jobs/{response.json()['id']}{slash}", headers=V1).json()
    exported = requests.get(job["data"], timeout=10)
    assert media_type(exported) == "application/json"
    assert {record["id"] for record in exported.json()} == set(pb.keys(database))


@pytest.mark.parametrize(
    "filters", [{}, {"start_date": "2024-05-01T00:00:00Z"}, {"end_date": "2024-05-01T00:00Z"}]
)
def test_export_job_whose_filters_are_optional_each(pb: PixieBrix, filters: dict[str, str]) -> None:
    assert pb.job(pb.new_job(pb.databases()[0]["id"], filters=filters))["status"] == "STARTED"


# Retrieve Organization Database Records


@SLASHES
def test_databases_of_the_organization(pb: PixieBrix, slash: str) -> None:
    databases = records_of(get(pb, f"/api/organizations/{pb.organization}/databases{slash}"))
    assert [item["name"] for item in databases] == ["Customers", "Support tickets", "Product pictures"]


@SLASHES
def test_records_of_a_database(pb: PixieBrix, slash: str) -> None:
    database = pb.databases()[0]
    records = records_of(get(pb, f"/api/databases/{database['id']}/records{slash}"))
    assert len(records) == database["num_records"] == 60
    assert all(set(record) == {"id", "data", "created_at"} for record in records)


@SLASHES
def test_records_as_csv(pb: PixieBrix, slash: str) -> None:
    database = pb.databases()[0]["id"]
    answer = get(pb, f"/api/databases/{database}/records{slash}", "text/csv")
    assert (answer.status, answer.media_type) == (200, "text/csv")
    header, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    assert header[:2] == ["id", "created_at"]
    assert "data.first_name" in header
    assert [row[0] for row in rows] == pb.keys(database)


@pytest.fixture
def filtered(pb: PixieBrix) -> str:
    """Records before, on and after the example's date, some of them of the example's David."""
    pb.at("2022-05-18T23:59:59.999999Z")
    database = pb.new_database()
    pb.put(database, "before", first_name="david", **{"user email": "david@pixiebrix.com"})
    pb.at("2022-05-19T00:00:00Z")
    pb.put(database, "first", first_name="David", **{"user email": None, "User Email": "david@pixiebrix.com"})
    pb.at("2022-05-19T23:59:59.999999Z")
    pb.put(database, "last", first_name="david", **{"user email": "DAVID@pixiebrix.com"})
    pb.at("2022-05-20T00:00:00Z")
    pb.put(database, "after", field_name=None, **{"user email": "david@pixiebrix.com"})
    return database


@SLASHES
@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("start_date=2022-05-19", ["first", "last", "after"]),
        ("end_date=2022-05-19", ["before", "first", "last"]),
        ("start_date=2022-05-19&end_date=2022-05-19", ["first", "last"]),
        ("data__first_name=david", ["before", "last"]),
        ("data__user%20email%3Ddavid%40pixiebrix.com", ["before", "after"]),
        ("data__user%20email=david%40pixiebrix.com", ["before", "after"]),
        ("data__user+email=david@pixiebrix.com", ["before", "after"]),
        ("data__user%20email__isnull=true", ["first"]),
        ("data__user%20email__isnull=false", ["before", "last", "after"]),
        ("data__field_name__isnull=true", ["before", "first", "last", "after"]),
        ("data__first_name__isnull=true", ["after"]),
        ("data__field_name=value", []),
        ("start_date=2022-05-19&data__first_name=david&data__user%20email__isnull=false", ["last"]),
    ],
)
def test_filtering_records(pb: PixieBrix, filtered: str, query: str, keys: list[str], slash: str) -> None:
    records = records_of(get(pb, f"/api/databases/{filtered}/records{slash}?{query}"))
    assert [record["id"] for record in records] == keys


@pytest.mark.parametrize(
    "query",
    [
        "data__first_name=david",
        "data__user%20email%3Ddavid%40pixiebrix.com",
        "data__user%20email=david%40pixiebrix.com",
    ],
)
def test_the_small_data_answers_the_examples(pb: PixieBrix, query: str) -> None:
    database = pb.databases()[0]["id"]
    records = records_of(get(pb, f"/api/databases/{database}/records/?{query}"))
    assert records
    assert len(records) < 60
    assert all(record["data"]["user email"] == "david@pixiebrix.com" for record in records)


# Retrieve Archived Organization Database Records


@SLASHES
@pytest.mark.parametrize(
    ("query", "dates"),
    [
        ("", ["2023-01-04", "2023-01-02", "2023-01-01"]),
        ("?ordering=date", ["2023-01-01", "2023-01-02", "2023-01-04"]),
        ("?ordering=-date", ["2023-01-04", "2023-01-02", "2023-01-01"]),
    ],
)
def test_record_archives(
    start: Callable[..., Running],
    connect: Callable[[Running], PixieBrix],
    query: str,
    dates: list[str],
    slash: str,
) -> None:
    pb = connect(start(data="empty", clock=ClockSetting.parse("frozen@2022-12-31T12:00:00Z")))
    database = pb.new_database()
    for date in ("2023-01-01", "2023-01-02", "2023-01-04"):
        pb.at(f"{date}T09:00:00Z")
        for written in range(100):
            pb.put(database, f"of {date}", written=written)
    pb.at("2023-01-05T00:00:00Z")
    path = f"/api/organizations/{pb.organization}/databases/{database}/record-archives{slash}{query}"
    archives = records_of(get(pb, path))
    assert [archive["date"] for archive in archives] == dates
    files = [archive["file"].partition("?")[0].rpartition("/")[2] for archive in archives]
    assert files == [f"{date}.jsonl" for date in dates]
    for archive in archives:
        lines = requests.get(archive["file"], timeout=10).text.splitlines()
        assert [json.loads(line)["data"] for line in lines] == [{"written": 99}]
    pb.wait(HOUR)
    assert requests.get(archives[0]["file"], timeout=10).status_code == 403
    fresh = records_of(get(pb, path))[0]["file"]
    assert requests.get(fresh, timeout=10).status_code == 200


def test_record_archives_are_served_at_version_2_alone(pb: PixieBrix) -> None:
    path = f"{pb.databases_path()}{pb.databases()[0]['id']}/record-archives/"
    assert pb.get(path, headers=V2).status_code == 200
    detail_of(pb.get(path, headers=V1), 406)


# Database Assets


@SLASHES
def test_the_flow_of_an_asset(pb: PixieBrix, slash: str) -> None:
    database = pb.new_database("Pictures")
    created = pb.post(f"/databases/{database}/assets{slash}", json={"filename": "my-file.png"})
    assert created.status_code == 201
    asset = created.json()["asset"]
    path = f"/databases/{database}/assets/{asset['id']}{slash}"
    metadata = {
        "id": asset["id"],
        "download_url": f"{pb.base_url}/databases/{database}/assets/{asset['id']}/",
        "filename": "my-file.png",
        "is_uploaded": False,
        "created_at": "2024-05-10T12:00:00.000000Z",
        "updated_at": "2024-05-10T12:00:00.000000Z",
    }
    assert asset == metadata
    assert pb.get(f"/databases/{database}/assets{slash}").json() == [metadata]
    detail_of(pb.get(path), 404)
    assert pb.get(f"{path}?meta=true").json() == metadata

    upload = requests.post(
        created.json()["upload_url"], created.json()["fields"], files={"file": b"\x89PNG"}, timeout=10
    )
    assert upload.status_code == 204
    detail_of(pb.get(path), 404)

    pb.wait(502_530)
    marked = pb.request("PATCH", path, json={"is_uploaded": True})
    assert marked.status_code == 200
    metadata |= {"is_uploaded": True, "updated_at": "2024-05-10T12:00:00.502530Z"}
    assert marked.json() == metadata
    assert pb.get(f"{path}?meta=true").json() == metadata
    assert pb.get(f"/databases/{database}/assets{slash}").json() == [metadata]
    assert pb.get(path, allow_redirects=True).content == b"\x89PNG"


def test_the_download_url_is_the_address_of_the_asset(pb: PixieBrix) -> None:
    asset = next(item for item in pb.assets(pb.databases()[2]["id"]) if item["is_uploaded"])
    assert pb.get(asset["download_url"], params={"meta": "true"}).json() == asset
    assert pb.get(asset["download_url"], allow_redirects=True).status_code == 200


@SLASHES
@pytest.mark.parametrize(
    "path", ["/databases/{}/records", "/databases/{}/assets", f"/databases/{{}}/assets/{UNKNOWN}"]
)
def test_what_does_not_exist_is_not_found_in_both_forms(pb: PixieBrix, path: str, slash: str) -> None:
    detail_of(pb.get(path.format(UNKNOWN) + slash), 404)
