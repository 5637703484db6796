"""The page of traceability: every rule once, below its document; docs/traceability.md is the page of now."""

import runpy
from pathlib import Path

import pytest

from dbcontract.conformance.catalogue.rules import Catalogue, UnknownRule, load_all
from dbcontract.conformance.catalogue.traceability import render

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


@pytest.fixture(scope="module")
def rules() -> Catalogue:
    return load_all()


def test_the_traceability_page_has_every_rule_once(rules: Catalogue) -> None:
    page = render(rules, {})
    rows = [line.split(" | ")[1] for line in page.splitlines() if line.startswith("| ") and "-" in line]
    ids = [cell for cell in rows if cell in rules]
    assert sorted(ids) == sorted(rule.id for rule in rules)
    assert f"{len(rules)} rules, 0 with a check." in page


def test_the_traceability_page_follows_the_documents(rules: Catalogue) -> None:
    lines = render(rules, {}).splitlines()
    documents = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert documents[:2] == ["Database API \\| Python SDK", "Database APIs"]
    assert documents[-1] == "decision"
    download = lines.index("### Download a Database Asset")
    update = lines.index("### Update a Database Asset")
    row = next(line for line in lines if "| PB-ASSET-03 |" in line)
    assert lines.index("### Create a Database Export Job") < download < lines.index(row) < update
    assert row == f"| {rules['PB-ASSET-03'].statement} | PB-ASSET-03 | documented | none yet<br>watched |"


def test_the_traceability_page_names_checks_and_reasons(rules: Catalogue) -> None:
    page = render(rules, {"PB-ASSET-03": ["assets:refused", "assets:refused_again"], "PB-ASSET-04": []})
    lines = page.splitlines()
    assert any(
        line.endswith("| PB-ASSET-03 | documented | `assets:refused`<br>`assets:refused_again`<br>watched |")
        for line in lines
    )
    assert any("| PB-ASSET-04 |" in line and line.endswith("| none yet |") for line in lines)
    assert "1 with a check." in page
    for rule in rules.filter(testable=False):
        assert any(f"| {rule.id} |" in line and "untestable: " in line for line in lines)


def test_the_traceability_page_refuses_checks_of_unknown_rules(rules: Catalogue) -> None:
    with pytest.raises(UnknownRule, match="PB-ASET-03"):
        render(rules, {"PB-ASET-03": ["assets:refused"]})
