"""No room outside `apis/` names an API, but where there is a reason."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(
    r"pixiebrix|PIXIEBRIX|PixieBrix|\bPieces\b|PiecesEntry|pieces_(url|export)|[\"`]pieces\b|apis\.pieces"
)
_DATA = "the data sets that come with the kit hold what its two APIs remember; those of other APIs are files"
_CLIENT = "the client types what can be set of the two APIs that come with it; `urls` has all"
REASONS = {
    "fixtures/bi.py": _DATA,
    "fixtures/builders.py": _DATA,
    "fixtures/captured.py": _DATA,
    "fixtures/catalog.py": _DATA,
    "fixtures/edge.py": _DATA,
    "fixtures/empty.py": _DATA,
    "fixtures/entries.py": _DATA,
    "fixtures/pools.py": _DATA,
    "fixtures/small.py": _DATA,
    "mockserver/client/mock_client.py": _CLIENT,
    "mockserver/client/types.py": _CLIENT,
    "mockserver/pytest/plugin.py": "says what the plugin is, and which variables it sets",
    "src/dbcontract/__init__.py": "says what the product is",
    "src/dbcontract/cli/__init__.py": "says what the product is",
    "src/dbcontract/cli/execute.py": "says which variables a command gets",
    "src/dbcontract/cli/server_options.py": "the flags for what can be set of the two APIs that come with it",
}


def test_no_room_names_an_api_without_a_reason() -> None:
    named = {
        str(file.relative_to(ROOT))
        for folder in ("conformance", "fixtures", "mockserver", "src")
        for file in (ROOT / folder).rglob("*.py")
        if "apis" not in file.relative_to(ROOT).parts
        for line in file.read_text(encoding="utf-8").splitlines()
        if NAMED.search(line)
    }
    assert named == set(REASONS)
