"""Whether operations that overlapped could have come one after the other (linearizability).

The search is Wing and Gong's, with the memory of Lowe's: any operation that began before the first of the
remaining ones ended may be the next, if the model gives its answer; what was tried once is not tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

from .events import Event

MOST = 2_000_000
"""Steps of one search; objects have some hundred events, of which few overlap."""

Step = Callable[[Hashable, Event], tuple[bool, Hashable]]
"""The model: whether the answer of an event is right in a state (always, if it has none); the next state."""


class Undecided(Exception):
    """The search was too long."""


def linearizable(events: Sequence[Event], step: Step, initial: Hashable = None) -> bool:
    """Whether the events of one object have an order that the model allows.

    Args:
        events: in the order in which they began.
        step: the model.
        initial: its first state.

    Raises:
        Undecided: the search is longer than `MOST` steps.
    """
    answered = [event for event in events if event.ended is not None]
    unanswered = [event for event in events if event.ended is None]
    everything, todo, tried = (1 << len(answered)) - 1, [(0, 0, initial)], set()
    while todo:
        position = todo.pop()
        if position[0] == everything:
            return True
        if position in tried:
            continue
        tried.add(position)
        if len(tried) > MOST:
            raise Undecided(f"{events[0].of}: no decision after {MOST:,} steps")
        todo.extend(_next(position, answered, unanswered, step))
    return False


def _next(
    position: tuple[int, int, Hashable], answered: Sequence[Event], unanswered: Sequence[Event], step: Step
) -> Iterator[tuple[int, int, Hashable]]:
    """Where one more operation can lead; the likeliest last."""
    done, taken, state = position
    remaining, bound = [], None
    for index in range((~done & (done + 1)).bit_length() - 1, len(answered)):
        event = answered[index]
        if bound is not None and event.began > bound:
            break
        if not done >> index & 1:
            remaining.append(index)
            bound = event.ended if bound is None else min(bound, event.ended or 0)
    for index, event in enumerate(unanswered):
        if not taken >> index & 1 and (bound is None or event.began < bound):
            yield done, taken | 1 << index, step(state, event)[1]
    for index in sorted(remaining, key=lambda index: -(answered[index].ended or 0)):
        right, after = step(state, answered[index])
        if right:
            yield done | 1 << index, taken, after
