"""What the packages import is declared, and what is declared is explained."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(project: Any) -> set[str]:
    return {
        canonical(re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0])
        for requirement in project.pyproject["project"]["dependencies"]
    }


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def test_every_import_is_declared(project: Any) -> None:
    # a dependency of a dependency may go away with its next release
    known = packages_distributions()
    undeclared = {
        f"{file.relative_to(project.root)} imports {name}"
        for folder in project.folders.values()
        for file in (project.root / folder).rglob("*.py")
        for name in imported(file)
        if name not in sys.stdlib_module_names and name != "dbcontract"
        if not {canonical(one) for one in known.get(name, ())} & declared(project)
    }
    assert undeclared == set()


def test_every_dependency_is_explained_and_nothing_else(project: Any) -> None:
    page = (project.root / "docs" / "dependencies.md").read_text()
    runtime = page.partition("## For development")[0]
    assert {canonical(name) for name in re.findall(r"^- \*\*(\S+)\*\*", runtime, re.MULTILINE)} == declared(
        project
    )


def test_every_development_dependency_is_explained_and_nothing_else(project: Any) -> None:
    page = (project.root / "docs" / "dependencies.md").read_text()
    development = page.partition("## For development")[2]
    groups: dict[str, list[Any]] = project.pyproject["dependency-groups"]
    names = {
        canonical(re.split(r"[<>=]", requirement, maxsplit=1)[0])
        for group in groups.values()
        for requirement in group
        if isinstance(requirement, str)
    }
    assert {canonical(name) for name in re.findall(r"^- \*\*(\S+)\*\*", development, re.MULTILINE)} == names
