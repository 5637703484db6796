"""Which rules a variant can reach at all: those whose checks come to a method that it overrides.

A variant is the reference mock with some methods replaced. A check during which none of them is called sees
the reference mock, and gives the verdict that it gave there, so that it need not be run again. Which check
comes to which method is recorded once, on the reference mock, and for methods that decide by what they are
given alone, also which variant would have decided otherwise. Where that does not tell, all rules are run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from types import FunctionType
from typing import Any, Final

from dbcontract.mockserver.extension_point import Classes, ExtensionPoint
from dbcontract.mockserver.variants.implementation import extension_points, point_of, put_together
from dbcontract.mockserver.variants.registry import Variant

from .beside import Asked, deciding

Override = tuple[str, str]
"""The name of an extension point, and that of a method of it."""

Operation = tuple[str, str]
"""The name of an API, and an operationId."""

_NO_BEHAVIOUR: Final = frozenset(
    {"__module__", "__qualname__", "__doc__", "__annotations__", "__dict__", "__weakref__", "__slots__"}
)


class Recorder:
    """Notes which methods are looked up on the parts of an implementation while a rule is checked.

    Args:
        variants: to be asked beside, where they override what only decides.
    """

    def __init__(self, variants: Iterable[Variant] = ()) -> None:
        self.rule: str | None = None
        self._rules: dict[Override, set[str]] = {}
        self._worked: dict[str, set[Operation]] = {}
        self._asked: dict[Override, Asked] = {}
        for variant in variants:
            override = _decision(variant)
            if override is not None:
                asked = self._asked.get(override, Asked(()))
                self._asked[override] = Asked((*asked.variants, variant))

    def classes(self) -> Classes:
        """The reference classes, each of whose objects tells this recorder what is asked of it."""
        return put_together(
            {point: _telling(point, self._note, self._deciding(point)) for point in extension_points()}
        )

    def _deciding(self, point: ExtensionPoint[Any]) -> dict[str, Callable[..., Any]]:
        return {
            name: deciding(point, name, asked, lambda: self.rule)
            for (owner, name), asked in self._asked.items()
            if owner == point.name
        }

    def _note(self, point: str, name: str) -> None:
        if self.rule is not None:
            self._rules.setdefault((point, name), set()).add(self.rule)

    def begins(self, rule: str) -> None:
        """The checks of a rule begin."""
        self.rule = rule
        self._worked.setdefault(rule, set())

    def works(self, api: str, operation_id: str) -> None:
        """An operation has succeeded."""
        if self.rule is not None:
            self._worked.setdefault(self.rule, set()).add((api, operation_id))

    @property
    def worked(self) -> Mapping[str, frozenset[Operation]]:
        """What succeeded in the checks of each rule, in the order of their turns."""
        return {rule: frozenset(operations) for rule, operations in self._worked.items()}

    @property
    def reached(self) -> Mapping[Override, frozenset[str]]:
        """The rules that came to each method."""
        return {override: frozenset(rules) for override, rules in self._rules.items()}

    @property
    def differing(self) -> Mapping[str, frozenset[str]]:
        """The rules that can tell a variant that was asked beside, by the variant's name."""
        return {one.name: asked.rules(one) for asked in self._asked.values() for one in asked.variants}


def _telling(
    point: ExtensionPoint[Any], note: Callable[[str, str], None], deciding: Mapping[str, Callable[..., Any]]
) -> type:
    def __getattribute__(self: object, name: str) -> Any:  # noqa: N807 - the name that Python looks for
        note(point.name, name)
        return object.__getattribute__(self, name)

    # What decides keeps the variants' objects beside its own.
    slots = {} if deciding else {"__slots__": ()}
    members = {**slots, **deciding, "__getattribute__": __getattribute__}
    return type(point.reference.__name__, (point.reference,), members)


def _decision(variant: Variant) -> Override | None:
    """The method that is all that a variant overrides, where it is one that only decides."""
    found = overrides(variant)
    if found is None or len(found) != 1 or len(variant.classes) != 1:
        return None
    (override,) = found
    return override if override[1] in point_of(variant.classes[0]).decides else None


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
            if name == "__init__" and _adds_only(part, base):
                continue
            if name.startswith("__") or not isinstance(value, FunctionType):
                return None
            found.add((point.name, name))
    return frozenset(found)


def _adds_only(part: type, reference: type) -> bool:
    """Whether the objects of a variant begin as those of the reference do, but for further attributes."""
    whole = part if issubclass(part, reference) else type(part.__name__, (part, reference), {})
    try:
        made, plain = vars(whole()), vars(reference())
    except TypeError:  # it takes arguments, or has slots
        return False
    new = made.keys() - plain.keys()
    return not any(hasattr(reference, name) for name in new) and all(
        name in made and made[name] == value for name, value in plain.items()
    )


@dataclass(frozen=True, slots=True)
class Impact:
    """What a recorder noted.

    Attributes:
        reached: the rules that came to each method.
        told: the rules of whose verdict their own calls tell everything; all others are always run.
        differing: the rules that can tell a variant, by its name, for those that were asked beside.
        worked: what succeeded in the checks of each rule, in the order of their turns.
    """

    reached: Mapping[Override, frozenset[str]]
    told: frozenset[str]
    differing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    worked: Mapping[str, frozenset[Operation]] = field(default_factory=dict)

    def needless(self, variant: Variant) -> frozenset[str]:
        """The rules that a variant cannot reach."""
        if variant.name in self.differing:
            return self.told - self.differing[variant.name]
        overridden = overrides(variant)
        if overridden is None:
            return frozenset()
        return self.told.difference(*(self.reached.get(override, ()) for override in overridden))

    def worked_before(self, rule: str, left_out: Collection[str]) -> frozenset[Operation]:
        """What succeeds in the checks of rules that are left out and come before another one's turn."""
        before = takewhile(lambda one: one != rule, self.worked)
        return frozenset().union(*(self.worked[one] for one in before if one in left_out))
