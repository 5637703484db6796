"""The proof itself over a few defects, with real servers and the whole kit; test_sample.py has processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dbcontract.conformance.catalogue.rules import load_all
from dbcontract.prove.judging import DependencyClosure, judge
from dbcontract.prove.running import Prover

from .declared import named

CHOSEN = ("versions-compared-as-text", "malformed-json-is400")


@pytest.fixture
def dbcontract(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(sys.executable).with_name("dbcontract")), *arguments],
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
            check=False,
            capture_output=True,
            text=True,
            timeout=110,
        )

    return run


def test_a_defect_and_a_conforming_variant(
    dbcontract: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    only = [word for name in CHOSEN for word in ("--only", name)]
    done = dbcontract("prove", *only, "--report", "json=-", "--report", "html=p.html")
    assert done.returncode == 0, done.stderr
    # a report on standard output is alone there
    document = json.loads(done.stdout)
    assert "html report: p.html\n" in done.stderr
    assert "proven: 1 of 1 defects caught as named, 1 of 1 conforming variants accepted, in " in done.stderr
    assert document["holds"]
    caught = {one["name"]: set(one["caught"]) for one in document["defects"]}
    assert caught == {CHOSEN[0]: set(named(CHOSEN[0]).breaks)}
    assert [one["name"] for one in document["conforming"]] == [CHOSEN[1]]
    page = (tmp_path / "p.html").read_text()
    assert "The part of the proof that was run holds" in page
    assert page.count("<rect ") >= sum(map(len, caught.values()))  # its matrix has the rules that it tells of


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--only", "nothing-like-it"), "--only nothing-like-it: no defect or conforming variant"),
        (("--report", "pdf=x"), "--report pdf=x: write FORMAT=FILE, FORMAT one of html, json"),
    ],
)
def test_wrong_usage_is_told_at_once(
    dbcontract: Callable[..., subprocess.CompletedProcess[str]], arguments: tuple[str, ...], told: str
) -> None:
    done = dbcontract("prove", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {told}")
    assert done.stderr.count("\n") == 1


def test_a_defect_that_lies_about_its_rules_is_found_out() -> None:
    closure = DependencyClosure({rule.id: rule.depends_on for rule in load_all()})
    honest = named("versions-compared-as-text")
    with Prover() as prover:
        outcome = prover.run(honest)
        reference = prover.judge(None, only=honest.breaks)
    assert judge(honest, outcome, closure).right
    lying = judge(replace(honest, breaks=("PI-VER-04",)), outcome, closure)
    assert lying.missed == ("PI-VER-04",)
    assert set(lying.stray) >= set(honest.breaks)
    # and the next run is not tainted by the one before
    assert {one.verdict for one in reference.results} == {"passed"}
