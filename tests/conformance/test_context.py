"""What a check sends and what it can ask of the answers; the token stays at home."""

from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.context import Pieces
from dbcontract.conformance.authoring.check import CheckFailed, NotVerified
from dbcontract.conformance.target.target import Endpoint, Target

from .conftest import DATABASE, JSON, PACE, Open, Seen, Start, of_web, pixiebrix


def ok(_: Seen) -> tuple[int, dict[str, str], bytes]:
    return 200, JSON, b"[]"


# What is sent


def test_a_call_is_what_the_description_says(web: Start, opened: Open) -> None:
    server = web(ok)
    pixiebrix(opened(of_web(server.url))).call(
        "listRecords",
        path={"databaseId": "a/b ü"},
        query={"page": 2, "data__user email": "a&b=é", "data__x__isnull": True, "left_out": None},
    )
    seen = server.seen[0]
    assert (seen.method, seen.path) == (
        "GET",
        "/databases/a%2Fb%20%C3%BC/records/?page=2&data__user%20email=a%26b%3D%C3%A9&data__x__isnull=true",
    )
    assert seen.headers["accept"] == "application/json; version=2.0"
    assert seen.headers["authorization"] == "Token the-secret-token"
    assert "content-type" not in seen.headers


V2 = "application/json; version=2.0"
MINE = "Token the-secret-token"
RECORDS = "/databases/x/records"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"version": "9.9"}, ("application/json; version=9.9", MINE, f"{RECORDS}/")),
        ({"version": ""}, ("application/json", MINE, f"{RECORDS}/")),
        ({"accept": "text/csv"}, ("text/csv; version=2.0", MINE, f"{RECORDS}/")),
        ({"accept": ""}, (None, MINE, f"{RECORDS}/")),
        ({"auth": False}, (V2, None, f"{RECORDS}/")),
        ({"auth": "other"}, (V2, "Token other", f"{RECORDS}/")),
        ({"slash": False}, (V2, MINE, RECORDS)),
        ({"query": "data__a%3Db", "slash": False}, (V2, MINE, f"{RECORDS}?data__a%3Db")),
    ],
)
def test_what_a_check_may_vary(
    web: Start, opened: Open, given: dict[str, Any], expected: tuple[str | None, str | None, str]
) -> None:
    server = web(ok)
    pixiebrix(opened(of_web(server.url))).call("listRecords", path={"databaseId": "x"}, **given)
    seen = server.seen[0]
    sent = (seen.headers.get("accept"), seen.headers.get("authorization"), seen.path)
    assert sent == expected


def test_null_is_a_body_and_no_body_is_none(web: Start, opened: Open) -> None:
    server = web(lambda _: (204, {}, b""))
    target = Target("t", endpoints={"pieces": Endpoint(server.url)}, pace=PACE)
    run = opened(target)
    ctx = Pieces(run, run.environments.open(), "PI-IMP-01")
    ctx.call("importDatabase", json=None)
    ctx.call("importDatabase")
    ctx.call("importDatabase", body=b"{", content_type="text/plain")
    assert [seen.body for seen in server.seen[:3]] == [b"null", b"", b"{"]
    types = [seen.headers.get("content-type") for seen in server.seen[:3]]
    assert types == ["application/json", None, "text/plain"]
    assert server.seen[0].headers["accept"] == "*/*"
    assert "authorization" not in server.seen[0].headers


# The token


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_origin_does_not_see_the_token(web: Start, opened: Open, status: int) -> None:
    elsewhere = web(lambda _: (200, {}, b"bytes"))
    home = web(lambda _: (status, {"Location": f"{elsewhere.url}/a b?sig=1"}, b""))
    ctx = pixiebrix(opened(of_web(home.url, headers=(("X-Api-Key", "another-secret"),))))
    path = {"databaseId": DATABASE, "assetId": DATABASE}
    answer = ctx.call("getAsset", path=path, follow=True, headers={"Cookie": "c=1", "X-Plain": "1"})
    assert answer.content == b"bytes"
    assert [one.status for one in answer.history] == [status]
    assert {"authorization", "x-api-key", "cookie"} <= home.seen[0].headers.keys()
    assert elsewhere.seen[0].path == "/a%20b?sig=1"
    assert elsewhere.seen[0].headers["x-plain"] == "1"
    assert not {"authorization", "x-api-key", "cookie"} & elsewhere.seen[0].headers.keys()
    assert "secret" not in str(elsewhere.seen)


