"""What is read of an exchange, and what is remembered of it, without any server."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dbcontract.mockserver.apis.base import served_apis
from dbcontract.mockserver.apis.pixiebrix.use.memory import MOST, PixieBrixMemory
from dbcontract.mockserver.control.coverage import contracts
from dbcontract.mockserver.coverage.exchange import Exchange, Message, parameter_of
from dbcontract.mockserver.coverage.watch import Watch

CONTRACT = contracts(served_apis().values())()
V2 = {"accept": "application/json; version=2.0"}
RECORDS = "/api/databases/0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60/records"


def listed(query: str, *, at: int = 0, link: str = "", path: str = RECORDS, status: int = 200) -> Exchange:
    answer = Message({"link": link} if link else {}, b"[]")
    return Exchange(1, at, "GET", path, query, "listRecords", Message(V2), status, answer)


def kinds(*exchanges: Exchange) -> set[str]:
    watch = Watch(CONTRACT)
    for exchange in exchanges:
        watch.see(exchange)
    return {name for name, finding in watch.findings.items() if finding.count}


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("application/json; version=2.0", "2.0"),
        ('text/csv;q=0.5, application/json ;Version="1.1"', "1.1"),
        ("application/json", None),
        ("", None),
        ("version", None),
    ],
)
def test_the_version_is_read_as_http_writes_it(header: str, version: str | None) -> None:
    assert parameter_of(header, "version") == version


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_of_an_array_that_was_cut_the_whole_items_are_known(cut: int) -> None:
    items = [{"id": "a", "data": {"x": [1, 2]}}, {"id": "b, ]"}, 12, {"id": "c"}]
    whole = json.dumps(items).encode()
    found = Message({}, whole[:cut], whole=False).objects
    assert found == [one for one in items if isinstance(one, dict)][: len(found)]
    assert Message({}, whole).objects == [items[0], items[1], items[3]]
    # the last item that is followed by a comma is known, and no more than that
    ends = [len(json.dumps(items[:count]).encode()) for count in (1, 2)]
    assert len(found) == sum(end <= cut for end in ends)


def test_a_page_is_not_guessed_where_a_link_led_to_it_wherever_the_server_says_it_is() -> None:
    link = f'<https://mock.example.com/dbcontract/~box{RECORDS}/?page_size=2&page=2>; rel="next"'
    assert kinds(listed("page_size=2", link=link), listed("page=2&page_size=2")) == set()
    assert kinds(listed("page_size=2", link=link), listed("page=3&page_size=2")) == {"guessed-page"}
    assert kinds(listed("page_size=2", link=link), listed("page=2&page_size=3")) == {"guessed-page"}


def test_who_is_asked_to_wait_waits_by_the_clock_and_token_of_the_exchange() -> None:
    told = Exchange(1, 0, "GET", RECORDS, "", "listRecords", Message(V2), 429, Message({"retry-after": "30"}))
    assert kinds(told, listed("", at=29_999_999)) == {"ignores-request-limit"}
    assert kinds(told, listed("", at=30_000_000)) == set()
    other = Message({**V2, "authorization": "Token other"})
    assert kinds(told, Exchange(2, 1, "GET", RECORDS, "", "listRecords", other, 200, Message())) == set()


def test_an_answer_that_was_ordered_is_not_held_against_the_client() -> None:
    for status in (400, 401, 406, 415):
        refused = listed("", status=status)
        assert kinds(replace(refused, forced=True)) == set()
        assert kinds(refused) != set()


def test_what_is_remembered_is_bounded() -> None:
    memory = PixieBrixMemory()
    for number in range(MOST + 10):
        body = json.dumps({"id": f"k{number}", "data": {}}).encode()
        written = Message(V2, body)
        memory.note(Exchange(1, 0, "POST", RECORDS, "", "createRecords", written, 201, Message()))
    assert len(memory.keys) == MOST
    assert ("0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60", "k0") not in memory.keys
