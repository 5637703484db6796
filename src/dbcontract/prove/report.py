"""The proof as a document: JSON for programs, one HTML file for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Template

from dbcontract.conformance.report.pages import environment_of_pages

from .judging import Judgement, Proof

FORMAT: Final = "dbcontract-proof/1"

_MATRIX: Final = (1_200, 600)
"""About as wide and as high is the matrix, in pixels, as far as the size of its cells allows."""
_LEAST: Final = (3, 2)
_MOST: Final = 14


def to_document(proof: Proof) -> dict[str, Any]:
    """The proof as JSON has it.

    `rules` has every rule that the reference mock keeps, with the defects that name it and turn it red
    (`shown_by`) and those that turn it red beside others. Where not all defects were run, `unproven` is null,
    and `rules` has those that what was run names or turns red.
    """
    return {
        "format": FORMAT,
        "holds": proof.holds,
        "seconds": round(proof.seconds, 1),
        "defects": [_entry(one) for one in proof.of("defect")],
        "conforming": [_entry(one) for one in proof.of("conforming")],
        "rules": {
            rule: {"shown_by": shown, "red_beside": beside} for rule, shown, beside in shown_rules(proof)
        },
        "unproven": None if proof.unproven is None else list(proof.unproven),
        "problems": list(proof.problems),
    }


def shown_rules(proof: Proof) -> list[tuple[str, list[str], list[str]]]:
    """Every checked rule, the defects that name it and turn it red, and those that only turn it red.

    Of a part of the proof, which is run without the reference mock, the rules that it says something of.
    """
    defects = proof.of("defect")
    told = {
        rule
        for one in proof.judgements
        for rules in (one.caught, one.missed, one.resting, one.stray)
        for rule in rules
    }
    columns = proof.checked or told
    return [
        (
            rule,
            [one.variant.name for one in defects if rule in one.caught],
            [one.variant.name for one in defects if rule in (*one.resting, *one.stray)],
        )
        for rule in proof.order
        if rule in columns
    ]


def _entry(one: Judgement) -> dict[str, Any]:
    return {
        "name": one.variant.name,
        "area": one.variant.area,
        "sentence": one.variant.sentence,
        "breaks": list(one.variant.breaks),
        "right": one.right,
        "caught": list(one.caught),
        "missed": list(one.missed),
        "red_beside": list(one.resting),
        "stray": list(one.stray),
        "broke": list(one.broke),
        "problems": list(one.problems),
        "seconds": round(one.outcome.seconds, 2),
        "requests": one.outcome.requests,
        "findings": {
            rule: {
                "verdict": str(finding.verdict),
                "reason": finding.reason,
                "because_of": finding.because_of,
            }
            for rule, finding in one.outcome.findings.items()
            if rule in (*one.caught, *one.missed, *one.resting, *one.stray, *one.broke)
        },
    }


def _json(proof: Proof) -> str:
    return json.dumps(to_document(proof), indent=2, ensure_ascii=False) + "\n"


def _html(proof: Proof) -> str:
    columns = [rule for rule, _, _ in shown_rules(proof)]
    place = {rule: index for index, rule in enumerate(columns)}
    rows = sorted(proof.judgements, key=lambda one: _first(one, place))
    cells = [
        (place[rule], row, kind, rule)
        for row, one in enumerate(rows)
        for kind, rules in (
            ("caught", one.caught),
            ("missed", one.missed),
            ("beside", one.resting),
            ("stray", one.stray),
        )
        for rule in rules
        if rule in place
    ]
    return _template().render(
        proof=proof,
        document=to_document(proof),
        rows=rows,
        cells=cells,
        columns=columns,
        areas=_runs([rule.rpartition("-")[0] for rule in columns]),
        wide=max(_LEAST[0], min(_MOST, _MATRIX[0] // max(1, len(columns)))),
        high=max(_LEAST[1], min(_MOST, _MATRIX[1] // max(1, len(rows)))),
    )


def _first(one: Judgement, place: Mapping[str, int]) -> tuple[int, int, str]:
    """Where a row of the matrix belongs: with the first rule of the catalogue that it was caught by."""
    first = min((place[rule] for rule in one.caught if rule in place), default=len(place))
    return int(one.variant.kind == "conforming"), first, one.variant.name


def _runs(names: list[str]) -> list[tuple[str, int, int]]:
    """Each name that stands several times in a row, with its first place and how often."""
    runs: list[tuple[str, int, int]] = []
    for index, name in enumerate(names):
        if runs and runs[-1][0] == name:
            runs[-1] = (name, runs[-1][1], runs[-1][2] + 1)
        else:
            runs.append((name, index, 1))
    return runs


@cache
def _template() -> Template:
    return environment_of_pages().from_string(
        files(__package__).joinpath("proof.html").read_text(encoding="utf-8")
    )


FORMATS: Final[Mapping[str, Callable[[Proof], str]]] = MappingProxyType({"html": _html, "json": _json})
"""Every format by its name: a function from the proof to a text (UTF-8)."""


def render(form: str, proof: Proof) -> str:
    """The report of that format.

    Raises:
        KeyError: there is no such format.
    """
    return FORMATS[form](proof)
