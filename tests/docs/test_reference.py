"""The generated reference has everything that there is, once."""

import re

import pytest

from dbcontract import openapi
from dbcontract.conformance.catalogue.rules import load_all
from dbcontract.mockserver.apis.base import served_apis
from dbcontract.mockserver.variants.registry import discover

from . import blocks

PAGES = blocks.pages()
RULES = ("docs/generated/rules-pieces.md", "docs/generated/rules-pixiebrix.md")


def test_every_rule_has_a_heading_and_an_anchor() -> None:
    text = PAGES[RULES[0]] + PAGES[RULES[1]]
    found = re.findall(r"^\((\S+)\)=\n### (\S+): ", text, re.MULTILINE)
    assert sorted(heading for _, heading in found) == sorted(rule.id for rule in load_all())
    assert [anchor for anchor, _ in found] == [heading.lower() for _, heading in found]


@pytest.mark.parametrize(
    ("page", "kind"), [("docs/generated/defects.md", True), ("docs/generated/variants.md", False)]
)
def test_every_defect_and_every_lawful_variant_is_listed(page: str, kind: bool) -> None:
    names = re.findall(r"^\| \[\]\{#(\S+)\}`(\S+)` \|", PAGES[page], re.MULTILINE)
    assert sorted(name for _, name in names) == sorted(
        one.name for one in discover() if bool(one.breaks) is kind
    )
    assert all(anchor == name for anchor, name in names)


def test_every_situation_has_a_heading_and_an_anchor() -> None:
    text = PAGES["docs/generated/situations.md"]
    found = re.findall(r"^\((\S+)\)=\n### (\S+)$", text, re.MULTILINE)
    assert [name for _, name in found] == [one.id for api in served_apis().values() for one in api.situations]
    assert all(anchor == name for anchor, name in found)


def test_every_operation_of_the_control_api_is_described() -> None:
    operations = {
        operation["operationId"]
        for item in openapi.load("control")["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    }
    found = re.findall(r"^\((\w+)\)=\n### ", PAGES["docs/generated/control.md"], re.MULTILINE)
    assert sorted(found) == sorted(operations)
