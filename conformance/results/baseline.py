"""A baseline: failures that are accepted for now, each with a reason; it must not outlive them.

[[accepted]]
rule = "PB-PAGE-06"
reason = "pages of 5,000 are agreed upon until the migration"
expires = 2026-12-31        # the last day; optional
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from .results import RuleResult, RunResult, Verdict

_KEYS = frozenset({"rule", "reason", "expires"})


class BaselineError(ValueError):
    """A baseline that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One accepted failure."""

    rule: str
    reason: str
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted failures of a file."""

    accepted: tuple[Accepted, ...] = ()

    @property
    def rules(self) -> frozenset[str]:
        """The ids of the rules."""
        return frozenset(one.rule for one in self.accepted)


def read(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        BaselineError: the file cannot be read or is not a baseline.
    """
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise BaselineError(f"{path}: cannot be read: {reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise BaselineError(f"{path}: no TOML: {error}") from error
    entries = document.get("accepted", [])
    unknown = sorted(set(document) - {"accepted"})
    if unknown or not isinstance(entries, list):
        raise BaselineError(
            f"{path}: {unknown or 'accepted'}: a baseline has entries [[accepted]] and nothing else"
        )
    accepted = tuple(_entry(path, number, entry) for number, entry in enumerate(entries, 1))
    rules = [one.rule for one in accepted]
    twice = sorted({rule for rule in rules if rules.count(rule) > 1})
    if twice:
        raise BaselineError(f"{path}: listed more than once: {', '.join(twice)}")
    return Baseline(accepted)


def _entry(path: Path, number: int, entry: Any) -> Accepted:
    where = f"{path}: entry {number}"
    if not isinstance(entry, dict):
        raise BaselineError(f"{where}: {entry!r} is not a table; write [[accepted]]")
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise BaselineError(f"{where}: unknown {', '.join(unknown)}; there are: rule, reason, expires")
    for key in ("rule", "reason"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise BaselineError(f"{where}: {key} has to be there, as a text that is not empty")
    expires = entry.get("expires")
    if expires is not None and (not isinstance(expires, date) or isinstance(expires, datetime)):
        raise BaselineError(
            f"{where}: expires: {expires!r} is not a date; write e.g. 2026-12-31, without quotes"
        )
    return Accepted(entry["rule"].strip().upper(), entry["reason"].strip(), expires)


def accepted(baseline: Baseline, result: RuleResult, *, today: date | None = None) -> RuleResult:
    """A result, marked as accepted if the baseline does so, today (UTC) or on another day."""
    day = today or datetime.now(UTC).date()
    for one in baseline.accepted:
        current = one.expires is None or one.expires >= day
        if one.rule == result.rule.id and current and result.verdict in {Verdict.FAILED, Verdict.WARNED}:
            return replace(result, accepted=one.reason)
    return result


def apply(baseline: Baseline, run: RunResult, *, known: Collection[str], today: date) -> RunResult:
    """Mark the failures that are accepted, and tell what is wrong with the baseline.

    Args:
        baseline: the accepted failures.
        run: the result without it.
        known: the ids of all rules there are.
        today: for the expiry dates, UTC.

    Returns:
        The result with `accepted` filled in, and a problem for each entry that names no rule, has expired, or
        is stale because its rule passes. A rule that was not asked for, or not verified, makes none.
    """
    marked = [accepted(baseline, result, today=today) for result in run.results]
    results = {result.rule.id: result for result in marked}
    problems = []
    for one in baseline.accepted:
        result = results.get(one.rule)
        if one.rule not in known:
            problems.append(f"the baseline accepts {one.rule}, which is not a rule")
        elif one.expires is not None and one.expires < today:
            problems.append(f"the baseline accepted {one.rule} until {one.expires}: {one.reason}")
        elif result is not None and result.verdict is Verdict.PASSED:
            problems.append(f"the baseline accepts {one.rule}, which passes now: remove it")
    return replace(run, results=tuple(marked), problems=(*run.problems, *problems))
