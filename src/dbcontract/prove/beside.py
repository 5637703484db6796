"""Asks variants beside the reference mock: where one decides as that does, nobody can tell them apart.

Some methods decide by what they are given alone, and change nothing (`decides` of an extension point). What a
variant would have decided can be asked in passing there, while the reference mock is checked. A check all of
whose calls are decided alike sees the reference mock, and gives its verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import Response

from dbcontract.mockserver.extension_point import ExtensionPoint
from dbcontract.mockserver.variants.registry import Variant

_LARGE: Final = 2_000
"""How many values something may hold that variants are asked about; about more, all may decide otherwise."""


class _TooLarge(Exception):
    """Something holds too much to be copied for each variant."""


@dataclass(slots=True)
class Asked:
    """Variants of one method, and for which rules they decided otherwise than the reference.

    Attributes:
        variants: each overrides this method alone, with one class.
        differs: pairs of a variant's name and the id of a rule.
    """

    variants: Sequence[Variant]
    differs: set[tuple[str, str]] = field(default_factory=set)

    def rules(self, variant: Variant) -> frozenset[str]:
        """The rules whose checks came to a call that a variant decides otherwise."""
        return frozenset(rule for name, rule in self.differs if name == variant.name)


def deciding(
    point: ExtensionPoint[Any], name: str, asked: Asked, rule: Callable[[], str | None]
) -> Callable[..., Any]:
    """A method in the place of the reference one: it decides the same, and asks the variants the same.

    Args:
        point: where the method is overridden.
        name: the method's.
        asked: the variants; what they decide otherwise is noted there.
        rule: tells the rule that is checked; None for none.
    """
    plain = getattr(point.reference, name)
    objects = f"_beside_{name}"

    def decide(self: Any, *given: Any, **named: Any) -> Any:
        checked = rule()
        others = [one for one in asked.variants if (one.name, checked) not in asked.differs]
        if checked is None or not others:
            return plain(self, *given, **named)
        try:
            copies = [_copied([given, named]) for _ in others]
        except _TooLarge:
            asked.differs.update((one.name, checked) for one in others)
            return plain(self, *given, **named)
        own: dict[str, Any] = self.__dict__.setdefault(objects, {})
        try:
            result = plain(self, *given, **named)
        except Exception as error:
            told = _told(error, given, named)
            raise
        else:
            told = _told(result, given, named)
            return result
        finally:
            for one, (theirs, more) in zip(others, copies, strict=True):
                if one.name not in own:
                    own[one.name] = _made(one, point)
                if _decided(getattr(own[one.name], name), theirs, more) != told:
                    asked.differs.add((one.name, checked))

    return decide


def _made(variant: Variant, point: ExtensionPoint[Any]) -> Any:
    (part,) = variant.classes
    return part() if issubclass(part, point.reference) else type(part.__name__, (part, point.reference), {})()


def _decided(method: Callable[..., Any], given: Iterable[Any], named: dict[str, Any]) -> str:
    given = tuple(given)
    try:
        return _told(method(*given, **named), given, named)
    except Exception as error:  # noqa: BLE001 - a variant may fail as it likes
        return _told(error, given, named)


def _told(result: object, given: object, named: object) -> str:
    """What was decided, and what became of the arguments, so that equal texts are equal decisions."""
    shown: object = result
    if isinstance(result, Exception):
        shown = (result, type(result).__qualname__, vars(result))
    elif type(result) is Response:
        shown = (result.status_code, result.raw_headers, bytes(result.body))
    # Any other answer, as one that goes out in chunks, is told by its identity, so that no two are equal.
    return repr((shown, _data([given, named])))


def _data(value: Any) -> Any:
    """Plain data as it is; what else there is, which nobody changes, by its identity."""
    if isinstance(value, dict):
        return {name: _data(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_data(item) for item in value]
    return value if isinstance(value, str | int | float | bytes | None) else id(value)


def _copied(value: Any) -> Any:
    """A copy of plain data; what else there is stays what it is. Raises `_TooLarge`."""
    left = [_LARGE]

    def copy(one: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise _TooLarge
        if type(one) is dict:
            return {name: copy(item) for name, item in one.items()}
        if type(one) in {list, tuple}:
            return type(one)(copy(item) for item in one)
        return one

    return copy(value)
