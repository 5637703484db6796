"""Runs one check and says how it ended; nothing that happens in it gets past here."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..apis.base import practice_of
from ..apis.practice import Practice
from ..authoring.check import Check, CheckFailed, NotVerified, PrerequisiteFailed
from ..authoring.cleanup import clean_up_after
from ..authoring.context import Context
from ..authoring.controls import control, control_what_was_refused
from ..authoring.run import Run
from ..authoring.together import together
from ..environment.environment import Environment
from ..environment.hooks import call_hook
from ..environment.mock import MockEnvironments
from ..environment.session import Cancelled, Session, TimeIsUp
from ..http.evidence import BODY_SHOWN, KEPT, Evidence
from ..http.wire import Unreachable, Wire, origin_of
from ..results.results import CheckResult, Verdict
from ..schema.trace import Trace
from .cpu_limit import CpuLimit, CpuTimeIsUp
from .midnight import DAY_ENDED, passed_by_itself

WHOLE = 2_000_000
"""How many characters of a body are shown where the whole exchange is asked for."""

WHOLLY = (Session.send, Wire.send, MockEnvironments.open_second, call_hook, clean_up_after, together)
"""What a check is not broken off in for computing too long: what they begin, they have to end."""

_FIRST, _LAST = 4, 12
_PASSED = 2


class _AskedNothing(Exception):
    """A check has sent no request."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check that is over.

    Attributes:
        left: what it created that could not be removed.
        broken: some connection could not be made, or some answer did not come.
    """

    part: CheckResult
    trace: Trace
    left: tuple[str, ...] = ()
    broken: bool = False


def run_check(check: Check, rule_id: str, run: Run, *, whole: bool = False, evidence: bool = True) -> Outcome:
    """Run a check at a place of its own, and clean up after it.

    Args:
        check: to run.
        rule_id: the rule that it is run for.
        run: the surroundings.
        whole: keep every exchange, bodies and all.
        evidence: make evidence of exchanges, which somebody will look at.

    Raises:
        KeyboardInterrupt: the user stopped it; what it created is removed first.
    """
    trace = Trace(None if whole else KEPT)
    started = time.perf_counter()
    try:
        environment = run.environments.open()
    except NotVerified as error:
        return Outcome(
            CheckResult(Verdict.NOT_VERIFIED, run.redactor.text(error.reason), missing=error.missing), trace
        )
    except Unreachable as error:
        text = run.redactor.text(str(error))
        return Outcome(
            CheckResult(Verdict.ERROR, f"the target could not be reached: {text}"), trace, broken=True
        )
    broken = False
    gate = run.session.gate
    since = gate.inventory.last if gate is not None else 0
    try:
        context = practice_of(check.api, Practice).context(run, environment, rule_id, trace)
        part = _run(check, context, run)
    except Unreachable as error:
        text = run.redactor.text(str(error))
        broken = error.origin in _origins(environment, *trace.environments)
        if broken:
            part = CheckResult(Verdict.ERROR, f"the target could not be reached: {text}")
        else:
            # Whether the link is wrong or only our network ends before it, nobody can tell from here.
            part = CheckResult(Verdict.NOT_VERIFIED, f"what the target links to could not be reached: {text}")
    finally:
        left = _clean_up(trace, run, environment, since)
    origins = _origins(environment, *trace.environments)
    if part.verdict is Verdict.FAILED and passed_by_itself(trace, origins, time.perf_counter() - started):
        part = CheckResult(Verdict.NOT_VERIFIED, DAY_ENDED)
    part = replace(
        part,
        seconds=time.perf_counter() - started,
        evidence=_chosen(trace, run, part.verdict, whole=whole) if evidence else (),
    )
    broken = broken or any(exchange.problem is not None for exchange in trace.exchanges)
    return Outcome(part, trace, left, broken)


def _origins(*environments: Environment) -> set[tuple[str, str, int]]:
    """Where the target itself is, as against what it links to."""
    endpoints = (endpoint for environment in environments for endpoint in environment.endpoints.values())
    return {origin_of(endpoint.url) for endpoint in endpoints}


def _run(check: Check, context: Context, run: Run) -> CheckResult:
    def carry_out() -> None:
        control(context, *check.controls)
        asked = len(context.trace.exchanges)
        check.function(context)
        if len(context.trace.exchanges) == asked:
            raise _AskedNothing
        # A refusal passes only where the right call does not get one, too.
        control_what_was_refused(context)

    try:
        CpuLimit(run.target.pace.check, WHOLLY).run(carry_out)
    except CpuTimeIsUp:
        seconds = run.target.pace.check
        reason = f"the check computed for longer than {seconds:g} s; raise pace.check_seconds"
        return CheckResult(Verdict.NOT_VERIFIED, reason)
    except _AskedNothing:
        return CheckResult(Verdict.ERROR, "the check asked nothing of the target")
    except Unreachable:
        raise
    except Exception as error:  # noqa: BLE001 (a check that breaks must not take the others with it)
        return _told(error, run) or _unexpected(error, run)
    return CheckResult(Verdict.PASSED)


def _told(error: Exception, run: Run) -> CheckResult | None:
    """What an exception of ours says about the rule; None for any other."""
    text = run.redactor.text
    match error:
        case CheckFailed():
            return CheckResult(
                Verdict.FAILED, text(error.what), text(shown(error.expected)), text(shown(error.actual))
            )
        case PrerequisiteFailed():
            return CheckResult(Verdict.NOT_VERIFIED, text(error.what), because_of=error.rule)
        case NotVerified():
            return CheckResult(Verdict.NOT_VERIFIED, text(error.reason), missing=error.missing)
        case Cancelled():
            return CheckResult(Verdict.NOT_VERIFIED, "the run was stopped")
        case TimeIsUp():
            seconds = run.target.pace.check
            slow = f"; {run.session.turns.note}" if run.session.turns.note else ""
            reason = f"the check did not end within {seconds:g} s; raise pace.check_seconds{slow}"
            return CheckResult(Verdict.NOT_VERIFIED, reason)
    return None


def _unexpected(error: Exception, run: Run) -> CheckResult:
    """An exception of no kind of ours: a group may hold one of ours, as Hypothesis raises them."""
    for inner in _inner(error, set()):
        part = _told(inner, run)
        if part is not None:
            return part
    last = traceback.extract_tb(error.__traceback__)[-1]
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    where = f"{Path(last.filename).name}:{last.lineno}"
    return CheckResult(Verdict.ERROR, run.redactor.text(f"the check itself broke: {reason} ({where})"))


def _inner(error: BaseException, seen: set[int]) -> Iterator[Exception]:
    """The exceptions that a group holds, or that led to this one; each once, for they may form a ring."""
    seen.add(id(error))
    nested = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for one in (*nested, error.__cause__, error.__context__):
        if isinstance(one, Exception) and id(one) not in seen:
            yield one
            yield from _inner(one, seen)


def shown(value: object, limit: int = 1_000) -> str:
    """A value as a reader sees it: text as it is, anything else as Python writes it, cut when it is long."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[:limit]} … ({len(text) - limit} more)"


def _chosen(trace: Trace, run: Run, verdict: Verdict, *, whole: bool) -> tuple[Evidence, ...]:
    """The exchanges that are worth keeping: of a pass the last ones, of anything else also the first."""
    numbered = list(enumerate(trace.exchanges, 1))
    if not whole:
        if verdict is Verdict.PASSED:
            numbered = numbered[-_PASSED:]
        elif len(numbered) > _FIRST + _LAST:
            numbered = numbered[:_FIRST] + numbered[-_LAST:]
    size = WHOLE if whole else BODY_SHOWN
    return tuple(exchange.as_evidence(number, run.redactor, shown=size) for number, exchange in numbered)


def _clean_up(trace: Trace, run: Run, environment: Environment, since: int) -> tuple[str, ...]:
    """Remove what was created, in reverse, whether or not the run was stopped; tell what stays."""
    left = clean_up_after(run, since)
    for opened in (environment, *trace.environments):
        with suppress(Unreachable):
            run.environments.close(opened)
    return left
