"""How rules are checked, in the words of their checks."""

from __future__ import annotations

from types import ModuleType

from dbcontract.conformance.authoring.check import Checks, check, collect, discover
from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.authoring.how import how
from dbcontract.conformance.catalogue.rules import load_all
from dbcontract.conformance.schema.conformance import HOW, schema_rules


def checks() -> Checks:
    module = ModuleType("checks.sample")

    @check("PI-EXP-01", "PI-DESC-04")
    def asks(ctx: Context) -> None:
        """Asks for an export,
        and looks at it.

        Why it does, is not how.
        """

    @check("PI-EXP-01")
    def asks_again(ctx: Context) -> None:
        """Asks once more."""

    for function in (asks, asks_again):
        function.__module__ = module.__name__
        setattr(module, function.__name__, function)
    return Checks(collect(module))


def test_the_first_paragraphs_of_all_checks_of_a_rule_are_joined() -> None:
    assert how("PI-EXP-01", checks()) == "Asks for an export, and looks at it. Asks once more."
    assert not how("PI-EXP-02", checks())


def test_what_all_answers_show_comes_after_what_the_checks_do() -> None:
    (kind,) = schema_rules()["PI-DESC-04"]
    assert how("PI-DESC-04", checks()) == f"Asks for an export, and looks at it. {HOW[kind]}"
    assert how("PB-DESC-07", checks()) == " ".join(HOW[kind] for kind in schema_rules()["PB-DESC-07"])


def test_every_check_says_it_in_whole_sentences() -> None:
    texts = {one.name: one.how for one in discover()} | dict(HOW)
    assert [name for name, text in texts.items() if not (text[:1].isupper() and text.endswith("."))] == []


def test_who_can_tell_says_how() -> None:
    found = discover()
    assert [rule.id for rule in load_all() if rule.testable is not bool(how(rule.id, found))] == []
