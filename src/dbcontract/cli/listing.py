"""What lists in the terminal share: filters by area, rows in columns, and what the shell completes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NoReturn, TypeVar

import click
from click.shell_completion import CompletionItem

from .errors import CommandError

WIDTH = 96
"""Columns of what is wrapped."""
_HINTS = 3

T = TypeVar("T")
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


def all_of(what: str, chosen: Mapping[str, Collection[T]], known: Sequence[T]) -> list[T]:
    """Those that every filter chooses.

    Args:
        what: the things, in the plural.
        chosen: what each filter chooses, by how it was written; each chooses something.
        known: all there are, in their order.

    Raises:
        CommandError: each filter chooses something, and all together nothing.
    """
    left = [one for one in known if all(one in several for several in chosen.values())]
    if known and not left:
        alone = ", ".join(f"{written}: {len(several)}" for written, several in chosen.items())
        raise CommandError(f"no {what} fit all filters at once; alone they choose {alone}; leave one out")
    return left


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
