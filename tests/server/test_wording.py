"""Errors of the state are worded by the API: every code, in a sentence with what it names."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

from dbcontract.mockserver.apis.pixiebrix import state
from dbcontract.mockserver.apis.pixiebrix.errors import WORDS
from dbcontract.mockserver.state.errors import InvalidInput, Wrong
from dbcontract.mockserver.web.errors import refusal_of


def codes() -> set[str]:
    """The codes that the state gives."""
    found = set()
    for info in pkgutil.iter_modules(state.__path__):
        file = importlib.import_module(f"{state.__name__}.{info.name}").__file__
        for node in ast.walk(ast.parse(Path(file or "").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Wrong":
                found.add(ast.literal_eval(node.args[0]))
    return found


def test_every_code_of_the_state_is_worded_and_no_other() -> None:
    assert codes() == WORDS.keys()


def test_errors_keep_their_shape_and_name_their_values() -> None:
    error = InvalidInput({"a": {"1": [Wrong("unknown-id", "{x}")]}, "b": ["A sentence.", Wrong("blank")]})
    assert refusal_of(error, WORDS).detail == {
        "a": {"1": ['Invalid pk "{x}" - object does not exist.']},
        "b": ["A sentence.", "This field may not be blank."],
    }


def test_a_code_that_an_api_does_not_word_is_told_as_it_is() -> None:
    assert refusal_of(InvalidInput({"a": [Wrong("odd", "{}"), Wrong("plain")]})).detail == {
        "a": ["odd: {}", "plain"]
    }
