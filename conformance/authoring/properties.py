"""Checks with generated data: properties and state machines through Hypothesis, seeded and short.

Nothing is shrunk, for every example costs the target requests; the first failure is the one that is told.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, assume, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, initialize, run_state_machine_as_test

from .context import Context

Value = TypeVar("Value")


def _settings(examples: int, steps: int = 50) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )


class _First:
    """Keeps the first exception: Hypothesis runs a failure again, and wraps what does not happen twice."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def keep(self, error: BaseException) -> None:
        if self.error is None and not isinstance(error, HypothesisException):
            self.error = error


class _Every:
    """Every rule may be chosen."""

    def is_enabled(self, name: str) -> bool:
        return bool(name)


class StatefulTest(RuleBasedStateMachine):
    """A state machine that makes the most of a few walks.

    The simplest of all, which Hypothesis tries first, is left out; and each walk chooses among all rules. By
    itself, Hypothesis takes half of them away from each: good for hundreds of walks, and bad for three.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = _First()
        chooser: Any = getattr(self, "_rules_strategy", None)
        if hasattr(chooser, "enabled_rules_strategy"):
            chooser.enabled_rules_strategy = st.just(_Every())

    @initialize(number=st.integers(0, 2**16))
    def begin(self, number: int) -> None:
        """The simplest walk has the number 0."""
        assume(number)

    def teardown(self) -> None:
        """Keep what a rule has raised, if that is why the walk is over."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception):
            self.first.keep(error)


def for_all(
    ctx: Context, strategy: st.SearchStrategy[Value], body: Callable[[Value], None], *, examples: int = 15
) -> None:
    """Run `body` with generated values, of which there must be several; the same seed gives the same values.

    They are drawn before the first of them is used, and once for all runs that share a description.

    Raises:
        Whatever `body` raises first.
    """
    number = ctx.random.getrandbits(64)
    # A check makes its strategy anew every time; the code of the body tells which one it is.
    name = (getattr(body, "__code__", object()), number, examples)
    for value in ctx.description.kept(name, lambda: _drawn(strategy, number, examples)):
        body(value)


def _drawn(strategy: st.SearchStrategy[Value], number: int, examples: int) -> tuple[Value, ...]:
    """How many values but the first: the simplest of all costs as much as the others, and finds the least."""
    found: list[Value] = []

    def keep(value: Value) -> None:
        found.append(value)
        assume(len(found) > 1)

    seed(number)(_settings(examples)(given(strategy)(keep)))()
    return tuple(found[1:])


def explore(ctx: Context, machine: Callable[[], StatefulTest], *, examples: int = 5, steps: int = 12) -> None:
    """Run a model-based state machine; the same seed gives the same walks.

    Args:
        ctx: of the check.
        machine: makes a machine for every walk, `lambda: Assets(ctx)`; its rules may use the context.
        examples: how many walks.
        steps: how long each may be.

    Raises:
        Whatever a rule of the machine raises first.
    """
    first = _First()

    def make() -> StatefulTest:
        walk = machine()
        walk.first = first
        return walk

    make._hypothesis_internal_use_seed = ctx.random.getrandbits(64)  # type: ignore[attr-defined] # noqa: SLF001
    # That a walk begins is a step of its own.
    chosen = _settings(examples, steps + 1)
    _raise_first(lambda: run_state_machine_as_test(make, settings=chosen), first)  # type: ignore[arg-type]


def _raise_first(run: Callable[[], None], first: _First) -> None:
    try:
        run()
    except BaseException:
        if first.error is not None:
            raise first.error from None
        raise
