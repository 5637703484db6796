"""Implementations that deviate from the reference one: how one is declared, found and put together.

A variant is a subclass of a reference class that overrides one method, with a decorator that leaves a note
on it; `collect` finds the noted classes of a package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import cleandoc
from typing import Any, Literal

from dbcontract.registry import Registry

from ..apis.base import served_apis
from ..extension_point import Classes
from ..sandbox.errors import SettingsError
from .implementation import point_of, with_variants

Kind = Literal["defect", "conforming"]

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class UnknownVariant(SettingsError):
    """A name that no defect and no conforming variant has."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant.

    Attributes:
        name: the class's, in kebab-case.
        kind: a defect breaks the contract; a conforming variant keeps it in an unusual way.
        area: the module that it is in.
        sentence: what it does; the first sentence of the class's description.
        breaks: ids of the rules that are broken by it, as a judge has to find; none for a conforming variant.
        classes: the subclasses of reference classes that it is made of.
        fuzzing: only generated calls show it.
        wait: only checks show it that are let take long.
    """

    name: str
    kind: Kind
    area: str
    sentence: str
    breaks: tuple[str, ...]
    classes: tuple[type, ...]
    fuzzing: bool = False
    wait: bool = False

    def describe(self) -> dict[str, Any]:
        """It as JSON has it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "area": self.area,
            "sentence": self.sentence,
            "breaks": list(self.breaks),
        }

    @property
    def apis(self) -> tuple[str, ...]:
        """The APIs that it can show in."""
        points = {point_of(one) for one in self.classes}
        return tuple(sorted(name for name, api in served_apis().items() if points & {*api.extension_points}))


@dataclass(frozen=True, slots=True)
class Note:
    """What a decorator leaves on a class."""

    kind: Kind
    breaks: tuple[str, ...] = ()
    also: tuple[type, ...] = ()
    fuzzing: bool = False
    wait: bool = False

    def leave(self, noted: type) -> None:
        """Leave the note. Raises `NoExtensionPoint` for a class that overrides nothing."""
        for one in (noted, *self.also):
            point_of(one)
        _VARIANTS.leave(self, noted)


_VARIANTS = Registry(Note)


def collect(package: str) -> tuple[Variant, ...]:
    """All variants of a package, module by module.

    Raises:
        ValueError: two of them have one name, or one has no description.
    """
    found: dict[str, Variant] = {}
    for noted, note in _VARIANTS.within(package):
        one = _variant(noted, note)
        if one.name in found:
            raise ValueError(f"{one.area}: another one is called {one.name}, too")
        found[one.name] = one
    return tuple(found.values())


def _variant(noted: type, note: Note) -> Variant:
    sentence = cleandoc(vars(noted).get("__doc__") or "").partition("\n\n")[0].replace("\n", " ")
    if not sentence:
        raise ValueError(f"{noted.__qualname__} has no description")
    return Variant(
        name=_WORD.sub("-", noted.__name__).lower(),
        kind=note.kind,
        area=noted.__module__.rpartition(".")[2],
        sentence=sentence,
        breaks=note.breaks,
        classes=(noted, *note.also),
        fuzzing=note.fuzzing,
        wait=note.wait,
    )


def discover() -> tuple[Variant, ...]:
    """All defects, then all conforming variants.

    Raises:
        ValueError: two of them have one name, or one has no description.
    """
    apis = [api for _, api in sorted(served_apis().items())]
    packages = [*(api.defects for api in apis), *(api.conforming for api in apis)]
    found = tuple(one for package in packages if package for one in collect(package))
    names = [one.name for one in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"a defect and a conforming variant are both called {', '.join(sorted(twice))}")
    return found


def classes_of(names: tuple[str, ...]) -> Classes:
    """The implementation that has these variants, the first ones outermost.

    Raises:
        UnknownVariant: there is none of such a name.
    """
    if not names:
        return Classes()
    known = {one.name: one for one in discover()}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 3)
            hint = f"; near it: {', '.join(near)}" if near else ""
            raise UnknownVariant(f'"{name[:80]}" is not a defect; `dbcontract defects` lists them{hint}')
    chosen = [known[name] for name in dict.fromkeys(names)]
    return with_variants(part for one in chosen for part in one.classes)
