"""What the outcomes prove: which deviations were told right, and which rules were shown to catch anything.

Pure: outcomes in, findings out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dbcontract.mockserver.variants.registry import Deviation

from .outcome import Outcome


class Kinship:
    """Which rules may turn red together: those of which one rests on the other, directly or not.

    Args:
        rests_on: for each rule those that it rests on directly.
    """

    def __init__(self, rests_on: Mapping[str, Iterable[str]]) -> None:
        self._below: dict[str, frozenset[str]] = {}
        for rule in rests_on:
            seen: set[str] = set()
            waiting = list(rests_on[rule])
            while waiting:
                one = waiting.pop()
                if one not in seen:
                    seen.add(one)
                    waiting.extend(rests_on.get(one, ()))
            self._below[rule] = frozenset(seen)

    def related(self, one: str, other: str) -> bool:
        """Whether one of the rules rests on the other."""
        return other in self._below.get(one, ()) or one in self._below.get(other, ())


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said about one deviation.

    Attributes:
        caught: rules that it names and that turned red.
        missed: rules that it names and that did not.
        resting: rules that turned red beside them, as one rests on the other.
        stray: rules that turned red and have nothing to do with those that it names.
        broke: rules whose checks came to no end.
        problems: why it fails the proof, in sentences; none when it does not.
    """

    deviation: Deviation
    outcome: Outcome
    caught: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    resting: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()
    broke: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether it was told right."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Proof:
    """What all outcomes prove together.

    Attributes:
        faithful: the outcome of the mock as it is; None where it was not run.
        judgements: one for each deviation that was run.
        checked: the rules that the faithful mock was found to keep.
        unproven: of these, the rules that no defect that names them turned red; None where not all were run.
        problems: what else fails the proof, in sentences.
        seconds: how long all of it took.
    """

    faithful: Outcome | None
    judgements: tuple[Judgement, ...]
    checked: frozenset[str] = frozenset()
    unproven: tuple[str, ...] | None = None
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    order: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing fails it."""
        return not self.problems and not self.unproven and all(one.right for one in self.judgements)

    def of(self, kind: str) -> tuple[Judgement, ...]:
        """The judgements of the defects, or of the strangers."""
        return tuple(one for one in self.judgements if one.deviation.kind == kind)


def judge(deviation: Deviation, outcome: Outcome, kinship: Kinship) -> Judgement:
    """What is to be said about one deviation after its run."""
    if deviation.kind == "stranger":
        return _stranger(deviation, outcome)
    named, red = frozenset(deviation.breaks), outcome.red
    beside = red - named
    resting = {rule for rule in beside if any(kinship.related(rule, one) for one in named)}
    stray, missed = beside - resting, named - red
    problems = [outcome.problem] if outcome.problem else []
    if not named:
        problems.append("it names no rule that it breaks")
    if not red:
        problems.append("no rule catches it")
    elif missed:
        problems.append(f"it breaks {_list(missed)}, which stayed green")
    if stray:
        problems.append(f"{_list(stray)} turned red, which it does not name")
    return Judgement(
        deviation,
        outcome,
        caught=tuple(sorted(named & red)),
        missed=tuple(sorted(missed)),
        resting=tuple(sorted(resting)),
        stray=tuple(sorted(stray)),
        broke=tuple(sorted(outcome.broke)),
        problems=tuple(problems),
    )


def _stranger(deviation: Deviation, outcome: Outcome) -> Judgement:
    red, broke = sorted(outcome.red), sorted(outcome.broke)
    problems = [outcome.problem] if outcome.problem else []
    if red:
        problems.append(f"it keeps the contract, and {_list(red)} turned red")
    if broke:
        problems.append(f"the checks of {_list(broke)} broke")
    return Judgement(deviation, outcome, stray=tuple(red), broke=tuple(broke), problems=tuple(problems))


def prove(
    faithful: Outcome | None,
    ran: Sequence[tuple[Deviation, Outcome]],
    rests_on: Mapping[str, Iterable[str]],
    *,
    whole: bool,
    seconds: float = 0.0,
) -> Proof:
    """What the outcomes prove.

    Args:
        faithful: of the mock as it is, if that was run.
        ran: the deviations that were run.
        rests_on: for each rule those that it rests on directly.
        whole: whether all deviations there are were run, so that rules that none turned red can be told.
        seconds: how long all of it took.
    """
    kinship = Kinship(rests_on)
    judgements = tuple(judge(deviation, outcome, kinship) for deviation, outcome in ran)
    problems = []
    checked: frozenset[str] = frozenset()
    if faithful is not None:
        checked = faithful.passed
        if faithful.problem:
            problems.append(f"the faithful mock: {faithful.problem}")
        if faithful.red | faithful.broke:
            problems.append(f"the faithful mock: {_list(faithful.red | faithful.broke)} did not stay green")
    unknown = {rule for deviation, _ in ran for rule in deviation.breaks if rule not in rests_on}
    if unknown:
        problems.append(f"{_list(unknown)}: no such rule, but a defect names it")
    unproven = None
    if whole and faithful is not None:
        shown = {rule for one in judgements for rule in one.caught}
        unproven = tuple(rule for rule in rests_on if rule in checked - shown)
    return Proof(faithful, judgements, checked, unproven, tuple(problems), seconds, tuple(rests_on))


def _list(rules: Iterable[str], most: int = 8) -> str:
    found = sorted(rules)
    rest = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + rest