def test_a_redirect_within_the_origin_keeps_the_token(web: Start, opened: Open) -> None:
    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        return (302, {"Location": "/there"}, b"") if seen.path != "/there" else (200, JSON, b"[]")

    home = web(answer)
    pixiebrix(opened(of_web(home.url))).call("listRecords", path={"databaseId": "x"}, follow=True)
    assert [seen.headers["authorization"] for seen in home.seen] == ["Token the-secret-token"] * 2


def test_another_port_or_scheme_is_another_origin(web: Start, opened: Open) -> None:
    ctx = pixiebrix(opened(of_web(web(ok).url)))
    elsewhere = web(ok)
    assert ctx.fetch(f"{elsewhere.url}/a").status == 200
    assert "authorization" not in elsewhere.seen[0].headers


def test_a_storage_link_at_the_same_origin_goes_without_the_token(web: Start, opened: Open) -> None:
    home = web(ok)
    pixiebrix(opened(of_web(home.url))).fetch(f"{home.url}/file?X-Amz-Signature=1")
    assert "authorization" not in home.seen[0].headers


def test_a_circle_of_redirects_ends(web: Start, opened: Open) -> None:
    home = web(lambda _: (302, {"Location": "/again"}, b""))
    answer = pixiebrix(opened(of_web(home.url))).call("listRecords", path={"databaseId": "x"}, follow=True)
    assert answer.status == 302
    assert len(home.seen) == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "javascript:alert(1)", "http://[", "//"])
def test_a_redirect_to_nowhere_is_the_answer(web: Start, opened: Open, location: str) -> None:
    home = web(lambda _: (302, {"Location": location}, b""))
    answer = pixiebrix(opened(of_web(home.url))).call("listRecords", path={"databaseId": "x"}, follow=True)
    assert answer.status == 302


def test_a_link_that_is_none_is_the_targets_fault(web: Start, opened: Open) -> None:
    ctx = pixiebrix(opened(of_web(web(ok).url)))
    for link in ("", "2026-01-01.jsonl", "file:///etc/passwd", "http://["):
        with pytest.raises(CheckFailed, match="http"):
            ctx.fetch(link)


# Answers


def test_an_answer_is_held_against_the_description(web: Start, opened: Open) -> None:
    answers = iter(
        [
            (200, JSON, b'[{"id": "a", "data": {}, "created_at": "2026-01-01T00:00:00.000000Z"}]'),
            (200, JSON, b'[{"id": 1}]'),
            (200, {"Content-Type": "text/html"}, b"<p>"),
            (418, JSON, b'{"detail": "No status that anybody publishes."}'),
            (418, JSON, b"[]"),
            (418, {"Content-Type": "text/html"}, b"<p>"),
            (202, JSON, b"[]"),
            (500, JSON, b"{}"),
            (500, JSON, b"{}"),
        ]
    )
    ctx = pixiebrix(opened(of_web(web(lambda _: next(answers)).url)))
    found = []
    for described in (*[True] * 8, False):
        before = len(ctx.trace.findings)
        ctx.call("listRecords", path={"databaseId": "x"}, described=described)
        found.append({finding.check for finding, _ in ctx.trace.findings[before:]})
    assert found == [
        set(),
        {"response_schema_conformance"},
        {"content_type_conformance"},
        set(),
        {"response_schema_conformance"},
        {"content_type_conformance"},
        {"status_code_conformance"},
        {"status_code_conformance", "not_a_server_error"},
        set(),
    ]
    assert [number for _, number in ctx.trace.findings] == [2, 2, 3, 5, 6, 7, 8, 8]


def test_a_required_header_is_missed(web: Start, opened: Open) -> None:
    ctx = pixiebrix(opened(of_web(web(lambda _: (401, JSON, b'{"detail": "x"}')).url)))
    ctx.call("listDatabases", path={"organizationId": DATABASE})
    assert [finding.check for finding, _ in ctx.trace.findings] == ["response_headers_conformance"]


