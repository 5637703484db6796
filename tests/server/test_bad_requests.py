"""Bad methods, paths and queries: the documented kind of refusal, and nothing changed."""

from __future__ import annotations

import json

import pytest

from .asking import AT_2_0, AUTH, ask, refused
from .client import UNKNOWN, PixieBrix, detail_of, errors_at
from .places import ALLOWED, OPERATIONS, READS, Environments
from .raw import connection, exchange, literal

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
PIECES = {"/database/export": {"GET", "HEAD"}, "/database/import": {"POST"}}

pytestmark = pytest.mark.usefixtures("untouched")


# Methods


@pytest.mark.parametrize("slash", ["/", ""])
@pytest.mark.parametrize("path", ALLOWED)
def test_a_method_that_a_path_does_not_have(
    pb: PixieBrix, places: Environments, path: str, slash: str
) -> None:
    target = "/api" + places.path(path).rstrip("/") + slash
    for method in METHODS:
        if method not in ALLOWED[path]:
            answer = ask(pb, target, method)
            assert answer.status == 405, (method, answer)
            assert set(answer.headers["Allow"].split(", ")) == ALLOWED[path]
            assert len(answer.headers.get_all("Allow", [])) == 1
            if method != "HEAD":
                refused(answer, 405)
                assert method in json.loads(answer.body)["detail"]


@pytest.mark.parametrize("slash", ["/", ""])
@pytest.mark.parametrize("path", PIECES)
def test_a_method_that_pieces_does_not_have(pb: PixieBrix, path: str, slash: str) -> None:
    for method in METHODS:
        if method not in PIECES[path]:
            answer = ask(pb, path + slash, method)
            assert answer.status == 405
            assert set(answer.headers["Allow"].split(", ")) == PIECES[path]
            if method != "HEAD":
                assert answer.media_type == "text/plain"
                assert method in answer.text


# Paths

UNKNOWN_PATHS = [
    "",
    "/",
    "/organizations/{organization}/",
    "/databases/records/jobs/{job}/data/",
    "/databases/{database}/records/kept/data/",
    "/databases/{database}/record/",
    "/databases/{database}/Records/",
    "/DATABASES/{database}/records/",
    "/databases/{database}/record-archives/",
    "/organizations/{organization}/databases/{database}/records/",
    "/databases/{database}/assets/{asset}/meta/",
    "/databases/{database}/records//",
    "//databases/{database}/records/",
    "/databases//records/",
    "/v2/databases/{database}/records/",
    "/api/databases/{database}/records/",
    "/openapi.jsonx",
    "/openapi",
    "/uix/",
    "/.well-known/",
    "/../database/export",
    "/%2e%2e/database/export",
    "/databases%2F{database}/records/",
    "/" + "x" * 60_000,
    "/" + "x/" * 20_000,
]


