"""The checks of Pieces OS with generated data, alone, against servers whose mistake no example meets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.checks import property_import as any_import
from dbcontract.conformance.apis.pieces.checks import stateful_imports as walk_imports
from dbcontract.conformance.apis.pieces.exports import Version
from dbcontract.conformance.authoring.check import Checks, collect
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pieces.state.exported import (
    OPTIONAL_COLLECTIONS,
    REQUIRED_COLLECTIONS,
    Format,
)
from dbcontract.mockserver.apis.pieces.state.pieces import ImportPlan, PiecesDatabase
from dbcontract.mockserver.state.errors import ImportRejected

from . import judging
from .judging import Judge, told
from .judging_pixiebrix import Wrong, rules_of, wrong, wrongs_in
from .small_pieces import Entries, Refused, Reply, SmallPieces, Stranger

RED = judging.WRONG
RULES = rules_of(any_import, walk_imports)
GENERATED = Checks(check for module in (any_import, walk_imports) for check in collect(module))


@pytest.fixture(autouse=True, scope="module")
def _generated_alone() -> Iterator[None]:
    """Judge by the checks with generated data only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "checks", lambda: GENERATED)
        yield


@pytest.fixture(scope="module")
def mock(_generated_alone: None) -> Iterator[Judge]:
    with judging.judging_the_mock() as judge:
        yield judge


@pytest.mark.parametrize("rule", RULES)
def test_the_mock_passes(mock: Judge, rule: str) -> None:
    result = mock(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("server", [SmallPieces, Stranger])
def test_another_server_passes(server: type[SmallPieces], rule: str) -> None:
    result = judging.verdict_on(server(), rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("version", ["0.0.0", "1.0.0", "10.0.1", "9.99.999"])
def test_any_version_of_a_server_can_be_judged(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmallPieces, "version", version)
    result = judging.verdict_on(SmallPieces(), "PI-VER-07")
    assert result.verdict is Verdict.PASSED, told(result)


# The mock, made wrong


def _formats(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Format]], dict[str, Format]]) -> None:
    """Entries that are merged otherwise than they came."""
    original = PiecesDatabase.apply

    def apply(self: PiecesDatabase, plan: ImportPlan, *probe: Any) -> None:
        formats = {name: change(entries) for name, entries in plan.exported.formats.items()}
        original(self, ImportPlan(replace(plan.exported, formats=formats)), *probe)

    patch.setattr(PiecesDatabase, "apply", apply)


