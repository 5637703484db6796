"""A schema of records is no more work than the records are worth, whatever it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dbcontract.mockserver.apis.pixiebrix.state.schemas import TOO_MUCH, UNTOLD, RecordSchema
from dbcontract.mockserver.state.errors import InvalidInput


def doubling(keyword: str, refer: str = "#/$defs/{}", **more: Any) -> dict[str, Any]:
    """Thirty parts, each of which asks the next one twice."""
    parts: dict[str, Any] = {
        f"a{number}": {keyword: [{"$ref": refer.format(f"a{number + 1}")}] * 2, "$anchor": f"a{number}"}
        for number in range(30)
    }
    parts["a30"] = {"required": ["x"], "$anchor": "a30"}
    return {"$defs": parts, "$ref": "#/$defs/a0", **more}


def problems(schema: dict[str, Any], *data: Any) -> list[list[str]]:
    return list(RecordSchema(json.dumps(schema)).problems([json.dumps(one).encode() for one in data]))


LAST = {"properties": {"last": {"$ref": "#"}, "x": {"type": "string"}}}
"""A list that is linked: each value may hold the next one."""
TWICE = {"$defs": {"a": {"anyOf": [{"properties": {"a": {"$ref": "#/$defs/a"}}, "required": ["x"]}] * 2}}}
"""Each level is asked twice as often as the one around it."""


@pytest.mark.parametrize(
    "schema",
    [
        doubling("allOf"),
        doubling("anyOf"),
        doubling("oneOf", "#{}"),
        doubling("allOf", "https://a.example/b#{}", **{"$id": "https://a.example/b"}),
        doubling("allOf", id="https://a.example/"),
        {
            "properties": {
                "x": doubling("anyOf", "#/properties/x/$defs/{}") | {"$ref": "#/properties/x/$defs/a0"}
            }
        },
        {"anyOf": [{"type": "string"}, {"$ref": "#"}]},
        {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}},
        {"anyOf": [{"const": number} for number in range(20_000)]},
    ],
)
def test_a_schema_that_would_never_end_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as error:
        RecordSchema(json.dumps(schema))
    assert list(error.value.errors) == ["schema_text"]


def test_what_goes_into_the_value_may_refer_to_itself() -> None:
    inner: dict[str, Any] = {"x": 1}
    for _ in range(50):
        inner = {"last": inner}
    ((problem,),) = problems(LAST, inner)
    assert problem.endswith('last.x: 1 is not of type "string"')
    assert problems(LAST, {"last": {"x": "a"}}, {}) == [[], []]


def test_what_doubles_with_each_level_is_judged_where_there_are_few() -> None:
    schema = {**TWICE, "$ref": "#/$defs/a"}
    assert problems(schema, {"x": 1, "a": {"x": 1}}, {"a": {}})[0] == []
    deep: Any = {}
    for _ in range(60):
        deep = {"a": deep}
    assert problems(schema, {"x": 1}, deep, {"x": 1}) == [[], [TOO_MUCH]]


def test_many_mistakes_of_one_record_are_not_looked_for_one_by_one() -> None:
    """That takes minutes."""
    schema = {"properties": {"x": {"items": {"type": "string"}}}}
    assert problems(schema, {"x": [1] * 1_000_000}, {"x": [1]}, {}) == [
        [UNTOLD],
        ['x.0: 1 is not of type "string"'],
        [],
    ]


def test_many_records_with_mistakes_are_told_up_to_a_bound() -> None:
    schema = {"properties": {"x": {"items": {"type": "string"}}}}
    found = problems(schema, *[{"x": [1] * 1_000}] * 30)
    told = [one for one in found if one != [UNTOLD]]
    assert len(found) == 30
    assert all(found)
    assert 1 < len(told) < 10


def test_a_pattern_that_tries_without_end_gives_up() -> None:
    schema = {"properties": {"x": {"pattern": "(?<=a)(a|a)*?b\\1"}}}
    ((problem,),) = problems(schema, {"x": "a" * 1_000_000})
    assert problem.startswith("x: ")