@pytest.mark.parametrize("path", UNKNOWN_PATHS, ids=lambda path: path[:60])
def test_an_unknown_path(pb: PixieBrix, places: Environments, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        refused(ask(pb, "/api" + places.path(path), method), 404)


@pytest.mark.parametrize(
    "path",
    [
        "/database",
        "/database/",
        "/database/exports",
        "/database/export/all",
        "/Database/Export",
        "/database//export",
        "//database/export",
        "/database/import/x",
        "/apis",
        "/database%2Fexport",
        "/%00",
        "/favicon.ico",
        "/" + "x" * 60_000,
    ],
    ids=lambda path: path[:60],
)
def test_an_unknown_path_outside_pixiebrix(pb: PixieBrix, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = ask(pb, path, method)
        assert (answer.status, answer.media_type) == (404, "text/plain")
        assert answer.text.strip()


BAD_UUIDS = [
    "1",
    "null",
    "undefined",
    "-",
    "*",
    ":databaseId",
    "{{databaseId}}",
    UNKNOWN[:-1],
    UNKNOWN + "0",
    UNKNOWN.replace("-", ""),
    "{{" + UNKNOWN + "}}",
    "urn:uuid:" + UNKNOWN,
    UNKNOWN.replace("8", "g"),
    UNKNOWN.replace("0", "%D9%A0"),
    UNKNOWN.replace("-", "_"),
    UNKNOWN + "%0A",
    "%20" + UNKNOWN,
    "%00",
    "%2F",
    UNKNOWN + "%2F",
    "%zz",
    "%",
    "%F0%9F%A6%8A",
    "x" * 30_000,
]


@pytest.mark.parametrize("bad", [*BAD_UUIDS, UNKNOWN])
@pytest.mark.parametrize("field", ["organization", "database", "asset", "job"])
def test_an_id_that_names_nothing(pb: PixieBrix, places: Environments, field: str, bad: str) -> None:
    for operation, (method, template) in OPERATIONS.items():
        if "{" + field + "}" not in template or "kept" in template:
            continue
        path = places.path(template.replace("{" + field + "}", bad))
        body = places.body(operation)
        headers = [AUTH, AT_2_0, ("Content-Type", "application/json")]
        answer = literal(
            pb.running.base_url,
            method,
            "/api" + path,
            headers,
            None if body is None else json.dumps(body).encode(),
        )
        refused(answer, 404)


def test_a_database_of_another_organization_is_not_found_there(pb: PixieBrix, places: Environments) -> None:
    other = pb.organizations[1]
    path = f"/organizations/{other}/databases/{places.database}/record-archives/"
    detail_of(pb.get(path), 404)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("bad", ["%ff", "%C3", "%ED%A0%80", "%c0%af"])
def test_a_path_that_is_not_utf8(pb: PixieBrix, places: Environments, operation: str, bad: str) -> None:
    method, template = OPERATIONS[operation]
    for path in (places.path(template).rstrip("/") + bad, places.path(template) + bad):
        refused(ask(pb, "/api" + path, method), 404)


@pytest.mark.parametrize("bad", ["%ff", "%C3", "%ED%A0%80"])
def test_a_pieces_path_that_is_not_utf8(pb: PixieBrix, bad: str) -> None:
    for path in ("/database/export", "/database/import", ""):
        answer = ask(pb, f"{path}/{bad}")
        assert (answer.status, answer.media_type) == (404, "text/plain")


@pytest.mark.parametrize(
    "target",
    [
        b"/api/\xff",
        b"/api/databases/\xc3\xa9/records/",
        b"/\xf0\x9f\xa6\x8a",
        b"/a\x00b",
        b"/a b",
        b"x",
        b"*",
    ],
)
def test_a_target_that_is_not_http(pb: PixieBrix, target: bytes) -> None:
    with connection(pb.running.base_url) as sock:
        sock.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = sock.makefile("rb").read()
    assert answer.split(b" ", 2)[1] in {b"400", b"404"}
    assert b"Traceback" not in answer


@pytest.mark.parametrize("template", ["/{}", "/database/export?x={}", "/api/databases/{}/records/"])
def test_a_target_beyond_every_bound(pb: PixieBrix, template: str) -> None:
    answer = ask(pb, template.format("x" * 1_000_000))
    assert answer.status in {400, 404, 414}
    assert answer.text


@pytest.mark.parametrize("protocol", ["HTTP/1.0", "HTTP/1.1"])
def test_a_target_of_the_form_that_proxies_get(pb: PixieBrix, places: Environments, protocol: str) -> None:
    path = places.path(READS["getRecord"])
    request = f"GET {pb.base_url}{path} {protocol}\r\nAuthorization: Token x\r\nHost: x\r\n\r\n"
    answer = exchange(pb.running.base_url, request.encode())
    assert (answer.status, json.loads(answer.body)["id"]) == (200, "kept")


# Queries

BAD_PAGES = [
    "",
    "0",
    "-1",
    "x",
    "1.5",
    "1e3",
    "+1",
    "%201",
    "0x1",
    "1_0",
    "%D9%A1",
    "%00",
    "%zz",
    "last",
    "9" * 5_000,
]
LISTS = ["listDatabases", "listRecords", "listRecordArchives", "listAssets"]


@pytest.mark.parametrize("operation", LISTS)
def test_a_bad_page(pb: PixieBrix, places: Environments, operation: str) -> None:
    for page in (*BAD_PAGES, "2", "1000000000"):
        refused(ask(pb, f"/api{places.path(READS[operation])}?page={page}"), 404)


@pytest.mark.parametrize("operation", LISTS)
def test_a_bad_page_size_gets_the_default(pb: PixieBrix, places: Environments, operation: str) -> None:
    path = "/api" + places.path(READS[operation])
    expected = ask(pb, path).body
    for size in BAD_PAGES:
        answer = ask(pb, f"{path}?page_size={size}")
        assert (answer.status, answer.body) == (200, expected)


@pytest.mark.parametrize("field", ["start_date", "end_date"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2022",
        "2022-05",
        "2022-5-19",
        "2022-05-32",
        "2022-02-29",
        "2022-13-01",
        "19-05-2022",
        "2022/05/19",
        "20220519",
        "2022-W20-4",
        "2022-139",
        "2022-05-19T00:00:00",
        "2022-05-19T00:00:00Z",
        " 2022-05-19",
        "2022-05-19\n",
        "\uff12\uff10\uff12\uff12-05-19",
        "0000-01-01",
        "10000-01-01",
        "-2022-05-19",
        "2022-05-19\x00",
        "9" * 10_000,
    ],
)
def test_a_date_that_is_none(pb: PixieBrix, places: Environments, field: str, value: str) -> None:
    path = places.path(READS["listRecords"])
    errors_at(pb.get(path, params={field: value}), field)
    response = pb.get(path, params={"start_date": "x", "end_date": value, "page": "x"})
    assert set(response.json()) == ({"start_date", "end_date"})


@pytest.mark.parametrize("value", ["", "yes", "2", "TRUE ", "null", "\x00", "t" * 10_000])
def test_a_meta_that_is_not_a_boolean(pb: PixieBrix, places: Environments, value: str) -> None:
    errors_at(pb.get(places.path(READS["getAsset"]), params={"meta": value}), "meta")


@pytest.mark.parametrize("value", ["", "-", "Date", "--date", "name", "date,-date", "created_at"])
def test_an_ordering_that_is_unknown(pb: PixieBrix, places: Environments, value: str) -> None:
    errors_at(pb.get(places.path(READS["listRecordArchives"]), params={"ordering": value}), "ordering")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("data__text__isnull=maybe", "data__text__isnull"),
        ("data__text__isnull=", "data__text__isnull"),
        ("data__text__isnull", "data__text__isnull"),
        ("data__text__isnull%3Dmaybe", "data__text__isnull"),
        ("data__=x", "data__"),
        ("data__", "data__"),
        ("data____isnull=true", "data____isnull"),
    ],
)
def test_a_filter_that_is_none(pb: PixieBrix, places: Environments, query: str, field: str) -> None:
    errors_at(pb.get(f"{places.path(READS['listRecords'])}?{query}"), field)


