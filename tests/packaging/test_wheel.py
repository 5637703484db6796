from pathlib import Path
from typing import Any

import pytest


def packaged(wheel: set[str]) -> set[str]:
    return {name for name in wheel if ".dist-info/" not in name}


def test_one_top_level_name(source: Any, wheel: set[str]) -> None:
    # a second one (`openapi`, `fixtures`) would overwrite another project's package
    tops = {name.partition("/")[0] for name in wheel}
    assert {"dbcontract", f"dbcontract-{source.version}.dist-info"} == tops


def test_every_file_of_the_folders_is_in_it_and_nothing_else(source: Any, wheel: set[str]) -> None:
    assert packaged(wheel) == source.files()


def test_the_kinds_of_files_are_really_there(wheel: set[str]) -> None:
    # the test above compares two lists; this one would notice that both are empty
    assert {
        "dbcontract/__init__.py",
        "dbcontract/py.typed",
        "dbcontract/cli/serve.py",
        "dbcontract/conformance/__init__.py",
        "dbcontract/fixtures/__init__.py",
        "dbcontract/mockserver/apis/pixiebrix/state/records.py",
        "dbcontract/openapi/pieces.yaml",
        "dbcontract/openapi/pixiebrix.yaml",
    } <= packaged(wheel)


@pytest.mark.parametrize(
    "forgotten",
    ["mockserver/unlisted/__init__.py", "conformance/unlisted/rules.yaml", "fixtures/unlisted/data.json"],
)
def test_a_folder_that_is_not_listed_is_noticed(project: Any, tmp_path: Path, forgotten: str) -> None:
    copy = project.copy_to(tmp_path / "project")
    (copy.root / forgotten).parent.mkdir()
    (copy.root / forgotten).write_text("")
    assert f"dbcontract/{forgotten}" in copy.files() - packaged(copy.wheel(tmp_path / "dist"))


def test_a_kind_of_file_that_no_glob_names_is_noticed(project: Any, tmp_path: Path) -> None:
    copy = project.copy_to(tmp_path / "project")
    (copy.root / "openapi" / "logo.bmp").write_bytes(b"BM")
    assert "dbcontract/openapi/logo.bmp" in copy.files() - packaged(copy.wheel(tmp_path / "dist"))


def test_every_folder_is_a_package(source: Any) -> None:
    # data folders too: importlib.resources and mypy find nothing in a namespace package of a mapped folder
    files = source.files()
    assert {f"{Path(name).parent.as_posix()}/__init__.py" for name in files} - files == set()
