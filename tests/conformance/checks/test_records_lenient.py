"""The checks of refusals and forms against the mock behind a gateway that tidies up what passes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import (
    databases,
    date_filters,
    merging,
    record_writes,
    records,
    records_csv,
)
from dbcontract.conformance.http.wire import Received, Request, Wire

from .judging_pixiebrix import Judge, Wrong, judging, wrong, wrongs_in

JSON = (("Content-Type", "application/json"),)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(databases, date_filters, merging, record_writes, records, records_csv) as one:
        yield one


def _through(
    patch: pytest.MonkeyPatch,
    request: Callable[[Request], Request] = lambda asked: asked,
    answer: Callable[[Request, Received], Received] = lambda _, received: received,
) -> None:
    """Put a gateway between checks and mock."""
    original = Wire.send

    def send(self: Wire, asked: Request, **options: Any) -> Received:
        return answer(asked, original(self, request(asked), **options))

    patch.setattr(Wire, "send", send)


def _bodies(change: Callable[[Any], Any]) -> Callable[[Request], Request]:
    """Requests with changed JSON bodies, below databases and organizations only."""

    def request(asked: Request) -> Request:
        if not isinstance(asked.body, bytes) or "/_mock/" in asked.url:
            return asked
        return replace(asked, body=json.dumps(change(json.loads(asked.body))).encode())

    return request


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("data"), dict)


@wrong("PB-DB-09")
def a_default_name(patch: pytest.MonkeyPatch) -> None:
    _through(patch, _bodies(lambda body: body or {"name": "unnamed"}))


@wrong("PB-REC-27")
def data_may_be_missing(patch: pytest.MonkeyPatch) -> None:
    def completed(body: Any) -> Any:
        return {"data": {}, **body} if isinstance(body, dict) and "name" not in body else body

    _through(patch, _bodies(completed))


@wrong("PB-REC-27")
def data_may_be_text(patch: pytest.MonkeyPatch) -> None:
    def wrapped(body: Any) -> Any:
        text = isinstance(body, dict) and isinstance(body.get("data"), str)
        return {**body, "data": {"value": body["data"]}} if text else body

    _through(patch, _bodies(wrapped))


@wrong("PB-REC-28")
def bad_records_are_left_out(patch: pytest.MonkeyPatch) -> None:
    _through(patch, _bodies(lambda body: list(filter(_is_record, body)) if isinstance(body, list) else body))


@wrong("PB-REC-28")
def an_array_is_written_up_to_the_bad_record(patch: pytest.MonkeyPatch) -> None:
    spoiled: list[Request] = []

    def request(asked: Request) -> Request:
        body = json.loads(asked.body) if asked.body and isinstance(asked.body, bytes) else None
        if isinstance(body, list) and not all(map(_is_record, body)):
            spoiled.append(asked)
            return replace(asked, body=json.dumps(body[:1]).encode())
        return asked

    def answer(asked: Request, received: Received) -> Received:
        return replace(received, status=400, content=b"[]") if asked in spoiled else received

    _through(patch, request, answer)


@wrong("PB-REC-09")
def one_record_of_an_array(patch: pytest.MonkeyPatch) -> None:
    _through(patch, _bodies(lambda body: body[-1:] if isinstance(body, list) else body))


@wrong("PB-REC-24")
def an_unknown_strategy_replaces(patch: pytest.MonkeyPatch) -> None:
    def without(body: Any) -> Any:
        if isinstance(body, dict) and body.get("merge_strategy") == "sideways":
            return {name: value for name, value in body.items() if name != "merge_strategy"}
        return body

    _through(patch, _bodies(without))


@wrong("PB-FILT-11")
def no_date_is_no_filter(patch: pytest.MonkeyPatch) -> None:
    _through(
        patch, lambda asked: replace(asked, url=re.sub(r"end_date=(yesterday|2023-02-29)", "", asked.url))
    )


@wrong("PB-FILT-11")
def a_day_too_many_is_the_next_day(patch: pytest.MonkeyPatch) -> None:
    _through(patch, lambda asked: replace(asked, url=asked.url.replace("2023-02-29", "2023-03-01")))


def _status(
    status: int, instead: int, content: bytes, *methods: str
) -> Callable[[Request, Received], Received]:
    def answer(asked: Request, received: Received) -> Received:
        below = "/databases/" in urlsplit(asked.url).path
        if received.status == status and below and asked.method in methods:
            return replace(received, status=instead, content=content, headers=JSON)
        return received

    return answer


@wrong("PB-DB-12", "PB-REC-12", "PB-REC-29")
def nothing_is_an_empty_list(patch: pytest.MonkeyPatch) -> None:
    _through(patch, answer=_status(404, 200, b"[]", "GET"))


@wrong("PB-REC-29")
def nothing_is_deleted_without_a_word(patch: pytest.MonkeyPatch) -> None:
    _through(patch, answer=_status(404, 204, b"", "DELETE"))


@wrong("PB-DB-06", "PB-REC-08", "PB-REC-09")
def created_with_200(patch: pytest.MonkeyPatch) -> None:
    def answer(asked: Request, received: Received) -> Received:
        return (
            replace(received, status=200) if received.status == 201 and asked.method == "POST" else received
        )

    _through(patch, answer=answer)


@wrong("PB-REC-01")
def a_list_in_an_object(patch: pytest.MonkeyPatch) -> None:
    def answer(asked: Request, received: Received) -> Received:
        listed = "/records/" in asked.url and received.content.startswith(b"[")
        return replace(received, content=b'{"results":%b}' % received.content) if listed else received

    _through(patch, answer=answer)


@wrong("PB-DB-01")
def databases_in_an_object(patch: pytest.MonkeyPatch) -> None:
    def answer(asked: Request, received: Received) -> Received:
        listed = asked.method == "GET" and urlsplit(asked.url).path.endswith("/databases/")
        return replace(received, content=b'{"results":%b}' % received.content) if listed else received

    _through(patch, answer=answer)


@wrong("PB-FILT-10")
def dates_with_slashes_only(patch: pytest.MonkeyPatch) -> None:
    def answer(asked: Request, received: Received) -> Received:
        dated = "2024-02-29" in asked.url
        return replace(received, status=400, content=b"{}", headers=JSON) if dated else received

    _through(patch, answer=answer)


@wrong("PB-REC-13", "PB-REC-26")
def nothing_new_by_put(patch: pytest.MonkeyPatch) -> None:
    def request(asked: Request) -> Request:
        put = asked.method == "PUT" and "/_mock/" not in asked.url
        return replace(asked, url=f"{asked.url}/none/") if put else asked

    _through(patch, request)


@wrong("PB-REC-26")
def keys_are_decoded_twice(patch: pytest.MonkeyPatch) -> None:
    _through(patch, lambda asked: replace(asked, url=asked.url.replace("%2520", "%20")))


@wrong("PB-CSV-01")
def csv_without_its_type(patch: pytest.MonkeyPatch) -> None:
    def answer(asked: Request, received: Received) -> Received:
        return (
            replace(received, headers=JSON)
            if "text/csv" in dict(asked.headers).get("Accept", "")
            else received
        )

    _through(patch, answer=answer)


@wrong("PB-CSV-06")
def csv_without_its_version(patch: pytest.MonkeyPatch) -> None:
    def answer(_: Request, received: Received) -> Received:
        headers = tuple((name, value.partition("; version")[0]) for name, value in received.headers)
        return replace(received, headers=headers)

    _through(patch, answer=answer)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_a_lenient_server_violates_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(sorted(one.red)) == one.red
