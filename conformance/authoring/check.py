"""What a check is: a function that a rule's id is attached to. How it can end is said by `outcomes`.

A check lives in a module of an API's package `checks`. The decorator only leaves a note on the function, and
`discover` collects the noted functions into a `Checks`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from inspect import getdoc
from itertools import starmap
from types import ModuleType
from typing import Any, TypeVar

from dbcontract.registry import Registry

from ..apis.base import apis
from ..outcomes import CheckFailed, NotVerified, PrerequisiteFailed

__all__ = [
    "Check",
    "CheckFailed",
    "Checks",
    "NotVerified",
    "PrerequisiteFailed",
    "UnknownCheckRule",
    "WrittenCheck",
    "api_of",
    "check",
    "collect",
    "discover",
    "written",
]

CheckFunction = TypeVar("CheckFunction", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class _Note:
    """What the decorator was told."""

    rules: tuple[str, ...]
    controls: tuple[str, ...]
    bulky: bool


_CHECKS = Registry(_Note)


class UnknownCheckRule(LookupError):
    """A check names a rule that is in no catalogue."""


def api_of(rule_id: str) -> str:
    """The API that a rule belongs to, by the prefix of its id.

    Raises:
        ValueError: no id of ours.
    """
    prefixes = {api.prefix: api.name for api in apis().values()}
    api = prefixes.get(rule_id.partition("-")[0])
    if api is None:
        message = f"{rule_id}: a rule's id starts with {' or '.join(prefixes)} and a hyphen"
        raise ValueError(message)
    return api


def check(
    *rule_ids: str, control: str | tuple[str, ...] = (), bulky: bool = False
) -> Callable[[CheckFunction], CheckFunction]:
    """Say that a function checks these rules, which are usually one.

    The function takes the context of its API. It returns when the target does what the rule
    says; otherwise it raises `CheckFailed`, `NotVerified` or `PrerequisiteFailed`, mostly by its context.
    The first paragraph of its docstring says how the rule is checked, to readers of reports, too (`how`). A
    rule may have several checks; the worst of them counts. Several ids are right only where one observation
    decides them all.

    Args:
        rule_ids: of the rules.
        control: the operations whose right call has to succeed first, because the check is about calls that
            are refused (see `controls`); `controls.EVERY` for all of them.
        bulky: it leaves so much at a target that all later checks have to carry it, and so comes last there.

    Raises:
        ValueError: no id, an id of no API of ours, or ids of several APIs.
    """
    if len({api_of(rule_id) for rule_id in rule_ids}) != 1:
        message = f"check({', '.join(rule_ids)}): name one or more rules of one API"
        raise ValueError(message)

    def note(function: CheckFunction) -> CheckFunction:
        _CHECKS.leave(_Note(rule_ids, (control,) if isinstance(control, str) else control, bulky), function)
        return function

    return note


@dataclass(frozen=True, slots=True)
class WrittenCheck:
    """What the source says of a check.

    Attributes:
        rules: their ids.
        name: module and function, `assets.download_before_upload`.
        how: the first paragraph of the docstring, as one line.
    """

    rules: tuple[str, ...]
    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Check(WrittenCheck):
    """One discovered check, which can be run.

    Attributes:
        controls: the operations whose right call has to succeed first.
        bulky: it comes last where checks share a target.
    """

    api: str
    function: Callable[[Any], None]
    controls: tuple[str, ...] = ()
    bulky: bool = False


class Checks:
    """All checks that were found, by rule."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self._by_rule: dict[str, list[Check]] = {}
        for found in checks:
            for rule_id in found.rules:
                self._by_rule.setdefault(rule_id, []).append(found)

    def __iter__(self) -> Iterator[Check]:
        seen: set[str] = set()
        for found in (one for several in self._by_rule.values() for one in several):
            if found.name not in seen:
                seen.add(found.name)
                yield found

    def __contains__(self, rule_id: object) -> bool:
        return rule_id in self._by_rule

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of all rules that some check names."""
        return tuple(self._by_rule)

    def of(self, rule_id: str) -> tuple[Check, ...]:
        """The checks of a rule, in the order of the source; empty when it has none."""
        return tuple(self._by_rule.get(rule_id, ()))

    def require(self, known: Iterable[str]) -> None:
        """Hold the checks against the catalogue.

        Raises:
            UnknownCheckRule: a check names a rule that is not among the known ones.
        """
        unknown = sorted(set(self._by_rule) - set(known))
        if unknown:
            names = ", ".join(f"{rule_id} ({self._by_rule[rule_id][0].name})" for rule_id in unknown)
            message = f"checks of rules that are in no catalogue: {names}"
            raise UnknownCheckRule(message)


def collect(module: ModuleType) -> Iterator[Check]:
    """The checks that a module defines itself, in the order of the source."""
    return starmap(_check, _CHECKS.of(module))


def _check(function: Callable[[Any], None], note: _Note) -> Check:
    name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    how = _first_paragraph(getdoc(function))
    return Check(note.rules, name, how, api_of(note.rules[0]), function, note.controls, note.bulky)


def _first_paragraph(doc: str | None) -> str:
    return " ".join((doc or "").partition("\n\n")[0].split())


def written() -> Mapping[str, Sequence[WrittenCheck]]:
    """The checks of all APIs by rule, as their source has them: nothing is imported that they are made of."""
    found: dict[str, list[WrittenCheck]] = {}
    for api in apis().values():
        for file in sorted(files(api.checks).iterdir(), key=lambda file: file.name):
            topic, dot, kind = file.name.partition(".")
            for node in ast.parse(file.read_bytes()).body if dot + kind == ".py" else ():
                for check in _written_in(node, topic):
                    for rule_id in check.rules:
                        found.setdefault(rule_id, []).append(check)
    return found


def _written_in(node: ast.stmt, topic: str) -> Iterator[WrittenCheck]:
    if not isinstance(node, ast.FunctionDef):
        return
    for note in node.decorator_list:
        if isinstance(note, ast.Call) and isinstance(note.func, ast.Name) and note.func.id == check.__name__:
            rules = tuple(ast.literal_eval(argument) for argument in note.args)
            yield WrittenCheck(rules, f"{topic}.{node.name}", _first_paragraph(ast.get_docstring(node)))


def discover(*packages: str) -> Checks:
    """Import every module of the packages, of all APIs where none is named, and collect their checks."""
    chosen = packages or tuple(api.checks for api in apis().values())
    return Checks(starmap(_check, (found for package in chosen for found in _CHECKS.within(package))))
