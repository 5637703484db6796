"""What the outcomes prove: which variants were told right, and which rules were shown to catch anything.

Pure: outcomes in, findings out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dbcontract.mockserver.variants.registry import Variant

from .outcome import Outcome


class DependencyClosure:
    """Which rules may turn red together: those of which one depends on the other, directly or not.

    Args:
        depends_on: for each rule those that it depends on directly.
    """

    def __init__(self, depends_on: Mapping[str, Iterable[str]]) -> None:
        self._below: dict[str, frozenset[str]] = {}
        for rule in depends_on:
            seen: set[str] = set()
            waiting = list(depends_on[rule])
            while waiting:
                one = waiting.pop()
                if one not in seen:
                    seen.add(one)
                    waiting.extend(depends_on.get(one, ()))
            self._below[rule] = frozenset(seen)

    def related(self, one: str, other: str) -> bool:
        """Whether one of the rules depends on the other."""
        return other in self._below.get(one, ()) or one in self._below.get(other, ())


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said about one variant.

    Attributes:
        caught: rules that it names and that turned red.
        missed: rules that it names and that did not.
        resting: rules that turned red beside them, as one depends on the other.
        stray: rules that turned red and have nothing to do with those that it names.
        broke: rules whose checks came to no end.
        problems: why it fails the proof, in sentences; none when it does not.
    """

    variant: Variant
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
        reference: the outcome of the mock as it is; None where it was not run.
        judgements: one for each variant that was run.
        checked: the rules that the reference mock was found to keep.
        unproven: of these, the rules that no defect that names them turned red; None where not all were run.
        problems: what else fails the proof, in sentences.
        seconds: how long all of it took.
    """

    reference: Outcome | None
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
        """The judgements of the defects, or of the conforming variants."""
        return tuple(one for one in self.judgements if one.variant.kind == kind)


def judge(variant: Variant, outcome: Outcome, closure: DependencyClosure) -> Judgement:
    """What is to be said about one variant after its run."""
    if variant.kind == "conforming":
        return _conforming(variant, outcome)
    named, red = frozenset(variant.breaks), outcome.red
    beside = red - named
    resting = {rule for rule in beside if any(closure.related(rule, one) for one in named)}
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
        variant,
        outcome,
        caught=tuple(sorted(named & red)),
        missed=tuple(sorted(missed)),
        resting=tuple(sorted(resting)),
        stray=tuple(sorted(stray)),
        broke=tuple(sorted(outcome.broke)),
        problems=tuple(problems),
    )


def _conforming(variant: Variant, outcome: Outcome) -> Judgement:
    red, broke = sorted(outcome.red), sorted(outcome.broke)
    problems = [outcome.problem] if outcome.problem else []
    if red:
        problems.append(f"it keeps the contract, and {_list(red)} turned red")
    if broke:
        problems.append(f"the checks of {_list(broke)} broke")
    return Judgement(variant, outcome, stray=tuple(red), broke=tuple(broke), problems=tuple(problems))


def prove(
    reference: Outcome | None,
    ran: Sequence[tuple[Variant, Outcome]],
    depends_on: Mapping[str, Iterable[str]],
    *,
    whole: bool,
    seconds: float = 0.0,
) -> Proof:
    """What the outcomes prove.

    Args:
        reference: of the mock as it is, if that was run.
        ran: the variants that were run.
        depends_on: for each rule those that it depends on directly.
        whole: whether all variants there are were run, so that rules that none turned red can be told.
        seconds: how long all of it took.
    """
    closure = DependencyClosure(depends_on)
    judgements = tuple(judge(variant, outcome, closure) for variant, outcome in ran)
    problems = []
    checked: frozenset[str] = frozenset()
    if reference is not None:
        checked = reference.passed
        if reference.problem:
            problems.append(f"the reference mock: {reference.problem}")
        if reference.red | reference.broke:
            problems.append(
                f"the reference mock: {_list(reference.red | reference.broke)} did not stay green"
            )
    unknown = {rule for variant, _ in ran for rule in variant.breaks if rule not in depends_on}
    if unknown:
        problems.append(f"{_list(unknown)}: no such rule, but a defect names it")
    unproven = None
    if whole and reference is not None:
        shown = {rule for one in judgements for rule in one.caught}
        unproven = tuple(rule for rule in depends_on if rule in checked - shown)
    return Proof(reference, judgements, checked, unproven, tuple(problems), seconds, tuple(depends_on))


def _list(rules: Iterable[str], most: int = 8) -> str:
    found = sorted(rules)
    rest = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + rest
