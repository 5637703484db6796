"""What a client does wrong is found, with its exchange; what is lawful is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import requests

from dbcontract.mockserver.apis.base import served_apis
from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.coverage.misuse import of_descriptions

from .parts import V2, Client


@pytest.fixture
def client(mock: MockClient) -> Iterator[Client]:
    with closing(Client(mock)) as client:
        yield client


def polls_on(client: Client) -> None:
    job = client.order()
    client.job(job)
    client.job(job)


def ignores_the_limit(client: Client) -> None:
    client.mock.settings(requests_per_minute=1)
    for _ in range(3):
        client.api("GET", client.records)


def uses_an_expired_link(client: Client) -> None:
    link = client.job(client.order())["data"]
    client.mock.clock.advance(hours=2)
    client.open(link)


def sends_the_token_along(client: Client) -> None:
    client.session.get(client.job(client.order())["data"], timeout=30)


def sends_no_token(client: Client) -> None:
    client.storage.get(client.mock.pixiebrix_url + client.records, headers={"Accept": V2}, timeout=30)


def imports_something_else(client: Client) -> None:
    client.merge({"version": "1.0.0"})


WRONG: dict[str, tuple[Callable[[Client], object], str]] = {
    "unknown-parameter": (
        lambda client: client.api("GET", f"{client.records}?stard_date=2020-01-01&data_name=x"),
        'listRecords has no parameter "stard_date", "data_name"',
    ),
    "unknown-field": (
        lambda client: client.api("POST", client.records, json={"id": "a", "data": {}, "strategy": "deep"}),
        'the body of createRecords has no field "strategy"',
    ),
    "refused-request": (
        lambda client: client.api("POST", client.records, json={"id": "a"}),
        'createRecords: {"data":["This field is required."]}',
    ),
    "unread-media-type": (
        lambda client: client.api("POST", client.records, data="a", headers={"Content-Type": "text/csv"}),
        "createRecords does not read text/csv",
    ),
    "unknown-path": (lambda client: client.api("GET", "/records/"), "GET /api/records/"),
    "unknown-method": (lambda client: client.api("DELETE", "/me/"), "DELETE /api/me/"),
    "no-version": (
        lambda client: client.api("GET", client.records, headers={"Accept": "application/json"}),
        "listRecords is asked without a version",
    ),
    "not-acceptable": (
        lambda client: client.api("GET", client.records, headers={"Accept": "application/json; version=3.0"}),
        "listRecords cannot answer `Accept: application/json; version=3.0`; there are 1.0, 1.1, 2.0",
    ),
    "no-token": (sends_no_token, "listRecords is called without a token"),
    "token-to-storage": (sends_the_token_along, "GET of storage has `Authorization`"),
    "expired-link": (uses_an_expired_link, "/_storage/"),
    "polls-finished-job": (polls_on, "had ended as SUCCESS"),
    "guessed-page": (
        lambda client: client.api("GET", f"{client.records}?page=2&page_size=10"),
        "page 2 of listRecords, to which no `Link` of an answer has led",
    ),
    "ignores-request-limit": (ignores_the_limit, "listRecords is called before `Retry-After` is over"),
    "malformed-import": (imports_something_else, "importDatabase: "),
}


@pytest.mark.parametrize("kind", WRONG)
def test_it_is_found_with_its_exchange(client: Client, kind: str) -> None:
    act, said = WRONG[kind]
    act(client)
    (finding,) = client.mock.coverage.findings()
    assert finding.kind == kind
    (case,) = finding.cases
    assert said in case["said"]
    evidence = client.mock.requests()[case["number"] - 1]
    assert (case["evidence"]["path"], case["evidence"]["status"]) == (evidence.path, evidence.status)
    assert client.mock.token not in str(finding)
    assert "X-Amz-Signature=***" in str(finding) or "X-Amz-Signature" not in str(finding)


def test_all_kinds_are_tried_here() -> None:
    brought = [one for api in served_apis().values() for one in api.misuses]
    known = {one.id for one in (*of_descriptions({}), *brought)}
    assert known == set(WRONG)


def sends_forms(client: Client) -> None:
    assert client.api("POST", client.assets, data={"filename": "notes.txt"}).status_code == 201
    assert client.api("POST", client.assets, files={"filename": (None, "notes.txt")}).status_code == 201
    order = {"name": "Export", "databases": [client.database], "filters.start_date": "2020-01-01T00:00:00Z"}
    assert client.api("POST", "/databases/records/jobs/", data=order).status_code == 201


def leaves_slashes_out(client: Client) -> None:
    assert client.api("GET", client.records.rstrip("/")).ok
    assert client.api("GET", f"/organizations/{client.mock.organization_id}/databases").ok


def filters(client: Client) -> None:
    for query in (
        "data__email__isnull=true",
        "data__user%20email%3Ddavid%40pixiebrix.com",
        "data__user%20email=david%40pixiebrix.com&data__a__b=x&start_date=2020-01-01&end_date=2030-01-01",
        "page=1&page_size=10",
    ):
        assert client.api("GET", f"{client.records}?{query}").ok


def reads_all_pages(client: Client) -> None:
    client.mock.settings(default_page_size=10)
    url = client.records
    while url:
        answer = client.api("GET", url)
        url = answer.links.get("next", {}).get("url", "")
    client.api("GET", answer.links["prev"]["url"])


def asks_in_other_ways(client: Client) -> None:
    for accept in (
        "application/json; version=1.0",
        'application/vnd.pixiebrix.api+json;version="2.0"',
        "text/csv; version=2.0, */*; q=0.1",
    ):
        assert client.api("GET", client.records, headers={"Accept": accept}).ok


def writes_back_what_it_read(client: Client) -> None:
    client.write()
    read = client.api("GET", f"{client.records}mine/").json()
    assert client.api("PUT", f"{client.records}mine/", json=read).ok
    assert client.api("POST", client.records, json=[read]).ok
    asset = client.api("GET", f"{client.assets}{client.upload()}?meta=true").json()
    assert client.api("PATCH", client.assets + asset["id"], json={**asset, "is_uploaded": True}).ok


def renews_a_link(client: Client) -> None:
    job = client.order()
    link = client.job(job)["data"]
    client.mock.clock.advance(hours=2)
    assert client.open(link).status_code == 403
    assert client.open(client.job(job)["data"]).ok


def waits_as_told(client: Client) -> None:
    client.mock.settings(requests_per_minute=1)
    client.api("GET", client.records)
    wait = client.api("GET", client.records).headers["Retry-After"]
    client.mock.clock.advance(seconds=int(wait))
    assert client.api("GET", client.records).ok


def polls_until_the_end(client: Client) -> None:
    client.mock.settings(job_pace={"polls": 3})
    job = client.order()
    while client.job(job)["status"] != "SUCCESS":
        pass


def meets_what_was_ordered(client: Client) -> None:
    for status in (400, 401, 406, 415, 429, 404):
        client.mock.faults.add("createRecords", status=status, times=1)
        client.api("POST", client.records, json={"id": "a", "data": {}})
    client.mock.faults.add("importDatabase", inside={"after": 1}, times=1)
    assert client.merge(client.export().json()).status_code == 500
    client.mock.faults.add("downloadObject", status=403, times=1)
    client.open(client.job(client.order())["data"])


def uses_a_token_that_is_not_accepted(client: Client) -> None:
    client.mock.settings(tokens=["another"])
    assert client.api("GET", client.records).status_code == 401


def looks_for_what_is_not_there(client: Client) -> None:
    assert client.api("GET", f"{client.records}nobody/").status_code == 404
    assert client.api("HEAD", client.records).ok


def uses_pieces_as_its_sdk_does(client: Client) -> None:
    assert client.merge(client.export().json()).status_code == 204
    requests.post(f"{client.mock.pieces_url}/database/import", headers={"Authorization": "k"}, timeout=30)
    requests.get(f"{client.mock.pieces_url}/.well-known/health", timeout=30)


LAWFUL = [
    sends_forms,
    leaves_slashes_out,
    filters,
    reads_all_pages,
    asks_in_other_ways,
    writes_back_what_it_read,
    renews_a_link,
    waits_as_told,
    polls_until_the_end,
    meets_what_was_ordered,
    uses_a_token_that_is_not_accepted,
    looks_for_what_is_not_there,
    uses_pieces_as_its_sdk_does,
]


@pytest.mark.parametrize("act", LAWFUL)
def test_what_is_lawful_is_not_accused(client: Client, act: Callable[[Client], None]) -> None:
    act(client)
    assert [(one.kind, one.cases[0]["said"]) for one in client.mock.coverage.findings()] == []
    assert client.mock.coverage.document()["requests"] == len(client.mock.requests())


def test_calls_of_the_control_api_never_count(client: Client) -> None:
    mock = client.mock
    mock.settings(record_limit=5)
    mock.database_ids  # noqa: B018 - it is a call
    with pytest.raises(Exception, match="is not an operation"):
        mock.faults.add("nothing", status=500)
    assert mock.coverage.document()["requests"] == 0


def test_what_a_test_arranges_need_not_count(client: Client) -> None:
    with client.mock.coverage.paused():
        client.api("GET", f"{client.records}?page=2&foo=1", headers={"Accept": "*/*"})
        client.write()
    assert client.mock.coverage.document(only_met=True)["requests"] == 0
    client.api("PUT", f"{client.records}mine/", json={"data": {}})
    # but it is remembered: the record was there
    assert client.mock.coverage.situations() == {"merge-replace"}
    assert client.mock.coverage.findings() == []


def test_another_sandbox_knows_nothing_of_it(client: Client) -> None:
    client.api("GET", f"{client.records}?foo=1")
    with client.mock.sandbox() as other:
        assert other.coverage.findings() == []
        assert other.coverage.document()["totals"]["met"] == 0


def test_evidence_of_many_mistakes_is_bounded(client: Client) -> None:
    for number in range(30):
        client.api("GET", f"{client.records}?foo{number}=1")
    (finding,) = client.mock.coverage.findings()
    assert (finding.count, len(finding.cases)) == (30, 20)
    assert all(len(case["evidence"]["response"]["body"]) <= 503 for case in finding.cases)


def test_it_goes_on_when_the_sandbox_begins_anew_and_the_journal_is_cleared(client: Client) -> None:
    client.api("GET", client.records)
    client.mock.clear_requests()
    client.mock.reset()
    client.api("GET", client.records)
    shown = client.mock.coverage.document()
    assert (shown["requests"], shown["since"]) == (2, 1)


def test_it_does_not_end_with_the_journal(client: Client) -> None:
    for _ in range(1_003):
        client.export()
    shown = client.mock.coverage.document(only_met=True)
    (pieces,) = (api for api in shown["apis"] if api["name"] == "pieces")
    met: dict[str, Any] = pieces["operations"][0]["outcomes"][0]
    assert (met["value"], met["met"]) == ("200", 1_003)


def test_where_nobody_asked_before_it_begins_with_what_the_journal_has(server: MockClient) -> None:
    with server.sandbox() as mock, closing(Client(mock)) as client:
        client.api("GET", f"{client.records}?foo=1")
        assert [one.kind for one in mock.coverage.findings()] == ["unknown-parameter"]
