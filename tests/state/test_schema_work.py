"""How often a schema can ask something of one value, level by level."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dbcontract.mockserver.apis.pixiebrix.state.schema_work import ASTRAY, LARGE, SELF, SchemaWork, TooMuch

MUCH = 10**9
ONE, TWO = {"enum": [1]}, {"enum": [1, 2]}  # which ask twice, and three times
ADDRESSES = {
    "$id": "http://h/root",
    "$defs": {"x": {"$id": "other", "enum": [1], "$defs": {"y": {"$anchor": "n", "enum": [1, 2]}}}},
}
DRAFT_4 = "http://json-schema.org/draft-04/schema#"


def works(schema: dict[str, Any], depth: int) -> list[int]:
    """At each level, up to this one."""
    # parts that are equal are not the same part
    work = SchemaWork(copy.deepcopy(schema), MUCH)
    return [work.at(level) for level in range(depth + 1)]


@pytest.mark.parametrize(
    ("schema", "count"),
    [
        ({}, 1),
        ({"required": ["a", "b"], "enum": [1, 2, 3]}, 6),
        ({"required": "a", "enum": {}}, 1),
        ({"pattern": "a"}, 2),
        ({"pattern": "(?=a)"}, 1_001),
        ({"pattern": "(a)\\1"}, 1_001),
        ({"patternProperties": {"a": {}, "(?<b>a)": True}}, 1_002),
        ({"allOf": [{}, {}], "anyOf": [True], "oneOf": [ONE]}, 6),
        ({"allOf": {}, "dependencies": []}, 1),
        ({"not": {}, "if": {}, "then": ONE, "else": {}}, 6),
        ({"dependentSchemas": {"a": {}, "b": ONE}, "dependencies": {"c": ["x"], "d": {}}}, 6),
        ({"allOf": [{}, {}], "unevaluatedItems": False}, 5),
        ({"allOf": [{}, {}], "unevaluatedProperties": False}, 5),
        # references
        ({"$defs": {"a": ONE}, "$ref": "#/$defs/a"}, 3),
        ({"$defs": {"a": ONE}, "$ref": "#/$defs/a", "$dynamicRef": "#/$defs/a"}, 5),
        ({"$defs": {"a": ONE}, "$recursiveRef": "#/$defs/a"}, 3),
        ({"$defs": {"a": True}, "$ref": "#/$defs/a"}, 2),
        ({"$defs": {"a/b~c %": ONE}, "$ref": "#/$defs/a~1b~0c%20%25"}, 3),
        ({"$defs": {"a": [{}, ONE]}, "$ref": "#/$defs/a/1"}, 3),
        ({"$defs": {"a": {"$anchor": "n", **ONE}}, "$ref": "#n"}, 3),
        ({"$defs": {"a": {"$dynamicAnchor": "n", **ONE}}, "$dynamicRef": "#n"}, 3),
        ({**ADDRESSES, "$ref": "other"}, 3),
        ({**ADDRESSES, "$ref": "other#n"}, 4),
        ({**ADDRESSES, "$ref": "http://h/other#/$defs/y"}, 4),
        ({**ADDRESSES, "$ref": "#/$defs/x/$defs/y"}, 4),
        ({"$schema": DRAFT_4, "definitions": {"a": {"id": "#n", **ONE}}, "$ref": "#n"}, 3),
        ({"$ref": DRAFT_4}, 1_002),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, 1_002),
    ],
)
def test_what_is_asked_of_the_value_itself(schema: dict[str, Any], count: int) -> None:
    assert works(schema, 0) == [count]


@pytest.mark.parametrize(
    "name",
    [
        "additionalProperties",
        "unevaluatedProperties",
        "propertyNames",
        "items",
        "additionalItems",
        "unevaluatedItems",
        "contains",
    ],
)
def test_what_is_asked_of_all_that_is_inside(name: str) -> None:
    assert works({name: TWO, "properties": {"a": {}}}, 2) == [1, 4, 4]
    assert works({name: True, "properties": {"a": TWO, "b": ONE}}, 1) == [1, 4]


@pytest.mark.parametrize(
    ("schema", "counts"),
    [
        ({"items": [ONE, TWO]}, [1, 5, 5]),
        ({"prefixItems": [ONE, TWO, True]}, [1, 6, 6]),
        ({"properties": {"a": ONE, "b": TWO, "c": False}}, [1, 3, 3]),
        ({"patternProperties": {"a": ONE, "b": TWO}}, [3, 5, 5]),
        ({"items": {"items": {"enum": [1, 2, 3]}}}, [1, 1, 4]),
        ({"allOf": [{"items": ONE}, {"items": TWO}]}, [3, 5, 5]),
        # a list that is linked
        ({"properties": {"next": {"$ref": "#"}}}, [1, 2, 2, 2]),
        ({"items": {"$ref": "#"}, "contains": {"$ref": "#"}}, [1, 4, 8, 16, 32]),
    ],
)
def test_what_is_asked_further_inside(schema: dict[str, Any], counts: list[int]) -> None:
    assert works(schema, len(counts) - 1) == counts


def test_what_doubles_is_not_counted_without_end() -> None:
    work = SchemaWork({"items": {"$ref": "#"}, "contains": {"$ref": "#"}}, MUCH)
    assert 10**12 <= work.at(10**6) == work.at(10**9) < 10**13


@pytest.mark.parametrize("inside", [False, True])
def test_it_may_ask_as_much_as_is_allowed_of_a_value_and_what_is_right_inside_it(inside: bool) -> None:
    schema: dict[str, Any] = {"items": TWO} if inside else TWO
    assert SchemaWork(schema, 3).at(1) == 3
    with pytest.raises(TooMuch, match=LARGE):
        SchemaWork(schema, 2)


def test_it_may_ask_more_of_what_is_further_inside() -> None:
    assert SchemaWork({"items": {"items": TWO}}, 2).at(2) == 3


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$ref": "#"}, SELF),
        ({"allOf": [{"not": {"$ref": "#"}}]}, SELF),
        ({"$ref": "#n"}, ASTRAY),
        ({"$ref": "#/$defs/a"}, ASTRAY),
        ({"$defs": {"a": [{}]}, "$ref": "#/$defs/a/1"}, ASTRAY),
        ({"$defs": {"a": [{}]}, "$ref": "#/$defs/a/x"}, ASTRAY),
        ({"$defs": {"a": [{}]}, "$ref": "#/$defs/a"}, ASTRAY),
        ({"$ref": "other"}, ASTRAY),
        ({"definitions": {"a": {"id": "#n"}}, "$ref": "#n"}, ASTRAY),
    ],
)
def test_what_cannot_be_counted_is_refused(schema: dict[str, Any], why: str) -> None:
    with pytest.raises(TooMuch) as caught:
        SchemaWork(schema, MUCH)
    assert str(caught.value) == why


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"not": schema}
    return schema


def test_how_many_parts_it_may_have_and_how_deep_they_may_ask() -> None:
    assert works({"allOf": [{}] * 4_999}, 0) == [5_000]
    assert works(nested(100), 0) == [101]
    wide: dict[str, Any] = {"allOf": [{}] * 5_000}
    for schema in (wide, nested(101)):
        with pytest.raises(TooMuch, match=LARGE):
            SchemaWork(schema, MUCH)
