"""Every command and every block of code in the documentation does what the page says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dbcontract.conformance.target import file as targetfile

from . import blocks
from .session import Session

PAGES = blocks.pages()
WITH_BLOCKS = sorted(page for page, text in PAGES.items() if list(blocks.blocks(page, text)))
SHOWN = {"text"}
"""Languages of blocks that show something, and are nothing to execute."""
PYTEST = (sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis")


def toml(block: blocks.Block, folder: Path) -> None:
    """Have a file read by what it is for."""
    content = tomllib.loads(block.code)
    if "tool" in content:
        (folder / "pyproject.toml").write_text(block.code)
        (folder / "test_one.py").write_text("def test_one() -> None: ...\n")
        done = subprocess.run(
            [*PYTEST, "test_one.py"], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (block.place, done.stdout, done.stderr)
    elif "accepted" in content:
        (folder / "baseline.toml").write_text(block.code)
        command = [sys.executable, "-m", "dbcontract", "check", "--baseline", "baseline.toml"]
        done = subprocess.run(
            [*command, "--only", "PI-EXP-01"], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (block.place, done.stdout, done.stderr)
    else:
        variables = dict.fromkeys(("PIXIEBRIX_TOKEN", "PIXIEBRIX_READ_ONLY_TOKEN"), "x")
        apis = {} if {"pieces", "pixiebrix"} & set(content) else {"pieces": {"url": "http://127.0.0.1:9"}}
        targetfile.parse({**apis, **content}, variables)


def execute(block: blocks.Block, session: Session, folder: Path) -> None:
    match block.language:
        case "sh":
            session.shell(block)
        case "python" if "def test_" in block.code or "pytest.fixture" in block.code:
            session.program(block, *PYTEST, suffix="py")
        case "python":
            session.program(block, sys.executable, "-P", suffix="py")
        case "js":
            node = shutil.which("node")
            if node is None:
                pytest.skip("node is not installed")
            session.program(block, node, suffix="mjs")
        case "toml":
            toml(block, folder)
        case other:
            pytest.fail(
                f"{block.place}: nothing executes {other!r}: name a test that does, or the reason why not"
            )


@pytest.mark.timeout(900)  # whole runs of the kit, on a machine that may be busy
@pytest.mark.parametrize("page", WITH_BLOCKS)
def test_a_page_can_be_followed_from_beginning_to_end(page: str, tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    with Session(folder) as session:
        for block in blocks.blocks(page, PAGES[page]):
            if block.language not in SHOWN and not {"not executed", "executed by"} & set(block.marks):
                execute(block, session, folder)


@pytest.mark.parametrize("page", WITH_BLOCKS)
def test_a_block_that_another_test_executes_is_named_there(page: str) -> None:
    for block in blocks.blocks(page, PAGES[page]):
        test = block.marks.get("executed by")
        if test is not None:
            assert Path(page).name in (blocks.ROOT / test).read_text(encoding="utf-8"), block.place


@pytest.mark.parametrize("page", WITH_BLOCKS)
def test_every_block_has_a_language_and_every_reason_is_one(page: str) -> None:
    for block in blocks.blocks(page, PAGES[page]):
        assert block.language, f"{block.place}: say what it is: ```sh, ```text, …"
        assert len(block.marks.get("not executed", "a reason of several words").split()) > 3, block.place


def _lines(page: str) -> list[str]:
    """The commands of a page, each on one line, without what goes into a file."""
    code = "\n".join(one.code for one in blocks.blocks(page, PAGES[page]) if one.language == "sh")
    return re.sub(
        r"<<'END'\n.*?^END$", "", code.replace("\\\n", " "), flags=re.DOTALL | re.MULTILINE
    ).splitlines()


@pytest.mark.parametrize("page", WITH_BLOCKS)
def test_the_commands_of_a_page_can_be_pasted_into_zsh(page: str) -> None:
    for line in _lines(page):
        bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", line)
        assert not re.search(r"\s#", bare), f"zsh takes a comment for arguments: {line}"
        assert not re.search(r"[?*\[\]]", bare), f"zsh looks for files of that pattern: {line}"


def test_the_blocks_of_the_documentation_are_found() -> None:
    text = "a\n\n<!-- exit status: 1 -->\n```sh\nfalse\n```\n\n````text\n```\n````\n\n```{toctree}\nx\n```\n"
    found = list(blocks.blocks("p.md", text))
    assert [(one.language, one.code, one.marks, one.line) for one in found] == [
        ("sh", "false\n", {"exit status": "1"}, 4),
        ("text", "```\n", {}, 8),
    ]


@pytest.mark.parametrize(
    ("code", "marks"),
    [
        ("false", {}),
        ("true", {"exit status": "1"}),
        ("false\ntrue", {}),
        ("curl localhost:5323/api/me/", {}),
        ("curl localhost:5323/_mock/health", {"answers": "401"}),
        ("dbcontract check http://localhost:5323 --no-such-option", {}),
    ],
)
def test_a_block_that_does_not_do_what_is_said_fails(
    code: str, marks: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    with Session(folder) as session, pytest.raises(AssertionError):
        session.shell(blocks.Block("p.md", 1, "sh", code, marks))
