"""What watching says: passed where it was seen, nothing where it was not, and failed with the evidence."""

import socket
from collections.abc import Callable

import pytest

from dbcontract.conformance import report
from dbcontract.conformance.apis.base import practice_of
from dbcontract.conformance.catalogue.findings import FUZZING_ONLY, NO_ANSWER, schema_rules
from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.http.body import Body
from dbcontract.conformance.http.wire import Received, Request
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.watching.observer import Judged, Observer
from dbcontract.conformance.watching.seen import Recent, WatchingPractice

from .watched import Raw, Watched, exchange, says

Through = Callable[..., tuple[Watched, Raw]]
GET = b"GET /database/export HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def json_answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def test_a_rule_says_that_it_is_watched_where_a_violation_can_be_seen(rules: Catalogue) -> None:
    watched = {
        watch.rule for api in ("pieces", "pixiebrix") for watch in practice_of(api, WatchingPractice).watches
    }
    # whether an answer would have come, nobody can tell whose client did not wait
    watched |= {rule for rule, kinds in schema_rules().items() if not {*kinds} <= {*FUZZING_ONLY, NO_ANSWER}}
    assert {rule.id for rule in rules if rule.watched} == watched
    assert all(
        watch.how for api in ("pieces", "pixiebrix") for watch in practice_of(api, WatchingPractice).watches
    )