UNREADABLE = ["%ff=1", "x=%ff", "data__x=%ED%A0%80", "data__%C3=x", "page=%ff", "&".join(["a=1"] * 2_000)]


@pytest.mark.parametrize("query", UNREADABLE, ids=lambda query: query[:20])
def test_a_query_that_cannot_be_read(pb: PixieBrix, places: Environments, query: str) -> None:
    for operation in (*LISTS, "getAsset"):
        refused(ask(pb, f"/api{places.path(READS[operation])}?{query}"), 400)


@pytest.mark.parametrize("query", UNREADABLE, ids=lambda query: query[:20])
def test_a_query_that_cannot_be_read_where_none_is_described(
    pb: PixieBrix, places: Environments, query: str
) -> None:
    for target in ("/api" + places.path(READS["getRecord"]), "/database/export"):
        answer = ask(pb, f"{target}?{query}")
        assert (answer.status, answer.body) == (200, ask(pb, target).body)


@pytest.mark.parametrize(
    "query",
    [
        "unknown=1",
        "=",
        "&&&",
        "=x&y",
        "Page=x",
        "START_DATE=x",
        "%zz=%zz",
        "a=1;b=2",
        "x=" + "y" * 50_000,
        "%00=%00",
        "?",
    ],
)
def test_parameters_that_nobody_knows_are_ignored(pb: PixieBrix, places: Environments, query: str) -> None:
    for operation in LISTS:
        path = "/api" + places.path(READS[operation])
        answer = ask(pb, f"{path}?{query}")
        assert (answer.status, answer.body) == (200, ask(pb, path).body)


def test_the_last_of_a_repeated_parameter_counts(pb: PixieBrix, places: Environments) -> None:
    path = places.path(READS["listRecords"])
    assert pb.get(f"{path}?start_date=x&start_date=2022-05-19").status_code == 200
    errors_at(pb.get(f"{path}?start_date=2022-05-19&start_date=x"), "start_date")
