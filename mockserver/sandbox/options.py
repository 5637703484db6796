"""What a user decides of an API when a server starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..apis.installed import Api


def _unchecked(value: Any) -> None:
    del value


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOption:
    """One option, as `Settings.options` and `serve --set` have it.

    Attributes:
        name: unique among all APIs, in snake case.
        default: the value where nothing is said.
        parse: the value that a text of the command line stands for; raises `ValueError`.
        check: accepts a value, or raises `ValueError` with a message that says what to write.
    """

    name: str
    default: Any
    parse: Callable[[str], Any] = str
    check: Callable[[Any], None] = _unchecked


@dataclass(frozen=True, kw_only=True)
class ApiWithOptions(Api):
    """What a server's settings take of an API.

    Attributes:
        options: what a user decides of it when a server starts.
    """

    options: tuple[StartOption, ...] = ()
