"""What a variant can override: a class of the reference implementation, known by a name."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

Part = TypeVar("Part")


class ExtensionPoint(Generic[Part]):
    """A class of the reference implementation whose subclasses can take its place.

    Attributes:
        name: unique among all APIs; that of an API's own begins with the API's name and a dot.
        reference: the class.
        is_made: a sandbox is served by one object of it; else the class itself is asked for.
        attribute_of: the class that takes its place is an attribute of the class at another point, so named.
    """

    __slots__ = ("attribute_of", "is_made", "name", "reference")

    def __init__(
        self,
        name: str,
        reference: type[Part],
        *,
        is_made: bool = True,
        attribute_of: tuple[ExtensionPoint[Any], str] | None = None,
    ) -> None:
        self.name = name
        self.reference = reference
        self.is_made = is_made
        self.attribute_of = attribute_of
