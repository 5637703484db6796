"""The checks of the list of archives, against the mock and against lists that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import archives
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.handlers import archives as handler
from dbcontract.mockserver.apis.pixiebrix.handlers.archives import ArchiveHandlers
from dbcontract.mockserver.apis.pixiebrix.negotiation import negotiator
from dbcontract.mockserver.apis.pixiebrix.pagination import listed
from dbcontract.mockserver.apis.pixiebrix.state.archives import Archive
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.web import responses

from .judging_pixiebrix import Judge, Wrong, judging, rules_of, told, wrong, wrongs_in

RULES = rules_of(archives)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(archives) as one:
        yield one


@pytest.mark.parametrize("rule", RULES)
def test_the_mock_passes(judge: Judge, rule: str) -> None:
    result = judge(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
def test_reading_is_enough(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers")(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
def test_where_there_are_no_archives_nothing_is_said_of_them(judge: Judge, rule: str) -> None:
    result = judge.of_database("Unused")(rule)
    if rule in {"PB-ARCH-01", "PB-ARCH-02", "PB-ARCH-22"}:
        assert result.verdict is Verdict.PASSED, told(result)
    else:
        assert result.verdict is Verdict.NOT_VERIFIED, told(result)
        assert result.missing == ("write", "clock")


def _archives(change: Callable[[list[Archive]], list[Archive]]) -> Callable[..., list[Archive]]:
    """The state's own list, changed."""
    original = PixieBrixState.archives

    def changed(self: PixieBrixState, org_id: str, db_id: str, *, descending: bool = True) -> list[Archive]:
        return change(original(self, org_id, db_id, descending=descending))

    return changed


def _items(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The items as the handler shows them, changed."""
    original = ArchiveHandlers.describe_archive

    def changed(self: ArchiveHandlers, *args: Any) -> dict[str, Any]:
        return change(original(self, *args))

    return changed


@wrong("PB-ARCH-07", "PB-ARCH-09")
def always_ascending(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PixieBrixState, "archives", _archives(lambda found: sorted(found, key=lambda one: one.day)))


@wrong("PB-ARCH-08")
def always_descending(patch: pytest.MonkeyPatch) -> None:
    newest_first = _archives(lambda found: sorted(found, key=lambda one: -one.day))
    patch.setattr(PixieBrixState, "archives", newest_first)


@wrong("PB-ARCH-07", "PB-ARCH-08", "PB-ARCH-09")
def by_id(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PixieBrixState, "archives", _archives(lambda found: sorted(found, key=lambda one: one.id)))


@wrong("PB-ARCH-23")
def every_date_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PixieBrixState, "archives", _archives(lambda found: [one for one in found for _ in "ab"]))


@wrong("PB-ARCH-22")
def whatever_organization(patch: pytest.MonkeyPatch) -> None:
    original = PixieBrixState.archives

    def any_organization(self: PixieBrixState, org: str, db_id: str, *, descending: bool) -> list[Archive]:
        return original(self, self.database(db_id).organization_id or org, db_id, descending=descending)

    patch.setattr(PixieBrixState, "archives", any_organization)


def _listed(patch: pytest.MonkeyPatch, page: Callable[[Any, Sequence[Any]], Sequence[Any]]) -> None:
    """Pages that are cut otherwise, with the headers of good ones."""
    patch.setattr(handler, "listed", lambda call, items: (page(call, items), listed(call, items)[1]))


@wrong("PB-ARCH-03")
def no_pages(patch: pytest.MonkeyPatch) -> None:
    _listed(patch, lambda _, items: items)


@wrong("PB-ARCH-03")
def overlapping_pages(patch: pytest.MonkeyPatch) -> None:
    def page(call: Any, items: Sequence[Any]) -> Sequence[Any]:
        number, size = int(call.query.get("page", 1)), int(call.query.get("page_size", 100))
        start = (number - 1) * size - (number > 1)
        return items[start : start + size]

    _listed(patch, page)


@wrong("PB-ARCH-03")
def a_page_too_few(patch: pytest.MonkeyPatch) -> None:
    _listed(patch, lambda call, items: [] if call.query.get("page") == "3" else listed(call, items)[0])


@wrong("PB-ARCH-03", "PB-ARCH-07", "PB-ARCH-08")
def sorted_by_page_only(patch: pytest.MonkeyPatch) -> None:
    # The pages are cut in the order of the other direction, and each is then turned round.
    _listed(patch, lambda call, items: list(reversed(listed(call, list(reversed(items)))[0])))


@wrong("PB-ARCH-01")
def a_list_inside_an_object(patch: pytest.MonkeyPatch) -> None:
    def json_response(items: Any, *args: Any, **more: Any) -> Any:
        return responses.json_response({"results": items}, *args, **more)

    patch.setattr("dbcontract.mockserver.apis.pixiebrix.handlers.archives.json_response", json_response)


@wrong("PB-ARCH-04")
def named_by_id(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        ArchiveHandlers, "describe_archive", _items(lambda item: {**item, "file": f"{item['id']}.jsonl"})
    )


@wrong("PB-ARCH-04")
def named_json(patch: pytest.MonkeyPatch) -> None:
    named = _items(lambda item: {**item, "file": item["file"].replace(".jsonl?", ".json?")})
    patch.setattr(ArchiveHandlers, "describe_archive", named)


@wrong("PB-ARCH-04")
def another_date_in_the_item(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ArchiveHandlers, "describe_archive", _items(lambda item: {**item, "date": "2020-02-29"}))


@wrong("PB-ARCH-05", "PB-ARCH-06")
def another_database_in_the_item(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        ArchiveHandlers, "describe_archive", _items(lambda item: {**item, "database": {"id": "db"}})
    )


@wrong("PB-ARCH-06")
def the_archives_of_all_databases(patch: pytest.MonkeyPatch) -> None:
    other = {"id": "a5f1c7f4-2f3e-4b0c-8f5b-0d3d2a0e5a11", "name": "another"}
    patch.setattr(ArchiveHandlers, "describe_archive", _items(lambda item: {**item, "database": other}))


@wrong("PB-ARCH-05")
def times_in_seconds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        ArchiveHandlers, "describe_archive", _items(lambda item: {**item, "created_at": 1_700_000_000})
    )


@wrong("PB-ARCH-05")
def a_time_for_a_date(patch: pytest.MonkeyPatch) -> None:
    dated = _items(lambda item: {**item, "date": f"{item['date']}T00:00:00Z"})
    patch.setattr(ArchiveHandlers, "describe_archive", dated)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_a_wrong_list_violates_just_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(RULES, beside=one.red) == one.red


def test_serving_version_1_violates_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def every_version(media_types: Any, versions: Any, default: str, **options: Any) -> Any:
        return negotiator(media_types, (*versions, "1.0"), default, **options)

    monkeypatch.setattr("dbcontract.mockserver.web.connexion.validation.negotiator", every_version)
    with judging(archives) as judge:
        assert judge.red(RULES, beside={"PB-ARCH-02"}) == {"PB-ARCH-02"}
