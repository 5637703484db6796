"""Which APIs there are: what installed packages name, and what is told where they name it wrongly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dbcontract.conformance.apis.base import ApiNotUsable, apis, names

GROUP = "dbcontract.conformance.apis"
ASK = "from dbcontract.conformance.apis.base import apis; print(*apis())"
MODULE = """
from dataclasses import replace
from dbcontract.conformance.apis.pieces.api import API as PIECES
API = replace(PIECES, name="invented", prefix={prefix!r})
"""


def installed(folder: Path, entry: str, module: str = "") -> dict[str, str]:
    """The environment of a process that finds one more distribution, with this entry point."""
    metadata = folder / "invented-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: invented\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\n{entry}\n")
    (folder / "invented_api.py").write_text(module)
    return {**os.environ, "PYTHONPATH": str(folder)}


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=environment["PYTHONPATH"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_names_are_those_of_the_values() -> None:
    assert names() == ("pieces", "pixiebrix")
    assert {name: (api.name, api.prefix) for name, api in apis().items()} == {
        "pieces": ("pieces", "PI"),
        "pixiebrix": ("pixiebrix", "PB"),
    }


def test_an_api_of_another_distribution_is_found(tmp_path: Path) -> None:
    environment = installed(tmp_path, "invented = invented_api:API", MODULE.format(prefix="IN"))
    done = run(environment, "-c", ASK)
    assert done.stdout.split() == ["invented", "pieces", "pixiebrix"], done.stderr


@pytest.mark.parametrize(
    ("entry", "module", "message"),
    [
        ("invented = not_there:API", "", "the API 'invented' cannot be loaded from not_there:API"),
        ("invented = invented_api:API", "", "install its package again"),
        ("invented = invented_api:API", "API = 1", "is not a JudgedApi with the name 'invented'"),
        ("other = invented_api:API", MODULE.format(prefix="IN"), "is not a JudgedApi with the name 'other'"),
        ("invented = invented_api:API", MODULE.format(prefix="PI"), "invented and pieces both call their"),
        ("pieces = invented_api:API", MODULE.format(prefix="IN"), "two installed packages name an API 'piec"),
    ],
)
def test_an_api_that_cannot_be_used_is_one_line_of_the_command(
    tmp_path: Path, entry: str, module: str, message: str
) -> None:
    done = run(installed(tmp_path, entry, module), "-m", "dbcontract", "rules")
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_where_nothing_is_registered_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from dbcontract.conformance.apis import base

    monkeypatch.setattr(base, "_registered", dict)
    with pytest.raises(ApiNotUsable, match=r"install dbcontract again, .* `pip install -e \.`"):
        base.apis.__wrapped__()