def test_nothing_is_passed_that_did_not_happen(through: Through) -> None:
    proxy, _ = through(says(json_answer(b"[]")))
    exchange(proxy.base_url, b"GET /somewhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert set(proxy.verdicts().values()) == {Verdict.NOT_VERIFIED}


def test_an_answer_that_is_not_as_described_is_found(through: Through) -> None:
    proxy, _ = through(says(json_answer(b'{"version": 7}')))
    exchange(proxy.base_url, GET)
    result = proxy.result()
    found = {one.rule.id: one for one in result.results if one.verdict is Verdict.FAILED}
    assert "PI-DESC-07" in found
    assert found["PI-DESC-07"].part.evidence[0].url.endswith("/database/export")
    assert result.conformant is False
    assert "PI-DESC-07" in proxy.lines[0].findings


def test_a_failure_of_the_kit_is_told_and_the_rest_is_judged(
    rules: Catalogue, descriptions: dict[str, Description]
) -> None:
    told: list[Judged] = []

    def listener(judged: Judged) -> None:
        told.append(judged)
        if judged.number == 1:
            raise RuntimeError

    observer = Observer("http://127.0.0.1:1", rules.rules, descriptions, listener=listener)
    for url in ("http://127.0.0.1:1/a", "http://[/database/export", "http://127.0.0.1:1/database/export"):
        watched = observer.begin(Request("GET", url))
        answer = Received(500, "", (("Content-Type", "text/html"),), b"", 0.0)
        observer.end(watched, Body(10, 10), answer, Body(10, 10))
    observer.close()
    assert [one.number for one in told] == [1, 2, 3]
    assert "PI-DESC-06" in told[2].findings
    assert list(observer.hindered) == ["the kit itself failed to judge them (RuntimeError)"]


def test_what_a_client_asks_for_beside_the_operation_is_nobodys_fault(through: Through) -> None:
    statuses = iter((b"304 Not Modified", b"416 Range Not Satisfiable", b"429 Too Many Requests"))
    proxy, _ = through(lambda connection, _: connection.sendall(json_answer(b"", next(statuses))))
    for header in (b"If-None-Match: x", b"Range: bytes=9-", b"X-A: b"):
        exchange(proxy.base_url, GET.replace(b"Host: x", b"Host: x\r\n" + header))
    assert proxy.bad() == {}


@pytest.mark.parametrize("form", sorted(report.FORMATS))
def test_reports_have_no_credentials(through: Through, form: str) -> None:
    proxy, _ = through(says(json_answer(b'{"version": "secret-of-a-user"}')))
    credentials = b"Authorization: Token secret-of-a-user\r\nCookie: session=another-secret"
    exchange(proxy.base_url, GET.replace(b"Host: x", b"Host: x\r\n" + credentials))
    text = report.render(form, proxy.result(), proxy.observer.redactor)
    assert "secret-of-a-user" not in text
    assert "another-secret" not in text
    assert "secret" not in proxy.lines[0].told


def test_a_body_that_is_too_long_passes_whole_and_is_judged_by_its_head(through: Through) -> None:
    from dbcontract.conformance.proxy.app import Options

    body = b'{"version": 7, "x": "%b"}' % (b"y" * 300_000)
    proxy, _ = through(says(json_answer(body)), options=Options(kept=1_000))
    assert exchange(proxy.base_url, GET).endswith(body)
    result = proxy.result()
    assert result.count(Verdict.FAILED) == 0
    assert any("by status and headers only" in note for note in result.notes)


def by_turns(*answers: bytes) -> Callable[[socket.socket, bytes], None]:
    """Give one answer after the other."""
    left = iter(answers)

    def give(connection: socket.socket, _: bytes) -> None:
        connection.sendall(next(left))

    return give


def on(day: bytes, status: bytes, body: bytes) -> bytes:
    return json_answer(body, b"%b\r\nDate: %b 10:00:00 GMT" % (status, day))


RECORD = b"/api/databases/%b/records/mine/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
PUT = b"PUT " + RECORD + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
MONDAY, TUESDAY = b"Mon, 30 Nov 2026", b"Tue, 01 Dec 2026"


@pytest.mark.parametrize(("day", "expected"), [(MONDAY, {"PB-REC-11": Verdict.FAILED}), (TUESDAY, {})])
def test_what_a_night_may_have_archived_is_not_missed(
    through: Through, day: bytes, expected: dict[str, Verdict]
) -> None:
    database = b"0d1f3c1e-0000-4000-8000-000000000001"
    written, gone = b'{"id": "mine", "data": {}}', b'{"detail": "Not found."}'
    answers = by_turns(on(MONDAY, b"200 OK", written), on(day, b"404 Not Found", gone))
    proxy, _ = through(answers, sole_writer=True)
    exchange(proxy.base_url, PUT % (database, 12, b'{"data": {}}'))
    exchange(proxy.base_url, b"GET " + RECORD % database + b"\r\n")
    assert {rule: one for rule, one in proxy.bad().items() if rule.startswith("PB-REC")} == expected


def test_a_database_is_the_same_in_upper_case(through: Through) -> None:
    database = b"0d1f3c1e-aaaa-4000-8000-000000000001"
    first, last = b'{"id": "mine", "data": {"a": 1}}', b'{"id": "mine", "data": {"a": 2}}'
    proxy, _ = through(
        by_turns(*(on(MONDAY, b"200 OK", one) for one in (first, last, last))), sole_writer=True
    )
    exchange(proxy.base_url, PUT % (database, 17, b'{"data": {"a":1}}'))
    exchange(proxy.base_url, PUT % (database.upper(), 17, b'{"data": {"a":2}}'))
    exchange(proxy.base_url, b"GET " + RECORD % database + b"\r\n")
    assert "PB-REC-10" not in proxy.bad()


def test_a_status_that_is_no_text_is_a_finding(through: Through) -> None:
    job = b'{"id": "0d1f3c1e-0000-4000-8000-000000000001", "status": ["STARTED"]}'
    proxy, _ = through(says(json_answer(job, b"201 Created")))
    request = b"POST /api/databases/records/jobs/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    exchange(proxy.base_url, request + b"Content-Length: 0\r\n\r\n")
    assert proxy.bad()["PB-JOB-03"] is Verdict.FAILED
    assert proxy.observer.hindered.total() == 0


def test_what_was_set_longest_ago_is_forgotten_first() -> None:
    known: Recent[int, str] = Recent(2)
    for number in (1, 2, 1, 3):
        known[number] = ""
    assert list(known) == [1, 3]
