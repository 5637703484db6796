import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver import artifacts
from dbcontract.mockserver.apis.pixiebrix.state.records import Row
from dbcontract.mockserver.artifacts.text import instant_text
from dbcontract.mockserver.state import jsonio
from dbcontract.mockserver.state.instants import format_instant, parse_instant

MakeRow = Callable[..., Row]
DATA: list[dict[str, Any]] = [
    {},
    {"name": 'Zoë "Z" \\ \n\u2028', "n": None, "yes": True},
    {"id": 2**80, "nested": {"id": 2**70, "list": [1.5, -0.1, []]}},
]
KEYS = ["plain", 'quo"te', "back\\slash", "line\nfeed", "日本", ""]


@given(st.integers(parse_instant("0001-01-01T00:00:00Z"), parse_instant("9999-12-31T23:59:59.999999Z")))
def test_fast_instants_equal_the_slow_ones(us: int) -> None:
    assert instant_text(us) == format_instant(us)


@pytest.mark.parametrize("us", [-1, 0, -62_135_596_800_000_000, 59_999_999, 86_399_999_999, 86_400_000_000])
def test_instants_at_the_borders(us: int) -> None:
    assert instant_text(us) == format_instant(us)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("data", DATA)
def test_a_record_is_what_was_stored(row: MakeRow, key: str, data: dict[str, Any]) -> None:
    stored = row(data, key=key)
    assert json.loads(artifacts.record_json(stored)) == {
        "id": key,
        "data": data,
        "created_at": format_instant(stored[0]),
    }


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("data", DATA)
def test_a_line_has_database_and_both_instants(row: MakeRow, key: str, data: dict[str, Any]) -> None:
    stored = row(data, key=key)
    assert json.loads(artifacts.line_json("db-1", stored)) == {
        "id": key,
        "database": "db-1",
        "data": data,
        "created_at": format_instant(stored[0]),
        "updated_at": format_instant(stored[3]),
    }


def test_the_stored_bytes_are_not_rewritten(row: MakeRow) -> None:
    at, sequence, key, updated, _ = row()
    data = b'{"big":123456789012345678901234567890,"small":1e-7,"text":"\\u00e9"}'
    assert b'"data":' + data + b"," in artifacts.record_json((at, sequence, key, updated, data))


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1250])
def test_arrays_of_any_length_are_whole_and_in_order(row: MakeRow, count: int) -> None:
    rows = [row({"i": i}) for i in range(count)]
    chunks = list(artifacts.records_json(rows))
    assert [item["data"]["i"] for item in json.loads(b"".join(chunks))] == list(range(count))
    pairs = [(f"db-{i % 2}", stored) for i, stored in enumerate(rows)]
    exported = json.loads(b"".join(artifacts.export_json(pairs)))
    assert [(item["database"], item["id"]) for item in exported] == [
        (name, stored[2]) for name, stored in pairs
    ]


def test_no_chunk_holds_more_than_its_rows(row: MakeRow) -> None:
    rows = [row({"marker": 1}) for _ in range(1250)]
    for chunks in (artifacts.records_json(rows), artifacts.archive_jsonl("db", rows)):
        counts = [chunk.count(b"marker") for chunk in chunks]
        assert max(counts) == artifacts.CHUNK_ROWS
        assert sum(counts) == 1250


def test_archive_lines_are_json_each_with_its_line_end(row: MakeRow) -> None:
    rows = [row({"text": "two\nlines \u2028 \x85"}, key="a\nb") for _ in range(501)]
    content = b"".join(artifacts.archive_jsonl("db-1", rows))
    assert content.endswith(b"\n")
    lines = content[:-1].split(b"\n")
    assert len(lines) == 501
    assert [json.loads(line) for line in lines] == [
        json.loads(artifacts.line_json("db-1", stored)) for stored in rows
    ]


def test_an_archive_of_nothing_is_empty() -> None:
    assert b"".join(artifacts.archive_jsonl("db-1", [])) == b""


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(exclude_categories=["Cs"])),
            lambda inner: (
                st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
            ),
            max_leaves=6,
        ),
    ),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_data_comes_back(data: dict[str, Any], key: str) -> None:
    stored = (1_700_000_000_000_000, 1, key, 1_700_000_000_000_001, jsonio.dumps(data))
    decoded = json.loads(artifacts.record_json(stored))
    assert (decoded["id"], decoded["data"]) == (key, data)
