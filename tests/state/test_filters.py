from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.apis.pixiebrix.state.filters import FieldEquals, FieldNull, parse_filters, sift
from dbcontract.mockserver.state.errors import InvalidInput, Wrong
from dbcontract.mockserver.state.jsonio import dumps
from dbcontract.mockserver.state.rows import DATA

NAMES = st.sampled_from(
    ["a", "b", "a b", 'quo"te', 'a"b', "back\\slash", "ä", "a__b", ",", "\n", '":"', "\x7f", "\U0001f600"]
)
TEXTS = st.one_of(st.sampled_from(["", "x", '"', "null", '","b":"x', '{"a":"x"}', "\x00", "\u2028"]), NAMES)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 5), st.just(2**70), st.just(10**400), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)


@given(OBJECTS, NAMES, TEXTS)
def test_equality_is_that_of_a_string_at_the_top(data: dict[str, Any], name: str, value: str) -> None:
    kept = name in data and isinstance(data[name], str) and data[name] == value
    assert FieldEquals(name, value).matches(dumps(data)) is kept


@given(OBJECTS, NAMES, st.booleans())
def test_null_is_null_or_absent(data: dict[str, Any], name: str, is_null: bool) -> None:
    assert FieldNull(name, is_null).matches(dumps(data)) is ((data.get(name) is None) is is_null)


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"f": "5"}, True),
        ({"f": 5}, False),
        ({"f": "5 "}, False),
        ({"F": "5"}, False),
        ({"g": {"f": "5"}}, False),
        ({"g": {"f": "5"}, "f": "6"}, False),
        ({"g": '"f":"5"'}, False),
        ({"f": ["5"]}, False),
    ],
)
def test_only_that_field_and_only_that_string(data: dict[str, Any], kept: bool) -> None:
    assert FieldEquals("f", "5").matches(dumps(data)) is kept


def test_a_lone_surrogate_is_in_no_record() -> None:
    data = dumps({"a": "x"})
    assert not FieldEquals("a", "\ud800").matches(data)
    assert not FieldEquals("\ud800", "x").matches(data)
    assert FieldNull("\ud800", is_null=True).matches(data)


def test_the_parameters_of_a_query() -> None:
    pairs = [
        ("page", "2"),
        ("data__first_name", "david"),
        ("data__user email", "a=b"),
        ("data__a__b", "x"),
        ("data__empty", ""),
        ("data__isnull", "true"),
        ("data__f__isnull", "true"),
        ("data__f__isnull", "0"),
        ("Data__no", "x"),
    ]
    assert parse_filters(pairs) == [
        FieldEquals("first_name", "david"),
        FieldEquals("user email", "a=b"),
        FieldEquals("a__b", "x"),
        FieldEquals("empty", ""),
        FieldEquals("isnull", "true"),
        FieldNull("f", is_null=True),
        FieldNull("f", is_null=False),
    ]


def test_the_encoded_equals_sign_of_the_documents_example() -> None:
    pairs = [("data__user email=david@pixiebrix.com", ""), ("data__f__isnull=true", ""), ("data__a=b=c", "")]
    assert parse_filters(pairs) == [
        FieldEquals("user email", "david@pixiebrix.com"),
        FieldNull("f", is_null=True),
        FieldEquals("a", "b=c"),
    ]
    # With a value of its own, the name is what it is.
    assert parse_filters([("data__a=b", "c")]) == [FieldEquals("a=b", "c")]


@pytest.mark.parametrize("value", ["true", "True", "1"])
def test_spellings_of_true(value: str) -> None:
    assert parse_filters([("data__f__isnull", value)]) == [FieldNull("f", is_null=True)]


@pytest.mark.parametrize("value", ["false", "False", "0"])
def test_spellings_of_false(value: str) -> None:
    assert parse_filters([("data__f__isnull", value)]) == [FieldNull("f", is_null=False)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("data__f__isnull", "maybe"), ("data__f__isnull", ""), ("data__", "x"), ("data____isnull", "true")],
)
def test_what_is_not_a_filter_is_reported_under_its_parameter(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_filters([("data__fine", "x"), (name, value)])
    code = "not-a-boolean" if name == "data__f__isnull" else "field-not-named"
    assert caught.value.errors == {name: [Wrong(code)]}


@given(
    st.lists(OBJECTS, max_size=600) | st.lists(st.dictionaries(NAMES, TEXTS | st.none()), max_size=600),
    st.lists(st.builds(FieldEquals, NAMES, TEXTS) | st.builds(FieldNull, NAMES, st.booleans()), max_size=3),
)
def test_many_at_once_are_told_apart_as_each_alone(
    several: list[dict[str, Any]], filters: list[FieldEquals | FieldNull]
) -> None:
    rows = [(0, number, str(number), 0, dumps(data)) for number, data in enumerate(several)]
    expected = [row for row in rows if all(one.matches(row[DATA]) for one in filters)]
    assert reduce(sift, filters, rows) == expected


def test_of_records_that_are_searched_together_those_that_pass_are_kept() -> None:
    rows = [(0, n, str(n), 0, dumps({"f": None if n % 3 else str(n % 2), "n": n})) for n in range(1_000)]
    assert len(sift(rows, FieldEquals("f", "1"))) == 167
    assert len(sift(rows, FieldNull("f", is_null=True))) == 666
    assert len(sift(sift(rows, FieldNull("f", is_null=False)), FieldEquals("f", "0"))) == 167
    assert sift(rows, FieldNull("\ud800", is_null=False)) == []
    assert sift(rows, FieldNull("\ud800", is_null=True)) == rows


# One for each part of a table that is searched as one text: what the bytes of a field can be mistaken for.
PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "absent": lambda _: {"g": 1},
    "null": lambda _: {"f": None},
    "text": lambda _: {"f": "x"},
    "object": lambda _: {"f": {}},
    "null or absent": lambda n: {"f": None} if n % 2 else {},
    "each": lambda n: {"n": n, **({"f": (None, "x")[n % 2]} if n % 3 else {})},
    "inside": lambda _: {"g": {"f": "x"}},
    "null inside": lambda _: {"g": {"f": None}, "f": "x"},
    "end of a key": lambda _: {'e"f': "x"},
    "null at the end of a key": lambda _: {'e"f': None, "f": "x"},
    "brace in a text": lambda n: {"g": "{{", "f": (None, "x")[n % 2]},
}


@pytest.mark.parametrize("is_null", [True, False])
@pytest.mark.parametrize("first", PARTS)
def test_null_is_told_apart_in_whole_parts(first: str, is_null: bool) -> None:
    one = FieldNull("f", is_null)
    for second, data in PARTS.items():
        kinds = [PARTS[first]] * 256 + [data] * 256
        rows = [(0, n, str(n), 0, dumps(kind(n))) for n, kind in enumerate(kinds)]
        assert sift(rows, one) == [row for row in rows if one.matches(row[DATA])], second


def test_a_kind_of_its_own_is_asked_of_each_record() -> None:
    class Every(FieldEquals):
        def matches(self, data: bytes) -> bool:
            return bool(data)

    rows = [(0, 1, "a", 0, b'{"g":1}')]
    assert sift(rows, Every("f", "x")) == rows
