"""How the classes of an implementation are put together: the reference ones, or some with variants on top."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from ..apis.base import served_apis
from ..extension_point import Classes, ExtensionPoint
from ..storage.app import STORAGE
from ..storage.signing import SIGNER
from ..web.connexion.validation import VALIDATION
from ..web.wire_policy import WIRE_POLICY


class NoExtensionPoint(TypeError):
    """A class that overrides nothing that an implementation is made of."""


@cache
def extension_points() -> tuple[ExtensionPoint[Any], ...]:
    """All that a variant can override: what every API is served with, then what each API brings."""
    shared: tuple[ExtensionPoint[Any], ...] = (WIRE_POLICY, VALIDATION, STORAGE, SIGNER)
    brought = [point for api in served_apis().values() for point in api.extension_points]
    return tuple({point.name: point for point in (*shared, *brought)}.values())


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
