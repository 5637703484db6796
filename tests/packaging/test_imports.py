"""Who may know whom: the contracts of [tool.importlinter] hold, and would notice a breach."""

import os
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import grimp
import pytest


def lint_imports(project: Any, packages: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on packages laid out as they are installed: the only layout it understands."""
    command = [
        str(Path(sys.executable).with_name("lint-imports")),
        "--config",
        str(project.root / "pyproject.toml"),
        "--no-cache",
        "--no-logo",
    ]
    environment = {**os.environ, "PYTHONPATH": str(packages), "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=packages, env=environment, check=False, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def packages(project: Any, tmp_path: Path) -> Path:
    for name in project.files():
        if name.endswith(".py"):
            _, _, rest = name.partition("/")
            top = rest.partition("/")[0]
            source = project.root / (rest if f"dbcontract.{top}" in project.folders else f"src/{name}")
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return tmp_path


def test_the_contracts_hold(project: Any, packages: Path) -> None:
    result = lint_imports(project, packages)
    assert result.returncode == 0, result.stdout + result.stderr


def circle(packages: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Modules that import each other, wherever in them and for whatever; empty where there are none."""
    monkeypatch.syspath_prepend(packages)
    monkeypatch.delitem(sys.modules, "dbcontract")
    graph = grimp.build_graph("dbcontract", cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_modules_import_each_other_in_a_circle(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert circle(packages, monkeypatch) == []


def test_a_lazy_circle_is_noticed(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = packages / "dbcontract" / "mockserver" / "sandbox" / "clock.py"
    lazy = "def lazy() -> None:\n    from .registry import Sandboxes\n"
    file.write_text(f"{file.read_text()}\n{lazy}")
    assert {f"dbcontract.mockserver.sandbox.{name}" for name in ("clock", "registry")} <= {
        *circle(packages, monkeypatch)
    }


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("mockserver.state.jsonio", "mockserver.sandbox.settings"),
        ("mockserver.apis.pixiebrix.state.records", "openapi"),
        ("fixtures", "mockserver.state.instants"),
        ("openapi", "fixtures"),
        ("conformance", "mockserver.sandbox.settings"),
        ("mockserver.server.application", "conformance"),
        ("mockserver.server.application", "cli"),
        ("prove.judging", "cli"),
        ("mockserver.apis.pixiebrix.pagination", "mockserver.apis.pieces.handlers"),
        ("mockserver.client.http", "mockserver.server.run"),
        ("mockserver.web.origin", "mockserver.server.run"),
        ("mockserver.artifacts.text", "mockserver.web.responses"),
        ("mockserver.control.overview", "mockserver.apis.pixiebrix.overview"),
        ("conformance.apis.pieces.probes", "conformance.apis.pixiebrix.lists"),
        ("conformance.http.wire", "conformance.authoring.context"),
        ("conformance.report.text", "conformance.runner.engine"),
        ("conformance.runner.engine", "conformance.apis.pixiebrix.lists"),
    ],
)
def test_a_breach_is_noticed(project: Any, packages: Path, importer: str, imported: str) -> None:
    module = packages.joinpath("dbcontract", *importer.split("."))
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    file.write_text(f"{file.read_text()}\nimport dbcontract.{imported}\n")
    result = lint_imports(project, packages)
    assert result.returncode == 1
    assert f"dbcontract.{importer} -> dbcontract.{imported}" in result.stdout


@pytest.mark.parametrize("parent", ["", "mockserver.", "conformance."])
def test_a_room_that_is_not_entered_is_noticed(project: Any, packages: Path, parent: str) -> None:
    room = packages.joinpath("dbcontract", *parent.split(".")[:-1], "cellar")
    room.mkdir()
    (room / "__init__.py").write_text("")
    result = lint_imports(project, packages)
    assert result.returncode == 1
    assert f"dbcontract.{parent}cellar" in result.stdout


def test_handlers_may_import_state(project: Any, packages: Path) -> None:
    file = packages / "dbcontract" / "mockserver" / "control" / "__init__.py"
    file.write_text("import dbcontract.mockserver.state.rows\n")
    result = lint_imports(project, packages)
    assert result.returncode == 0, result.stdout + result.stderr
