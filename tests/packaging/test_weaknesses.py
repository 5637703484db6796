"""What tools/weaknesses.py makes of pip-audit's answers, which were recorded."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest

CLEAN = {"name": "anyio", "version": "4.16.0", "vulns": []}
WEAK = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"], "aliases": [], "description": "…"}],
}
UNKNOWN = {"name": "attrs", "skip_reason": "Dependency not found on PyPI and could not be audited"}


@pytest.mark.parametrize(
    ("listed", "status", "words"),
    [
        ([CLEAN], 0, "No known weakness in 1 packages"),
        ([CLEAN, UNKNOWN], 0, "No known weakness in 1 packages; not known there: attrs"),
        ([CLEAN, WEAK, UNKNOWN], 1, "jinja2 2.4.1: PYSEC-2014-8, mended in 2.7.2"),
        ([UNKNOWN, UNKNOWN], 3, "Nothing was audited: the index knows none of the 2 packages. "),
        ([], 3, "Nothing was audited: "),
    ],
)
def test_what_was_not_audited_never_passes(
    project: Any, monkeypatch: pytest.MonkeyPatch, listed: list[Any], status: int, words: str
) -> None:
    monkeypatch.syspath_prepend(str(project.root / "tools"))
    tool = import_module("weaknesses")
    found, text = tool.judged(json.dumps({"dependencies": listed, "fixes": []}), "")
    assert (found, text[: len(words)]) == (status, words)


def test_an_index_that_does_not_answer_is_told_in_a_sentence(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(project.root / "tools"))
    problem = "Traceback (most recent call last):\nConnectionError: no route to host\n"
    assert import_module("weaknesses").judged("", problem) == (
        3,
        "Nothing was audited, for pip-audit came to no result: ConnectionError: no route to host",
    )
