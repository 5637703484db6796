"""Clients can be generated from the descriptions, whole and without a warning."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from types import ModuleType
from typing import Any

import pytest

from dbcontract import openapi

from .clients import generate_python_client
from .documents import VENDORS, Operation, examples, follow, operations

Client = Callable[[str], ModuleType]
Tools = Callable[..., CompletedProcess[str]]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|\s+", "_", name).lower()


@pytest.mark.parametrize("name", VENDORS)
def test_the_python_client_is_generated_without_a_warning(name: str, tmp_path: Path) -> None:
    printed = generate_python_client(name, tmp_path)
    assert "warning" not in printed.lower()
    assert "skipping" not in printed.lower()


@pytest.mark.parametrize("name", VENDORS)
def test_the_python_client_has_every_operation(name: str, generated_python_client: Client) -> None:
    package = generated_python_client(name)
    for operation in operations(name):
        tag = snake(operation.spec["tags"][0])
        module = importlib.import_module(f"{package.__name__}.api.{tag}.{snake(operation.id)}")
        taken = inspect.signature(module.sync_detailed).parameters
        assert {snake(one["name"]) for one in operation.parameters} <= set(taken), operation.id
        assert ("body" in taken) == ("requestBody" in operation.spec)
        assert inspect.iscoroutinefunction(module.asyncio_detailed)


@pytest.mark.parametrize("name", VENDORS)
def test_the_python_models_carry_every_example_unchanged(name: str, generated_python_client: Client) -> None:
    models = importlib.import_module(f"{generated_python_client(name).__name__}.models")
    carried = set()
    for operation in operations(name):
        for component, example in _typed_examples(operation):
            model = getattr(models, component)
            assert model.from_dict(example).to_dict() == _in_utc_notation(example), component
            carried.add(component)
    objects = {
        component
        for component, schema in openapi.load(name)["components"]["schemas"].items()
        if schema.get("type") == "object"
    }
    assert carried <= objects
    assert carried >= {one for one in objects if one.endswith("Request")}


def test_the_filters_of_the_python_client_become_parameters_of_their_own(
    generated_python_client: Client,
) -> None:
    package = generated_python_client("pixiebrix")
    filters = importlib.import_module(f"{package.__name__}.models").ListRecordsDataFilters
    call = importlib.import_module(f"{package.__name__}.api.records.list_records")
    sent = call._get_kwargs(  # noqa: SLF001 - what the generated function hands to its HTTP library
        "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60", data_filters=filters.from_dict({"data__user email": "david"})
    )
    assert sent["params"]["data__user email"] == "david"
    assert "data_filters" not in sent["params"]


def test_the_typescript_types_compile_in_use(node_tools: Tools) -> None:
    for name in VENDORS:
        done = node_tools("openapi-typescript", f"{name}.yaml", "--output", f"{name}.d.ts")
        assert done.returncode == 0, done.stderr
        assert "warn" not in (done.stdout + done.stderr).lower().replace("npm warn", "")
    done = node_tools(
        "tsc", "--noEmit", "--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes",
        "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "usage.ts",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def _typed_examples(operation: Operation) -> list[tuple[str, dict[str, Any]]]:
    """(component, example) of each body, and of each element of a body that is an array."""
    found = []
    for _where, media_type, content in operation.bodies:
        if media_type != "application/json":
            continue
        choices = content["schema"].get("oneOf", [content["schema"]])
        for example in examples(operation.document, content):
            for choice in choices:
                items = choice.get("items")
                if items and isinstance(example, list):
                    found += [(items["$ref"].rpartition("/")[2], one) for one in example]
                elif "$ref" in choice and isinstance(example, dict):
                    assert follow(operation.document, choice)["type"] == "object"
                    found.append((choice["$ref"].rpartition("/")[2], example))
    return found


def _in_utc_notation(value: Any) -> Any:
    """The value with timestamps as Python writes them: `+00:00` for `Z`, no microseconds where zero."""
    if isinstance(value, dict):
        return {key: _in_utc_notation(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_in_utc_notation(one) for one in value]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value):
        return re.sub(r"(\.0+)?Z$", "+00:00", value)
    return value
