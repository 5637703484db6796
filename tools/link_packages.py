"""Lay the packages out as they are installed, for tools that read files and know nothing of package-dir.

Usage: `python tools/link_packages.py [FOLDER]` (default `build/typing`). The tree holds links; where
those are not allowed (Windows without developer mode) it holds copies.
"""

import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IGNORED = shutil.ignore_patterns("__pycache__")


def link_packages(tree: Path, *, copy: bool = False) -> None:
    """Make `tree/dbcontract/...` hold every package of pyproject.toml, replacing what was there."""
    with (ROOT / "pyproject.toml").open("rb") as stream:
        folders: dict[str, str] = tomllib.load(stream)["tool"]["setuptools"]["package-dir"]
    if tree.exists():
        shutil.rmtree(tree)
    # parents before children: the root package is a real folder that holds links, as its children come from
    # elsewhere
    for name, folder in sorted(folders.items()):
        place = tree.joinpath(*name.split("."))
        source = ROOT / folder
        if "." in name:
            _link(source, place, copy=copy)
            continue
        place.mkdir(parents=True)
        for child in source.iterdir():
            if child.name != "__pycache__":
                _link(child, place / child.name, copy=copy)


def _link(source: Path, place: Path, *, copy: bool) -> None:
    if not copy:
        try:
            place.symlink_to(source, target_is_directory=source.is_dir())
        except OSError:
            copy = True
    if copy and source.is_dir():
        shutil.copytree(source, place, ignore=IGNORED)
    elif copy:
        shutil.copyfile(source, place)


if __name__ == "__main__":
    link_packages(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "typing")
