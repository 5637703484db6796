"""The sequential models: what one client after the other would have seen of each kind of object.

Nothing here knows the mock: merging is written once more, from the contract.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from .events import REFUSED, Event, grouped
from .linear import Step, Undecided, linearizable


def merged(strategy: str, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What a record holds after a write (contract: `merge_strategy`)."""
    if strategy == "replace":
        return new
    result = dict(old)
    for key, value in new.items():
        before = old.get(key)
        if strategy != "shallow" and isinstance(before, dict) and isinstance(value, dict):
            result[key] = merged(strategy, before, value)
        elif strategy == "deep_append" and isinstance(before, list) and isinstance(value, list):
            result[key] = before + value
        else:
            result[key] = value
    return result


def record(state: Hashable, event: Event) -> tuple[bool, Hashable]:
    """One record: its data as text, or None while there is none."""
    if event.answer == REFUSED:
        return True, state
    before = None if state is None else json.loads(str(state))
    if event.kind == "delete":
        return event.ended is None or event.answer == (204 if before is not None else 404), None
    if event.kind == "get":
        return event.answer == before, state
    strategy, data = event.sent
    after = data if before is None else merged(strategy, before, data)
    status = 201 if event.kind == "post" or before is None else 200
    right = event.ended is None or event.answer == [status, after]
    return right, json.dumps(after, sort_keys=True) if right else None


def array(state: Hashable, event: Event) -> tuple[bool, Hashable]:
    """Records that are always written together: the mark that all of them have, and how many they are."""
    if event.answer == REFUSED:
        return True, state
    if event.kind == "write":
        return event.ended is None or event.answer == [event.sent], tuple(event.sent)
    shown = [list(state)] if isinstance(state, tuple) else []
    return event.answer == shown, state


def pieces(events: Sequence[Event]) -> Iterator[str]:
    """One Pieces database: an import is there whole or not at all, and exports follow each other.

    An import has a mark, on entries of its own and on those that all imports share, where the last one wins.
    An import sends its mark and how many entries of its own it has; an export answers the counts of the
    marks, and the marks of what is shared.
    """
    sizes = {event.sent[0]: event.sent[1] for event in events if event.kind == "import"}
    exports = [event for event in events if event.kind == "export"]
    for event in exports:
        counts, shared = event.answer
        if len(shared) > 1:
            yield f"{event.of}: an export mixes what {sorted(shared)} wrote over each other"
        parts = {mark: count for mark, count in counts.items() if count != sizes.get(mark)}
        if parts:
            yield f"{event.of}: an export shows parts of imports: {parts}"
    imports = [(event.sent[0], event) for event in events if event.kind == "import"]
    yield from _seen(imports, [(frozenset(event.answer[0]), event) for event in exports])
    states = sorted(
        {(frozenset(event.answer[0]), *sorted(event.answer[1])) for event in exports}, key=lambda s: len(s[0])
    )
    for (before, *old), (after, *new) in pairwise(states):
        if not before <= after:
            alone = f"{sorted(before - after)} and {sorted(after - before)}"
            yield f"two exports show {alone} without each other: no order has both"
        elif before == after:
            yield f"after the same imports the last one was {old} in one export, {new} in another"
        elif new and not set(new) <= after - before:
            yield f"{new} won over what was imported after it: {sorted(after - before)}"


def growing(events: Sequence[Event]) -> Iterator[str]:
    """A list to which things are only added, at its end: each reading is the beginning of a longer one."""
    added = [(event.sent, event) for event in events if event.kind == "add"]
    readings = [event for event in events if event.kind == "read"]
    for event in readings:
        if len(set(event.answer)) != len(event.answer):
            yield f"{event.of}: a reading has something twice"
    yield from _seen(added, [(frozenset(event.answer), event) for event in readings])
    for before, after in pairwise(sorted((event.answer for event in readings), key=len)):
        if after[: len(before)] != before:
            yield f"{events[0].of}: two readings are in different orders, or one has gaps"


def unique(events: Sequence[Event]) -> Iterator[str]:
    """Ids that were given away."""
    given = [event.answer for event in events]
    if len(set(given)) != len(given):
        yield f"{events[0].of}: an id was given twice"


def times(events: Sequence[Event]) -> Iterator[str]:
    """Instants that the server gave: never an earlier one after a later one."""
    ends = sorted((event.ended or 0, event.answer) for event in events)
    latest, index = "", 0
    for event in events:
        while index < len(ends) and ends[index][0] < event.began:
            latest = max(latest, ends[index][1])
            index += 1
        if event.answer < latest:
            yield f"{event.of}: {event.answer} came after {latest}"


def archives(events: Sequence[Event]) -> Iterator[str]:
    """The file of a date has what was written on it, once each: it is there when the date is over only."""
    dates = {event.sent: event.answer for event in events if event.kind == "add"}
    for event in events:
        if event.kind == "read":
            wanted = {key for key, date in dates.items() if date == event.sent}
            found = set(event.answer)
            if len(found) != len(event.answer) or not wanted <= found:
                lacking = sorted(wanted - found)[:5]
                yield f"the archive of {event.sent} lacks {lacking}, or has something twice"
            if others := [key for key in found - wanted if dates.get(key, "never sent") is not None]:
                yield f"the archive of {event.sent} has {sorted(others)[:5]} of other dates"


def _seen(
    added: Iterable[tuple[str, Event]], readings: Sequence[tuple[frozenset[str], Event]]
) -> Iterator[str]:
    """What was acknowledged stays; what was refused, or is not yet sent, is not there."""
    by_name = dict(added)
    for found, event in readings:
        ended = event.ended or 0
        for name, one in by_name.items():
            if one.answer == REFUSED:
                if name in found:
                    yield f"{event.of}: {name} was refused, and is there"
            elif one.ended is not None and one.ended < event.began and name not in found:
                yield f"{event.of}: {name} was acknowledged, and is not there"
            elif one.began > ended and name in found:
                yield f"{event.of}: {name} is there before it was sent"
        if unsent := found - by_name.keys():
            yield f"{event.of}: nobody sent {sorted(unsent)[:5]}"


def _ordered(step: Step, events: Sequence[Event]) -> Iterator[str]:
    try:
        if not linearizable(events, step):
            yield f"{events[0].of}: no order of its {len(events)} operations explains all their answers"
    except Undecided as error:
        yield str(error)


KINDS: dict[str, Callable[[Sequence[Event]], Iterator[str]]] = {
    "record": lambda events: _ordered(record, events),
    "array": lambda events: _ordered(array, events),
    "pieces": pieces,
    "growing": growing,
    "ids": unique,
    "times": times,
    "archives": archives,
}
"""By what stands before the colon in an object's name."""


def judge(events: Iterable[Event]) -> list[str]:
    """What no sequence of the same operations would have shown; empty for a right history."""
    return [
        finding
        for of, found in grouped(events).items()
        for finding in dict.fromkeys(KINDS[of.partition(":")[0]](found))
    ]
