"""What lists in the terminal share: filters by area, rows in columns, and what the shell completes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from .errors import CommandError

WIDTH = 96
"""Columns of what is wrapped."""
_HINTS = 3

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def fits(pattern: str, *names: str) -> bool:
    """Whether a glob fits one of the names; case, and what stands between words, do not matter."""
    return any(fnmatchcase(_plain(name), _plain(pattern)) for name in names)


def _plain(text: str) -> str:
    return text.lower().replace("_", " ").replace("-", " ")


def nothing(option: str, value: str, what: str, known: Iterable[str]) -> NoReturn:
    """Say that an option chooses nothing, and what it might have meant.

    Raises:
        CommandError: always.
    """
    names = list(dict.fromkeys(known))
    near = get_close_matches(value, names, _HINTS) or names
    more = " and others" if len(names) > _HINTS else ""
    raise CommandError(
        f"{option} {value}: there is no such {what}; there are {', '.join(near[:_HINTS])}{more}"
    )


def completion(names: Callable[[], Iterable[tuple[str, str]]]) -> Complete:
    """Completes a parameter with (name, help) pairs, which are only made when a shell asks."""

    def complete(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [
            CompletionItem(name, help=told)
            for name, told in names()
            if name.lower().startswith(incomplete.lower())
        ]

    return complete


def rule_names() -> Iterable[tuple[str, str]]:
    """Every rule, with its title."""
    from dbcontract.conformance.catalogue.rules import load_all

    return ((rule.id, rule.title) for rule in load_all())


def variant_names() -> Iterable[tuple[str, str]]:
    """Every defect and conforming variant, with what it does."""
    from dbcontract.mockserver.variants.registry import discover

    return ((one.name, one.sentence) for one in discover())
