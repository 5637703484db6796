from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbcontract.mockserver.state.json_steps import load_steps
from dbcontract.mockserver.state.jsonio import MalformedJSON, loads

PUT = st.sampled_from([b"", b",", b"]", b"}", b"\xff", b"x"])
TEXTS = st.text(st.sampled_from('ab"\\{}[],: \n\u00e4\u20ac\U0001f600'), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**40) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXTS, inner, max_size=6),
    max_leaves=40,
)


def outcome(raw: bytes, step: int, depth: int = 200) -> Any:
    """The value, or what is wrong."""
    steps = load_steps(raw, depth, step)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        except MalformedJSON as error:
            return error.wrong.code


def expected(raw: bytes, depth: int = 200) -> Any:
    try:
        return loads(raw, depth)
    except MalformedJSON as error:
        return error.wrong.code


@given(VALUES, st.integers(1, 60), st.sampled_from([None, 1]), st.booleans())
def test_it_is_what_is_read_at_once(value: Any, step: int, indent: int | None, ascii_: bool) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii_).encode(errors="surrogatepass")
    assert repr(outcome(raw, step)) == repr(expected(raw))


@given(
    VALUES, st.integers(1, 60), st.integers(0, 200), st.sampled_from([b"", b",", b"]", b"}", b"\xff", b"x"])
)
@example([[1, 2], 3], 4, 7, b",")
@example({"a": 1}, 4, 6, b",")
def test_what_is_broken_is_told_as_at_once(value: Any, step: int, at: int, put: bytes) -> None:
    raw = json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
    broken = raw[:at] + put + raw[at:] if put else raw[:at]
    assert repr(outcome(broken, step)) == repr(expected(broken))


@pytest.mark.parametrize("depth", [4, 5, 6])
def test_depth_counts_from_the_outside(depth: int) -> None:
    raw = b'{"a":[[{"b":[1,2,3]},{"b":[]}]]}'  # five levels
    assert outcome(raw, 6, depth) == expected(raw, depth)


def test_no_step_is_long() -> None:
    entries = [{"id": f"value-{number}", "raw": list(range(100))} for number in range(200)]
    document = {"version": "1", "values": {"iterable": entries}, "text": "x" * 5_000, "last": [1] * 3_000}
    raw = json.dumps(document, indent=1).encode()
    steps = load_steps(raw, step=4_096)
    assert sum(1 for _ in steps) > len(raw) / 4_096 * 0.8


class Counted(bytes):
    """Counts how often a piece is cut out of it."""

    cuts = 0

    def __getitem__(self, key: Any) -> Any:
        self.cuts += 1
        return super().__getitem__(key)


def test_blanks_between_members_take_no_step_each() -> None:
    raw = Counted(b"[1," + b" " * 1_000_000 + b"2]")
    assert outcome(raw, 65_536) == [1, 2]
    assert raw.cuts < 100


def test_members_before_a_long_text_are_read_together() -> None:
    """The text at the end of each window holds all that could be taken for the end of a member."""
    raw = b"[" + (b"1," * 10_000 + b'"' + b'},],\\",' * 20_000 + b'",') * 2 + b"1]"
    steps, count = load_steps(raw), 0
    with contextlib.suppress(StopIteration):
        while True:
            next(steps)
            count += 1
    assert count < 2_000
