"""One dialect: what the glossary names has no second name in code or pages."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RETIRED = {
    "bench": "rule runner",
    "deviation": "variant",
    "deviates": "is a variant",
    "faithful": "reference",
    "hindrance": "skip reason",
    "interfere": "inject",
    "interference": "fault injection",
    "ledger": "inventory",
    "stranger": "conforming variant",
    "sweep": "fuzzing",
    "swept": "fuzzed",
    "walk of": "stateful test of",
}
"""What is not said any more, and what is said in its place."""
ELSEWHERE = {"docs/dependencies.md", "benchmarks/growth.py"}
"""Pages that name the dependency group `bench`."""


def test_no_retired_word_is_used() -> None:
    folders = ("conformance", "mockserver", "fixtures", "src", "docs", "openapi", "benchmarks", "tools")
    files = [
        file
        for folder in folders
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".md", ".yaml"} and not {"generated", "node_modules"} & {*file.parts}
    ]
    assert len(files) > 400
    words = re.compile(rf"(?<![A-Za-z-])({'|'.join(RETIRED)})s?(?![A-Za-z])", re.IGNORECASE)
    said = [
        f"{name}:{number}: {found[0]}; say {RETIRED.get(found[1].lower())}"
        for file in files
        if (name := str(file.relative_to(ROOT))) not in ELSEWHERE
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        for found in words.finditer(line)
    ]
    assert said == []
