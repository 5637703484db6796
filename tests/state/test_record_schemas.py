"""The JSON Schema of a database: what is one, and what breaks it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dbcontract.mockserver.apis.pixiebrix.state.schemas import MAX_MESSAGES, RecordSchema
from dbcontract.mockserver.state.errors import InvalidInput
from dbcontract.mockserver.state.jsonio import dumps

SCHEMA = {
    "type": "object",
    "required": ["email"],
    "properties": {"email": {"type": "string"}, "list": {"items": {"properties": {"n": {"minimum": 5}}}}},
}


def problems(schema: Any, *data: Any) -> list[list[str]]:
    return list(RecordSchema(json.dumps(schema)).problems([dumps(one) for one in data]))


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("[]", "schema-not-an-object", None),
        ("true", "schema-not-an-object", None),
        ("{", "not-json", "line 1"),
        ('"\ud800"', "not-json", "surrogates"),
        ('{"type": "objec"}', "not-a-schema", '"objec" is not valid'),
        ('{"pattern": "("}', "not-a-schema", '"(" is not a "regex"'),
        ('{"$ref": "http://127.0.0.1:9/x"}', "not-a-schema", "http://127.0.0.1:9/x"),
    ],
)
def test_what_is_not_a_schema_is_refused_with_its_reason(text: str, code: str, words: str | None) -> None:
    with pytest.raises(InvalidInput) as caught:
        RecordSchema(text)
    ((field, (wrong,)),) = caught.value.errors.items()
    assert (field, wrong.code) == ("schema_text", code)
    if words is None:
        assert wrong.value is None
    else:
        assert words in str(wrong.value)
        assert "\n" not in str(wrong.value)


def test_a_long_reason_is_cut() -> None:
    with pytest.raises(InvalidInput) as caught:
        RecordSchema(json.dumps({"type": "x" * 1_000}))
    (wrong,) = caught.value.errors["schema_text"]
    assert len(wrong.value) == 300


def test_the_text_is_kept_to_the_letter() -> None:
    text = '{ "type":"object",\n"description": "\u00fc" }'
    assert RecordSchema(text).text == text


def test_what_breaks_a_schema_is_told_of_each_record_with_its_place() -> None:
    good = {"email": "a", "list": [{"n": 5}, {}]}
    assert problems(SCHEMA, good, {}, {"email": None}, good, {"email": "", "list": [{}, {"n": 1}]}) == [
        [],
        ['"email" is a required property'],
        ['email: null is not of type "string"'],
        [],
        ["list.1.n: 1 is less than the minimum of 5"],
    ]


def test_what_is_told_of_one_record_is_bounded() -> None:
    assert problems({"items": False}, [1] * 99) == [
        [f"{index}: False schema does not allow 1" for index in range(MAX_MESSAGES)]
    ]
    ((problem,),) = problems({"items": {"type": "number"}}, ["x" * 999])
    assert problem.startswith('0: "xxx')
    assert len(problem) == 300


@pytest.mark.parametrize(("draft", "is_valid"), [("draft-04", True), (None, False)])
def test_the_draft_is_the_one_that_the_schema_names(draft: str | None, is_valid: bool) -> None:
    named = {"$schema": f"http://json-schema.org/{draft}/schema#"} if draft else {}
    # `const` is a word of later drafts
    assert (problems({**named, "const": {}}, {"a": 1}) == [[]]) is is_valid
