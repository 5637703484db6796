"""What the documentation names of the repository is there."""

import re

from .blocks import ROOT, pages

FOLDERS = (
    "benchmarks|conformance|docs|examples|fixtures|mockserver|openapi|packaging|src|tests|tools|dbcontract"
)
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./*-]*)`")


def test_every_path_that_a_page_names_exists() -> None:
    named = [(page, path) for page, text in pages().items() for path in PATH.findall(text)]
    assert len(named) > 30
    assert [one for one in named if not list(ROOT.glob(one[1].rstrip("/")))] == []
