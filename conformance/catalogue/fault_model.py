"""The fault model: for each operation and each kind of fault the rules that would notice it, or why none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from ..apis.base import apis
from .rules import Catalogue


class WrongFaultModel(ValueError):
    """A cell of the fault model that is empty, or names what the catalogue does not have."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault; `means` is a sentence."""

    name: str
    title: str
    means: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands for one kind of fault at one operation.

    Attributes:
        rules: ids of those that a fault of that kind would break.
        reason: where there are none: why nothing can go wrong, or that nothing is promised.
    """

    rules: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class FaultModel:
    """All of it.

    Attributes:
        kinds: in their order.
        cells: by API, operation and name of the kind.
    """

    kinds: tuple[Kind, ...]
    cells: Mapping[str, Mapping[str, Mapping[str, Cell]]]

    def problems(self, catalogue: Catalogue) -> list[str]:
        """What is wrong with it, one sentence each.

        That is a row that is missing or of no operation, an empty cell, a cell of no kind, an unknown rule,
        or a rule of other operations.
        """
        found = []
        names = {kind.name for kind in self.kinds}
        for api, operations in self.cells.items():
            wanted = {operation for rule in catalogue.filter(api=api) for operation in rule.operations}
            found += [f"{api}, {operation}: it has no row" for operation in sorted(wanted - set(operations))]
            for operation, cells in operations.items():
                if operation not in wanted:
                    found.append(f"{api}, {operation}: no rule is about such an operation")
                unknown_kinds = ", ".join(sorted(cells.keys() - names))
                if unknown_kinds:
                    found.append(f"{api}, {operation}: no such kind of fault: {unknown_kinds}")
                for kind in self.kinds:
                    place, cell = f"{api}, {operation}, {kind.name}", cells.get(kind.name)
                    if cell is None or not (cell.rules or cell.reason):
                        found.append(f"{place}: the cell is empty")
                        continue
                    unknown = [rule for rule in cell.rules if rule not in catalogue]
                    if unknown:
                        found.append(f"{place}: no such rule: {', '.join(unknown)}")
                        continue
                    found += [
                        f"{place}: {rule} is about other operations, or cannot be tested"
                        for rule in cell.rules
                        if operation not in catalogue[rule].operations or not catalogue[rule].testable
                    ]
        return found


def load() -> FaultModel:
    """The fault model of all APIs that have one.

    Raises:
        WrongFaultModel: a cell is neither a list of rules nor a sentence.
    """
    text = files(__package__ or "").joinpath("fault_model.yaml").read_bytes()
    document: Mapping[str, Any] = yaml.safe_load(text)
    kinds = tuple(Kind(name, one["title"], one["means"]) for name, one in document["kinds"].items())
    cells = {
        name: {
            operation: {kind: _cell(f"{name}, {operation}, {kind}", value) for kind, value in row.items()}
            for operation, row in yaml.safe_load(rows).items()
        }
        for name, api in apis().items()
        if (rows := api.fault_model()) is not None
    }
    return FaultModel(kinds, cells)


def _cell(place: str, value: object) -> Cell:
    if isinstance(value, str) and value.strip():
        return Cell((), value)
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return Cell(tuple(value), "")
    message = f"{place}: expected rules or a sentence, not {value!r}"
    raise WrongFaultModel(message)


_INTRODUCTION = """\
# The fault model

What others get wrong is mostly of a few kinds. For each operation and each kind this page has the rules
that a fault of that kind would break, with the [defects](proof.md) that show it, or the reason why there is
nothing to break.

It is generated from `fault_model.yaml` of the conformance kit, by `python tools/fault_model.py`.
"""


def render(model: FaultModel, defects: Mapping[str, Sequence[str]]) -> str:
    """The page as Markdown.

    Args:
        model: to show.
        defects: the names of those that break a rule, by its id.
    """
    lines = [_INTRODUCTION, "| Kind | think of |", "|---|---|"]
    lines += [f"| {kind.title} | {kind.means} |" for kind in model.kinds]
    for api, operations in model.cells.items():
        for operation, cells in operations.items():
            lines += ["", f"## {api}: {operation}", "", "| Kind | Rules | Shown by |", "|---|---|---|"]
            lines += [_row(kind, cells[kind.name], defects) for kind in model.kinds]
    return "\n".join(lines) + "\n"


_SHOWN = 4


def _row(kind: Kind, cell: Cell, defects: Mapping[str, Sequence[str]]) -> str:
    if not cell.rules:
        return f"| {kind.title} | none: {cell.reason} | |"
    names = list(dict.fromkeys(name for rule in reversed(cell.rules) for name in defects.get(rule, ())))
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"| {kind.title} | {', '.join(cell.rules)} | {', '.join(names[:_SHOWN])}{rest} |"
