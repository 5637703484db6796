"""docs/traceability.md is what the tool would write now."""

import runpy
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "traceability.py"


@pytest.fixture(scope="module")
def page() -> str:
    """The page as the tool would write it."""
    return str(runpy.run_path(str(TOOL))["page"]())


def test_the_traceability_page_is_up_to_date(page: str) -> None:
    written = (TOOL.parents[1] / "docs" / "traceability.md").read_text(encoding="utf-8")
    assert written == page, "run: python tools/traceability.py"


def test_the_traceability_page_names_a_check_or_a_reason_for_every_rule(page: str) -> None:
    assert "none yet" not in page
