"""How rules are checked, in the words of their checks."""

from __future__ import annotations

from types import ModuleType

from dbcontract.conformance.authoring.check import Checks, check, collect, discover, written
from dbcontract.conformance.authoring.context import Context
from dbcontract.conformance.authoring.how import how
from dbcontract.conformance.catalogue.findings import HOW, schema_rules
from dbcontract.conformance.catalogue.rules import load_all


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


def told(rule_id: str) -> str:
    return how(rule_id, checks().of(rule_id))


def test_the_source_says_of_the_checks_what_they_say_themselves() -> None:
    found = discover()
    read = written()
    assert read.keys() == set(found.rules)
    for rule_id, several in read.items():
        assert [(one.rules, one.name, one.how) for one in several] == [
            (one.rules, one.name, one.how) for one in found.of(rule_id)
        ]


def test_the_first_paragraphs_of_all_checks_of_a_rule_are_joined() -> None:
    assert told("PI-EXP-01") == "Asks for an export, and looks at it. Asks once more."
    assert not told("PI-EXP-02")


def test_what_all_answers_show_comes_after_what_the_checks_do() -> None:
    (kind,) = schema_rules()["PI-DESC-04"]
    assert told("PI-DESC-04") == f"Asks for an export, and looks at it. {HOW[kind]}"
    assert told("PB-DESC-07") == " ".join(HOW[kind] for kind in schema_rules()["PB-DESC-07"])


def test_every_check_says_it_in_whole_sentences() -> None:
    texts = {one.name: one.how for one in discover()} | dict(HOW)
    assert [name for name, text in texts.items() if not (text[:1].isupper() and text.endswith("."))] == []


def test_who_can_tell_says_how() -> None:
    found = discover()
    assert [
        rule.id for rule in load_all() if rule.testable is not bool(how(rule.id, found.of(rule.id)))
    ] == []
