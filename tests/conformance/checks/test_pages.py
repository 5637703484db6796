"""The checks of pages and their links, against the mock and against lists that are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import page_links, pages, record_pages
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.target.target import ServiceLimits
from dbcontract.mockserver.sandbox.sandbox import SandboxSettings

from .judging_pixiebrix import Judge, Wrong, judging, rules, rules_of, told, wrong, wrongs_in
from .wrong_http import Ask, Reply, as_json, spoil

MODULES = (pages, page_links, record_pages)
RULES = rules_of(*MODULES)
COUNTED = ("/databases/", "/assets/", "/record-archives/")


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(*MODULES) as one:
        yield one


@pytest.mark.parametrize("rule", RULES)
def test_the_mock_passes(judge: Judge, rule: str) -> None:
    result = judge(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", sorted(rule for rule in RULES if "write" not in rules()[rule].needs))
def test_reading_is_enough(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers")(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
def test_a_database_that_holds_records_already(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers", "write")(rule)
    if rule in {"PB-PAGE-06", "PB-PAGE-20"}:
        # The maximum cannot be reached, and the records of others are in the way.
        assert result.verdict is Verdict.NOT_VERIFIED, told(result)
    else:
        assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
def test_a_target_with_small_pages(judge: Judge, rule: str) -> None:
    judge.running.sandbox.settings.max_page_size = 4
    one = judge.of_database("Unused", "write")
    limits = ServiceLimits(page_cap=4)
    try:
        result = Judge(judge.running, replace(one.target, limits=limits), judge.checks)(rule)
    finally:
        judge.running.sandbox.settings.max_page_size = 1_000
    assert result.verdict is Verdict.PASSED, told(result)


# Ways to be wrong


def _listed(ask: Ask, *ends: str) -> bool:
    return ask.method == "GET" and ask.path.endswith(ends or COUNTED)


def _asking(patch: pytest.MonkeyPatch, change: Callable[[dict[str, str]], object], *ends: str) -> None:
    def ask(one: Ask) -> None:
        if _listed(one, *ends):
            change(one.query)

    spoil(patch, ask=ask)


def _answering(patch: pytest.MonkeyPatch, change: Callable[[Ask, Reply], None], *ends: str) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if _listed(ask, *ends) and answer.status < 500:
            change(ask, answer)

    spoil(patch, reply=reply)


@wrong("PB-PAGE-01", "PB-PAGE-03")
def assets_come_all_at_once(patch: pytest.MonkeyPatch) -> None:
    _asking(patch, lambda query: query.pop("page_size", None), "/assets/")


@wrong("PB-PAGE-01")
def one_item_more(patch: pytest.MonkeyPatch) -> None:
    def change(query: dict[str, str]) -> None:
        if query.get("page_size", "").isdigit():
            query["page_size"] = str(int(query["page_size"]) + 1)

    _asking(patch, change, "/record-archives/")


@wrong("PB-PAGE-02", "PB-PAGE-03")
def pages_are_counted_from_0(patch: pytest.MonkeyPatch) -> None:
    _asking(patch, lambda query: query.update(page=str(int(query.get("page", 0)) + 1)), "/databases/")


@wrong("PB-PAGE-02")
def page_1_is_the_default_of_pages_from_0(patch: pytest.MonkeyPatch) -> None:
    def change(query: dict[str, str]) -> None:
        if query.get("page_size") not in {None, "1000"}:
            query["page"] = str(int(query.get("page", 1)) + 1)

    _asking(patch, change, "/databases/")


@wrong("PB-PAGE-03", "PB-PAGE-07", "PB-PAGE-08")
def the_page_is_ignored(patch: pytest.MonkeyPatch) -> None:
    _asking(patch, lambda query: query.pop("page", None), "/assets/")


@wrong("PB-PAGE-03", "PB-PAGE-07", "PB-PAGE-08")
def pages_overlap(patch: pytest.MonkeyPatch) -> None:
    shared = {"id": "the same"}

    def change(ask: Ask, answer: Reply) -> None:
        if ask.query.get("page_size") in {None, "1000"}:
            return
        if ask.query.get("page", "1") == "1":
            answer.json = [*answer.json[:-1], shared]
        elif ask.query["page"] == "2":
            answer.json = [shared, *answer.json[1:]]

    _answering(patch, change, "/record-archives/")


@wrong("PB-PAGE-04")
def records_come_50_at_a_time(patch: pytest.MonkeyPatch) -> None:
    _asking(patch, lambda query: query.setdefault("page_size", "50"), "/records/")


@wrong("PB-PAGE-04")
def records_come_all_at_once(patch: pytest.MonkeyPatch) -> None:
    _asking(patch, lambda query: query.setdefault("page_size", "10000"), "/records/")


@wrong("PB-PAGE-05")
def large_sizes_are_refused(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> Reply | None:
        large = int(one.query.get("page_size", 1)) > 1_000 if _listed(one) else False
        return as_json(400, {"page_size": ["Too large."]}) if large else None

    spoil(patch, ask=ask)


@wrong("PB-PAGE-05")
def large_sizes_are_small(patch: pytest.MonkeyPatch) -> None:
    def change(query: dict[str, str]) -> None:
        if query.get("page_size") == "100000":
            query["page_size"] = "1"

    _asking(patch, change)


@wrong("PB-PAGE-06")
def the_maximum_is_one_too_high(patch: pytest.MonkeyPatch) -> None:
    original = SandboxSettings.__setattr__

    def higher(self: SandboxSettings, name: str, value: object) -> None:
        more = value + 1 if name == "max_page_size" and isinstance(value, int) else value
        original(self, name, more)

    patch.setattr(SandboxSettings, "__setattr__", higher)


def _links(patch: pytest.MonkeyPatch, old: str, new: str, *ends: str) -> None:
    """Links that are changed where a pattern fits."""

    def change(_: Ask, answer: Reply) -> None:
        if "link" in answer.headers:
            changed = [re.sub(old, new, link) for link in answer.headers["link"].split(", ")]
            answer.headers["link"] = ", ".join(link for link in changed if link)

    _answering(patch, change, *ends)


@wrong("PB-PAGE-07")
def no_next(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r'.*rel="next"', "", "/assets/")


@wrong("PB-PAGE-07")
def next_skips_a_page(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r'\bpage=2>; rel="next"', 'page=3>; rel="next"')


@wrong("PB-PAGE-07")
def next_of_the_second_page_is_the_second(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r'\bpage=3>; rel="next"', 'page=2>; rel="next"')


@wrong("PB-PAGE-07")
def links_forget_the_size(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r"page_size=\d+&", "")


@wrong("PB-PAGE-08")
def no_prev_on_the_second_page(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r'.*\bpage=1>; rel="prev"', "")


@wrong("PB-PAGE-08")
def prev_is_the_first(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r'\bpage=\d+>; rel="prev"', 'page=1>; rel="prev"')


@wrong("PB-PAGE-09")
def first_is_the_second(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r'\bpage=1>; rel="first"', 'page=2>; rel="first"')


@wrong("PB-PAGE-10")
def last_is_the_one_before(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r'\bpage=3>; rel="last"', 'page=2>; rel="last"')


def _adding(
    patch: pytest.MonkeyPatch, relation: str, wanted: Callable[[Ask, Reply], bool], *ends: str
) -> None:
    def change(ask: Ask, answer: Reply) -> None:
        if wanted(ask, answer):
            link = f'<?page=1>; rel="{relation}"'
            answer.headers["link"] = ", ".join(filter(None, [answer.headers.get("link"), link]))

    _answering(patch, change, *ends)


@wrong("PB-PAGE-11")
def next_on_every_page_that_is_full(patch: pytest.MonkeyPatch) -> None:
    def full(ask: Ask, answer: Reply) -> bool:
        return str(len(answer.json)) == ask.query.get("page_size")

    _adding(patch, "next", full, "/assets/")


@wrong("PB-PAGE-12")
def prev_on_page_1(patch: pytest.MonkeyPatch) -> None:
    _adding(patch, "prev", lambda ask, _: ask.query.get("page") == "1")


@wrong("PB-PAGE-14")
def records_have_a_last_page(patch: pytest.MonkeyPatch) -> None:
    _adding(patch, "last", lambda ask, _: ask.query.get("page") == "2", "/records/")


def _total(patch: pytest.MonkeyPatch, of: Callable[[Reply], str | None], *ends: str) -> None:
    def change(_: Ask, answer: Reply) -> None:
        total = of(answer)
        answer.headers.pop("x-total-count", None)
        if total is not None:
            answer.headers["x-total-count"] = total

    _answering(patch, change, *ends)


@wrong("PB-PAGE-13")
def no_total(patch: pytest.MonkeyPatch) -> None:
    _total(patch, lambda _: None, "/record-archives/")


@wrong("PB-PAGE-13")
def the_total_of_the_page(patch: pytest.MonkeyPatch) -> None:
    _total(patch, lambda answer: str(len(answer.json)))


@wrong("PB-PAGE-15")
def records_are_counted(patch: pytest.MonkeyPatch) -> None:
    _total(patch, lambda _: "60", "/records/")


@wrong("PB-PAGE-16")
def a_page_past_the_end_is_empty(patch: pytest.MonkeyPatch) -> None:
    def change(_: Ask, answer: Reply) -> None:
        if answer.status == 404:
            answer.status, answer.json = 200, []

    _answering(patch, change, "/records/")


@wrong("PB-PAGE-16")
def the_page_after_a_full_one_is_empty(patch: pytest.MonkeyPatch) -> None:
    def change(ask: Ask, answer: Reply) -> None:
        if answer.status == 404 and ask.query.get("page") == "2":
            answer.status, answer.json = 200, []

    _answering(patch, change, "/assets/")


@wrong("PB-PAGE-17")
def page_0_is_empty(patch: pytest.MonkeyPatch) -> None:
    def change(ask: Ask, answer: Reply) -> None:
        if ask.query.get("page") == "0":
            answer.status, answer.json = 200, []

    _answering(patch, change, "/assets/")


@wrong("PB-PAGE-17", "PB-PAGE-18")
def words_break_the_server(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> Reply | None:
        return as_json(500, {"detail": "int()"}) if "words" in one.query.values() else None

    spoil(patch, ask=ask)


@wrong("PB-PAGE-18")
def a_size_below_0_cuts_the_end_off(patch: pytest.MonkeyPatch) -> None:
    def change(ask: Ask, answer: Reply) -> None:
        if ask.query.get("page_size") == "-1":
            answer.json = answer.json[:-1]

    _answering(patch, change, "/databases/")


@wrong("PB-PAGE-19")
def links_forget_the_filter(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r"data__[^&]*&", "", "/records/")


@wrong("PB-PAGE-19")
def links_encode_the_filter_twice(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r"%", "%25", "/records/")


@wrong("PB-PAGE-20", "PB-PAGE-19")
def records_have_no_next(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r'.*rel="next"', "", "/records/")


@wrong("PB-PAGE-20")
def the_last_record_is_lost(patch: pytest.MonkeyPatch) -> None:
    _links(patch, r'.*\bpage=3>; rel="next"', "", "/records/")


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_a_wrong_list_violates_these_rules(judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    one.patch(monkeypatch)
    assert judge.red(one.red) == one.red
