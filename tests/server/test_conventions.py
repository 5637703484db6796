"""Tokens, versions, media types, slashes, HEAD (contract: PixieBrix, Conventions)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import requests

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .client import CSV, TOKEN, UNKNOWN, V1, Client, PixieBrix, detail_of, listed
from .mock import Running, TokenGrant
from .places import OPERATIONS, READS, WITH_BODY, WRITES, Environments, make_places
from .raw import literal

VERSIONS = ("1.0", "1.1", "2.0")
ALL_BUT_ARCHIVES = [name for name in OPERATIONS if name != "listRecordArchives"]
ARCHIVES = "listRecordArchives"
RECORDS = {"listRecords", "createRecords", "putRecords", "getRecord", "putRecord"}
API_JSON = "application/vnd.pixiebrix.api+json"
FLAT_JSON = "application/vnd.pixiebrix.api.flat+json"
AUTH = ("Authorization", f"Token {TOKEN}")


def call(
    pb: PixieBrix,
    places: Environments,
    operation: str,
    headers: dict[str, str] | None = None,
    slash: str = "/",
) -> requests.Response:
    """Call an operation in a way that succeeds."""
    method, template = OPERATIONS[operation]
    path = places.path(template).rstrip("/") + slash
    if operation == "getAsset":
        path += "?meta=true"
    return pb.request(method, path, json=places.body(operation), headers=headers)


def succeeded(response: requests.Response, operation: str) -> None:
    expected = {"createExportJob", "createDatabase", "createUserDatabase", "createRecords", "createAsset"}
    status = 201 if operation in expected else 204 if OPERATIONS[operation][0] == "DELETE" else 200
    assert response.status_code == status, response.text


@pytest.mark.parametrize("slash", ["/", ""])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_path_works_with_and_without_its_slash(
    pb: PixieBrix, places: Environments, operation: str, slash: str
) -> None:
    succeeded(call(pb, places, operation, slash=slash), operation)


# Tokens


@pytest.fixture
def guarded(start: Callable[..., Running]) -> Running:
    grants = (TokenGrant.parse("writer"), TokenGrant.parse("viewer:read-only"))
    return start(tokens=grants)


@pytest.fixture
def holder(guarded: Running) -> Iterator[Callable[[str | None], PixieBrix]]:
    """Clients of the guarded server, by their token."""
    clients: list[PixieBrix] = []

    def make(token: str | None) -> PixieBrix:
        clients.append(PixieBrix(guarded, token))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.mark.parametrize("token", ["x", "0", "a" * 5_000, "!#$%&'*+-.^_`|~"])
def test_any_token_is_accepted_unless_some_are_named(pb: PixieBrix, token: str) -> None:
    response = pb.get(pb.databases_path(), headers={"Authorization": f"Token {token}"})
    assert response.status_code == 200


@pytest.mark.parametrize("value", ["token x", "TOKEN x", "Token   x", "Token x  "])
def test_the_scheme_is_written_in_any_case(pb: PixieBrix, value: str) -> None:
    answer = literal(pb.running.base_url, "GET", "/api" + pb.databases_path(), [("Authorization", value)])
    assert answer.status == 200


def test_who_may_do_what(holder: Callable[[str | None], PixieBrix]) -> None:
    writer, viewer = holder("writer"), holder("viewer")
    places = make_places(writer)
    before = writer.everything(places.database)
    for operation in READS:
        succeeded(call(viewer, places, operation), operation)
    for operation in WRITES:
        detail_of(call(viewer, places, operation), 403)
    assert viewer.get(places.path(READS["listRecords"]), headers=CSV).status_code == 200
    assert writer.everything(places.database) == before
    for token in ("other", "WRITER", "writer:read-only", "write", "writerx"):
        other = holder(token)
        for operation in OPERATIONS:
            response = call(other, places, operation)
            if operation == "getHealth":
                succeeded(response, operation)
                continue
            detail_of(response, 401)
            assert response.headers["WWW-Authenticate"] == "Token"
    for operation in OPERATIONS.keys() - {"getHealth"}:
        detail_of(call(holder(None), places, operation), 401)
    assert writer.everything(places.database) == before
    for operation in OPERATIONS:
        succeeded(call(writer, places, operation), operation)


def test_a_token_is_asked_for_before_anything_else(holder: Callable[[str | None], PixieBrix]) -> None:
    nobody = holder(None)
    detail_of(nobody.get(f"/databases/{UNKNOWN}/records/"), 401)
    detail_of(nobody.get(nobody.databases_path(), headers={"Accept": "application/json; version=9.9"}), 401)
    detail_of(nobody.post(nobody.databases_path(), data=b"{"), 401)


def test_pieces_needs_no_token(guarded: Running) -> None:
    assert requests.get(f"{guarded.base_url}/database/export", timeout=10).status_code == 200


def test_a_server_without_authorization_takes_everything(start: Callable[..., Running]) -> None:
    running = start(auth=False, tokens=(TokenGrant.parse("viewer:read-only"),))
    organization = next(iter(state_of(running.sandbox).organizations))
    path = f"/api/organizations/{organization}/databases/"
    for value in (None, "", "Token", "Token a b", "Bearer x", "Token viewer"):
        headers = [] if value is None else [("Authorization", value)]
        assert literal(running.base_url, "GET", path, headers).status == 200
        body = [*headers, ("Content-Type", "application/json")]
        assert literal(running.base_url, "POST", path, body, b'{"name":"x"}').status == 201


# Versions and media types


NOTHING_ASKED = ("*/*", "application/*", "application/json", "text/html, application/json;q=0.1", "")


@pytest.mark.parametrize("operation", [*READS, *WITH_BODY])
def test_version_1_0_is_meant_where_none_is_asked_for(
    pb: PixieBrix, places: Environments, operation: str
) -> None:
    for accept in NOTHING_ASKED:
        response = call(pb, places, operation, {"Accept": accept})
        if operation == ARCHIVES:
            assert "version" in detail_of(response, 406)
        assert response.headers["Content-Type"] == "application/json; version=1.0", accept


def test_another_version_can_be_the_default(start: Callable[..., Running]) -> None:
    running = start(options={"default_version": "2.0"})
    with closing(PixieBrix(running)) as pb:
        places = make_places(pb)
        for operation in [*READS, *WITH_BODY]:
            for accept in NOTHING_ASKED:
                response = call(pb, places, operation, {"Accept": accept})
                succeeded(response, operation)
                assert response.headers["Content-Type"] == "application/json; version=2.0"
        assert "X-Total-Count" in pb.get(pb.databases_path(), headers={"Accept": "*/*"}).headers


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_version_that_is_not_served(pb: PixieBrix, places: Environments, operation: str) -> None:
    before = pb.everything(places.database)
    for version in ("9.9", "0", "3.0", "2", "1", *(VERSIONS[:2] if operation == ARCHIVES else ())):
        response = call(pb, places, operation, {"Accept": f"application/json; version={version}"})
        assert "version" in detail_of(response, 406)
    assert pb.everything(places.database) == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", ALL_BUT_ARCHIVES)
def test_every_operation_is_served_at_every_version(
    pb: PixieBrix, places: Environments, operation: str, version: str
) -> None:
    response = call(pb, places, operation, {"Accept": f"application/json; version={version}"})
    succeeded(response, operation)
    if OPERATIONS[operation][0] != "DELETE":
        assert response.headers["Content-Type"] == f"application/json; version={version}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", ["listDatabases", "listRecords", "listAssets"])
def test_lists_come_in_pages_from_version_2_0_on(
    pb: PixieBrix, places: Environments, operation: str, version: str
) -> None:
    pb.write(places.database, {"id": "a", "data": {}}, {"id": "b", "data": {}})
    pb.new_asset(places.database)
    accept = {"Accept": f"application/json; version={version}"}
    response = pb.get(places.path(READS[operation]) + "?page=2&page_size=1", headers=accept)
    if version == "2.0":
        assert len(listed(response)) == 1
        assert 'rel="prev"' in response.headers["Link"]
        assert ("X-Total-Count" in response.headers) == (operation != "listRecords")
    else:
        assert len(listed(response)) > 1
        assert not {"Link", "X-Total-Count"} & set(response.headers)


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if OPERATIONS[name][0] != "DELETE"])
def test_the_media_type_of_the_api_is_json(pb: PixieBrix, places: Environments, operation: str) -> None:
    response = call(pb, places, operation, {"Accept": f"{API_JSON}; version=2.0"})
    succeeded(response, operation)
    assert response.headers["Content-Type"] == f"{API_JSON}; version=2.0"
    assert isinstance(response.json(), dict | list)


@pytest.mark.parametrize("accept", [CSV["Accept"], FLAT_JSON])
@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name not in {*RECORDS, "getAsset"}])
def test_tables_are_for_records_alone(
    pb: PixieBrix, places: Environments, operation: str, accept: str
) -> None:
    before = pb.everything(places.database)
    detail_of(call(pb, places, operation, {"Accept": f"{accept}; version=2.0"}), 406)
    assert pb.everything(places.database) == before


@pytest.mark.parametrize("operation", sorted(RECORDS))
def test_records_come_as_csv_and_flat(pb: PixieBrix, places: Environments, operation: str) -> None:
    record = call(pb, places, operation).json()
    record = record[0] if isinstance(record, list) else record
    table = call(pb, places, operation, CSV)
    succeeded(table, operation)
    header, row = list(csv.reader(io.StringIO(table.text)))[:2]
    assert header[:2] == ["id", "created_at"]
    assert (row[0], len(row)) == (record["id"], len(header))
    assert set(header[2:]) >= {f"data.{name}" for name in record["data"]}
    flat = call(pb, places, operation, {"Accept": FLAT_JSON})
    assert flat.headers["Content-Type"] == f"{FLAT_JSON}; version=1.0"
    item = flat.json()[0] if isinstance(flat.json(), list) else flat.json()
    assert item == {"id": record["id"], "created_at": item["created_at"], **record["data"]}


def test_a_flat_record_keeps_its_own_id(pb: PixieBrix) -> None:
    database = pb.new_database()
    data = {"created_at": 1, "id": {"id": 2}, "x": [{"id": 3}], "": None, "ï": 0}
    pb.put(database, "own", **data)
    pb.put(database, "none")
    records = pb.get(f"/databases/{database}/records/", headers={"Accept": FLAT_JSON})
    times = [record["created_at"] for record in pb.records(database)]
    assert records.json() == [
        {"id": "own", "created_at": times[0], "x": [{"id": 3}], "": None, "ï": 0},
        {"id": "none", "created_at": times[1]},
    ]


@pytest.mark.parametrize(
    ("accept", "media_type", "version"),
    [
        ("text/csv", "text/csv", "1.0"),
        ("text/*", "text/csv", "1.0"),
        ("text/csv; version=1.0", "text/csv", "1.0"),
        ("text/csv; version=2.0", "text/csv", "2.0"),
        ('text/csv; version="1.0"', "text/csv", "1.0"),
        ("TEXT/CSV;VERSION=1.0", "text/csv", "1.0"),
        ("text/csv, application/json;q=0.9", "text/csv", "1.0"),
        ("text/csv;q=0.5, application/json; version=1.0", "application/json", "1.0"),
        ("application/json;q=0.1, text/csv;version=1.1;q=0.2", "text/csv", "1.1"),
        ("*/*, text/csv;q=0.9", "application/json", "1.0"),
        ("*/*;q=0.1, text/csv", "text/csv", "1.0"),
        ("image/png, text/csv;q=0.1", "text/csv", "1.0"),
        ("application/json, text/plain, */*", "application/json", "1.0"),
        ("application/json;q=0, */*", API_JSON, "1.0"),
        ("text/csv;q=0, */*;q=0.1", "application/json", "1.0"),
        ("application/json;q=nonsense", "application/json", "1.0"),
        ("application/json ; version = 1.0 ,, ", "application/json", "1.0"),
        ("application/json; charset=utf-8; version=1.0", "application/json", "1.0"),
    ],
)
def test_negotiation(pb: PixieBrix, places: Environments, accept: str, media_type: str, version: str) -> None:
    response = pb.get(places.path(READS["listRecords"]), headers={"Accept": accept})
    assert response.status_code == 200
    parts = [part.strip() for part in response.headers["Content-Type"].split(";")]
    assert (parts[0], parts[1]) == (media_type, f"version={version}")
    if media_type == "text/csv":
        assert next(csv.reader(io.StringIO(response.text)))[0] == "id"
    else:
        assert response.json()[0]["id"] == "kept"


def test_several_accept_headers_are_one_list(pb: PixieBrix, places: Environments) -> None:
    accepts = [("Accept", "image/png"), ("Accept", "application/json; version=1.0")]
    path = "/api" + places.path(READS["listRecords"])
    answer = literal(pb.running.base_url, "GET", path, [AUTH, *accepts])
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; version=1.0"


def test_errors_carry_the_version_too(pb: PixieBrix) -> None:
    path = f"/databases/{UNKNOWN}/records/"
    assert pb.get(path).headers["Content-Type"] == "application/json; version=2.0"
    assert pb.get(path, headers=V1).headers["Content-Type"] == "application/json; version=1.0"
    response = pb.post("/databases/records/jobs/", json={})
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/json; version=2.0")


@pytest.mark.parametrize("accept", ["text/csv", "image/*", "application/xlsx"])
def test_an_error_is_json_even_where_another_type_was_asked_for(pb: PixieBrix, accept: str) -> None:
    response = pb.get(f"/databases/{UNKNOWN}/records/", headers={"Accept": accept})
    detail_of(response, 404 if accept == "text/csv" else 406)


@pytest.mark.parametrize("operation", WITH_BODY)
@pytest.mark.parametrize(
    "kind",
    [
        "application/json; version=2.0",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "Application/JSON",
        " application/json ",
    ],
)
def test_json_may_be_declared_in_every_form(
    pb: PixieBrix, places: Environments, operation: str, kind: str
) -> None:
    method, path = WITH_BODY[operation]
    body = json.dumps(places.body(operation)).encode()
    answer = literal(
        pb.running.base_url, method, "/api" + places.path(path), [AUTH, ("Content-Type", kind)], body
    )
    assert answer.status in {200, 201}


@pytest.mark.parametrize("operation", sorted(WRITES.keys() - {"clearRecords"}))
def test_a_query_is_ignored_where_none_is_described(
    pb: PixieBrix, places: Environments, operation: str
) -> None:
    method, template = OPERATIONS[operation]
    body = places.body(operation)
    headers = [AUTH, ("Content-Type", "application/json")]
    target = f"/api{places.path(template)}?page=x&%ff=%ff&start_date=x"
    answer = literal(
        pb.running.base_url, method, target, headers, None if body is None else json.dumps(body).encode()
    )
    assert answer.status in {200, 201, 204}


# HEAD


@pytest.mark.parametrize("operation", READS)
def test_head_is_get_without_its_body(pb: PixieBrix, places: Environments, operation: str) -> None:
    path = places.path(READS[operation]) + ("?meta=true" if operation == "getAsset" else "?page_size=1")
    for headers in ({}, CSV if operation == "listRecords" else {}):
        get = pb.get(path, headers=headers)
        head = pb.request("HEAD", path, headers=headers)
        assert head.content == b""
        assert head.status_code == get.status_code == 200
        for name in ("Content-Type", "Content-Length", "Link", "X-Total-Count"):
            assert head.headers.get(name) == get.headers.get(name)


def test_head_of_what_is_not_there(pb: PixieBrix, pieces: Client) -> None:
    for path in (f"/databases/{UNKNOWN}/records/", "/nowhere"):
        response = pb.request("HEAD", path)
        assert (response.status_code, response.content) == (404, b"")
    assert pieces.request("HEAD", "/database/export").status_code == 200
    assert pieces.request("HEAD", "/database").status_code == 404


def test_head_of_a_download(pb: PixieBrix) -> None:
    asset = next(item for item in pb.assets(pb.databases()[2]["id"]) if item["is_uploaded"])
    head = pb.request("HEAD", asset["download_url"])
    assert head.status_code == 302
    # As on S3, the link is signed for GET.
    assert requests.head(head.headers["Location"], timeout=10).status_code == 403
    assert requests.get(head.headers["Location"], timeout=10).status_code == 200


def test_head_of_a_long_list(pb: PixieBrix) -> None:
    database = pb.new_database()
    pb.write(database, *({"id": str(n), "data": {}} for n in range(3_000)))
    path = f"/databases/{database}/records/?page_size=10000"
    response = pb.request("HEAD", path)
    assert (response.status_code, response.content) == (200, b"")
    assert len(pb.get(path).json()) == 3_000


def test_a_connection_serves_many_requests(pb: PixieBrix, places: Environments) -> None:
    """Whatever went wrong in one request, the next on the same connection is read right."""
    for _ in range(3):
        for operation in READS:
            assert pb.request("HEAD", places.path(READS[operation])).status_code in {200, 404}
        detail_of(pb.post("/databases/records/jobs/", data=b"{" * 10_000), 415)
        detail_of(pb.request("PUT", "/nowhere", data=b"x" * 10_000), 404)
        detail_of(pb.request("PATCH", places.path(READS["listRecords"]), data=b"x" * 100_000), 405)
        succeeded(call(pb, places, "listRecords"), "listRecords")
