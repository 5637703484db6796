import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_SOURCE = {"__pycache__"}


@dataclass(frozen=True)
class Project:
    """A checkout, or a copy of what a build needs of it."""

    root: Path

    @property
    def pyproject(self) -> dict[str, Any]:
        return tomllib.loads((self.root / "pyproject.toml").read_text())

    @property
    def version(self) -> str:
        return str(self.pyproject["project"]["version"])

    @property
    def folders(self) -> dict[str, str]:
        """Import name -> folder at the root."""
        folders: dict[str, str] = self.pyproject["tool"]["setuptools"]["package-dir"]
        return folders

    def files(self) -> set[str]:
        """Where every file of the packages belongs in an installation, whatever pyproject.toml lists."""
        return {
            "/".join([*name.split("."), *file.relative_to(self.root / folder).parts])
            for name, folder in self.folders.items()
            for file in _walk(self.root / folder)
        }

    def copy_to(self, target: Path) -> "Project":
        """Only what a build needs, so that nothing an earlier build left behind gets in."""
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            target.mkdir(exist_ok=True)
            shutil.copy(self.root / name, target)
        for folder in self.folders.values():
            shutil.copytree(self.root / folder, target / folder, ignore=shutil.ignore_patterns(*NOT_SOURCE))
        return Project(target)

    def wheel(self, into: Path) -> set[str]:
        """Build a wheel with the project's own backend; the names of the files in it."""
        into.mkdir()
        build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
        subprocess.run(
            [sys.executable, "-c", build, str(into)],
            cwd=self.root,
            check=True,
            capture_output=True,
            timeout=100,
        )
        (wheel,) = into.glob("*.whl")
        with ZipFile(wheel) as archive:
            return {name for name in archive.namelist() if not name.endswith("/")}


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in NOT_SOURCE:
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


@pytest.fixture(scope="session")
def project() -> Project:
    return Project(ROOT)


@pytest.fixture(scope="session")
def source(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return project.copy_to(tmp_path_factory.mktemp("source") / "project")


@pytest.fixture(scope="session")
def wheel(source: Project, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return source.wheel(tmp_path_factory.mktemp("wheel") / "dist")
