from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy, merge

KEYS = st.sampled_from("abc")
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["x", ""])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)
STRATEGIES = st.sampled_from(MergeStrategy)


def expected(strategy: MergeStrategy, old: Any, new: Any) -> Any:
    """The rule, written down recursively."""
    if strategy is MergeStrategy.REPLACE:
        return new
    if strategy is MergeStrategy.SHALLOW:
        return {**old, **new}
    if isinstance(old, dict) and isinstance(new, dict):
        both = {key: expected(strategy, old[key], new[key]) for key in old.keys() & new.keys()}
        return {**old, **new, **both}
    if strategy is MergeStrategy.DEEP_APPEND and isinstance(old, list) and isinstance(new, list):
        return old + new
    return new


@given(STRATEGIES, OBJECTS, OBJECTS)
def test_merging_follows_the_rule(strategy: MergeStrategy, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert merge(strategy, old, new) == expected(strategy, old, new)


@given(STRATEGIES, OBJECTS, OBJECTS)
def test_keys_keep_their_order_and_new_ones_follow(
    strategy: MergeStrategy, old: dict[str, Any], new: dict[str, Any]
) -> None:
    order = list(new) if strategy is MergeStrategy.REPLACE else list({**old, **new})
    assert list(merge(strategy, old, new)) == order


@given(st.sampled_from([MergeStrategy.REPLACE, MergeStrategy.SHALLOW, MergeStrategy.DEEP]), OBJECTS, OBJECTS)
def test_merging_twice_changes_nothing_more(
    strategy: MergeStrategy, old: dict[str, Any], new: dict[str, Any]
) -> None:
    once = merge(strategy, old, new)
    assert merge(strategy, once, new) == once


def containers(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(one for item in value.values() for one in containers(item))]
    if isinstance(value, list):
        return [value, *(one for item in value for one in containers(item))]
    return []


@given(STRATEGIES, OBJECTS, OBJECTS)
def test_the_result_shares_nothing_with_what_went_in(
    strategy: MergeStrategy, old: dict[str, Any], new: dict[str, Any]
) -> None:
    before = copy.deepcopy((old, new))
    result = merge(strategy, old, new)
    assert (old, new) == before
    assert not {id(one) for one in containers(result)} & {
        id(one) for one in containers(old) + containers(new)
    }


@pytest.mark.parametrize("strategy", MergeStrategy)
def test_depth_is_not_a_limit(strategy: MergeStrategy) -> None:
    def nested() -> dict[str, Any]:
        value: dict[str, Any] = {"leaf": [1]}
        for _ in range(50_000):
            value = {"a": value}
        return value

    value: Any = merge(strategy, nested(), nested())
    while "a" in value:
        value = value["a"]
    assert value == {"leaf": [1, 1] if strategy is MergeStrategy.DEEP_APPEND else [1]}


def test_the_names_of_the_strategies() -> None:
    assert [strategy.value for strategy in MergeStrategy] == ["replace", "shallow", "deep", "deep_append"]
