"""How new data merges into a record that exists (contract: Databases and records, `merge_strategy`)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any


class MergeStrategy(Enum):
    """The values of `merge_strategy`."""

    REPLACE = "replace"
    """The new data takes the place of the old."""
    SHALLOW = "shallow"
    """The new top-level keys take the place of the old ones; the other old keys stay."""
    DEEP = "deep"
    """Objects merge recursively; everything else is replaced."""
    DEEP_APPEND = "deep_append"
    """As `DEEP`, but a new array is appended to the old one."""


def merge(strategy: MergeStrategy, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What becomes of `old` when `new` is written to it.

    Shares nothing with either; nesting may be of any depth.
    """
    if strategy is MergeStrategy.REPLACE:
        return _copied(new)
    if strategy is MergeStrategy.SHALLOW:
        return _copied({**old, **new})
    append = strategy is MergeStrategy.DEEP_APPEND
    result = _copied(old)
    todo = [(result, new)]
    while todo:
        target, source = todo.pop()
        for key, value in source.items():
            present = target.get(key)
            if isinstance(present, dict) and isinstance(value, dict):
                todo.append((present, value))
            elif append and isinstance(present, list) and isinstance(value, list):
                present.extend(_copied({"": value})[""])
            else:
                target[key] = _copied({"": value})[""]
    return result


def _copied(value: dict[str, Any]) -> dict[str, Any]:
    """A deep copy of JSON data, without recursion."""
    result = dict(value)
    todo: list[dict[str, Any] | list[Any]] = [result]
    while todo:
        container: Any = todo.pop()
        for slot, item in _slots(container):
            if isinstance(item, dict | list):
                container[slot] = copy = item.copy()
                todo.append(copy)
    return result


def _slots(container: dict[str, Any] | list[Any]) -> Iterator[tuple[Any, Any]]:
    # Setting the value of a key that exists does not disturb the iteration.
    return iter(container.items()) if isinstance(container, dict) else iter(enumerate(container))
