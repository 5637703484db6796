"""What the reports of a proof say, and which sample a seed gives."""

from __future__ import annotations

import json
import re
from html import unescape

from dbcontract.conformance.results.results import Verdict
from dbcontract.prove.judging import prove
from dbcontract.prove.outcome import Finding, Outcome
from dbcontract.prove.pool import sample
from dbcontract.prove.report import render, to_document

from .declared import ALL, Variant

RESTS_ON = {"PB-A-01": (), "PB-A-02": ("PB-A-01",), "PB-B-01": ()}
ONE = Variant("eats-tags", "defect", "somewhere", "Eats <b>tags</b>.", ("PB-A-01",), (object,))
TWO = Variant("is-odd", "conforming", "elsewhere", "Is odd.", (), (object,))
PROOF = prove(
    Outcome("", frozenset(RESTS_ON), {}),
    [
        (
            ONE,
            Outcome(
                "eats-tags",
                frozenset({"PB-B-01"}),
                {
                    "PB-A-01": Finding(Verdict.FAILED, "the body: expected <script>, got &"),
                    "PB-A-02": Finding(Verdict.WARNED, "", "PB-A-01"),
                },
                2.345,
                17,
            ),
        ),
        (TWO, Outcome("is-odd", frozenset(RESTS_ON), {})),
    ],
    RESTS_ON,
    whole=True,
    seconds=3.21,
)


def test_the_document() -> None:
    document = json.loads(render("json", PROOF))
    assert document == to_document(PROOF)
    assert document["format"] == "dbcontract-proof/1"
    assert document["holds"] is False
    assert document["unproven"] == ["PB-A-02", "PB-B-01"]
    assert document["rules"] == {
        "PB-A-01": {"shown_by": ["eats-tags"], "red_beside": []},
        "PB-A-02": {"shown_by": [], "red_beside": ["eats-tags"]},
        "PB-B-01": {"shown_by": [], "red_beside": []},
    }
    (defect,) = document["defects"]
    assert (defect["right"], defect["caught"], defect["red_beside"]) == (True, ["PB-A-01"], ["PB-A-02"])
    assert (defect["seconds"], defect["requests"]) == (2.35, 17) or defect["seconds"] == 2.34
    assert defect["findings"]["PB-A-02"] == {"verdict": "warned", "reason": "", "because_of": "PB-A-01"}
    assert [one["name"] for one in document["conforming"]] == ["is-odd"]


def test_the_page_needs_nothing_else_and_takes_nothing_for_markup() -> None:
    page = render("html", PROOF)
    assert "<b>tags" not in page
    assert "<script" not in page
    assert "Eats <b>tags</b>." in unescape(page)
    assert re.findall(r"""(?:src|href)=["'](?!#)""", page) == []
    assert "The proof does not hold" in page


def test_the_matrix_has_a_cell_for_every_red_rule() -> None:
    cells = re.findall(
        r'<rect class="(\w+)" x="(\d+)" y="(\d+)".*?<title>(.*?)</title>', render("html", PROOF)
    )
    assert [(kind, title) for kind, _, _, title in cells] == [
        ("caught", "eats-tags: PB-A-01 caught"),
        ("beside", "eats-tags: PB-A-02 beside"),
    ]
    assert len({(x, y) for _, x, y, _ in cells}) == 2


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    chosen = sample(ALL, 3, "change-1")
    assert chosen == sample(ALL, 3, "change-1")
    assert len(chosen) == 3
    assert chosen == [one for one in ALL if one in chosen]
    assert {tuple(one.name for one in sample(ALL, 3, f"change-{n}")) for n in range(20)} != {
        tuple(one.name for one in chosen)
    }


def test_a_sample_larger_than_all_is_all() -> None:
    assert sample(ALL, 10_000, "1") == list(ALL)
