"""The model of `merge_strategy`: what becomes of the data of a record (published specification)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

STRATEGIES: Final = ("replace", "shallow", "deep", "deep_append")


def merged(strategy: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a record after a write with that strategy."""
    match strategy:
        case "shallow":
            return {**old, **new}
        case "deep" | "deep_append":
            return _deep(old, new, append=strategy == "deep_append")
    return dict(new)


def _deep(old: Mapping[str, Any], new: Mapping[str, Any], *, append: bool) -> dict[str, Any]:
    found = dict(old)
    for name, value in new.items():
        before = found.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            found[name] = _deep(before, value, append=append)
        elif append and isinstance(before, list) and isinstance(value, list):
            found[name] = [*before, *value]
        else:
            found[name] = value
    return found


@cache
def mergeable(depth: int = 3) -> st.SearchStrategy[dict[str, Any]]:
    """Data whose names meet often, never with values of different kinds, for which no rule is known."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "text": st.sampled_from(("a", "b", "")),
        "number": st.integers(0, 3),
        "list": st.lists(st.integers(0, 3), max_size=2),
    }
    flat = st.fixed_dictionaries({}, optional=fields)
    if not depth:
        return flat
    nested = st.fixed_dictionaries({"inside": mergeable(depth - 1)}, optional=fields)
    # More often than not: only where both sides go deep, merging has to.
    return st.integers(0, 5).flatmap(lambda drawn: nested if drawn else flat)