def test_too_many_requests_are_waited_out(web: Start, opened: Open) -> None:
    answers = iter(
        [(429, {"Retry-After": "0"}, b"{}"), (429, {"Retry-After": "0.1"}, b"{}"), (200, JSON, b"[]")]
    )
    server = web(lambda _: next(answers))
    ctx = pixiebrix(opened(of_web(server.url)))
    assert ctx.call("listRecords", path={"databaseId": "x"}).status == 200
    assert len(server.seen) == 3


def test_too_long_a_wait_is_not_waited(web: Start, opened: Open) -> None:
    server = web(lambda _: (429, {"Retry-After": "3600"}, b"{}"))
    ctx = pixiebrix(opened(of_web(server.url)))
    for _ in range(2):
        with pytest.raises(NotVerified, match="429, too many requests"):
            ctx.call("listRecords", path={"databaseId": "x"})
    assert len(server.seen) == 1


def test_questions_of_an_answer(web: Start, opened: Open) -> None:
    link = '<http://h/?page=2>; rel="next", </first,x>; rel=first; title="a, b", <http://h/l>; rel="last end"'
    headers = {"Content-Type": 'Application/JSON ; Version="2.0"; charset=latin-1', "Link": link}
    ctx = pixiebrix(opened(of_web(web(lambda _: (200, headers, b'{"a": "\xe9"}')).url)))
    answer = ctx.call("listRecords", path={"databaseId": "x"})
    assert answer.media_type == "application/json"
    assert answer.media_parameters == {"version": "2.0", "charset": "latin-1"}
    assert answer.text == '{"a": "é"}'
    assert answer.links["next"] == "http://h/?page=2"
    assert answer.links["first"].endswith("/first,x")
    assert answer.links["last"] == answer.links["end"] == "http://h/l"
    assert answer.expect_status(200, 404) is answer
    with pytest.raises(CheckFailed, match=r"expected 404 Not Found, got 200 OK \(application/json\)"):
        answer.expect_status(404)
    with pytest.raises(CheckFailed, match="expected JSON"):
        answer.expect_json(dict)
    with pytest.raises(CheckFailed, match="a header X-Total-Count"):
        answer.expect_header("X-Total-Count")


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b'id,a\r\n1,"x, ""y""\n"\r\n', [["id", "a"], ["1", 'x, "y"\n']]),
        (b"\xef\xbb\xbfid\r\n", [["id"]]),
        (b"", []),
        (b"a,b\r\n1\r\n", None),
        (b'a\r\n"x\r\n', None),
        (b"\xff\xfe", None),
    ],
)
def test_csv_is_csv_or_fails(web: Start, opened: Open, body: bytes, rows: list[list[str]] | None) -> None:
    ctx = pixiebrix(opened(of_web(web(lambda _: (200, {"Content-Type": "text/csv"}, body)).url)))
    answer = ctx.call("listRecords", path={"databaseId": "x"}, accept="text/csv")
    if rows is None:
        with pytest.raises(CheckFailed):
            answer.csv_rows()
    else:
        assert answer.csv_rows() == rows


@pytest.mark.parametrize("body", [b"{}\n\n{}\n", b"{}\nnonsense", b"\xff\n"])
def test_json_lines_are_that_or_fail(web: Start, opened: Open, body: bytes) -> None:
    ctx = pixiebrix(opened(of_web(web(lambda _: (200, {}, body)).url)))
    with pytest.raises(CheckFailed):
        list(ctx.fetch(f"{ctx.base_url}/x").jsonl())


def test_json_lines_that_the_kit_cannot_read_say_nothing_about_the_target(web: Start, opened: Open) -> None:
    ctx = pixiebrix(opened(of_web(web(lambda _: (200, {}, b"[" * 100_000)).url)))
    with pytest.raises(NotVerified, match="nested deeper"):
        list(ctx.fetch(f"{ctx.base_url}/x").jsonl())


@pytest.mark.parametrize("path", [f"/organizations/{DATABASE}/databases/", "/elsewhere"])
def test_an_undescribed_answer_to_a_raw_call_is_a_finding(web: Start, opened: Open, path: str) -> None:
    server = web(lambda _: (502, {"Content-Type": "text/html"}, b"<p>no</p>"))
    ctx = pixiebrix(opened(of_web(server.url)))
    assert ctx.raw("GET", path, operation_id="listDatabases").status == 502
    assert {finding.operation for finding, _ in ctx.trace.findings} == {"listDatabases"}
