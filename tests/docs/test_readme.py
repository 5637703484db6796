"""The two commands of the README are what CI runs."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_environments_of_the_readme_are_those_of_ci() -> None:
    said = re.findall(r"tox run -e ([\w,-]+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    run = re.findall(r"tox\" run-parallel .*-e ([\w,-]+)$", ci, re.MULTILINE)
    assert said
    assert said == run


def test_every_link_of_the_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []
