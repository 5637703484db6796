"""The linters have nothing to say: Redocly in its strictest set, Spectral in its recommended one.

The rules that are off, and why: node/redocly.yaml, node/spectral.yaml.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from .documents import VENDORS

Tools = Callable[..., CompletedProcess[str]]


def problems(node_tools: Tools, file: str) -> list[str]:
    done = node_tools(
        "redocly", "lint", "--config", "redocly.yaml", "--lint-config", "error", "--format", "json", file
    )
    assert "{" in done.stdout, done.stderr
    report = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{") :])[0]
    found = [f"{one['severity']} {one['ruleId']}: {one['message']}" for one in report["problems"]]
    assert (done.returncode == 0) == (not found), done.stderr
    return found


@pytest.mark.parametrize("name", VENDORS)
def test_the_linter_finds_nothing(node_tools: Tools, name: str) -> None:
    assert problems(node_tools, f"{name}.yaml") == []


def spectral(node_tools: Tools, file: str) -> list[str]:
    done = node_tools(
        "spectral", "lint", "--ruleset", "spectral.yaml", "--fail-severity", "hint", "--format", "json", file
    )
    found = [str(one["code"]) for one in json.JSONDecoder().raw_decode(done.stdout)[0]]
    assert (done.returncode == 0) == (not found), done.stderr
    return found


@pytest.mark.parametrize("name", VENDORS)
def test_the_second_linter_finds_nothing(node_tools: Tools, name: str) -> None:
    assert spectral(node_tools, f"{name}.yaml") == []


def test_the_second_linter_is_awake(node_tools: Tools) -> None:
    assert "operation-description" in spectral(node_tools, "broken.yaml")


def test_the_linter_is_awake(node_tools: Tools) -> None:
    found = problems(node_tools, "broken.yaml")
    rules = {line.split()[1].rstrip(":") for line in found}
    assert {"operation-description", "no-invalid-media-type-examples", "no-unused-components"} <= rules
    assert all(line.startswith("error") for line in found)
