"""Which rule comes before which, and which failure explains which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..catalogue.rules import Rule
from ..results.results import RuleResult, Verdict
from ..target.target import Target

_BAD = frozenset({Verdict.FAILED, Verdict.WARNED})


def missing_of(rule: Rule, target: Target) -> tuple[str, ...]:
    """The capabilities that a rule needs and a target lacks, or does not allow."""
    return tuple(str(need) for need in rule.needs if not _offers(target, need, rule.api))


def _offers(target: Target, need: str, api: str) -> bool:
    # Where the clock can be moved, nobody has to wait.
    return target.offers(need, api) or (need == "wait" and target.offers("clock", api))


def waves_of(rule_ids: Sequence[str], depends_on: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Put rules into waves: those of a wave rest only on rules of earlier waves.

    Rules that are not asked for do not count, and a circle, which no catalogue should have, ends up in one
    last wave.
    """
    left = {rule_id: set(depends_on.get(rule_id, ())) for rule_id in rule_ids}
    waves = []
    while left:
        wave = [rule_id for rule_id, needed in left.items() if not needed & left.keys()] or list(left)
        waves.append(wave)
        for rule_id in wave:
            del left[rule_id]
    return waves


def origin(
    rule_id: str,
    because_of: str | None,
    rules: Mapping[str, Rule],
    results: Mapping[str, RuleResult],
    concerns: Callable[[str], bool] = lambda _: True,
) -> str | None:
    """The rule whose failure most likely explains that of another: the first bad one that it depends on.

    Args:
        rule_id: the rule to explain.
        because_of: what the check itself blames, if it does: the rule of the step that did not work.
        rules: the catalogue.
        results: the verdicts so far.
        concerns: whether what failed about a rule is something that the rule to explain has done, too: that
            a job is asked for under a wrong id, no failing record can explain.
    """
    direct = [because_of] if because_of is not None else []
    seen = {rule_id}
    queue = [*direct, *(rules[rule_id].depends_on if not direct and rule_id in rules else ())]
    found: str | None = None
    while queue:
        one = queue.pop(0)
        if one in seen:
            continue
        seen.add(one)
        if one in results and results[one].verdict in _BAD and (one == because_of or concerns(one)):
            found = one
            queue = list(rules[one].depends_on)
        elif found is None and one in rules:
            queue += rules[one].depends_on
    return found or because_of
