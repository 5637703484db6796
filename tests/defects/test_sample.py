"""A part of the proof with every run of the tests: what the change concerns, and a fixed sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pytest

from dbcontract.conformance.authoring.check import discover as discover_checks
from dbcontract.conformance.catalogue.rules import load_all
from dbcontract.prove.judging import prove
from dbcontract.prove.pool import REFERENCE, run_all, sample

from .change import Change, Definition, concerned, since_main, sources
from .declared import ALL, Variant

FIXED = 6
MOST = 12
"""Of those that a change concerns; with the others half a minute on two idle processors."""

QUICK = [one for one in ALL if not (one.fuzzing or one.wait)]
"""The others take up to a minute each, and are left to the whole proof."""

T = TypeVar("T")


def chosen(change: Change) -> list[Variant]:
    """At most `MOST` that the change concerns, those that it touches itself first; and `FIXED` others."""
    touched = _told(set(change.definitions), set(change.rules))
    reached = _told(concerned(change.definitions, sources()), set()) if change.definitions else []
    first = _spread(touched, MOST)
    further = _spread([one for one in reached if one not in touched], MOST - len(first))
    names = {one.name for one in (*first, *further, *sample(QUICK, FIXED, "fixed"))}
    return [one for one in QUICK if one.name in names]


def _told(definitions: set[Definition], rules: set[str]) -> list[Variant]:
    """The variants that are among these definitions, or break a rule that is, or whose check is."""
    checks = (one for one in discover_checks() if _is_in(one.function, definitions))
    broken = rules | {rule for one in checks for rule in one.rules}
    return [
        one
        for one in QUICK
        if not broken.isdisjoint(one.breaks) or any(_is_in(part, definitions) for part in one.classes)
    ]


def _is_in(thing: object, definitions: set[Definition]) -> bool:
    return (getattr(thing, "__module__", ""), getattr(thing, "__qualname__", "")) in definitions


def _spread(things: Sequence[T], most: int) -> list[T]:
    """How many of them, evenly from the first to the last."""
    count = min(most, len(things))
    return [things[index * len(things) // count] for index in range(count)]


def test_a_change_of_a_defect_chooses_it_and_one_of_a_check_the_defects_of_its_rules() -> None:
    fixed = {one.name for one in chosen(Change())}
    assert len(fixed) == FIXED
    assets = "dbcontract.mockserver.apis.pixiebrix.defects.asset_files"
    defect = chosen(Change(frozenset({(assets, "UploadMarks")})))
    assert {one.name for one in defect} - fixed == {"upload-marks"} - fixed
    (check,) = discover_checks().of("PB-ASSET-21")
    by_check = chosen(Change(frozenset({(check.function.__module__, check.function.__name__)})))
    by_rule = chosen(Change(rules=frozenset({"PB-ASSET-21"})))
    assert by_check == by_rule
    assert {one.name for one in by_rule} - fixed == {
        one.name for one in QUICK if "PB-ASSET-21" in one.breaks
    } - fixed


def test_a_change_of_a_reference_class_chooses_some_of_what_is_derived_from_it() -> None:
    handlers = ("dbcontract.mockserver.apis.pixiebrix.handlers.records", "RecordHandlers")
    fixed = {one.name for one in chosen(Change())}
    found = [one for one in chosen(Change(frozenset({handlers}))) if one.name not in fixed]
    assert MOST - FIXED <= len(found) <= MOST
    assert any(issubclass(part, _class(handlers)) for one in found for part in one.classes)


def _class(definition: Definition) -> type:
    module, name = definition
    found = getattr(__import__(module, fromlist=[name]), name)
    assert isinstance(found, type)
    return found


@pytest.mark.timeout(900)
def test_what_the_change_concerns_is_caught_or_accepted() -> None:
    variants = chosen(since_main())
    outcomes = {one.name: one for one in run_all([REFERENCE, *(one.name for one in variants)], jobs=2)}
    proof = prove(
        outcomes[REFERENCE],
        [(one, outcomes[one.name]) for one in variants],
        {rule.id: rule.depends_on for rule in load_all()},
        whole=False,
    )
    wrong = {one.variant.name: one.problems for one in proof.judgements if not one.right}
    assert (wrong, proof.problems) == ({}, ())
    assert len(proof.checked) > 350  # the mock as it is was judged, too
