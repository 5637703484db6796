"""The fault model: no cell is empty, what it names exists, and the page is what the tool would write now."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from dbcontract.conformance.catalogue import fault_model
from dbcontract.conformance.catalogue.fault_model import Cell, FaultModel
from dbcontract.conformance.catalogue.rules import Catalogue, load_all
from dbcontract.mockserver.variants.registry import discover

TOOL = Path(__file__).resolve().parents[2] / "tools" / "fault_model.py"


@pytest.fixture(scope="module")
def model() -> FaultModel:
    return fault_model.load()


@pytest.fixture(scope="module")
def rules() -> Catalogue:
    return load_all()


def test_no_cell_is_empty_and_every_rule_is_one_about_its_operation(
    model: FaultModel, rules: Catalogue
) -> None:
    assert model.problems(rules) == []


def test_a_missing_row_and_what_is_of_no_operation_or_kind_are_told(
    model: FaultModel, rules: Catalogue
) -> None:
    rows = dict(model.cells["pieces"])
    row = rows.pop("importDatabase")
    wrong = replace(model, cells={"pieces": {**rows, "deleteDatabase": row}})
    assert wrong.problems(rules)[:2] == [
        "pieces, importDatabase: it has no row",
        "pieces, deleteDatabase: no rule is about such an operation",
    ]
    odd = {"exportDatabase": {**rows["exportDatabase"], "odd": Cell((), "It is odd.")}, "importDatabase": row}
    (told,) = replace(model, cells={"pieces": odd}).problems(rules)
    assert told == "pieces, exportDatabase: no such kind of fault: odd"


def test_every_rule_of_a_cell_is_turned_red_by_a_defect(model: FaultModel) -> None:
    broken = {rule for variant in discover() for rule in variant.breaks}
    named = {
        rule
        for api in model.cells.values()
        for row in api.values()
        for cell in row.values()
        for rule in cell.rules
    }
    assert named - broken == set()


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (None, "the cell is empty"),
        (Cell((), ""), "the cell is empty"),
        (Cell(("PI-EXP-99",), ""), "no such rule: PI-EXP-99"),
        (Cell(("PI-IMP-01",), ""), "PI-IMP-01 is about other operations"),
    ],
)
def test_a_wrong_cell_is_told(model: FaultModel, rules: Catalogue, cell: Cell | None, problem: str) -> None:
    row = dict(model.cells["pieces"]["exportDatabase"])
    row.pop("again")
    row |= {} if cell is None else {"again": cell}
    wrong = replace(model, cells={"pieces": {**model.cells["pieces"], "exportDatabase": row}})
    (told,) = wrong.problems(rules)
    assert told.startswith("pieces, exportDatabase, again: ")
    assert problem in told


def test_the_page_is_up_to_date() -> None:
    written = (TOOL.parents[1] / "docs" / "fault-model.md").read_text(encoding="utf-8")
    assert written == runpy.run_path(str(TOOL))["page"](), "run: python tools/fault_model.py"
