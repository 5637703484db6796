"""Which rules a variant can reach at all: those whose checks come to a method that it overrides.

A variant is the reference mock with some methods replaced. A check during which none of them is called sees
the reference mock, and gives the verdict that it gave there, so that it need not be run again. Which check
comes to which method is recorded once, on the reference mock. Where that does not tell, all rules are run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Final

from dbcontract.mockserver.extension_point import Classes
from dbcontract.mockserver.variants.implementation import extension_points, point_of, put_together
from dbcontract.mockserver.variants.registry import Variant

Override = tuple[str, str]
"""The name of an extension point, and that of a method of it."""

_NO_BEHAVIOUR: Final = frozenset(
    {"__module__", "__qualname__", "__doc__", "__annotations__", "__dict__", "__weakref__", "__slots__"}
)


class Recorder:
    """Notes which methods are looked up on the parts of an implementation while a rule is checked."""

    def __init__(self) -> None:
        self.rule: str | None = None
        self._rules: dict[Override, set[str]] = {}

    def classes(self) -> Classes:
        """The reference classes, each of whose objects tells this recorder what is asked of it."""
        return put_together(
            {point: _telling(point.reference, point.name, self._note) for point in extension_points()}
        )

    def _note(self, point: str, name: str) -> None:
        if self.rule is not None:
            self._rules.setdefault((point, name), set()).add(self.rule)

    @property
    def reached(self) -> Mapping[Override, frozenset[str]]:
        """The rules that came to each method."""
        return {override: frozenset(rules) for override, rules in self._rules.items()}


def _telling(reference: type, point: str, note: Callable[[str, str], None]) -> type:
    def __getattribute__(self: object, name: str) -> Any:  # noqa: N807 - the name that Python looks for
        note(point, name)
        return object.__getattribute__(self, name)

    return type(reference.__name__, (reference,), {"__slots__": (), "__getattribute__": __getattribute__})


def overrides(variant: Variant) -> frozenset[Override] | None:
    """The methods that a variant overrides; None where it overrides what is not a plain method."""
    found: set[Override] = set()
    for part in variant.classes:
        point = point_of(part)
        base = point.reference
        own = [one for one in part.__mro__ if one is not object and not issubclass(base, one)]
        for name, value in ((name, value) for one in own for name, value in vars(one).items()):
            if name in _NO_BEHAVIOUR or not hasattr(base, name):
                continue
            if name.startswith("__") or not isinstance(value, FunctionType):
                return None
            found.add((point.name, name))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Impact:
    """What a recorder noted.

    Attributes:
        reached: the rules that came to each method.
        told: the rules of whose verdict their own calls tell everything; all others are always run.
    """

    reached: Mapping[Override, frozenset[str]]
    told: frozenset[str]

    def needless(self, variant: Variant) -> frozenset[str]:
        """The rules that a variant cannot reach."""
        overridden = overrides(variant)
        if overridden is None:
            return frozenset()
        return self.told.difference(*(self.reached.get(override, ()) for override in overridden))