def _documents(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Imports that are read as if they were others."""
    original = PiecesDatabase.plan_steps
    patch.setattr(PiecesDatabase, "plan_steps", lambda self, document: original(self, change(document)))


@wrong("PI-IMP-12")
def bytes_are_cut_at_290(patch: pytest.MonkeyPatch) -> None:
    _formats(patch, lambda entries: {id_: replace(one, raw=one.raw[:290]) for id_, one in entries.items()})


@wrong("PI-IMP-13")
def no_entry_without_bytes(patch: pytest.MonkeyPatch) -> None:
    _formats(patch, lambda entries: {id_: one for id_, one in entries.items() if one.raw})


@wrong("PI-ERR-07")
def what_is_empty_has_no_type(patch: pytest.MonkeyPatch) -> None:
    def typed(document: dict[str, Any]) -> dict[str, Any]:
        return {
            name: [] if name in REQUIRED_COLLECTIONS and not value else value
            for name, value in document.items()
        }

    _documents(patch, typed)


@wrong("PI-DESC-09")
def optional_fields_of_a_wrong_type_are_overlooked(patch: pytest.MonkeyPatch) -> None:
    def typed(document: dict[str, Any]) -> dict[str, Any]:
        lists = dict.fromkeys(("messageValues", "workstreamEventValues"), dict)
        kinds = {**dict.fromkeys(OPTIONAL_COLLECTIONS, list), **lists}
        return {name: value for name, value in document.items() if isinstance(value, kinds.get(name, object))}

    _documents(patch, typed)


@wrong("PI-ROLL-04")
def values_are_merged_before_an_object_is_refused(patch: pytest.MonkeyPatch) -> None:
    original = PiecesDatabase.plan_steps

    def plan_steps(self: PiecesDatabase, document: dict[str, Any]) -> Any:
        wrong_ones: dict[str, Any] = {
            name: [] for name in REQUIRED_COLLECTIONS if isinstance(document[name], dict)
        }
        if wrong_ones:
            right = yield from original(self, {**document, **wrong_ones})
            self.apply(right)
        return (yield from original(self, document))

    patch.setattr(PiecesDatabase, "plan_steps", plan_steps)


@wrong("PI-ERR-08")
def large_numbers_wrap_around(patch: pytest.MonkeyPatch) -> None:
    def wrapped(document: dict[str, Any]) -> dict[str, Any]:
        values = document["values"]
        if not isinstance(values, dict):
            return document
        entries = [
            {**one, "raw": [item % 256 if item > 65_535 else item for item in one["raw"]]}
            for one in values["iterable"]
        ]
        return {**document, "values": {"iterable": entries}}

    _documents(patch, wrapped)


@wrong("PI-VER-07")
def the_first_number_is_compared_as_text(patch: pytest.MonkeyPatch) -> None:
    def newer(self: PiecesDatabase, version: Any) -> bool:
        own = self._semver
        return (str(version.major), version.minor, version.patch) > (str(own.major), own.minor, own.patch)

    patch.setattr(PiecesDatabase, "_newer", newer)


def _contents(patch: pytest.MonkeyPatch, *, after_success: bool) -> None:
    """A server that goes back to its contents from before the last import, or once the next one succeeds."""
    plan_steps, apply = PiecesDatabase.plan_steps, PiecesDatabase.apply
    before: dict[int, list[Any]] = {}
    failed: set[int] = set()

    def plan(self: PiecesDatabase, document: object) -> Any:
        try:
            return (yield from plan_steps(self, document))
        except ImportRejected:
            failed.add(id(self))
            if not after_success and before.get(id(self)):
                self._swap(before[id(self)].pop())
            raise

    def merged(self: PiecesDatabase, *args: Any) -> None:
        if after_success and id(self) in failed and before.get(id(self)):
            self._swap(before[id(self)].pop())
        failed.discard(id(self))
        before.setdefault(id(self), []).append(self._contents)
        apply(self, *args)

    patch.setattr(PiecesDatabase, "plan_steps", plan)
    patch.setattr(PiecesDatabase, "apply", merged)


@wrong("PI-IMP-11")
def the_import_after_a_failed_one_loses_entries(patch: pytest.MonkeyPatch) -> None:
    _contents(patch, after_success=True)


@wrong("PI-ROLL-15")
def a_failed_import_takes_the_one_before_back(patch: pytest.MonkeyPatch) -> None:
    _contents(patch, after_success=False)


def test_every_rule_has_a_mock_that_violates_it() -> None:
    named = {rule for one in globals().values() if isinstance(one, Wrong) for rule in one.red}
    assert named == set(RULES)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_a_wrong_mock_violates_this_rule_alone(
    mock: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert {rule for rule in RULES if mock(rule).verdict in RED} == one.red


# Small servers


class TextAtOnePlace(SmallPieces):
    """Compares one of the three numbers of a version as a text."""

    place = 0

    def is_newer(self, version: Version) -> bool:
        def numbers(core: tuple[int, ...]) -> list[tuple[int, str]]:
            return [(0, str(one)) if at == self.place else (one, "") for at, one in enumerate(core)]

        own = Version.parse(self.version)
        assert own is not None
        return numbers(version.core) > numbers(own.core)


class TextInTheSecond(TextAtOnePlace):
    place = 1


class TextInTheThird(TextAtOnePlace):
    place = 2


class Signed(SmallPieces):
    """Lets bytes wrap around from 1024 on."""

    def is_byte(self, item: Any) -> bool:
        return type(item) is int and (0 <= item <= 255 or item >= 1024)


class OncePerBytes(SmallPieces):
    """Takes no entry whose bytes another one has."""

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        if all(entry["raw"] != one["raw"] for id_, one in entries.items() if id_ != entry["id"]):
            super().put(entries, entry)


class NoTypeOfObjects(SmallPieces):
    """Takes an object for a collection that is empty."""

    def check(self, document: Any) -> None:
        super().check(
            {
                name: [] if name in REQUIRED_COLLECTIONS and isinstance(one, dict) else one
                for name, one in document.items()
            }
        )

    def words(self, collection: bytes) -> list[bytes]:
        return super().words(bytes(collection))


class MergesWhatItCan(SmallPieces):
    """Merges the values when another field is no list."""

    def bad_collection(self, document: dict[str, Any]) -> None:
        try:
            super().bad_collection(document)
        except Refused:
            for entry in self.given(document, "values"):
                self.put(self.state.lists["values"], entry)
            raise


class ForgetsBytes(SmallPieces):
    """Keeps no more than 290 bytes of an entry."""

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        super().put(entries, {**entry, "raw": entry["raw"][:290]})


class FailsTwiceThenForgets(SmallPieces):
    """Loses an entry with the import that comes after a failed one."""

    failed = False

    def error(self, error: Refused) -> Reply:
        self.failed = True
        return super().error(error)

    def merge(self, document: dict[str, Any]) -> None:
        if self.failed:
            self.state.lists["values"].popitem()
        self.failed = False
        super().merge(document)


class LosesTheLast(SmallPieces):
    """Loses an entry with the second failure in a row."""

    failures = 0

    def post(self, headers: Mapping[str, str], body: bytes | None) -> Reply:
        reply = super().post(headers, body)
        self.failures = self.failures + 1 if reply.status >= 400 else 0
        if self.failures == 2:
            self.state.lists["values"].popitem()
        return reply


SERVERS: list[tuple[str, type[SmallPieces]]] = [
    ("PI-ERR-07", NoTypeOfObjects),
    ("PI-ERR-08", Signed),
    ("PI-IMP-11", FailsTwiceThenForgets),
    ("PI-IMP-12", ForgetsBytes),
    ("PI-IMP-13", OncePerBytes),
    ("PI-ROLL-04", MergesWhatItCan),
    ("PI-ROLL-15", LosesTheLast),
    ("PI-VER-07", TextAtOnePlace),
    ("PI-VER-07", TextInTheSecond),
    ("PI-VER-07", TextInTheThird),
]


@pytest.mark.parametrize(("rule", "server"), SERVERS)
def test_a_wrong_server_violates_this_rule(rule: str, server: type[SmallPieces]) -> None:
    result = judging.verdict_on(server(), rule)
    assert result.verdict in RED, told(result)


def test_what_another_rule_forbids_is_no_fault_of_the_walk() -> None:
    class Doubles(SmallPieces):
        """Refuses nothing that has a byte too large."""

        def is_byte(self, item: Any) -> bool:
            return type(item) is int and item >= 0

    result = judging.verdict_on(Doubles(), "PI-ROLL-15")
    assert (result.verdict, result.because_of) == (Verdict.NOT_VERIFIED, "PI-ERR-08"), told(result)
