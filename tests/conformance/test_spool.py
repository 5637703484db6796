"""Long bodies in a file: their JSON, elements, lines and rows are those that a reader of all of it finds."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbcontract.conformance.http.spool import CHUNK, Folded, Spool, TooLarge, digest_of, dump
from dbcontract.conformance.http.streams import elements, lines, text_lines

MEMORY = 8 * CHUNK


def spooled(content: bytes, memory: int = MEMORY) -> Spool:
    spool = Spool(memory)
    spool.write(content)
    return spool


def unfolded(value: Any) -> Any:
    if isinstance(value, Folded):
        return list(value)
    if isinstance(value, list):
        return [unfolded(one) for one in value]
    return {name: unfolded(one) for name, one in value.items()} if isinstance(value, dict) else value


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary().map(list),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


@given(ANY, st.integers(0, 255), st.booleans())
def test_a_value_is_what_it_is_in_memory(value: Any, byte: int, ascii_: bool) -> None:
    document = [value, {"long": [byte, *range(256)] * 2, "]": "[1, 2"}, value]
    spool = spooled(json.dumps(document, ensure_ascii=ascii_).encode())
    found = spool.json()
    assert isinstance(found[1]["long"], Folded)
    assert unfolded(found) == document
    again = dump(found)
    assert isinstance(again, Spool)
    assert json.loads(again.whole()) == document
    assert json.loads(spool.sample()) == [value, {"long": [0], "]": "[1, 2"}, value]


@pytest.mark.parametrize("shift", range(48))
def test_where_the_parts_end_does_not_matter(shift: int) -> None:
    odd = '{"a\\\\": "\\"[1,\\\\", "é": [], "n": [1, [2, 30]], "s": [' + ",".join(["107"] * 300) + "]}"
    begin = '["' + "x" * (CHUNK - 700 + shift * 15) + '", '
    content = (begin + ", ".join([odd] * 3) + "]").encode()
    assert unfolded(spooled(content).json()) == json.loads(content)
    several = elements(
        (part.decode() for part in spooled(content.replace("é".encode(), b"e")).parts()), MEMORY
    )
    assert list(several) == json.loads(content.replace("é".encode(), b"e"))


@pytest.mark.parametrize(
    "inside", ["256", "-1", "1.5", "true", "null", '"1"', "1e2", "[1]", "18446744073709551616"]
)
@pytest.mark.parametrize("form", ["{}, {}", "{1}, {0}", "{0}, {0}, {1}, {0}"])
def test_only_arrays_of_bytes_are_folded(inside: str, form: str) -> None:
    content = f"[{form.replace('{}, {}', '{0}, {1}').format(', '.join(['7'] * 400), inside)}]".encode()
    assert spooled(content).json() == json.loads(content)


@pytest.mark.parametrize("wrong", [",", ",,1", "1 2", "01", "1,", "1]]", ""])
def test_what_is_not_json_is_none(wrong: str) -> None:
    content = f"[{', '.join(['7'] * 400)}, {wrong}]".encode()
    with pytest.raises(json.JSONDecodeError):
        spooled(content[:-1] if wrong == "" else content).json()


def test_arrays_are_compared_wherever_they_are() -> None:
    values = [number % 256 for number in range(400)]
    folded, same = spooled(json.dumps(values).encode()).json(), spooled(json.dumps(values).encode()).json()
    other = spooled(json.dumps([*values[:-1], 0]).encode()).json()
    assert folded == same == values
    assert folded != other
    assert folded != [*values[:-1], True]
    assert len(folded) == 400
    assert digest_of(folded) == digest_of(values) != digest_of(other)


def test_no_more_is_held_than_may_be() -> None:
    words = spooled(json.dumps(["x" * 5_000]).encode(), memory=1_000)
    for asked in (words.whole, words.json, words.sample):
        with pytest.raises(TooLarge):
            asked()
    numbers = spooled(json.dumps([1] * 5_000).encode(), memory=1_000).json()
    assert len(numbers) == 5_000
    with pytest.raises(TooLarge):
        list(numbers)
    with pytest.raises(TooLarge):
        list(lines([b"x" * 2_000], 1_000))
    with pytest.raises(TooLarge):
        list(text_lines(["x" * 2_000], 1_000))
    with pytest.raises(TooLarge):
        list(elements(['["', "x" * 2_000, '"]'], 1_000))


def cut(text: str, sizes: list[int]) -> Iterator[str]:
    for size in sizes:
        yield text[:size]
        text = text[size:]
    yield text


SIZES = st.lists(st.integers(0, 5), max_size=12)


@example([0, 0.5, 1e-9], [5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], None)
@given(st.lists(ANY, max_size=4), SIZES, st.sampled_from([None, 1]))
def test_elements_are_those_of_the_array(values: list[Any], sizes: list[int], indent: int | None) -> None:
    assert list(elements(cut(json.dumps(values, indent=indent), sizes), MEMORY)) == values


@given(
    st.sampled_from(["", "[", "[1", "[1,", "[1 2]", "[tru]", "[1]]", "[,1]", "[1,]", "[1}", '["a', "[-]"]),
    SIZES,
)
def test_a_broken_array_is_none(text: str, sizes: list[int]) -> None:
    with pytest.raises((json.JSONDecodeError, TypeError)):
        list(elements(cut(text, sizes), MEMORY))


@given(st.text(alphabet='a",\r\n\u2028\x85'), SIZES)
def test_lines_are_those_of_the_text(text: str, sizes: list[int]) -> None:
    assert list(text_lines(cut(text, sizes), MEMORY)) == list(io.StringIO(text, newline=""))
    parts = [part.encode() for part in cut(text, sizes)]
    expected = text.encode().split(b"\n")
    assert list(lines(parts, MEMORY)) == (expected if expected[-1] else expected[:-1])


@given(st.lists(st.lists(st.text(alphabet='a",\r\n;é'), min_size=2, max_size=2), min_size=1), SIZES)
def test_rows_are_those_that_were_written(rows: list[list[str]], sizes: list[int]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    assert list(csv.reader(text_lines(cut(written.getvalue(), sizes), MEMORY), strict=True)) == rows
