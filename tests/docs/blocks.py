"""The blocks of code in the documentation, and what is said of how they are executed.

A block is executed as its language says. Comments right above it, which no reader sees, say what differs:

    <!-- not executed: REASON -->                  it cannot be; the reason is for whoever reads the source
    <!-- executed by tests/FOLDER/test_NAME.py --> that test reads this page and executes it
    <!-- run with: ARGUMENTS -->                   added to `dbcontract check` and `prove`, to have less to do
    <!-- exit status: N -->                        of its last command, in place of 0
    <!-- answers: N -->                            HTTP status of its last curl, which is an error
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))

import reference  # noqa: E402 (a script beside others, no package)

_FENCE: Final = re.compile(
    r"(?P<above>(?:^<!--[^\n]*-->\n+)*)^(?P<fence>```+)(?P<language>[^\n]*)\n(?P<code>.*?)^(?P=fence)\s*$",
    re.MULTILINE | re.DOTALL,
)
_MARK: Final = re.compile(
    r"<!-- (?P<key>not executed|executed by|run with|exit status|answers):? (?P<value>.*?) -->"
)
_BESIDE: Final = ("README.md", "benchmarks/README.md", "examples/*/README.md", "packaging/*/README.md")


@dataclass(frozen=True)
class Block:
    """One block of code.

    Attributes:
        page: where it stands, below the root of the repository.
        line: of its fence, from 1.
        marks: what the comments above it say, by key.
    """

    page: str
    line: int
    language: str
    code: str
    marks: dict[str, str]

    @property
    def place(self) -> str:
        """For a message."""
        return f"{self.page}:{self.line}"


@cache
def pages() -> Mapping[str, str]:
    """The text of every page of the documentation, the generated ones too, by its path."""
    paths = [*ROOT.glob("docs/*.md"), *(path for pattern in _BESIDE for path in ROOT.glob(pattern))]
    found = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted(paths)}
    made = {f"docs/generated/{name}": make() for name, make in reference.pages().items()}
    return MappingProxyType(found | made)


def blocks(page: str, text: str) -> Iterator[Block]:
    """The blocks of one page in their order; directives of the generator are none."""
    for found in _FENCE.finditer(text):
        if not found["language"].startswith("{"):
            line = text.count("\n", 0, found.start("fence")) + 1
            marks = {one["key"]: one["value"] for one in _MARK.finditer(found["above"])}
            yield Block(page, line, found["language"], found["code"], marks)
