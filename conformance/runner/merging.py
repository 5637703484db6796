"""Makes one result of the results of all shards of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from ..apis.base import practice_of
from ..apis.practice import Practice
from ..catalogue.rules import Catalogue, Rule
from ..results.results import BAD, RuleResult, RunResult, ShardSummary, Stop, Verdict, severest
from .order import origin

_STOPS: Final[tuple[Stop, ...]] = ("interrupted", "unreachable", "late", "fail-fast")
"""Why a run can end early, the gravest first."""

_ALIKE: Final[Mapping[str, Callable[[RunResult], Any]]] = {
    "the versions of the kit": lambda run: run.kit_version,
    "the catalogues": lambda run: dict(run.catalogues),
    "the targets": lambda run: (run.target.name, run.target.kind),
    # The mock that `check` starts by itself has another port each time.
    "the URLs of the targets": lambda run: dict(run.target.urls) if run.target.kind != "mock" else None,
    "what is allowed": lambda run: run.target.capabilities,
    "the seeds": lambda run: run.seed,
    "the selections of rules": lambda run: run.selection,
    "the generated calls": lambda run: run.fuzzed,
    "the numbers of shards": lambda run: _shard(run).count,
    "the divisions of the rules": lambda run: _shard(run).division,
}
"""What has to be the same of all shards, in words."""


class MergeError(ValueError):
    """Reports that are not all shards of one run; the message says what is wrong, and with which of them."""


def merge(runs: Mapping[str, RunResult], catalogue: Catalogue) -> RunResult:
    """One result, as the run would have given that was not shared out.

    Args:
        runs: by the names of their reports, for messages.
        catalogue: tells which failure can explain which.

    Raises:
        MergeError: a report is not of a shard, shards are missing or there twice, or they are of different
            runs.
    """
    for name, run in runs.items():
        if run.shard is None:
            raise MergeError(f"{name}: it is a whole run, and not a shard; `check --shard I/N` makes those")
    _require_alike(runs)
    _require_all(runs)
    ordered = sorted(runs.values(), key=lambda run: _shard(run).index)
    first = ordered[0]
    results = _explained(_together(ordered, catalogue), catalogue)
    expected = _shard(first).rules
    if len(results) != expected:
        raise MergeError(f"the shards have {len(results)} rules together, and not {expected}: one is damaged")
    began = min(map(_began, ordered))
    return replace(
        first,
        started_at=min(run.started_at for run in ordered),
        seconds=max((_began(run) - began).total_seconds() + run.seconds for run in ordered),
        results=tuple(results.values()),
        stopped=next((stop for stop in _STOPS if any(run.stopped == stop for run in ordered)), None),
        notes=_once(note for run in ordered for note in run.notes),
        problems=_once(problem for run in ordered for problem in run.problems),
        command=first.command.removesuffix(f" --shard 1/{_shard(first).count}"),
        requests=sum(run.requests for run in ordered),
        shard=None,
    )


def _shard(run: RunResult) -> ShardSummary:
    assert run.shard is not None  # noqa: S101 (looked at first of all)
    return run.shard


def _began(run: RunResult) -> datetime:
    return datetime.fromisoformat(run.started_at).astimezone(UTC)


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _require_alike(runs: Mapping[str, RunResult]) -> None:
    (first, one), *others = runs.items()
    for name, other in others:
        for what, of in _ALIKE.items():
            if of(one) != of(other):
                raise MergeError(
                    f"{what} differ: {first} has {_told(of(one))}, {name} has {_told(of(other))}; "
                    "give the shards of one run"
                )


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value) or "all"


def _require_all(runs: Mapping[str, RunResult]) -> None:
    given: dict[int, str] = {}
    for name, run in runs.items():
        index = _shard(run).index
        if index in given:
            raise MergeError(f"shard {index} is given twice: {given[index]} and {name}")
        given[index] = name
    count = _shard(next(iter(runs.values()))).count
    missing = [str(index) for index in range(1, count + 1) if index not in given]
    if missing:
        raise MergeError(f"of {count} shards these are missing: {', '.join(missing)}")


def _together(runs: Sequence[RunResult], catalogue: Catalogue) -> dict[str, RuleResult]:
    """The results in the order of the catalogue; what any shard saw of a rule counts."""
    several: dict[str, list[RuleResult]] = {}
    for run in runs:
        for result in run.results:
            several.setdefault(result.rule.id, []).append(result)
    order = {rule.id: number for number, rule in enumerate(catalogue)}
    ids = sorted(several, key=lambda rule_id: (order.get(rule_id, len(order)), rule_id))
    return {rule_id: severest(several[rule_id]) for rule_id in ids}


def _explained(results: Mapping[str, RuleResult], catalogue: Catalogue) -> dict[str, RuleResult]:
    """The results, each bad one with the failure that explains it, which may be another shard's."""
    # Only what was asked for explains, as in a run that is not shared out.
    rules = {rule.id: rule for rule in catalogue if rule.id in results}
    found = dict(results)
    for rule_id, result in results.items():
        if result.verdict in BAD or result.because_of is not None:
            rule = rules.get(rule_id, result.rule)
            concerns = partial(_concerns, rule, results)
            because_of = origin(rule_id, result.because_of, rules, results, concerns)
            found[rule_id] = replace(result, part=replace(result.part, because_of=because_of))
    return found


def _concerns(rule: Rule, results: Mapping[str, RuleResult], other: str) -> bool:
    """Whether a rule's checks have done what another one failed at, as far as the evidence shows it."""
    called, theirs = (_calls(results[rule.id]), _calls(results[other]))
    if not called or not theirs:
        return True
    shared = set(called).intersection(theirs) - practice_of(rule.api, Practice).preparing
    return bool(shared) or (results[other].verdict is Verdict.FAILED and theirs[-1] in called)


def _calls(result: RuleResult) -> list[str]:
    return [one.operation for one in result.part.evidence if one.operation is not None]
