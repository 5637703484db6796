"""Checks with generated data: properties and state machines through Hypothesis, seeded and short.

Nothing is shrunk, for every example costs the target requests; the first failure is the one that is told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

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


def for_all(
    ctx: Context, strategy: st.SearchStrategy[Value], body: Callable[[Value], None], *, examples: int = 15
) -> None:
    """Run `body` with generated values; the same seed gives the same values.

    Raises:
        Whatever `body` raises first.
    """
    first = _First()

    def test(value: Value) -> None:
        try:
            body(value)
        except BaseException as error:
            first.keep(error)
            raise

    run = seed(ctx.random.getrandbits(64))(_settings(examples)(given(strategy)(test)))
    _raise_first(run, first)


def explore(
    ctx: Context, machine: Callable[[], RuleBasedStateMachine], *, examples: int = 5, steps: int = 12
) -> None:
    """Run a model-based state machine; the same seed gives the same walks.

    Args:
        ctx: of the check.
        machine: makes a machine for every walk, `lambda: Assets(ctx)`; its rules may use the context.
        examples: how many walks.
        steps: how long each may be.

    Raises:
        Whatever a rule of the machine raises first.
    """

    def make() -> RuleBasedStateMachine:
        return machine()

    make._hypothesis_internal_use_seed = ctx.random.getrandbits(64)  # type: ignore[attr-defined] # noqa: SLF001
    # What a rule raises twice comes out as it is; what happens once only, in a group, which `judge` opens.
    run_state_machine_as_test(make, settings=_settings(examples, steps))  # type: ignore[arg-type]


def _raise_first(run: Callable[[], None], first: _First) -> None:
    try:
        run()
    except BaseException:
        if first.error is not None:
            raise first.error from None
        raise
