"""What is installed where the tests run is what the checkout says."""

import os
import subprocess
import sys
import sysconfig
from importlib.metadata import distribution, entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import dbcontract
import dbcontract.conformance
import dbcontract.fixtures
import dbcontract.mockserver
import dbcontract.openapi

from_wheel = pytest.mark.skipif(
    "DBCONTRACT_TESTS_INSTALLED" not in os.environ, reason="only where tox has installed the built wheel"
)


@from_wheel
@pytest.mark.parametrize(
    "module",
    [dbcontract, dbcontract.conformance, dbcontract.fixtures, dbcontract.mockserver, dbcontract.openapi],
    ids=lambda module: module.__name__,
)
def test_the_tests_import_the_wheel_and_not_the_checkout(module: Any) -> None:
    assert Path(module.__file__).is_relative_to(sysconfig.get_path("purelib"))


@from_wheel
def test_the_wheel_holds_nothing_that_the_checkout_has_no_more(project: Any) -> None:
    # setuptools keeps removed files in build/lib and packs them again; the cure is to remove build/
    installed = {str(path) for path in distribution("dbcontract").files or () if path.suffix != ".pyc"}
    assert {name for name in installed if name.startswith("dbcontract/")} == project.files()


def test_version(project: Any) -> None:
    assert dbcontract.__version__ == distribution("dbcontract").version == project.version


def test_an_unknown_attribute_is_refused_as_everywhere() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = dbcontract.nonsense


def test_importing_the_package_does_not_read_the_metadata() -> None:
    code = "import sys, dbcontract; sys.exit('importlib.metadata' in sys.modules)"
    assert subprocess.run([sys.executable, "-Ic", code], check=False).returncode == 0


def test_command() -> None:
    (script,) = entry_points(group="console_scripts", name="dbcontract")
    assert script.value == "dbcontract.cli:main"


def test_the_command_runs_as_a_module_in_a_checkout(project: Any) -> None:
    # the current folder comes first on the path there: nothing in it may hide the installed package
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    command = [sys.executable, "-m", "dbcontract", "--version"]
    done = subprocess.run(
        command, cwd=project.root, env=environment, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert dbcontract.__version__ in done.stdout


def test_metadata() -> None:
    metadata = distribution("dbcontract").metadata
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"


@pytest.mark.parametrize("name", ["pieces", "pixiebrix"])
def test_data_files_are_found_through_the_package(name: str) -> None:
    assert files("dbcontract.openapi").joinpath(f"{name}.yaml").read_bytes().startswith(b"openapi: 3.0.3")


def test_the_folder_names_are_no_modules(tmp_path: Path) -> None:
    code = "from importlib.util import find_spec; import sys; sys.exit(any(map(find_spec, sys.argv[1:])))"
    command = [sys.executable, "-Ic", code, "mockserver", "conformance"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
