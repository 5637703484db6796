"""Each watched rule is seen broken behind the proxy, and none is said to be where nothing is."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest

from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.results.results import BAD, RuleResult, Verdict
from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import ServerThread
from dbcontract.mockserver.variants.registry import discover

from .traffic import Day
from .watched import Watched

Watching = Callable[..., AbstractContextManager[Watched]]

BROKEN_BY: Final = {
    "PB-ARCH-02": "version-ignored",
    "PB-ARCH-04": "archive-named-after-its-id",
    "PB-ARCH-06": "archives-of-the-organization",
    "PB-ARCH-07": "oldest-archive-first",
    "PB-ARCH-08": "archive-order-overlooked",
    "PB-ARCH-09": "minus-of-the-order-overlooked",
    "PB-ARCH-10": "file-is-one-array",
    "PB-ARCH-16": "every-write-archived",
    "PB-ARCH-23": "archives-of-the-organization",
    "PB-ARCH-26": "old-files-forget-the-deleted",
    "PB-ASSET-03": "unmarked-answered-empty",
    "PB-ASSET-05": "asset-creation-is-ok",
    "PB-ASSET-06": "upload-url-is-a-path",
    "PB-ASSET-08": "asset-times-withheld",
    "PB-ASSET-09": "download-url-is-a-path",
    "PB-ASSET-13": "file-name-made-safe",
    "PB-ASSET-14": "marked-from-the-start",
    "PB-ASSET-16": "change-answered-empty",
    "PB-ASSET-23": "unmarked-answered-empty",
    "PB-ASSET-26": "change-moves-creation",
    "PB-AUTH-02": "token-not-asked-for",
    "PB-AUTH-04": "scheme-not-named",
    "PB-AUTH-05": "unauthenticated-in-message",
    "PB-DB-03": "every-organizations-databases",
    "PB-DB-06": "database-created-with200",
    "PB-DESC-03": "word-for-an-id-breaks",
    "PB-DESC-04": "unauthenticated-in-words",
    "PB-DESC-05": "download-is-a-link-in-json",
    "PB-DESC-06": "scheme-not-named",
    "PB-DESC-07": "word-for-an-id-breaks",
    "PB-ERR-01": "not-found-under-error",
    "PB-ERR-05": "unauthenticated-in-words",
    "PB-FILT-01": "start-date-ignored",
    "PB-FILT-02": "end-date-ignored",
    "PB-FILT-03": "start-date-ignored",
    "PB-FILT-13": "field-filters-ignored",
    "PB-FILT-17": "field-filters-ignored",
    "PB-FILT-21": "field-filters-ignored",
    "PB-JOB-02": "jobs-are-numbered",
    "PB-JOB-03": "new-job-has-no-status",
    "PB-JOB-04": "job-creation-answered200",
    "PB-JOB-22": "link-is-a-path",
    "PB-JOB-23": "link-before-the-end",
    "PB-JOB-46": "finished-jobs-expire",
    "PB-JOB-47": "error-message-is-a-list",
    "PB-JOB-49": "new-job-is-pending",
    "PB-LINK-03": "links-never-expire",
    "PB-LINK-05": "link-made-once",
    "PB-NEG-03": "version-not-told",
    "PB-NEG-05": "version-ignored",
    "PB-NEG-07": "not-acceptable-in-a-list",
    "PB-PAGE-01": "archives-unpaged",
    "PB-PAGE-03": "databases-listed-twice",
    "PB-PAGE-04": "everything-by-default",
    "PB-PAGE-07": "no-next-link",
    "PB-PAGE-08": "no-previous-link",
    "PB-PAGE-11": "next-on-every-page",
    "PB-PAGE-12": "previous-on-the-first",
    "PB-PAGE-13": "total-left-out",
    "PB-PAGE-14": "records-link-to-the-last",
    "PB-PAGE-15": "records-counted",
    "PB-PAGE-16": "past-the-end-is-empty",
    "PB-PAGE-19": "links-forget-the-filter",
    "PB-PAGE-20": "page-size-ignored",
    "PB-REC-02": "newest-record-missing",
    "PB-REC-08": "id-called-key",
    "PB-REC-10": "nulls-dropped",
    "PB-REC-15": "deletion-is-forgotten",
    "PB-REC-23": "strategy-in-the-answer",
    "PB-REC-25": "merges-move-creation",
    "PI-DESC-04": "paths-below-version",
    "PI-DESC-05": "malformed-json-is422",
    "PI-DESC-06": "errors-are-json",
    "PI-DESC-07": "export-wrapped",
    "PI-ERR-01": "errors-are-json",
    "PI-ERR-02": "errors-are-json",
    "PI-ERR-03": "errors-without-words",
    "PI-EXP-05": "export-is-download",
    "PI-EXP-12": "version-in-parts",
    "PI-EXP-14": "version-with-letter",
    "PI-IMP-09": "nothing-empties-database",
    "PI-IMP-11": "import-replaces",
    "PI-ROLL-01": "merges-while-it-receives",
    "PI-ROLL-02": "original-form-is-empty",
    "PI-ROLL-10": "version-compared-last",
    "PI-ROLL-11": "migration-compared-last",
    "PI-ROLL-13": "original-form-is-empty",
    "PI-VER-01": "nothing-is-too-new",
    "PI-VER-05": "own-version-too-new",
    "PI-VER-06": "only-own-version-taken",
}
"""For each watched rule a defect of the mock that breaks it."""

V2 = "application/json; version=2.0"
ANSWERED_BY: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "PB-ERR-04": ("createRecords", {"status": 403, "body": {"reason": "no"}}),
    "PB-PAGE-06": (
        "listAssets",
        {"body": [{"id": str(n)} for n in range(1_001)], "headers": {"Content-Type": V2}, "times": 1},
    ),
    "PB-REC-06": (
        "listRecords",
        {"body": [{"id": str(n)} for n in range(10_001)], "headers": {"Content-Type": V2}, "times": 1},
    ),
    "PB-REC-11": ("getRecord", {"status": 404}),
}
"""Those that no defect shows without thousands of things: an answer in the place of an operation's."""

