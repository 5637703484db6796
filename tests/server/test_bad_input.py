"""Bad bodies sent to PixieBrix: 400 or 415 as JSON that names the field, and nothing changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from .asking import AUTH
from .client import UNKNOWN, PixieBrix, check_sane, detail_of, errors_at
from .places import WITH_BODY, Environments
from .raw import chunked, connection, literal

JSON = ("Content-Type", "application/json")
JSON_HEADER = {"Content-Type": "application/json"}
MUST_HAVE_A_FIELD = [name for name, (method, _) in WITH_BODY.items() if method != "PATCH"]
NO_TEXTS: list[Any] = [None, 1, 1.5, True, [], ["x"], {}, 10**30]
"""What is not a string."""
NO_OBJECTS: list[Any] = [None, [], "x", 1, True]
NO_STRATEGIES: list[Any] = [None, " ", "merge", "REPLACE", 1, ["deep"]]
NO_BOOLEANS: list[Any] = [None, "true", "", 1, 0, [], {}, [True]]

pytestmark = pytest.mark.usefixtures("untouched")


def send(pb: PixieBrix, places: Environments, operation: str, body: Any) -> requests.Response:
    """Send a body, JSON text if it is bytes."""
    method, path = WITH_BODY[operation]
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return pb.request(method, places.path(path), data=raw, headers=JSON_HEADER)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[",
        b'"',
        b" ",
        b"\x00",
        b"name",
        b"{'name': 'x'}",
        b'{"name": "x",}',
        b'{"name": "x"} {}',
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'{"name": 01}',
        b'{"name": 1e400}',
        b'{"data": {"n": 1e400}, "id": "x"}',
        b'{"data": {"n": -1e999}, "id": "x"}',
        b'{"name": ' + b"9" * 5_000 + b"}",
        b'{"data": {"n": -' + b"9" * 5_000 + b'}, "id": "x"}',
        b'{"name": "\xff"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\udc00\\ud800"}',
        b'{"data": {"\\ud800": 1}, "id": "x"}',
        b'{"name": "a\nb"}',
        b'{"name": "\\x41"}',
        '{"name": "x"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"name=x&databases=y",
        b"<job/>",
        b"[" * 300 + b"]" * 300,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"name":' * 300 + b"1" + b"}" * 300,
        b'{"data":' * 100_000,
        b'{"id":"x","data":{"deep":' + b"[" * 300 + b"]" * 300 + b"}}",
        b'{"name":"' + b"x" * 5_000_000,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_is_not_json(pb: PixieBrix, places: Environments, body: bytes) -> None:
    for operation in WITH_BODY:
        assert "JSON" in detail_of(send(pb, places, operation, body), 400)


@pytest.mark.parametrize("body", [None, True, False, 0, 1.5, -(10**30), "", "text"])
@pytest.mark.parametrize("operation", WITH_BODY)
def test_a_body_of_a_wrong_kind(pb: PixieBrix, places: Environments, operation: str, body: Any) -> None:
    assert "dictionary" in errors_at(send(pb, places, operation, body), "non_field_errors")[0]


@pytest.mark.parametrize("body", [[], [{}], [None], ["x"]])
@pytest.mark.parametrize("operation", sorted(WITH_BODY.keys() - {"createRecords", "putRecords"}))
def test_an_array_where_one_object_is_wanted(
    pb: PixieBrix, places: Environments, operation: str, body: Any
) -> None:
    errors_at(send(pb, places, operation, body), "non_field_errors")


def no_text(operation: str, field: str, rest: dict[str, Any]) -> list[tuple[str, Any, tuple[str]]]:
    """Cases for a field that must be a string."""
    return [(operation, {**rest, field: value}, (field,)) for value in NO_TEXTS]


NAMED = {"name": "x"}
JOB = {"name": "x", "databases": [UNKNOWN]}


@pytest.mark.parametrize(
    ("operation", "body", "path"),
    [
        ("createExportJob", {}, ("name",)),
        ("createExportJob", {}, ("databases",)),
        ("createExportJob", {"name": "x"}, ("databases",)),
        ("createExportJob", {"name": "", "databases": [UNKNOWN]}, ("name",)),
        ("createExportJob", {"name": " \t", "databases": ["DATABASE"]}, ("name",)),
        ("createExportJob", {"name": "x" * 1025, "databases": ["DATABASE"]}, ("name",)),
        *no_text("createExportJob", "name", JOB),
        ("createExportJob", {**NAMED, "databases": None}, ("databases",)),
        ("createExportJob", {**NAMED, "databases": UNKNOWN}, ("databases",)),
        ("createExportJob", {**NAMED, "databases": {}}, ("databases",)),
        ("createExportJob", {**NAMED, "databases": []}, ("databases",)),
        ("createExportJob", {**NAMED, "databases": [None]}, ("databases", "0")),
        ("createExportJob", {**NAMED, "databases": [1]}, ("databases", "0")),
        ("createExportJob", {**NAMED, "databases": [["DATABASE"]]}, ("databases", "0")),
        ("createExportJob", {**NAMED, "databases": ["DATABASE", ""]}, ("databases", "1")),
        ("createExportJob", {**NAMED, "databases": ["DATABASE", "x"]}, ("databases", "1")),
        ("createExportJob", {**NAMED, "databases": [UNKNOWN.replace("-", "")]}, ("databases", "0")),
        ("createExportJob", {**NAMED, "databases": ["{" + UNKNOWN + "}"]}, ("databases", "0")),
        ("createExportJob", {**NAMED, "databases": [f"urn:uuid:{UNKNOWN}"]}, ("databases", "0")),
        ("createExportJob", {**NAMED, "databases": ["DATABASE", UNKNOWN]}, ("databases", "1")),
        ("createExportJob", {**NAMED, "databases": ["DATABASE\n"]}, ("databases", "0")),
        ("createExportJob", {**JOB, "media_type": None}, ("media_type",)),
        ("createExportJob", {**JOB, "media_type": ""}, ("media_type",)),
        ("createExportJob", {**JOB, "media_type": "application/pdf"}, ("media_type",)),
        ("createExportJob", {**JOB, "media_type": "TEXT/CSV"}, ("media_type",)),
        ("createExportJob", {**JOB, "media_type": "text/csv; charset=utf-8"}, ("media_type",)),
        ("createExportJob", {**JOB, "media_type": 1}, ("media_type",)),
        ("createExportJob", {**JOB, "media_type": ["text/csv"]}, ("media_type",)),
        ("createExportJob", {**JOB, "filters": []}, ("filters",)),
        ("createExportJob", {**JOB, "filters": "2024"}, ("filters",)),
        ("createDatabase", {}, ("name",)),
        ("createDatabase", {"name": ""}, ("name",)),
        ("createDatabase", {"name": "   "}, ("name",)),
        *no_text("createDatabase", "name", {}),
        ("createDatabase", {**NAMED, "type": "key-value"}, ("type",)),
        ("createDatabase", {**NAMED, "type": None}, ("type",)),
        ("createDatabase", {**NAMED, "type": 0}, ("type",)),
        ("createDatabase", {**NAMED, "enforce_schema": "true"}, ("enforce_schema",)),
        ("createDatabase", {**NAMED, "enforce_schema": 1}, ("enforce_schema",)),
        ("createDatabase", {**NAMED, "enforce_schema": None}, ("enforce_schema",)),
        ("createRecords", {}, ("id",)),
        ("createRecords", {}, ("data",)),
        ("createRecords", {"id": "", "data": {}}, ("id",)),
        *no_text("createRecords", "id", {"data": {}}),
        *[("createRecords", {"id": "x", "data": value}, ("data",)) for value in NO_OBJECTS],
        *[
            ("createRecords", {"id": "x", "data": {}, "merge_strategy": value}, ("merge_strategy",))
            for value in NO_STRATEGIES
        ],
        ("createRecords", [{}], (0, "id")),
        ("createRecords", [{"id": "x", "data": {}}, {}], (1, "data")),
        ("createRecords", [{"id": "x", "data": {}}, {"id": "y"}, {"id": "z", "data": {}}], (1, "data")),
        ("createRecords", [{"id": "x", "data": {}}, {"id": "y", "data": []}], (1, "data")),
        ("createRecords", [{"id": "x", "data": {}}, None], (1, "non_field_errors")),
        ("createRecords", ["x"], (0, "non_field_errors")),
        ("createRecords", [[{"id": "x", "data": {}}]], (0, "non_field_errors")),
        ("createRecords", [{"id": "x", "data": {}, "merge_strategy": "x"}], (0, "merge_strategy")),
        ("putRecord", {}, ("data",)),
        *[("putRecord", {"data": value}, ("data",)) for value in NO_OBJECTS],
        ("putRecord", {"id": 1, "data": {}}, ("id",)),
        ("putRecord", {"data": {}, "merge_strategy": "append"}, ("merge_strategy",)),
        ("createAsset", {}, ("filename",)),
        ("createAsset", {"filename": ""}, ("filename",)),
        ("createAsset", {"filename": "x" * 256}, ("filename",)),
        *no_text("createAsset", "filename", {}),
        *[("updateAsset", {"is_uploaded": value}, ("is_uploaded",)) for value in NO_BOOLEANS],
    ],
    ids=str,
)
def test_a_wrong_field_is_named(
    pb: PixieBrix, places: Environments, operation: str, body: Any, path: tuple[str | int, ...]
) -> None:
    text = json.dumps(body).replace("DATABASE", places.database)
    errors_at(send(pb, places, operation, text.encode()), *path)


@pytest.mark.parametrize("bound", ["start_date", "end_date"])
@pytest.mark.parametrize(
    "value",
    [
        1_700_000_000,
        [],
        "",
        "yesterday",
        "2024-01-01T",
        "2024-01-01T00",
        "2024-1-1T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-01-01T25:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00+99:00",
        "2024-01-01T00:00:00 CET",
        "2024-01-01T00:00:00Z ",
        "2024-01-01T00:00:00Z\n",
        "\uff12\uff10\uff12\uff14-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "-2024-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "9" * 10_000,
    ],
)
def test_a_wrong_bound_of_a_job(pb: PixieBrix, places: Environments, bound: str, value: Any) -> None:
    body = {"name": "x", "databases": [places.database], "filters": {bound: value}}
    errors_at(send(pb, places, "createExportJob", body), "filters", bound)


def test_all_wrong_fields_are_named_at_once(pb: PixieBrix, places: Environments) -> None:
    body = {"name": 1, "databases": ["x"], "media_type": "x", "filters": {"start_date": "x", "end_date": "y"}}
    response = send(pb, places, "createExportJob", body)
    assert response.json() == {
        "name": ["Not a valid string."],
        "databases": {"0": ["Must be a valid UUID."]},
        "media_type": ['"x" is not a valid choice.'],
        "filters": {
            "start_date": response.json()["filters"]["start_date"],
            "end_date": response.json()["filters"]["end_date"],
        },
    }
    empty = send(pb, places, "createExportJob", {})
    assert empty.json() == {"name": ["This field is required."], "databases": ["This field is required."]}


def test_an_array_is_answered_element_by_element(pb: PixieBrix, places: Environments) -> None:
    response = send(pb, places, "createRecords", [{"id": "x", "data": {}}, {"id": "y"}, {}])
    required = ["This field is required."]
    assert response.status_code == 400
    assert response.json() == [{}, {"data": required}, {"id": required, "data": required}]


@pytest.mark.parametrize("before", [99, 100, 250, 10_000])
def test_a_wrong_element_is_found_wherever_it_is(pb: PixieBrix, places: Environments, before: int) -> None:
    body = [*({"id": str(n), "data": {}} for n in range(before)), {"id": "bad"}, {"id": "good", "data": {}}]
    response = send(pb, places, "createRecords", body)
    errors_at(response, before, "data")
    assert not any(response.json()[:before])
    assert not any(response.json()[before + 1 :])


def test_an_array_that_is_wrong_a_hundred_thousand_times(pb: PixieBrix, places: Environments) -> None:
    response = send(pb, places, "createRecords", [{}] * 100_000)
    assert response.status_code == 400
    assert len(response.content) < 100_000


CONTENT_TYPES: list[str | bytes] = [
    "garbage",
    "",
    " ",
    "/",
    ";",
    ",",
    "application/",
    "text/plain",
    "text/csv",
    "application/xml",
    "application/octet-stream",
    "application/merge-patch+json",
    "application/json; charset=utf-16",
    "application/json; charset=nonsense",
    "application/json, text/plain",
    "*/*",
    "x" * 5_000,
    "application/jsön",
    "приложение/json".encode(),
    b"\xff\xfe",
]


@pytest.mark.parametrize("kind", [*CONTENT_TYPES, None])
def test_a_content_type_that_is_neither_json_nor_a_form(
    pb: PixieBrix, places: Environments, kind: str | bytes | None
) -> None:
    for operation, (method, path) in WITH_BODY.items():
        body = json.dumps(places.body(operation)).encode()
        headers = [AUTH] if kind is None else [AUTH, ("Content-Type", kind)]
        answer = literal(pb.running.base_url, method, "/api" + places.path(path), headers, body)
        assert answer.status == 415, (operation, answer)
        assert answer.media_type == "application/json"
        assert list(json.loads(answer.body)) == ["detail"]


@pytest.mark.parametrize("operation", MUST_HAVE_A_FIELD)
def test_an_absent_body_lacks_the_required_fields(
    pb: PixieBrix, places: Environments, operation: str
) -> None:
    method, path = WITH_BODY[operation]
    target = "/api" + places.path(path)
    for answer in (
        literal(pb.running.base_url, method, target, [AUTH]),
        literal(pb.running.base_url, method, target, [AUTH, JSON], b""),
        chunked(pb.running.base_url, method, target, [AUTH, JSON]),
    ):
        assert answer.status == 400
        messages = list(json.loads(answer.body).values())
        assert ["This field is required."] in messages


@pytest.mark.parametrize("operation", WITH_BODY)
def test_a_chunked_body_that_is_malformed(pb: PixieBrix, places: Environments, operation: str) -> None:
    method, path = WITH_BODY[operation]
    answer = chunked(
        pb.running.base_url, method, "/api" + places.path(path), [AUTH, JSON], b'{"', b"name", b'":'
    )
    assert answer.status == 400
    assert "JSON" in json.loads(answer.body)["detail"]


def test_a_body_above_every_bound(pb: PixieBrix, places: Environments) -> None:
    answer = literal(
        pb.running.base_url,
        "POST",
        f"/api/databases/{places.database}/records/",
        [AUTH, JSON],
        b" " * (64 * 1024 * 1024 + 1),
    )
    assert answer.status in {400, 413}
    assert "bytes" in json.loads(answer.body)["detail"]


def test_a_client_that_hangs_up_in_the_middle(pb: PixieBrix, places: Environments) -> None:
    body = json.dumps(places.body("createRecords")).encode()
    head = (
        f"POST /api/databases/{places.database}/records/ HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Token x\r\nContent-Type: application/json\r\nContent-Length: {len(body) + 1}\r\n\r\n"
    )
    with connection(pb.running.base_url) as sock:
        sock.sendall(head.encode() + body)


def test_a_body_on_requests_that_have_none_is_ignored(pb: PixieBrix, places: Environments) -> None:
    for template in ("/databases/{database}/records/", "/databases/{database}/records/kept/"):
        answer = literal(pb.running.base_url, "GET", "/api" + places.path(template), [AUTH, JSON], b"{")
        assert answer.status == 200


def test_an_unknown_place_is_404_whatever_the_body(pb: PixieBrix, places: Environments) -> None:
    nowhere = Environments(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    for operation, (method, path) in WITH_BODY.items():
        if operation not in {"createExportJob", "createUserDatabase"}:
            response = pb.request(method, nowhere.path(path), json=places.body(operation))
            detail_of(response, 404)
            check_sane(response)
