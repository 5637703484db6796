"""The run: order, explanation, cleaning up, and never a traceback."""

import pytest

from dbcontract.conformance.apis.pieces.context import Pieces
from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.catalogue.rules import Rule
from dbcontract.conformance.results.results import Verdict, exit_code
from dbcontract.conformance.runner.engine import Listener
from dbcontract.conformance.schema.description import Description

from .conftest import Seen, Start
from .small_runs import EXPORT, Body, Judged, asks, checks_of, fails, judge_of, makes, rule, verdicts


@pytest.fixture
def judged(web: Start, descriptions: dict[str, Description]) -> Judged:
    return judge_of(web, descriptions)


def breaks(ctx: Context) -> None:
    asks(ctx)
    raise KeyError("id")


def test_every_way_a_check_can_end(judged: Judged) -> None:
    def skips(ctx: Context) -> None:
        asks(ctx)
        ctx.skip("nothing to see")

    def asks_nothing(_: Context) -> None:
        return

    rules = [*map(rule, range(1, 6)), rule(6, level="inferred"), rule(7, needs=["clock"]), rule(8)]
    made = checks_of(_01=asks, _02=fails, _03=breaks, _04=skips, _05=asks_nothing, _06=fails, _07=asks)
    result = judged(rules, made)
    assert verdicts(result) == {
        "01": Verdict.PASSED,
        "02": Verdict.FAILED,
        "03": Verdict.ERROR,
        "04": Verdict.NOT_VERIFIED,
        "05": Verdict.ERROR,
        "06": Verdict.WARNED,
        "07": Verdict.NOT_VERIFIED,
        "08": Verdict.NOT_VERIFIED,
    }
    by_rule = {one.rule.id[-2:]: one for one in result.results}
    failed = by_rule["02"]
    assert (failed.reason, failed.part.expected, failed.part.actual) == ("the thing", "this", "that")
    assert failed.part.evidence[-1].status == 200
    assert failed.curl is not None
    assert failed.curl.startswith("curl -i http://127.0.0.1:")
    assert failed.reproduce == "dbcontract check URL --only PI-EXP-02 --seed 1"
    assert "the check itself broke: KeyError: 'id' (test_engine.py:" in by_rule["03"].reason
    assert by_rule["04"].reason == "nothing to see"
    assert by_rule["07"].part.missing == ("clock",)
    assert by_rule["08"].reason == "no check of the kit covers this rule yet"
    assert exit_code(result) == 1
    assert result.catalogues == {"pieces": "1.0.0"}


def test_a_rule_with_several_checks_gets_the_worst(judged: Judged) -> None:
    result = judged([rule(1)], checks_of(_01=asks, _01b=fails, _01c=asks))
    assert verdicts(result) == {"01": Verdict.FAILED}


def test_a_rule_comes_after_those_that_it_rests_on(judged: Judged) -> None:
    order: list[str] = []

    class Watching(Listener):
        def checking(self, rule: Rule) -> None:
            order.append(rule.id[-2:])

    rules = [rule(1, depends_on=["PI-EXP-03"]), rule(2), rule(3, depends_on=["PI-EXP-02", "PI-EXP-09"])]
    judged(rules, checks_of(_01=asks, _02=asks, _03=asks), listener=Watching())
    assert order == ["02", "03", "01"]


def test_what_leaves_much_behind_comes_last(judged: Judged) -> None:
    order: list[str] = []

    def of(name: str, ends: Body = asks) -> Body:
        def body(ctx: Pieces) -> None:
            order.append(name)
            ends(ctx)

        return body

    made = checks_of(
        bulky=["_01b", "_03", "_04b"],
        **{name: of(name) for name in ("_01", "_02", "_03")},
        _01b=of("_01b", fails),
        _04=of("_04", fails),
        _04b=of("_04b"),
    )
    result = judged([rule(1), rule(2, depends_on=["PI-EXP-01"]), rule(3), rule(4)], made)
    assert order == ["_01", "_04", "_02", "_01b", "_03"], "what has failed already needs no more"
    assert verdicts(result) == {
        "01": Verdict.FAILED,
        "02": Verdict.PASSED,
        "03": Verdict.PASSED,
        "04": Verdict.FAILED,
    }
    assert result.requests == len(order)


