"""What serves a sandbox: the reference classes, or some of them with variants on top.

An implementation is put together from classes, so that a variant (see `registry`) is a subclass that
overrides a method, and the reference code knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar

from ..apis.base import served_apis
from ..extension_point import ExtensionPoint
from ..storage.app import STORAGE
from ..storage.signing import SIGNER
from ..web.connexion.validation import VALIDATION
from ..web.wire_policy import WIRE_POLICY

_Part = TypeVar("_Part")


class NoExtensionPoint(TypeError):
    """A class that overrides nothing that an implementation is made of."""


@cache
def extension_points() -> tuple[ExtensionPoint[Any], ...]:
    """All that a variant can override: what every API is served with, then what each API brings."""
    shared: tuple[ExtensionPoint[Any], ...] = (WIRE_POLICY, VALIDATION, STORAGE, SIGNER)
    brought = [point for api in served_apis().values() for point in api.extension_points]
    return tuple({point.name: point for point in (*shared, *brought)}.values())


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes that an implementation is made of.

    Attributes:
        replaced: what takes the place of reference classes, by the name of the extension point.
    """

    replaced: Mapping[str, type] = field(default_factory=dict)

    def __getitem__(self, point: ExtensionPoint[_Part]) -> type[_Part]:
        """The class at an extension point."""
        return self.replaced.get(point.name, point.reference)

    def make(self) -> Implementation:
        """An implementation for one sandbox; what its objects remember is that sandbox's own."""
        return Implementation({point.name: self[point]() for point in extension_points() if point.is_made})


class Implementation:
    """What serves one sandbox: an object for each extension point that has one."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self._parts = parts

    def __getitem__(self, point: ExtensionPoint[_Part]) -> _Part:
        """The object at an extension point."""
        part: _Part = self._parts[point.name]
        return part


REFERENCE: Final = Classes()


def point_of(variant: type) -> ExtensionPoint[Any]:
    """The extension point of a class, by the reference class that it is derived from.

    Raises:
        NoExtensionPoint: it is derived from none of them.
    """
    points = extension_points()
    for point in points:
        if point.reference in variant.__mro__:
            return point
    for point in points:  # one of the classes that the reference is put together from
        if set(variant.__mro__) & set(point.reference.__mro__) - {object}:
            return point
    names = ", ".join(sorted(point.reference.__name__ for point in points))
    raise NoExtensionPoint(f"{variant.__qualname__} is derived from none of {names}")


def with_variants(variants: Iterable[type]) -> Classes:
    """The reference classes with these subclasses on top, the first ones outermost.

    Raises:
        NoExtensionPoint: one of them overrides nothing.
    """
    return _with_variants(tuple(variants))


@cache
def _with_variants(variants: tuple[type, ...]) -> Classes:
    tops: dict[ExtensionPoint[Any], list[type]] = {}
    for variant in variants:
        tops.setdefault(point_of(variant), []).append(variant)
    return put_together(
        {
            point: type(point.reference.__name__, (*classes, point.reference), {})
            for point, classes in tops.items()
        }
    )


def put_together(made: Mapping[ExtensionPoint[Any], type]) -> Classes:
    """The reference classes with these in the place of theirs."""
    classes = dict(made)
    for point, part in made.items():
        if point.attribute_of is not None:
            whole, attribute = point.attribute_of
            outer = classes.get(whole, whole.reference)
            classes[whole] = type(outer.__name__, (outer,), {attribute: part})
    return Classes({point.name: one for point, one in classes.items()})
