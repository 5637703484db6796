from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.state.errors import StateError, Wrong
from dbcontract.mockserver.state.jsonio import MAX_DEPTH, MAX_DIGITS, MalformedJSON, dumps, loads

TEXTS = st.text(st.characters(codec="utf-8"))
INTEGERS = st.one_of(st.integers(), st.integers(-(2**70), 2**70), st.integers(10**17, 10**20))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), INTEGERS, FLOATS, TEXTS),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner)),
)


def same(left: Any, right: Any) -> bool:
    """Equal, with equal types: 1, 1.0 and true are three values."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def circular() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    raw = dumps(value)
    assert same(loads(raw), value)
    assert dumps(loads(raw)) == raw


@given(VALUES)
def test_it_reads_what_the_standard_library_writes(value: Any) -> None:
    assert same(loads(json.dumps(value).encode()), value)
    assert same(json.loads(dumps(value)), value)


@given(VALUES)
def test_output_is_compact(value: Any) -> None:
    raw = dumps({"a": value, "b": [value, value]})
    inner = dumps(value)
    assert raw == b'{"a":' + inner + b',"b":[' + inner + b"," + inner + b"]}"


def test_both_writers_escape_the_same() -> None:
    text = "".join(map(chr, range(0x300))) + "\u2028\u2029\ufeff\U0001f600"
    fast, exact = dumps([text, 0]), dumps([text, 2**64])
    assert fast[:-2] == exact[: len(fast) - 2]


@pytest.mark.parametrize(
    "number",
    [
        2**63,
        -(2**63) - 1,
        2**64 - 1,
        2**64,
        10**18,
        10**19,
        12345678901234567890123,
        -(10**400),
        10**MAX_DIGITS - 1,
    ],
)
def test_integers_stay_exact(number: int) -> None:
    assert same(loads(dumps({"n": [number, 0.5]})), {"n": [number, 0.5]})


def test_long_digit_runs_in_texts_and_escapes_are_no_numbers() -> None:
    raw = rb'{"\u12345678901234567890123":"12345678901234567890123", "n": 12345678901234567890123}'
    assert loads(raw) == {
        "\u12345678901234567890123": "12345678901234567890123",
        "n": 12345678901234567890123,
    }


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"[1,]",
        b"1 2",
        b"{'a':1}",
        b'{"a":01}',
        b"[00000000000000000000001]",
        b"nan",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e400",
        b"[1e400,12345678901234567890]",
        b"[NaN,12345678901234567890]",
        b"[1e12345678901234567890]",
        b"1" * 400 + b".0",
        b'"\\ud800"',
        b'["\\ud800",12345678901234567890]',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'["\xff",12345678901234567890]',
        b'"\x01"',
        b'"\\x"',
        b"\xef\xbb\xbf1",
        "1".encode("utf-16"),
        b"1" * (MAX_DIGITS + 1),
        b"-" + b"1" * (MAX_DIGITS + 1),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=lambda raw: f"{len(raw)}-bytes-{sum(raw[:30])}",
)
def test_what_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedJSON) as caught:
        loads(raw)
    assert isinstance(caught.value, StateError)
    assert caught.value.wrong.code in {"not-json", "nested-too-deep"}


@pytest.mark.parametrize("number", [b"", b",12345678901234567890"])
def test_nesting_is_bounded(number: bytes) -> None:
    def nested(depth: int) -> bytes:
        return b'[{"a":' * (depth // 2) + b"[]" * (depth % 2) + b"1" * (1 - depth % 2) + b"}]" * (depth // 2)

    def crowded(depth: int) -> bytes:
        return b'["[[[[\\"[[[[",' + b"[[]]," * 300 + nested(depth - 1) + number + b"]"

    assert dumps(loads(crowded(MAX_DEPTH)))
    with pytest.raises(MalformedJSON, match="nested"):
        loads(crowded(MAX_DEPTH + 1))


@pytest.mark.parametrize("level", [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
@pytest.mark.parametrize("number", [b"1", b"12345678901234567890"])
def test_nesting_counts_objects_as_well_as_arrays(level: tuple[bytes, bytes], number: bytes) -> None:
    opening, closing = level
    times = MAX_DEPTH // (opening.count(b"[") + opening.count(b"{"))
    assert loads(opening * times + number + closing * times)
    with pytest.raises(MalformedJSON, match="nested"):
        loads(opening * (times + 1) + number + closing * (times + 1))


@pytest.mark.parametrize(
    ("raw", "depth"), [(b"[[],[],[]]", 2), (b'{"a":{"b":["[[",[]]},"c":{}}', 4), (b"[" * 19 + b"]" * 19, 19)]
)
def test_another_bound_of_nesting_is_as_exact(raw: bytes, depth: int) -> None:
    assert loads(raw, depth) == json.loads(raw)
    with pytest.raises(MalformedJSON, match=f"nested-too-deep: {depth - 1}"):
        loads(raw, depth - 1)


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b"1" * 400 + b".0", "too large"),
        (b"1" * (MAX_DIGITS + 1), f"more than {MAX_DIGITS} digits"),
        (b"[1,]", "line 1 column"),
    ],
)
def test_a_refusal_names_its_cause(raw: bytes, cause: str) -> None:
    with pytest.raises(MalformedJSON) as caught:
        loads(raw)
    assert cause in str(caught.value.wrong.value)


@pytest.mark.parametrize(
    ("value", "cause"),
    [([math.inf], "inf"), ({"a": object()}, "object is not JSON"), (circular(), "Circular")],
)
def test_what_is_not_written_is_named(value: Any, cause: str) -> None:
    with pytest.raises(MalformedJSON) as caught:
        dumps(value)
    assert cause in str(caught.value.wrong.value)


def test_what_is_wrong_is_told_with_the_value_where_there_is_one() -> None:
    assert (str(Wrong("blank")), repr(Wrong("blank"))) == ("blank", "'blank'")
    assert (str(Wrong("odd", 0)), repr(Wrong("odd", 0))) == ("odd: 0", "'odd: 0'")


def test_brackets_inside_texts_are_no_nesting() -> None:
    value = ["[" * 5_000, '{"' * 5_000, "\\" * 101, '\\"[' * 300]
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        [math.inf],
        {"a": [None, -math.inf]},
        [math.nan, 2**70],
        "\ud800",
        {"\ud800": 2**70},
        {1: 2},
        {1: 2**70},
        {"a": object()},
        circular(),
    ],
)
def test_what_json_cannot_hold_is_not_written(value: Any) -> None:
    with pytest.raises(MalformedJSON) as caught:
        dumps(value)
    assert caught.value.wrong.code in {"not-expressible", "key-not-text"}


def test_integers_that_nobody_could_read_are_not_written() -> None:
    with pytest.raises(MalformedJSON):
        dumps([10 ** (MAX_DIGITS + 1)])
