"""Bodies as forms, and fields that are not described (contract: PixieBrix, Conventions)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .client import PixieBrix, detail_of, errors_at
from .mock import Running
from .places import OPERATIONS, WITH_BODY, Environments, make_places
from .raw import literal

Form = dict[str, Any]


def as_form(body: Any) -> list[tuple[str, str]]:
    """The fields of a form for a JSON body: lists repeated, objects as JSON text."""
    fields: list[tuple[str, str]] = []
    for name, value in body.items():
        several = value if isinstance(value, list) else [value]
        fields += [(name, one if isinstance(one, str) else json.dumps(one)) for one in several]
    return fields


def sent(pb: PixieBrix, method: str, path: str, kind: str, fields: list[tuple[str, Any]]) -> Any:
    if kind == "urlencoded":
        return pb.request(method, path, data=fields)
    return pb.request(method, path, files=[(name, (None, value)) for name, value in fields])


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
@pytest.mark.parametrize("operation", WITH_BODY)
def test_a_form_does_what_json_does(pb: PixieBrix, places: Environments, operation: str, kind: str) -> None:
    method, template = WITH_BODY[operation]
    body = places.body(operation)
    answered = pb.request(method, places.path(template), json=body)
    response = sent(
        pb, method, places.path(template), kind, as_form(body[0] if isinstance(body, list) else body)
    )
    assert response.status_code in {answered.status_code, 200}, response.text
    if operation != "createExportJob":
        assert _without_ids(response.json()) == _without_ids(answered.json())


def _without_ids(value: Any) -> Any:
    """An answer without what differs from one creation to the next."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    changing = {"id", "created_at", "updated_at", "download_url", "fields", "upload_url"}
    return {
        name: _without_ids(one) if isinstance(one, dict) else one
        for name, one in value.items()
        if name not in changing
    }


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_the_data_of_a_record_keeps_its_types(pb: PixieBrix, kind: str) -> None:
    database = pb.new_database()
    data = {"é": [1, 1.5, True, None], "b": {"c": "x&y=z+ü"}, "huge": 12345678901234567890}
    fields = [("id", "a b"), ("data", json.dumps(data)), ("merge_strategy", "deep")]
    response = sent(pb, "POST", f"/databases/{database}/records/", kind, fields)
    assert response.status_code == 201, response.text
    (record,) = pb.records(database)
    assert (record["id"], record["data"]) == ("a b", data)


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_a_job_is_ordered_by_a_form(pb: PixieBrix, kind: str) -> None:
    """A list is repeated; the members of an object are its JSON, or fields of their own."""
    first, second = (pb.new_database(name) for name in ("one", "two"))
    for filters in ([("filters", '{"start_date": "x"}')], [("filters.start_date", "x")]):
        fields = [("name", "n"), ("databases", first), ("databases", second), ("media_type", ""), *filters]
        wrong = sent(pb, "POST", "/databases/records/jobs/", kind, fields)
        assert errors_at(wrong, "filters", "start_date")
        assert list(wrong.json()) == ["filters"]
    good = [("name", "n"), ("databases", first), ("databases", second), ("filters.end_date", "2024-01-01")]
    response = sent(pb, "POST", "/databases/records/jobs/", kind, good)
    assert response.status_code == 201, response.text
    job = state_of(pb.running.sandbox).jobs[response.json()["id"]]
    assert job.databases == (first, second)


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("1", True),
        ("on", True),
        ("false", False),
        ("0", False),
        ("off", False),
    ],
)
def test_the_booleans_of_forms(
    pb: PixieBrix, places: Environments, kind: str, text: str, value: bool
) -> None:
    method, template = WITH_BODY["updateAsset"]
    response = sent(pb, method, places.path(template), kind, [("is_uploaded", text)])
    assert response.json()["is_uploaded"] is value


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_a_wrong_form_is_explained_field_by_field(pb: PixieBrix, places: Environments, kind: str) -> None:
    records, jobs = f"/databases/{places.database}/records/", "/databases/records/jobs/"
    assert errors_at(sent(pb, "POST", records, kind, [("id", "x"), ("data", "no json")]), "data")
    assert errors_at(sent(pb, "POST", records, kind, [("id", "x"), ("data", "[1]")]), "data")
    assert errors_at(sent(pb, "POST", records, kind, [("id", "x")]), "data")
    assert errors_at(sent(pb, "POST", jobs, kind, [("name", "n"), ("databases", "x")]), "databases", "0")
    assert errors_at(sent(pb, "POST", jobs, kind, [("databases", places.database)]), "name")
    method, template = WITH_BODY["updateAsset"]
    assert errors_at(sent(pb, method, places.path(template), kind, [("is_uploaded", "maybe")]), "is_uploaded")


