"""The document of coverage: its form, its totals, and how several add up."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbcontract.mockserver.apis.base import served_apis
from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.control.coverage import contracts
from dbcontract.mockserver.coverage.document import (
    Document,
    Sum,
    document,
    nothing,
    percent,
    schema,
    without_what_was_not_met,
)
from dbcontract.mockserver.coverage.exchange import Exchange, Message
from dbcontract.mockserver.coverage.watch import Watch

CONTRACT = contracts(served_apis().values())()
EXPORT = Exchange(1, 0, "GET", "/database/export", "", "exportDatabase", Message(), 200, Message())


def outcome(of: Document, operation: str, value: str) -> dict[str, Any]:
    return next(
        one
        for api in of["apis"]
        for each in api["operations"]
        if each["id"] == operation
        for one in each["outcomes"]
        if one["value"] == value
    )


def seen(*exchanges: Exchange) -> Watch:
    watch = Watch(CONTRACT)
    for exchange in exchanges:
        watch.see(exchange)
    return watch


@pytest.mark.parametrize("query", ["", "met=true", "sandboxes=all", "met=true&sandboxes=all"])
def test_what_the_server_tells_is_as_described(mock: MockClient, query: str) -> None:
    session = mock.session()
    session.get(f"{mock.pixiebrix_url}/me/?foo=1")
    answer = session.get(f"{mock.base_url}/_mock/coverage?{query}")
    assert answer.status_code == 200, answer.text
    jsonschema.validate(answer.json(), schema())
    assert answer.json()["requests"] >= 1
    assert answer.json()["findings"] != []


def test_all_of_it_counts_but_what_is_in_neither_document() -> None:
    totals = nothing(CONTRACT)["totals"]
    counted = [one for api in CONTRACT.operations.values() for one in api.values() if not one.around]
    assert totals["status"] == {"met": 0, "of": sum(len(one.statuses) for one in counted)}
    assert totals["situation"]["of"] == sum(len(api.situations) for api in served_apis().values())
    assert totals["of"] == sum(totals[kind]["of"] for kind in ("status", "format", "version", "situation"))
    around = Exchange(1, 0, "GET", "/api/me/", "", "getMe", Message(), 200, Message())
    met = document(seen(around), "a")
    assert outcome(met, "getMe", "200")["met"] == 1
    assert met["totals"]["met"] == 0


def test_several_add_up_and_name_the_first_tests() -> None:
    whole = Sum(nothing(CONTRACT))
    for test in ("a", "b", "c", "d", "a"):
        whole.add(without_what_was_not_met(document(seen(EXPORT), "x")), test)
    added = whole.document()
    assert outcome(added, "exportDatabase", "200")["met"] == 5
    assert outcome(added, "exportDatabase", "200")["by"] == ["a", "b", "c"]
    assert (added["requests"], added["totals"]["status"]["met"]) == (5, 1)
    jsonschema.validate(added, schema())


def test_findings_add_up_by_kind_and_keep_different_cases() -> None:
    whole = Sum(nothing(CONTRACT))
    for test, path in (("a", "/x"), ("b", "/x"), ("c", "/y")):
        wrong = Exchange(1, 0, "GET", path, "", None, Message(), 404, Message())
        whole.add(document(seen(wrong), "x"), test)
    (finding,) = whole.document()["findings"]
    assert (finding["kind"], finding["count"], finding["by"]) == ("unknown-path", 3, ["a", "b", "c"])
    assert [(case["said"], case["by"]) for case in finding["cases"]] == [("GET /x", "a"), ("GET /y", "c")]


def test_a_hundred_percent_is_all_of_it() -> None:
    assert [percent(999, 1000), percent(9_999, 10_000), percent(1, 1), percent(0, 7)] == [99.9, 99.9, 100, 0]


OPERATIONS = [one for api in CONTRACT.operations.values() for one in api]
texts = st.text(max_size=30)
NAMES = st.sampled_from(["id", "data", "merge_strategy", "status", "asset", "is_uploaded", "date"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | texts, inner, max_size=4),
    max_leaves=8,
)
HEADERS = st.dictionaries(
    st.sampled_from(["accept", "content-type", "authorization", "link", "retry-after"]),
    st.sampled_from(["", "1", "<http://[>; rel=next", "<?page=\udc80>; rel=next", "a/b; version=", "é"])
    | texts,
)


def messages() -> st.SearchStrategy[Message]:
    bodies = st.binary(max_size=40) | VALUES.map(lambda value: json.dumps(value).encode())
    return st.builds(Message, HEADERS, bodies, st.booleans())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.builds(
            Exchange,
            number=st.integers(1, 9),
            at=st.integers(0, 10**15),
            method=st.sampled_from(["GET", "POST", "BREW"]),
            path=st.sampled_from(["/api/databases/%ff/records/k", "/", "//%", "/_storage/a.jsonl"]) | texts,
            query=st.sampled_from(["page=²", "page=9", "page_size=99999", "a=%ff&a", "data__"]) | texts,
            operation=st.sampled_from([*OPERATIONS, "downloadObject", "uploadObject", None]),
            request=messages(),
            status=st.sampled_from([0, 200, 201, 204, 302, 400, 401, 403, 404, 405, 406, 415, 429, 500, 505]),
            response=messages(),
            forced=st.booleans(),
        ),
        max_size=5,
    )
)
def test_whatever_is_exchanged_is_judged_without_a_failure(exchanges: list[Exchange]) -> None:
    watch = seen(*exchanges)
    jsonschema.validate(without_what_was_not_met(document(watch, "a", lines=False)), schema())
    assert watch.requests == len(exchanges)
