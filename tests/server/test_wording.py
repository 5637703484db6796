"""Errors of the state are worded by the API: every code, in a sentence with what it names."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dbcontract.mockserver import state
from dbcontract.mockserver.apis import pieces, pixiebrix
from dbcontract.mockserver.apis.pieces import errors as pieces_errors
from dbcontract.mockserver.apis.pieces.state.errors import ImportRejected, NewerExport
from dbcontract.mockserver.apis.pixiebrix import errors as pixiebrix_errors
from dbcontract.mockserver.state.errors import InvalidInput, MalformedJSON, Wrong
from dbcontract.mockserver.web.errors import JSON_WORDS, refusal_of

NAMES = {"pieces": pieces, "pixiebrix": pixiebrix}
WORDS = {"pieces": pieces_errors.WORDS, "pixiebrix": pixiebrix_errors.WORDS}
VARIANTS = ("defects", "conforming")


def sources(package: ModuleType) -> Iterator[tuple[str, ast.Module]]:
    """The modules of a package that are not variants, by name."""
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not {*info.name.split(".")} & {*VARIANTS}:
            file = Path(importlib.import_module(info.name).__file__ or "")
            yield info.name.rpartition("apis.")[2], ast.parse(file.read_text(encoding="utf-8"))


def codes(package: ModuleType) -> set[str]:
    """The codes that the modules give."""
    return {
        ast.literal_eval(node.args[0])
        for _, module in sources(package)
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Wrong"
    }


@pytest.mark.parametrize("api", NAMES)
def test_every_code_of_an_api_is_worded_and_no_other(api: str) -> None:
    assert codes(NAMES[api]) - JSON_WORDS.keys() == WORDS[api].keys()
    assert codes(state) == JSON_WORDS.keys()


def test_no_error_of_a_state_is_given_a_sentence() -> None:
    """What is not an error of the domain (`ValueError` and the like) speaks to who writes the call."""
    rooms = (
        state,
        importlib.import_module(f"{pieces.__name__}.state"),
        importlib.import_module(f"{pixiebrix.__name__}.state"),
    )
    domain = {"ImportRejected", "NewerExport", "InvalidInput", "MalformedJSON", "BrokenSchema", "StateError"}
    worded = [
        f"{name}:{node.lineno}"
        for room in rooms
        for name, module in sources(room)
        for node in ast.walk(module)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id in domain
        for text in ast.walk(node.exc)
        if isinstance(text, ast.Constant) and isinstance(text.value, str) and " " in text.value
    ]
    assert not worded


def test_errors_keep_their_shape_and_name_their_values() -> None:
    error = InvalidInput({"a": {"1": [Wrong("unknown-id", "{x}")]}, "b": ["A sentence.", Wrong("blank")]})
    assert refusal_of(error, WORDS["pixiebrix"]).detail == {
        "a": {"1": ['Invalid pk "{x}" - object does not exist.']},
        "b": ["A sentence.", "This field may not be blank."],
    }


def test_a_code_that_an_api_does_not_word_is_told_as_it_is() -> None:
    assert refusal_of(InvalidInput({"a": [Wrong("odd", "{}"), Wrong("plain")]})).detail == {
        "a": ["odd: {}", "plain"]
    }
    assert pieces_errors.sentence(ImportRejected(Wrong("odd", 7), "assets")) == "assets: odd: 7"


def test_json_that_cannot_be_kept_is_worded_for_all_apis() -> None:
    refusal = refusal_of(MalformedJSON(Wrong("nested-too-deep", 200)))
    assert (refusal.status, refusal.detail) == (400, "JSON parse error - nested deeper than 200 levels")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ImportRejected(Wrong("not-an-object", None)), "an exported database must be an object, not null"),
        (ImportRejected(Wrong("not-bytes", "AA"), "assets"), 'assets must be an array of bytes, not "AA"'),
        (
            ImportRejected(Wrong("not-a-byte", True), "assets[1]"),
            "assets[1] must be a byte (0-255), not true",
        ),
        (ImportRejected(Wrong("not-an-object", [1]), "values"), "values must be an object, not an array"),
        (
            ImportRejected(Wrong("not-an-array", {}), "values.iterable"),
            "values.iterable must be an array, not an object",
        ),
        (ImportRejected(Wrong("unknown-field", "more"), "values"), '"more" is not a field of values'),
        (ImportRejected(Wrong("unknown-field", "more")), '"more" is not a field of an exported database'),
        (ImportRejected(Wrong("missing"), "values.schema"), "values.schema is missing"),
        (ImportRejected(Wrong("not-bytes", b"[]"), "assets"), "assets must be an array of bytes, not b'[]'"),
        (ImportRejected(Wrong("not-bytes", "x" * 58), "a"), f'a must be an array of bytes, not "{"x" * 58}"'),
        (
            ImportRejected(Wrong("not-bytes", "x" * 59), "a"),
            f'a must be an array of bytes, not "{"x" * 56}...',
        ),
        (
            NewerExport(Wrong("newer-version", "9.2.0"), "9.1.2"),
            "the export comes from version 9.2.0, which is newer than 9.1.2",
        ),
        (
            NewerExport(Wrong("newer-migration", 8), 7),
            "the export has database version 8, which is newer than 7",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refused_import_names_place_and_value(error: Any, sentence: str) -> None:
    assert pieces_errors.sentence(error) == sentence
    for status, kind in ((500, ImportRejected), (505, NewerExport)):
        if isinstance(error, kind):
            answer = pieces_errors.PiecesErrors().response(error, None)
            assert (answer.status_code, bytes(answer.body).decode()) == (status, f"{sentence}\n")
