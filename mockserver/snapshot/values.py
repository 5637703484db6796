"""The values in a sandbox's document, read strictly: whatever is not as it was written is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from ..state.instants import parse_instant
from ..web.schemas import is_uuid

T = TypeVar("T")


def fields(value: object, names: frozenset[str]) -> Mapping[str, Any]:
    """An object with exactly these members.

    Raises:
        TypeError: it is not an object.
        ValueError: a member is missing, or there is one too many.
    """
    if not isinstance(value, dict):
        msg = f"an object is expected, not {shown(value)}"
        raise TypeError(msg)
    if value.keys() != names:
        missing, unknown = sorted(names - value.keys()), sorted(value.keys() - names)
        msg = f"{missing[0]} is missing" if missing else f"{shown(unknown[0])} is not a field of it"
        raise ValueError(msg)
    return value


def text(value: object) -> str:
    """A text that can be written as UTF-8.

    Raises:
        TypeError: it is not text.
        ValueError: it holds half a character.
    """
    if not isinstance(value, str):
        msg = f"a text is expected, not {shown(value)}"
        raise TypeError(msg)
    if not value.isascii():
        value.encode()
    return value


def identifier(value: object) -> str:
    """A UUID in lower case.

    Raises:
        TypeError: it is not text.
        ValueError: it is not such a UUID.
    """
    found = text(value)
    if not is_uuid(found) or found != found.lower():
        msg = f"{shown(value)} is not a UUID in lower case"
        raise ValueError(msg)
    return found


def flag(value: object) -> bool:
    """True or false.

    Raises:
        TypeError: it is neither.
    """
    if not isinstance(value, bool):
        msg = f"true or false is expected, not {shown(value)}"
        raise TypeError(msg)
    return value


def number(value: object, least: int = 0) -> int:
    """A whole number, `least` or more.

    Raises:
        TypeError: it is not a whole number.
        ValueError: it is too small.
    """
    if type(value) is not int:
        msg = f"a whole number is expected, not {shown(value)}"
        raise TypeError(msg)
    if value < least:
        msg = f"{value} is less than {least}"
        raise ValueError(msg)
    return value


def instant(value: object) -> int:
    """An instant, in µs.

    Raises:
        TypeError: it is not text.
        ValueError: the text names none.
    """
    try:
        return parse_instant(text(value))
    except ValueError as error:
        msg = f"{shown(value)}: {error}"
        raise ValueError(msg) from None


def optional(read: Callable[[object], T], value: object) -> T | None:
    """Null, or what `read` makes of the value."""
    return None if value is None else read(value)


def listed(value: object) -> list[Any]:
    """An array.

    Raises:
        TypeError: it is not one.
    """
    if not isinstance(value, list):
        msg = f"an array is expected, not {shown(value)}"
        raise TypeError(msg)
    return value


def by_id(items: Iterable[tuple[str, T]]) -> dict[str, T]:
    """The items by their ids.

    Raises:
        ValueError: two have the same.
    """
    found: dict[str, T] = {}
    for id_, item in items:
        if id_ in found:
            msg = f"{shown(id_)} is there twice"
            raise ValueError(msg)
        found[id_] = item
    return found


def shown(value: object) -> str:
    """The value for a message, cut to a readable length."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    written = repr(value)
    return written if len(written) <= 80 else written[:77] + "..."
