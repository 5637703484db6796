"""Every variant there is: how it is named and described, and that it overrides something."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from dbcontract.conformance.catalogue.rules import load_all
from dbcontract.mockserver.apis.pieces.state.pieces import PiecesDatabase
from dbcontract.mockserver.variants.conforming_variant import conforming
from dbcontract.mockserver.variants.defect import defect
from dbcontract.mockserver.variants.implementation import NoExtensionPoint
from dbcontract.mockserver.variants.registry import collect

from .declared import ALL, CONFORMING, DEFECTS


def test_there_are_some_of_both() -> None:
    assert DEFECTS
    assert CONFORMING
    assert [*DEFECTS, *CONFORMING] == list(ALL)


def test_names_are_unique() -> None:
    names = [one.name for one in ALL]
    assert len(names) == len(set(names))


def test_a_name_is_kebab_case() -> None:
    assert [one.name for one in ALL if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", one.name)] == []


def test_what_it_does_is_one_sentence() -> None:
    told = {one.name: one.sentence for one in ALL}
    assert {name: text for name, text in told.items() if not re.fullmatch(r"[A-Z`].*[^.]\.", text)} == {}
    assert {name: text for name, text in told.items() if len(text) > 160} == {}


def test_a_defect_names_rules_of_its_apis_that_a_check_can_tell() -> None:
    known = {rule.id: rule for rule in load_all() if rule.testable}
    wrong = {
        one.name: one.breaks
        for one in DEFECTS
        if not one.breaks
        or len(set(one.breaks)) < len(one.breaks)
        or not all(rule in known and known[rule].api in one.apis for rule in one.breaks)
    }
    assert wrong == {}


def test_a_conforming_variant_breaks_nothing() -> None:
    assert [one.name for one in CONFORMING if one.breaks] == []


def test_each_of_their_classes_overrides_what_is_there() -> None:
    # a method of another name would be dead, and a conforming variant that does nothing is not a proof
    assert [f"{one.name}: {part}" for one in ALL for part in one.classes if not _overrides(part)] == []


def _overrides(part: type) -> bool:
    own = {name for name, value in vars(part).items() if callable(value) or isinstance(value, property)}
    return not own.isdisjoint(name for base in part.__mro__[1:-1] for name in vars(base))


def test_a_class_that_overrides_nothing_of_ours_is_refused() -> None:
    with pytest.raises(NoExtensionPoint, match=r"Elsewhere is derived from none of .*PixieBrixHandlers"):

        @defect("PB-REC-01")
        class Elsewhere:
            """Is not part of anything."""

    with pytest.raises(NoExtensionPoint):
        conforming(also=(int,))(type("Half", (PiecesDatabase,), {"__doc__": "Is half wrong."}))


PACKAGE = """
from dbcontract.mockserver.variants.{module} import {kind}
from dbcontract.mockserver.apis.pixiebrix.state.records import RecordTable
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package with variants of its own."""
    folder = tmp_path / "some_defects"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "first.py").write_text(
        PACKAGE.format(kind="defect", module="defect")
        + "\nfrom dbcontract.mockserver.apis.pixiebrix.defects.assets import LastByteLost\n"
        + '\n@defect("PB-REC-01", "PB-REC-02", fuzzing=True, wait=True)\nclass XMLWrong2(RecordTable):\n'
        + '    """Does this\n    and that.\n\n    More of it.\n    """\n    def clear(self): ...\n'
        + "\nclass NotNoted(XMLWrong2): ...\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield import_module("some_defects")
    for name in [one for one in sys.modules if one.partition(".")[0] == "some_defects"]:
        del sys.modules[name]


def test_what_is_found_in_a_package(package: ModuleType) -> None:
    # what is imported from another module is that one's; a subclass of a defect is none itself
    (one,) = collect(package.__name__)
    assert (one.name, one.kind, one.area) == ("xml-wrong2", "defect", "first")
    assert one.sentence == "Does this and that."
    assert one.breaks == ("PB-REC-01", "PB-REC-02")
    assert one.fuzzing
    assert one.wait
    assert one.apis == ("pixiebrix",)


def test_the_same_name_twice_is_refused(package: ModuleType) -> None:
    first = Path(str(package.__path__[0]), "first.py")
    first.with_name("second.py").write_text(first.read_text())
    with pytest.raises(ValueError, match="second: another one is called xml-wrong2, too"):
        collect(package.__name__)


def test_one_without_a_description_is_refused(package: ModuleType) -> None:
    first = Path(str(package.__path__[0]), "first.py")
    first.write_text(
        PACKAGE.format(kind="defect", module="defect")
        + '\n@defect("PB-REC-01")\nclass Silent(RecordTable): ...\n'
    )
    with pytest.raises(ValueError, match="Silent has no description"):
        collect(package.__name__)