def test_a_part_of_a_form_may_be_a_file_of_text(pb: PixieBrix) -> None:
    database = pb.new_database()
    parts = {"id": (None, "a"), "data": ("blob", b'{"x": 1}', "application/json")}
    response = pb.post(f"/databases/{database}/records/", files=parts)
    assert (response.status_code, response.json()["data"]) == (201, {"x": 1})
    wrong = pb.post(f"/databases/{database}/records/", files={**parts, "data": ("x.bin", b"\xff\xfe")})
    assert errors_at(wrong, "data")


BROKEN = {
    "no boundary": ("multipart/form-data", b"--x\r\n"),
    "no end": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\na',
    ),
    "no parts": ("multipart/form-data; boundary=x", b"words"),
    "part without name": ("multipart/form-data; boundary=x", b"--x\r\nA: b\r\n\r\na\r\n--x--\r\n"),
    "percent": ("application/x-www-form-urlencoded", b"id=%ff"),
    "bytes": ("application/x-www-form-urlencoded", b"id=\xff"),
    "many fields": ("application/x-www-form-urlencoded", b"&".join([b"a=b"] * 1_001)),
    "many parts": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\na\r\n' * 1_001 + b"--x--\r\n",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_a_form_is_answered_400(pb: PixieBrix, name: str) -> None:
    kind, body = BROKEN[name]
    path = f"/api/databases/{pb.new_database()}/records/"
    headers = [("Authorization", "Token x"), ("Content-Type", kind)]
    answer = literal(pb.running.base_url, "POST", path, headers, body)
    assert answer.status == 400, answer
    assert answer.media_type == "application/json"


# Fields that are not described


def test_unknown_fields_are_ignored(pb: PixieBrix, places: Environments) -> None:
    for operation, (method, template) in WITH_BODY.items():
        body: Any = places.body(operation)
        more = [{**one, "unknown": [1]} for one in body] if isinstance(body, list) else {**body, "unknown": 1}
        response = pb.request(method, places.path(template), json=more)
        assert response.status_code in {200, 201}, (operation, response.text)
        assert "unknown" not in response.text


def test_free_filters_are_ignored(pb: PixieBrix) -> None:
    database = pb.new_database()
    pb.put(database, "a")
    for filters in (None, {}, {"unknown": {"x": [1]}}, {"start_date": None, "end_date": None}):
        assert pb.new_job(database, filters=filters)


@pytest.fixture
def strict(start: Callable[..., Running]) -> Running:
    return start(strict_bodies=True)


def test_unknown_fields_can_be_refused(strict: Running) -> None:
    with closing(PixieBrix(strict)) as pb:
        places = make_places(pb)
        for operation, (method, template) in WITH_BODY.items():
            path, body = places.path(template), places.body(operation)
            assert pb.request(method, path, json=body).status_code in {200, 201}, operation
            body = body[0] if isinstance(body, list) else body
            assert isinstance(body, dict)
            wrong = pb.request(method, path, json={**body, "unknown": 1})
            assert errors_at(wrong, "unknown") == ["Unknown field."]
            assert errors_at(pb.request(method, path, data=[*as_form(body), ("x", "y")]), "x")
        order = {"name": "n", "databases": [places.database], "filters": {"from": "2024-01-01"}}
        assert errors_at(pb.post(OPERATIONS["createExportJob"][1], json=order), "filters", "from")
        assert pb.new_job(places.database, filters={"start_date": "2024-01-01"})
        free = {"id": "x", "data": {"anything": {"goes": 1}}, "created_at": "read-only"}
        pb.write(places.database, free)


def test_what_is_not_a_form_and_not_json_is_still_refused(pb: PixieBrix, places: Environments) -> None:
    for operation, (method, template) in WITH_BODY.items():
        for kind in ("text/plain", "application/vnd.pixiebrix.api+json", "multipart/mixed; boundary=x"):
            headers = {"Content-Type": kind}
            response = pb.request(method, places.path(template), data=b"{}", headers=headers)
            assert kind in detail_of(response, 415), operation
