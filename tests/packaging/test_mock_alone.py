"""The distribution `dbcontract-mock`, installed from nothing: the mock and its fixture without the kit."""

import os
import re
import shutil
import subprocess
import tomllib
import venv
from pathlib import Path
from typing import Any

import pytest

MOCK = Path(__file__).resolve().parents[2] / "packaging" / "mock"
KIT_ONLY = {"faker", "httpcore", "hypothesis", "jinja2", "packaging", "pytest", "requests", "schemathesis"}
BIN = "Scripts" if os.name == "nt" else "bin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of a new environment that has nothing but the mock and pytest."""
    shutil.rmtree(MOCK / "build", ignore_errors=True)  # setuptools packs what earlier builds left there
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    options = ("--quiet", "--disable-pip-version-check", "--no-compile")
    run(folder / BIN / "pip", "install", *options, str(MOCK), "pytest")
    return folder / BIN


def run(command: Path, *arguments: str, status: int = 0, cwd: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [command, *arguments],
        cwd=cwd or command.parent,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def names(requirements: list[str]) -> dict[str, str]:
    return {re.split(r"[\[<>=;]", one, maxsplit=1)[0].lower(): one for one in requirements}


def test_it_declares_the_same_as_the_whole_package(project: Any) -> None:
    mock, whole = tomllib.loads((MOCK / "pyproject.toml").read_text()), project.pyproject
    kit = ("dbcontract.conformance", "dbcontract.prove")
    packages = {name for name in whole["tool"]["setuptools"]["packages"] if not name.startswith(kit)}
    assert set(mock["tool"]["setuptools"]["packages"]) == packages
    assert mock["tool"]["setuptools"]["package-data"] == whole["tool"]["setuptools"]["package-data"]
    assert mock["project"]["version"] == whole["project"]["version"]
    needed = names(whole["project"]["dependencies"])
    assert names(mock["project"]["dependencies"]) == {
        name: text for name, text in needed.items() if name not in KIT_ONLY
    }


def test_nothing_of_the_kit_is_installed(installed: Path) -> None:
    listed = run(installed / "pip", "list", "--disable-pip-version-check").lower()
    assert "dbcontract-mock" in listed
    assert not re.findall(r"schemathesis|hypothesis|faker", listed)


def test_the_fixture_works(project: Any, installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from urllib.request import urlopen\n\n"
        "def test_it(dbcontract_mock):\n"
        "    with urlopen(dbcontract_mock.pieces_url + '/database/export') as answer:\n"
        "        assert answer.status == 200\n"
    )
    shown = run(installed / "pytest", "-rA", cwd=tmp_path)
    assert "1 passed" in shown
    assert f"dbcontract-mock-{project.version}" in shown  # in the line of the plugins


def test_commands_of_the_kit_say_where_they_are(project: Any, installed: Path) -> None:
    shown = run(installed / "dbcontract", "check", status=2)
    assert "`check` is not part of dbcontract-mock" in shown
    assert "pip install dbcontract" in shown
    listed = run(installed / "dbcontract", "--help")
    assert "serve" in listed
    assert "check" not in listed
    assert run(installed / "dbcontract", "--version") == f"dbcontract {project.version}\n"


def test_another_seed_names_what_it_needs(installed: Path) -> None:
    shown = run(installed / "dbcontract", "data", "small", "--seed", "2", status=2)
    assert "--seed 2" in shown
    assert "pip install faker" in shown