CONFORMING = [one.name for one in discover() if one.kind == "conforming"]


@pytest.fixture(scope="module")
def mock() -> Iterator[MockClient]:
    with ServerThread(Settings(port=0)) as running, MockClient(running.base_url) as client:
        yield client


@pytest.fixture
def day(mock: MockClient, watching: Watching) -> Callable[..., dict[str, RuleResult]]:
    """A day of traffic to a variant of the mock; gives the verdicts."""

    def pass_by(
        variants: Sequence[str], fault: tuple[str, dict[str, Any]] | None = None, **observing: Any
    ) -> dict[str, RuleResult]:
        passed = 0.0
        with mock.sandbox() as sandbox:
            sandbox.defects.set(*variants)
            if fault is not None:
                sandbox.faults.add(fault[0], **{"status": 200, **fault[1]})

            def later(seconds: float) -> None:
                nonlocal passed
                passed += seconds
                sandbox.clock.advance(seconds=seconds)

            def clock() -> float:
                return passed + time.monotonic()

            with watching(sandbox.base_url, clock=clock, **observing) as proxy:
                Day(proxy.base_url + sandbox.base_url.removeprefix(mock.base_url), sandbox, later).whole()
                return {one.rule.id: one for one in proxy.result().results}

    return pass_by


def test_a_right_implementation_passes_everything_that_is_watched(
    day: Callable[..., dict[str, RuleResult]], rules: Catalogue
) -> None:
    found = day(())
    assert {rule.id for rule in rules if rule.watched} == {
        rule for rule, one in found.items() if one.verdict is Verdict.PASSED
    }
    assert all(one.verdict is Verdict.NOT_VERIFIED for one in found.values() if not one.rule.watched)


@pytest.mark.parametrize("name", CONFORMING)
def test_what_is_only_unusual_is_not_accused(day: Callable[..., dict[str, RuleResult]], name: str) -> None:
    found = day((name,), sole_writer=True)
    assert [rule for rule, one in found.items() if one.verdict in BAD] == []


def test_there_is_a_defect_for_each_watched_rule(rules: Catalogue) -> None:
    assert {rule.id for rule in rules if rule.watched} == {*BROKEN_BY, *ANSWERED_BY}


@pytest.mark.parametrize("name", sorted({*BROKEN_BY.values()}))
def test_a_broken_rule_is_found_with_the_exchange_that_shows_it(
    day: Callable[..., dict[str, RuleResult]], name: str
) -> None:
    found = day((name,), sole_writer=True)
    for rule in (one for one, defect in BROKEN_BY.items() if defect == name):
        assert found[rule].verdict in BAD, rule
        assert found[rule].part.evidence, rule


@pytest.mark.parametrize("rule", sorted(ANSWERED_BY))
def test_a_wrong_answer_in_the_place_of_a_right_one_is_found(
    day: Callable[..., dict[str, RuleResult]], rule: str
) -> None:
    assert day((), ANSWERED_BY[rule], sole_writer=True)[rule].verdict in BAD


def test_what_somebody_else_may_have_written_is_a_warning(
    day: Callable[..., dict[str, RuleResult]],
) -> None:
    """The implementation opens the download of an asset that was last seen not to be uploaded."""
    defect = BROKEN_BY["PB-ASSET-03"]
    assert day((defect,))["PB-ASSET-03"].verdict is Verdict.WARNED
    assert day((defect,), sole_writer=True)["PB-ASSET-03"].verdict is Verdict.FAILED