def test_a_failure_is_explained_by_what_it_rests_on(judged: Judged) -> None:
    rules = [
        rule(1),
        rule(2, depends_on=["PI-EXP-01"]),
        rule(3, depends_on=["PI-EXP-02"]),
        rule(4, depends_on=["PI-EXP-05"]),
        rule(5),
    ]
    made = checks_of(_01=fails, _02=asks, _03=fails, _04=fails, _05=asks)
    because = {one.rule.id[-2:]: one.because_of for one in judged(rules, made).results}
    assert because == {"01": None, "02": None, "03": "PI-EXP-01", "04": None, "05": None}


def test_a_prerequisite_that_fails_leaves_the_rule_open(judged: Judged) -> None:
    def imports(ctx: Pieces) -> None:
        ctx.given.imported()

    result = judged(
        [rule(1)],
        checks_of(_01=imports),
        answer=lambda seen: (
            (200, {"Content-Type": "application/json"}, EXPORT) if seen.method == "GET" else (500, {}, b"")
        ),
        capabilities=["read", "write"],
    )
    (one,) = result.results
    assert one.verdict is Verdict.NOT_VERIFIED
    assert one.because_of == "PI-IMP-01"
    assert "did not work" in one.reason


def test_what_was_made_is_removed_in_reverse_even_after_a_failure(judged: Judged) -> None:
    paths: list[str] = []
    lefts: list[int] = []

    class Watching(Listener):
        def cleaning(self, left: int) -> None:
            lefts.append(left)

    def makes_and_fails(ctx: Context) -> None:
        makes(ctx, "first", "second")
        fails(ctx)

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        paths.append(f"{seen.method} {seen.path[:-1].rpartition('-')[2]}")
        status = 500 if seen.method == "DELETE" and "first" in seen.path else 200
        return status, {"Content-Type": "application/json"}, EXPORT

    result = judged(
        [rule(1)],
        checks_of(_01=makes_and_fails),
        answer=answer,
        capabilities=["read", "write"],
        listener=Watching(),
    )
    assert lefts == [2, 1]
    assert paths[-3:] == ["GET /database/expor", "DELETE second", "DELETE first"]
    assert result.results[0].verdict is Verdict.FAILED
    assert [evidence.method for evidence in result.results[0].part.evidence] == ["GET"]
    asset, record = result.notes
    assert asset == "stays at the target: asset in the database d1: of unknown id (a.png)"
    assert record.startswith("stays at the target: record in the database d1: dbcontract-")
    assert record.endswith("-first")


def test_exchanges_feed_the_rules_about_descriptions(judged: Judged) -> None:
    status = Rule(**{**{name: getattr(rule(1), name) for name in Rule.__slots__}, "id": "PI-DESC-04"})
    body = Rule(**{**{name: getattr(rule(1), name) for name in Rule.__slots__}, "id": "PI-DESC-07"})
    result = judged([rule(1), status, body], checks_of(_01=asks))
    by_rule = {one.rule.id: one for one in result.results}
    assert by_rule["PI-EXP-01"].verdict is Verdict.PASSED
    assert by_rule["PI-DESC-04"].verdict is Verdict.PASSED
    assert by_rule["PI-DESC-07"].verdict is Verdict.FAILED
    assert "exportDatabase" in by_rule["PI-DESC-07"].reason
    assert by_rule["PI-DESC-07"].part.evidence[-1].status == 200
    nothing = judged([status], checks_of())
    assert nothing.results[0].reason == "no exchange of the run shows it"
    assert exit_code(nothing) == 4


def test_hypothesis_groups_are_opened(judged: Judged) -> None:
    from hypothesis import strategies as st

    from dbcontract.conformance.authoring.properties import for_all

    seen: list[int] = []

    def generated(ctx: Context) -> None:
        def body(value: int) -> None:
            asks(ctx)
            seen.append(value)
            if len(seen) == 3:
                ctx.fail("the third value", expected="none", actual=value)

        for_all(ctx, st.integers(), body, examples=10)

    (one,) = judged([rule(1)], checks_of(_01=generated)).results
    assert (one.verdict, one.reason) == (Verdict.FAILED, "the third value")
    first, seen = seen[:3], []
    judged([rule(1)], checks_of(_01=generated))
    assert seen[:3] == first, "the same seed gives the same values"
