"""Write docs/traceability.md: document heading, statement, rule and check.

`python tools/traceability.py`, after a change of the catalogue or of a check's name. A test fails when the
page is not what this writes.
"""

from __future__ import annotations

from pathlib import Path

from dbcontract.conformance.authoring.check import discover
from dbcontract.conformance.catalogue import traceability
from dbcontract.conformance.catalogue.findings import FUZZING_ONLY, schema_rules
from dbcontract.conformance.catalogue.rules import load_all

PAGE = Path(__file__).resolve().parents[1] / "docs" / "traceability.md"


def page() -> str:
    """The page as it has to be."""
    checks = discover()
    names = {rule_id: [check.name for check in checks.of(rule_id)] for rule_id in checks.rules}
    for rule_id, kinds in schema_rules().items():
        names.setdefault(rule_id, []).extend(
            f"{'generated calls' if name in FUZZING_ONLY else 'all exchanges'}: {name}" for name in kinds
        )
    return traceability.render(load_all(), names)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
