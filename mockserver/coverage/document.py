"""Coverage as a JSON document, described by `coverage.schema.json`; documents of several sandboxes add up."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

from .contract import CoveredContract, Operation
from .situation import Situation
from .watch import Finding, Watch

FORMAT: Final = 1
NAMED: Final = 3
"""How many tests are named of those that met the same."""
KINDS: Final = ("status", "format", "version", "situation")

Document = dict[str, Any]


def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    text = files(__package__).joinpath("coverage.schema.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def document(watch: Watch, name: str, *, lines: bool = True) -> Document:
    """What a watch has counted.

    Args:
        watch: of a sandbox.
        name: of the sandbox or the test, which is told to have met it.
        lines: with the lines that bring each outcome and situation about.
    """
    contract = watch.contract
    made: Document = {
        "format": FORMAT,
        "requests": watch.requests,
        "since": watch.since,
        "paused": watch.paused,
        "totals": {},
        "apis": [_api(api, watch, name, lines=lines) for api in contract.apis],
        "findings": [_finding(one, name) for one in watch.findings.values() if one.count],
    }
    return _totalled(made)


def nothing(contract: CoveredContract) -> Document:
    """The document of a run that met nothing."""
    return document(Watch(contract), "")


def _api(api: str, watch: Watch, name: str, *, lines: bool) -> Document:
    contract = watch.contract
    return {
        "name": api,
        "label": contract.labels[api],
        "operations": [
            _operation(one, watch, name, lines=lines) for one in contract.operations[api].values()
        ],
        "situations": [
            _situation(one, watch.situations.get((api, one.id), 0), name, lines=lines)
            for one in contract.apis[api].situations
        ],
    }


def _operation(one: Operation, watch: Watch, name: str, *, lines: bool) -> Document:
    outcomes = []
    for kind, value in one.outcomes():
        met = watch.outcomes.get((one.id, kind, value), 0)
        outcome = {"kind": kind, "value": value, **_met(met, name)}
        if lines:
            steps = one.steps(kind, value)
            outcome |= {
                "python": [step.python for step in steps],
                "curl": [step.curl for step in steps],
                "then": one.then(kind, value),
            }
        outcomes.append(outcome)
    return {
        "id": one.id,
        "method": one.method,
        "path": one.path,
        "summary": one.summary,
        "counts": not one.around,
        "outcomes": outcomes,
    }


def _situation(one: Situation, met: int, name: str, *, lines: bool) -> Document:
    shown = {"id": one.id, "title": one.title, "operations": list(one.operations), **_met(met, name)}
    if lines:
        shown |= {
            "rules": list(one.rules),
            "python": [step.python for step in one.steps],
            "curl": [step.curl for step in one.steps],
            "then": one.then,
        }
    return shown


def _met(count: int, name: str) -> Document:
    return {"met": count, "by": [name] if count else []}


def _finding(one: Finding, name: str) -> Document:
    misuse = one.misuse
    cases = [
        {"said": said, "count": case.count, "number": case.number, "by": name, "evidence": case.evidence}
        for said, case in one.cases.items()
    ]
    return {
        "kind": misuse.id,
        "title": misuse.title,
        "remedy": misuse.remedy,
        "level": misuse.level,
        "source": misuse.source,
        "count": one.count,
        "by": [name],
        "cases": cases,
    }


def cells(of: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Document]]:
    """Whatever can be met, with what it is called: outcomes of operations, and situations."""
    for api in of["apis"]:
        for operation in api["operations"]:
            for outcome in operation["outcomes"]:
                yield (api["name"], operation["id"], outcome["kind"], outcome["value"]), outcome
        for situation in api["situations"]:
            yield (api["name"], "", "situation", situation["id"]), situation


class Sum:
    """A document to which others are added: what they have met, it has met.

    Args:
        whole: has all that there is to meet, and with it what brings that about.
    """

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self._made = copy.deepcopy(dict(whole))
        self._cells = dict(cells(self._made))
        self._findings = {one["kind"]: one for one in self._made["findings"]}

    def add(self, part: Mapping[str, Any], name: str | None = None) -> None:
        """Add a document; what this has not, because another server serves other APIs, is left out.

        Args:
            part: need have nothing but what was met.
            name: what it is told by; None: by the names in it.
        """
        self._made["requests"] += part["requests"]
        for key, cell in cells(part):
            if cell["met"] and key in self._cells:
                known = self._cells[key]
                known["met"] += cell["met"]
                known["by"] = _named(known["by"], cell["by"] if name is None else [name])
        for one in part["findings"]:
            self._find(one, name)

    def _find(self, one: Mapping[str, Any], name: str | None) -> None:
        told = [{**case, "by": case["by"] if name is None else name} for case in one["cases"]]
        by = list(one["by"]) if name is None else [name]
        same = self._findings.get(one["kind"])
        if same is None:
            self._findings[one["kind"]] = {**one, "by": by[:NAMED], "cases": told[:NAMED]}
            return
        same["count"] += one["count"]
        same["by"] = _named(same["by"], by)
        said = {case["said"] for case in same["cases"]}
        same["cases"] = [*same["cases"], *(case for case in told if case["said"] not in said)][:NAMED]

    def document(self) -> Document:
        """All of it together."""
        self._made["findings"] = list(self._findings.values())
        return copy.deepcopy(_totalled(self._made))


def _named(before: list[str], more: list[str]) -> list[str]:
    return list(dict.fromkeys([*before, *more]))[:NAMED]


def _totalled(made: Document) -> Document:
    """The document with its totals; what is in neither document of the vendor does not count."""
    totals: dict[str, dict[str, int]] = {kind: {"met": 0, "of": 0} for kind in KINDS}
    counted = {
        (api["name"], operation["id"])
        for api in made["apis"]
        for operation in api["operations"]
        if operation["counts"]
    }
    for (api_name, operation_id, kind, _), cell in cells(made):
        if kind == "situation" or (api_name, operation_id) in counted:
            totals[kind]["of"] += 1
            totals[kind]["met"] += bool(cell["met"])
    met, all_ = (sum(one[name] for one in totals.values()) for name in ("met", "of"))
    made["totals"] = {**totals, "met": met, "of": all_, "percent": percent(met, all_)}
    return made


def percent(met: int, of: int) -> float:
    """How much that is, rounded down, so that a hundred is all of it."""
    return 100.0 if met == of else int(1000 * met / of) / 10


def without_what_was_not_met(whole: Mapping[str, Any]) -> Document:
    """The document with only what was met."""
    made = copy.deepcopy(dict(whole))
    for api in made["apis"]:
        for operation in api["operations"]:
            operation["outcomes"] = [one for one in operation["outcomes"] if one["met"]]
        api["operations"] = [one for one in api["operations"] if one["outcomes"]]
        api["situations"] = [one for one in api["situations"] if one["met"]]
    return made


def emptied(whole: Mapping[str, Any]) -> Document:
    """All that there is to meet, and nothing of it met."""
    made = copy.deepcopy(dict(whole))
    made |= {"requests": 0, "since": None, "paused": False, "findings": []}
    for _, cell in cells(made):
        cell |= {"met": 0, "by": []}
    return _totalled(made)
