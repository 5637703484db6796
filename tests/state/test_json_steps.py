from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbcontract.mockserver.state import json_steps
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


@pytest.mark.parametrize("depth", range(1, 7))
def test_depth_counts_from_the_outside(depth: int) -> None:
    raw = b'{"a":[[{"b":[1,2,3]},{"b":[],"c":[4]}],"x"]}'  # five levels
    for step in range(1, len(raw) + 1):
        assert outcome(raw, step, depth) == expected(raw, depth)


@pytest.mark.parametrize(
    "raw",
    [
        b'["\xff\xff,",\xe2\x82\xac",1]',
        b"\x80" * 9,
        b"[" + b"\x80" * 9,
        b"[1,,2]",
        b"[,1,2,3]",
        b'{,"a":1,"b":2}',
    ],
)
def test_no_step_makes_up_for_what_is_wrong(raw: bytes) -> None:
    assert {outcome(raw, step) for step in range(1, len(raw) + 1)} == {"not-json"}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was parsed at once, in order."""
    texts: list[bytes] = []

    def noted(raw: bytes, max_depth: int) -> Any:
        texts.append(raw)
        return loads(raw, max_depth)

    monkeypatch.setattr(json_steps, "loads", noted)
    return texts


LONG = [1] * 20
DOCUMENTS: dict[str, list[Any] | dict[str, Any]] = {
    "numbers": LONG,
    "long numbers": [10**10, 10**11, *LONG],
    "texts": ["t},t", "t],t", "t", *LONG, "t},\u20ac", "\u00e4\u20ac\U0001f600"],
    "objects": [{"a": 1, "b": {"c": "\u20ac"}}] * 9,
    "fields": {f"\u00e4{number}": number for number in range(30)},
    "long members": {"a": LONG, "b": [LONG, {"c": LONG, "d": "x"}, LONG], "e": {"f": LONG}, "g": 1},
}


def nesting(value: object) -> int:
    """How deep arrays and objects nest."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(nesting, value.values() if isinstance(value, dict) else value), default=0)


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_longer_than_a_step_is_parsed_at_once(
    parsed: list[bytes], name: str, indent: int | None
) -> None:
    value = {"before": 0, name: DOCUMENTS[name], "after": [[], {}, LONG]}
    raw = json.dumps(value, ensure_ascii=False, indent=indent).encode()
    for step in range(16, 60):
        assert outcome(raw, step, nesting(value)) == value
        # two brackets may have been put around it
        assert max(map(len, parsed)) <= step + 2
        parsed.clear()


@pytest.mark.parametrize("blank", ["[%s]", "{%s}", "[[%s], 1]", '{"a": {%s}}'])
def test_what_is_empty_may_be_long_as_well(parsed: list[bytes], blank: str) -> None:
    text = blank % (" " * 90)
    assert outcome(text.encode(), 20) == json.loads(text)
    assert max(map(len, parsed), default=0) <= 22


def test_what_is_not_longer_than_a_step_is_parsed_at_once(parsed: list[bytes]) -> None:
    raw = b'[1,{"a":[2]}]'
    assert list(load_steps(raw, step=len(raw))) == []
    assert parsed == [raw]


@pytest.mark.parametrize("name", ["numbers", "texts", "objects", "fields"])
def test_what_is_short_is_parsed_together(name: str) -> None:
    some = DOCUMENTS[name]
    many = some * 20 if isinstance(some, list) else {key * 9: value for key, value in some.items()}
    raw = json.dumps([many, many], ensure_ascii=False).encode()
    # a tenth of a step is left for what is cut off, and two steps for each array
    assert sum(1 for _ in load_steps(raw, step=400)) <= len(raw) / 360 + 6


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
