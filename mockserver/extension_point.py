"""What a variant can override: a class of the reference implementation, known by a name.

An implementation is put together from such classes, so that a variant (see `variants`) is a subclass that
overrides a method, and the reference code knows nothing of it. What asks for a class or an object at an
extension point knows the point alone, and not what took its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

_Part = TypeVar("_Part")
_Made_co = TypeVar("_Made_co", covariant=True)


class ExtensionPoint(Generic[_Made_co]):
    """A class of the reference implementation whose subclasses can take its place.

    Attributes:
        name: unique among all APIs; that of an API's own begins with the API's name and a dot.
        reference: the class.
        attribute_of: the class that takes its place is an attribute of the class at another point, so named.
        decides: the methods that decide by what they are given and what their own object remembers, and
            change nothing else but plain data that they are given; so do those that override them.
    """

    __slots__ = ("attribute_of", "decides", "name", "reference")

    def __init__(
        self,
        name: str,
        reference: type[_Made_co],
        *,
        attribute_of: tuple[ExtensionPoint[Any], str] | None = None,
        decides: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.reference = reference
        self.attribute_of = attribute_of
        self.decides = decides


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
        return Implementation(self)


class Implementation(dict[ExtensionPoint[Any], Any]):
    """What serves one sandbox: an object at each extension point, made when it is first asked for.

    A dictionary, because each request asks several times.
    """

    __slots__ = ("_classes",)

    def __init__(self, classes: Classes) -> None:
        super().__init__()
        self._classes = classes

    if TYPE_CHECKING:

        def __getitem__(self, point: ExtensionPoint[_Part]) -> _Part:
            """The object at an extension point."""

    def __missing__(self, point: ExtensionPoint[_Part]) -> _Part:
        part: _Part = self.setdefault(point, self._classes[point]())
        return part


REFERENCE: Final = Classes()
"""The reference implementation."""
