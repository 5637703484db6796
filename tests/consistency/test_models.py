"""Histories that no order of the same operations explains are told from right ones, by the models alone."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

DATA = {"by": "a", "log": ["a"], "deep": {"log": ["a"], "x": 1}}
MORE = {"log": ["b"], "deep": {"log": ["b"], "y": 2}}
REPLACED = ["replace", DATA]
EMPTIED = {"by": "a", "log": ["a", "b"], "deep": {"log": [], "x": 1, "y": 2}}
APPENDED = {"by": "a", "log": ["a", "b"], "deep": {"log": ["a", "b"], "x": 1, "y": 2}}

Row = tuple[str, str, Any, Any, int, int | None]
"""Object, kind, sent, answer, began, ended."""

RIGHT: dict[str, list[Row]] = {
    "writes that overlap, in either order": [
        ("record:k", "put", REPLACED, [201, DATA], 0, 1),
        ("record:k", "put", ["shallow", {"p": 1}], [200, {**DATA, "p": 1, "q": 1}], 2, 5),
        ("record:k", "put", ["shallow", {"q": 1}], [200, {**DATA, "q": 1}], 3, 4),
    ],
    "each strategy": [
        ("record:k", "put", REPLACED, [201, DATA], 0, 1),
        ("record:k", "put", ["deep_append", MORE], [200, APPENDED], 2, 3),
        ("record:k", "put", ["deep", {"deep": {"log": []}}], [200, EMPTIED], 4, 5),
        ("record:k", "delete", None, 204, 6, 7),
        ("record:k", "get", None, None, 8, 9),
    ],
    "a write that nobody heard of, seen much later": [
        ("record:k", "put", REPLACED, None, 0, None),
        ("record:k", "get", None, None, 1, 2),
        ("record:k", "get", None, DATA, 3, 4),
    ],
    "the last of two imports wins": [
        ("pieces:0", "import", ["a", 6], 204, 0, 3),
        ("pieces:0", "import", ["b", 3], 204, 1, 2),
        ("pieces:0", "export", None, ({"a": 6, "b": 3}, ["a"]), 4, 5),
    ],
}  # fmt: skip

WRONG: dict[str, list[Row]] = {
    "an acknowledged write is lost": [
        ("record:k", "put", REPLACED, [201, DATA], 0, 1),
        ("record:k", "put", ["shallow", {"p": 1}], [200, {**DATA, "p": 1}], 2, 3),
        ("record:k", "get", None, DATA, 4, 5),
    ],
    "two merges, of which each saw the record without the other": [
        ("record:k", "put", REPLACED, [201, DATA], 0, 1),
        ("record:k", "put", ["shallow", {"p": 1}], [200, {**DATA, "p": 1}], 2, 5),
        ("record:k", "put", ["shallow", {"q": 1}], [200, {**DATA, "q": 1}], 3, 4),
    ],
    "an older state is read after a newer one": [
        ("record:k", "put", REPLACED, [201, DATA], 0, 9),
        ("record:k", "get", None, DATA, 1, 2),
        ("record:k", "get", None, None, 3, 4),
    ],
    "what was cut off in its middle is there": [
        ("record:k", "put", REPLACED, "refused", 0, 1),
        ("record:k", "get", None, DATA, 2, 3),
    ],
    "a deletion is undone": [
        ("record:k", "put", REPLACED, [201, DATA], 0, 1),
        ("record:k", "delete", None, 204, 2, 3),
        ("record:k", "delete", None, 204, 4, 5),
    ],
    "a new key answers as an old one": [("record:k", "put", REPLACED, [200, DATA], 0, 1)],
    "an array is seen in part": [
        ("array:0", "write", ["a", 3], [["a", 3]], 0, 1),
        ("array:0", "write", ["b", 3], [["b", 3]], 2, 5),
        ("array:0", "read", None, [["a", 1], ["b", 2]], 3, 4),
    ],
    "an import is seen in part": [
        ("pieces:0", "import", ["a", 6], 204, 0, 3),
        ("pieces:0", "export", None, ({"a": 3}, ["a"]), 1, 2),
    ],
    "an acknowledged import is not in an export": [
        ("pieces:0", "import", ["a", 6], 204, 0, 1),
        ("pieces:0", "export", None, ({}, []), 2, 3),
    ],
    "a refused import is in an export": [
        ("pieces:0", "import", ["a", 6], "refused", 0, 1),
        ("pieces:0", "export", None, ({"a": 6}, ["a"]), 2, 3),
    ],
    "exports disagree about which import came first": [
        ("pieces:0", "import", ["a", 3], 204, 0, 9),
        ("pieces:0", "import", ["b", 3], 204, 1, 8),
        ("pieces:0", "export", None, ({"a": 3}, ["a"]), 2, 5),
        ("pieces:0", "export", None, ({"b": 3}, ["b"]), 3, 4),
    ],
    "an older import wins": [
        ("pieces:0", "import", ["a", 3], 204, 0, 1),
        ("pieces:0", "export", None, ({"a": 3}, ["a"]), 2, 3),
        ("pieces:0", "import", ["b", 3], 204, 4, 5),
        ("pieces:0", "export", None, ({"a": 3, "b": 3}, ["a"]), 6, 7),
    ],
    "shared entries of two imports": [
        ("pieces:0", "import", ["a", 3], 204, 0, 1),
        ("pieces:0", "import", ["b", 3], 204, 2, 3),
        ("pieces:0", "export", None, ({"a": 3, "b": 3}, ["a", "b"]), 4, 5),
    ],
    "the same imports with another last one": [
        ("pieces:0", "import", ["a", 3], 204, 0, 9),
        ("pieces:0", "import", ["b", 3], 204, 1, 8),
        ("pieces:0", "export", None, ({"a": 3, "b": 3}, ["a"]), 10, 11),
        ("pieces:0", "export", None, ({"a": 3, "b": 3}, ["b"]), 12, 13),
    ],
    "pages show something twice": [
        ("growing:x", "add", "a", 201, 0, 1),
        ("growing:x", "read", None, ["a", "a"], 2, 3),
    ],
    "pages leave something out": [
        ("growing:x", "add", "a", 201, 0, 1),
        ("growing:x", "add", "b", 201, 2, 3),
        ("growing:x", "read", None, ["b"], 4, 5),
    ],
    "pages change their order": [
        ("growing:x", "add", "a", None, 0, None),
        ("growing:x", "add", "b", None, 1, None),
        ("growing:x", "read", None, ["a", "b"], 2, 3),
        ("growing:x", "read", None, ["b", "a"], 4, 5),
    ],
    "a job knows what came after it": [
        ("growing:x", "add", "a", 201, 2, 3),
        ("growing:x", "read", None, ["a"], 0, 1),
    ],
    "a record that nobody wrote": [("growing:x", "read", None, ["a"], 0, 1)],
    "an id is given twice": [
        ("ids:jobs", "given", None, "one", 0, 1),
        ("ids:jobs", "given", None, "one", 2, 3),
    ],
    "time goes back": [
        ("times:", "given", None, "2026-01-02T00:00:00Z", 0, 1),
        ("times:", "given", None, "2026-01-01T00:00:00Z", 2, 3),
    ],
    "an archive lacks a record of its date": [
        ("archives:", "add", "a", "2026-01-01", 0, 1),
        ("archives:", "read", "2026-01-01", [], 2, 3),
    ],
    "an archive has a record of another date": [
        ("archives:", "add", "a", "2026-01-01", 0, 1),
        ("archives:", "read", "2026-01-02", ["a"], 2, 3),
    ],
}  # fmt: skip


def judged(rows: list[Row]) -> list[str]:
    events, models = import_module("histories.events"), import_module("histories.models")
    found: list[str] = models.judge([events.Event(*row) for row in rows])
    return found


@pytest.mark.usefixtures("consistency")
@pytest.mark.parametrize("rows", RIGHT.values(), ids=RIGHT)
def test_a_right_history(rows: list[Row]) -> None:
    assert judged(rows) == []


@pytest.mark.usefixtures("consistency")
@pytest.mark.parametrize("rows", WRONG.values(), ids=WRONG)
def test_a_wrong_history(rows: list[Row]) -> None:
    assert judged(rows)
    # and each is wrong for this reason alone: its beginning is right
    assert judged(rows[:-1]) == []
