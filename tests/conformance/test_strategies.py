"""Generated data: what they hold, that a seed repeats them, and how a check that fails with them ends."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from dbcontract.conformance.apis.pixiebrix.context import PixieBrix
from dbcontract.conformance.apis.pixiebrix.merge_model import STRATEGIES, mergeable, merged
from dbcontract.conformance.authoring import strategies
from dbcontract.conformance.authoring.check import Check, CheckFailed, PrerequisiteFailed
from dbcontract.conformance.authoring.properties import StatefulTest, explore, for_all
from dbcontract.conformance.authoring.run import Run
from dbcontract.conformance.results.results import CheckResult, Verdict
from dbcontract.conformance.runner.run_check import run_check
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy, merge

from .conftest import JSON, Open, Start, Web, of_web, pixiebrix

Draw = Callable[[st.SearchStrategy[Any]], list[Any]]


@pytest.fixture
def server(web: Start) -> Web:
    return web(lambda _: (200, JSON, b"[]"))


@pytest.fixture
def run(server: Web, opened: Open) -> Run:
    return opened(of_web(server.url))


@pytest.fixture
def ctx(run: Run) -> PixieBrix:
    return pixiebrix(run)


@pytest.fixture
def draw(ctx: PixieBrix) -> Draw:
    def drawn(strategy: st.SearchStrategy[Any]) -> list[Any]:
        found: list[Any] = []
        for_all(ctx, strategy, found.append, examples=40)
        return found

    return drawn


def inside(value: Any) -> Iterator[Any]:
    """A JSON value, the names in it, and all that it holds."""
    yield value
    if isinstance(value, dict):
        yield from value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inside(one)


# What the data hold


def test_bodies_are_as_described(ctx: PixieBrix, draw: Draw) -> None:
    orders = draw(strategies.bodies(ctx, "createExportJob"))
    assert all(isinstance(order["name"], str) and order["databases"] for order in orders)
    assert {order.get("media_type") for order in orders} > {None}
    assert any("filters" in order for order in orders)


def test_texts_are_what_any_server_carries(draw: Draw) -> None:
    texts = draw(strategies.texts(most=9, without="/é"))
    assert all(1 <= len(text) <= 9 and text == text.strip() and text.isprintable() for text in texts)
    assert not any(set(text) & set("/é") for text in texts)
    assert any(not text.isascii() for text in texts)


def test_a_long_text_comes_with_every_short_one(draw: Draw) -> None:
    assert all(
        len(short) <= 20 and 41 <= len(long) <= 60 for short, long in draw(strategies.short_and_long())
    )


def test_what_has_to_be_quoted_has_several_quotes(draw: Draw) -> None:
    texts = draw(strategies.quotable())
    assert sum('""' in text for text in texts) > 5
    assert sum("\n" in text or "," in text for text in texts) > 5


def test_data_are_what_any_server_carries(ctx: PixieBrix, draw: Draw) -> None:
    found = [one for data in draw(strategies.data(ctx)) for one in inside(data)]
    assert all(one.isprintable() for one in found if isinstance(one, str))
    numbers = [one for one in found if isinstance(one, int | float)]
    assert all(math.isfinite(one) and abs(one) <= strategies.EXACT for one in numbers)
    assert {type(one) for one in found} == {dict, list, str, int, float, bool, type(None)}


def test_values_are_of_every_kind(draw: Draw) -> None:
    found = draw(strategies.values())
    assert {type(one) for value in found for one in inside(value)} >= {dict, list, str, int, bool, type(None)}
    assert all(json.loads(json.dumps(one)) == one for one in found)


def test_what_merges_meets_only_its_own_kind_and_goes_deep(draw: Draw) -> None:
    kinds = {"text": str, "number": int, "list": list, "inside": dict}
    found = [one for data in draw(mergeable()) for one in inside(data) if isinstance(one, dict)]
    assert all(isinstance(value, kinds[name]) for one in found for name, value in one.items())
    assert any("inside" in one.get("inside", {}).get("inside", {}) for one in found)
    assert any("inside" not in one for one in found)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_model_of_merging_is_that_of_the_mock(draw: Draw, strategy: str) -> None:
    for old, new in draw(st.tuples(mergeable(), mergeable())):
        before = json.dumps([old, new])
        assert merged(strategy, old, new) == merge(MergeStrategy(strategy), old, new)
        assert json.dumps([old, new]) == before


# The seed


def requests(run: Run, server: Web) -> list[str]:
    """What a check with generated texts and a walk ask for."""

    class Asking(StatefulTest):
        @rule(text=strategies.texts())
        def ask(self, text: str) -> None:
            ask(text)

    def ask(text: str) -> None:
        ctx.call("getRecord", path={"databaseId": "d", "recordKey": text}, described=False)

    server.seen.clear()
    ctx = pixiebrix(run)
    for_all(ctx, strategies.texts(), ask, examples=5)
    explore(ctx, Asking, examples=2, steps=4)
    return [seen.path for seen in server.seen]


def test_a_seed_repeats_the_requests_and_another_gives_others(run: Run, server: Web) -> None:
    first = requests(run, server)
    assert len(first) == 5 + 2 * 4
    assert requests(run, server) == first
    assert requests(replace(run, seed=2), server) != first


# Failures


def failing(run: Run, fail: Callable[[PixieBrix, int], None], *, walk: bool) -> CheckResult:
    """How a check ends whose steps fail; they are numbered from 1."""
    steps = iter(range(1, 1000))

    def step(ctx: PixieBrix) -> None:
        ctx.call("listDatabases", path={"organizationId": "o"}, described=False)
        fail(ctx, next(steps))

    def function(ctx: PixieBrix) -> None:
        class Failing(StatefulTest):
            @rule(number=st.integers())
            def go(self, number: int) -> None:
                del number
                step(ctx)

        if walk:
            explore(ctx, Failing, examples=3, steps=5)
        else:
            for_all(ctx, st.integers(), lambda _: step(ctx), examples=5)

    return run_check(Check(("PB-DB-01",), "failing", "", "pixiebrix", function), "PB-DB-01", run).part


@pytest.mark.parametrize("walk", [True, False])
@pytest.mark.parametrize("once", [True, False])
def test_the_first_failure_is_told_also_if_it_comes_once(run: Run, *, walk: bool, once: bool) -> None:
    def fail(ctx: PixieBrix, number: int) -> None:
        if number == 3 or (number > 3 and not once):
            ctx.expect("the number of the step", "another", number)

    part = failing(run, fail, walk=walk)
    assert (part.verdict, part.reason, part.actual) == (Verdict.FAILED, "the number of the step", "3")


@pytest.mark.parametrize("walk", [True, False])
def test_a_step_that_fails_is_not_the_rules_own_failure(run: Run, *, walk: bool) -> None:
    def fail(_: PixieBrix, number: int) -> None:
        if number == 3:
            raise PrerequisiteFailed("PB-REC-09", "no record") from CheckFailed("status", 201, 500)

    part = failing(run, fail, walk=walk)
    assert (part.verdict, part.because_of) == (Verdict.NOT_VERIFIED, "PB-REC-09")
