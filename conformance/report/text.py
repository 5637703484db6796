"""Words that several reports share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..apis.base import title_of
from ..results.results import BAD, RuleResult, RunResult, Verdict, exit_code, tally

_BROKEN_OFF: Mapping[str, str] = {
    "unreachable": "the target could not be reached",
    "interrupted": "the run was interrupted",
}
_LATE = "the time of the run was over"


def headline(run: RunResult) -> str:
    """The result in a few words and four numbers; a part of a run says that it is a part."""
    part = f"shard {run.shard.index} of {run.shard.count} alone: " if run.shard is not None else ""
    return f"{part}{outcome(run)} ({counts(run)})"


def counts(run: RunResult) -> str:
    """How many rules were verified, failed on their own, failed as follow-ups, and were not verified."""
    numbers = tally(run)
    return (
        f"{numbers.verified} verified, {numbers.alone} failed on their own, "
        f"{counted(numbers.follow_ups, 'follow-up')}, {numbers.not_verified} not verified"
    )


def outcome(run: RunResult) -> str:
    """The result in a few words. A run that did not come to its end never reads as conformant."""
    failed = sum(1 for result in run.results if result.violates)
    code = exit_code(run)
    broken_off = _BROKEN_OFF.get(run.stopped or "")
    if broken_off is not None:
        return f"incomplete: {broken_off}"
    if code == 1:
        rules = f"{counted(failed, 'rule')} violated" if failed else "the baseline does not fit"
        why = _LATE if run.stopped == "late" else "stopped at the first failure"
        incomplete = f", incomplete: {why}" if not run.complete else ""
        return f"not conformant: {rules}{incomplete}"
    if code == 3:
        return (
            f"incomplete: {_LATE}"
            if run.stopped == "late"
            else "undecided: some checks could not be carried out"
        )
    if code == 4:
        return "undecided: nothing could be verified"
    return "conformant" + _warnings(run) + _part(run)


def _warnings(run: RunResult) -> str:
    warned = run.count(Verdict.WARNED)
    return f", with {counted(warned, 'warning')}" if warned else ""


def _part(run: RunResult) -> str:
    """How much of the rules the word conformant stands for, if it is not all."""
    missing = run.count(Verdict.NOT_VERIFIED)
    return (
        f" in what was verified, {len(run.results) - missing} of {len(run.results)} rules" if missing else ""
    )


def counted(count: int, what: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def what_happened(result: RuleResult) -> str:
    """Reason, and what was expected and came, as one sentence."""
    parts = [result.reason]
    if result.part.expected is not None or result.part.actual is not None:
        parts.append(f"expected {result.part.expected}; got {result.part.actual}")
    if result.because_of is not None:
        parts.append(f"follows from {result.because_of}")
    if result.accepted is not None:
        parts.append(f"accepted: {result.accepted}")
    return " · ".join(part for part in parts if part)


def verdict_name(result: RuleResult) -> str:
    """The verdict, with a word for what the baseline accepts."""
    return f"{result.verdict} (accepted)" if result.accepted is not None else str(result.verdict)


def follow_from_it(followers: Sequence[RuleResult]) -> str:
    """`1 rule follows from it`, `2 rules follow from it`."""
    return f"{counted(len(followers), 'rule')} follow{'s' if len(followers) == 1 else ''} from it"


def followers_text(followers: Iterable[RuleResult]) -> str:
    """What follows from a root cause: `3 failed: PB-…; 2 not verified: PB-…`; empty where nothing does."""
    several = list(followers)
    groups = (
        ("failed", [one.rule.id for one in several if one.verdict in BAD]),
        ("not verified", [one.rule.id for one in several if one.verdict not in BAD]),
    )
    return "; ".join(f"{len(rules)} {word}: {', '.join(rules)}" for word, rules in groups if rules)


def with_verdict(results: Iterable[RuleResult], *verdicts: Verdict) -> list[RuleResult]:
    """The results that have one of these verdicts."""
    return [result for result in results if result.verdict in verdicts]


ORDER = (Verdict.FAILED, Verdict.ERROR, Verdict.WARNED, Verdict.NOT_VERIFIED, Verdict.PASSED)
"""The verdicts, as a reader wants to see them: what failed first."""


def failed_first(results: Iterable[RuleResult]) -> list[RuleResult]:
    """The results in the order of their verdicts, and else as they were."""
    return sorted(results, key=lambda result: ORDER.index(result.verdict))


@dataclass(frozen=True, slots=True)
class Area:
    """The results of one area of an API.

    Attributes:
        api: the name of the API; `key` tells the area apart from those of other APIs.
        name: what a reader calls it: `Importing a database`.
    """

    api: str
    key: str
    name: str
    results: tuple[RuleResult, ...]

    @property
    def full_name(self) -> str:
        """With the title of the API before it."""
        return f"{title_of(self.api)}: {self.name}"


def areas(run: RunResult) -> list[Area]:
    """Every area that has results, in their order."""
    groups: dict[tuple[str, str], list[RuleResult]] = {}
    for result in run.results:
        groups.setdefault((result.rule.api, result.rule.area), []).append(result)
    return [
        Area(api, f"{api} {area}", several[0].rule.area_name, tuple(several))
        for (api, area), several in groups.items()
    ]


def facts(run: RunResult) -> list[tuple[str, str]]:
    """What a reader has to know of a run, as names and texts."""
    urls = ", ".join(f"{title_of(api)} at {url}" for api, url in run.target.urls.items())
    catalogues = ", ".join(f"{api} {version}" for api, version in run.catalogues.items())
    fuzzing = "with generated calls" if run.fuzzed else "without generated calls"
    shard = run.shard
    return [
        ("Target", run.target.name),
        ("Served", urls + (", recognized as a mock of dbcontract" if run.target.kind == "mock" else "")),
        ("Capabilities", ", ".join(run.target.capabilities)),
        ("Kit", f"dbcontract {run.kit_version}"),
        ("Catalogue", catalogues),
        ("Rules", run.selection or "all"),
        *([("Shard", f"{shard.index} of {shard.count}, which have {shard.rules} rules")] if shard else []),
        ("Seed", str(run.seed)),
        ("Time", f"{run.started_at}, {run.seconds:.1f} s, {run.requests} requests, {fuzzing}"),
        ("Command", run.command),
    ]
