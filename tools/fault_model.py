"""Write docs/fault-model.md: operations, kinds of faults, rules and defects.

`python tools/fault_model.py`, after a change of the fault model, the catalogue or the defects. A test
fails when the page is not what this writes.
"""

from __future__ import annotations

from pathlib import Path

from dbcontract.conformance.catalogue import fault_model
from dbcontract.conformance.catalogue.rules import load_all
from dbcontract.mockserver.variants.registry import discover

PAGE = Path(__file__).resolve().parents[1] / "docs" / "fault-model.md"


def page() -> str:
    """The page as it has to be.

    Raises:
        SystemExit: the fault model is not complete; the message says where.
    """
    model = fault_model.load()
    problems = model.problems(load_all())
    if problems:
        raise SystemExit("\n".join(problems))
    defects: dict[str, list[str]] = {}
    for variant in discover():
        for rule_id in variant.breaks:
            defects.setdefault(rule_id, []).append(variant.name)
    return fault_model.render(model, defects)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
