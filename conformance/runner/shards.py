"""Shares a run out among machines: each rule is in one shard, and all shards together are the whole run.

Which shard a rule is in depends on nothing but the rules that are asked for, what the target offers and the
version of the kit. So every machine finds the same division by itself.
"""

from __future__ import annotations

import hashlib
import json
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from ..apis.base import apis
from ..authoring.check import Checks
from ..catalogue.findings import schema_rules
from ..catalogue.rules import Rule
from ..results.results import ShardSummary
from ..target.target import Target
from .order import missing_of

_FORM: Final = re.compile(r"([0-9]{1,4})/([0-9]{1,4})", re.ASCII)
_UNKNOWN: Final = 5
"""The requests that a rule is taken to cost whose API says nothing of it."""
_SKIPPED: Final = 0.01
"""The same of a rule that cannot be verified: it costs nothing, but such rules are shared out evenly, too."""


class ShardError(ValueError):
    """A shard that there is not; the message names the value and the remedy."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a run.

    Attributes:
        index: from 1.
        count: how many parts there are.
    """

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def shard_of(text: str) -> Shard:
    """Read I/N.

    Raises:
        ShardError: it is of another form, or I is not from 1 to N.
    """
    found = _FORM.fullmatch(text)
    shard = Shard(int(found[1]), int(found[2])) if found is not None else None
    if shard is None or not 1 <= shard.index <= shard.count:
        raise ShardError(f"{text!r} is not a shard; write I/N, I from 1 to N: 1/4 is the first of four")
    return shard


@dataclass(frozen=True, slots=True)
class Share:
    """What one shard judges.

    Attributes:
        rules: that it judges, in the order that they were asked for.
        watched: rules of other shards that all exchanges feed: a violation that this shard sees counts.
        summary: for the report.
    """

    rules: tuple[Rule, ...]
    watched: tuple[Rule, ...]
    summary: ShardSummary


def share(shard: Shard, rules: Sequence[Rule], checks: Checks, target: Target, *, fuzzing: bool) -> Share:
    """What a shard judges of these rules, those of APIs that the target does not serve left aside.

    Rules that rest on one costly arrangement stay together: those that fuzzing feeds, by API, and those that
    one check decides. The dearest go first, each to the shard that has least to do so far.

    Args:
        shard: the part.
        rules: all rules that are asked for.
        checks: all checks of the kit.
        target: what is judged.
        fuzzing: whether the run fuzzes.

    Raises:
        ShardError: there is not as much to share out.
    """
    asked = [rule for rule in rules if rule.api in target.apis]
    groups = _groups(asked, checks)
    for group in groups:
        group.cost = _cost(group, target, fuzzing=fuzzing)
    if len(groups) < shard.count:
        raise ShardError(
            f"{shard}: what is asked for falls into {len(groups)} parts at most; write N up to {len(groups)}"
        )
    loads = [0.0] * shard.count
    places: dict[str, int] = {}
    for group in sorted(groups, key=lambda group: (-group.cost, min(rule.id for rule in group.rules))):
        least = loads.index(min(loads))
        loads[least] += group.cost
        places.update((rule.id, least + 1) for rule in group.rules)
    own = tuple(rule for rule in asked if places[rule.id] == shard.index)
    watched = tuple(rule for rule in asked if rule.id in schema_rules() and rule not in own)
    return Share(own, watched, ShardSummary(shard.index, shard.count, len(asked), _digest(places)))


@dataclass(slots=True)
class _Group:
    """Rules that stay together."""

    rules: list[Rule]
    fuzzed: str | None = None
    cost: float = field(default=0.0)


def _groups(rules: Iterable[Rule], checks: Checks) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for rule in rules:
        fuzzed = rule.api if rule.id in schema_rules() else None
        ties = [f"fuzzing {fuzzed}"] if fuzzed else [rule.id]
        ties += [check.name for check in checks.of(rule.id) if len(check.rules) > 1]
        found = {id(groups[tie]): groups[tie] for tie in ties if tie in groups}
        whole = _Group([rule], fuzzed)
        for other in found.values():
            whole = _Group([*other.rules, *whole.rules], other.fuzzed or whole.fuzzed)
        groups.update(dict.fromkeys(ties, whole))
        groups.update({tie: whole for tie, group in groups.items() if id(group) in found})
    return list({id(group): group for group in groups.values()}.values())


def _cost(group: _Group, target: Target, *, fuzzing: bool) -> float:
    able = [rule for rule in group.rules if not missing_of(rule, target)]
    if not able:
        return _SKIPPED * len(group.rules)
    cost = sum(_requests(rule.api).get(rule.id, _usual(rule.api)) for rule in able)
    fuzzed = {rule.api for rule in able if rule.id in schema_rules()} if fuzzing else ()
    return cost + sum(_requests(api).get(FUZZING, 0) for api in fuzzed)


FUZZING: Final = "fuzzing"
"""Stands among the rules for the generated calls of an API."""


@cache
def _requests(api: str) -> Mapping[str, float]:
    text = apis()[api].costs()
    found: Mapping[str, float] = json.loads(text) if text is not None else {}
    return found


@cache
def _usual(api: str) -> float:
    return statistics.median([_UNKNOWN, *(v for key, v in _requests(api).items() if key != FUZZING)])


def _digest(places: Mapping[str, int]) -> str:
    lines: Iterator[str] = (f"{rule_id} {place}\n" for rule_id, place in sorted(places.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]
