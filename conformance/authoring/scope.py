"""What fuzzing calls at a target: the operations, and the ids and bodies that it may make for them.

The gate would refuse the rest. What is left out here is not even generated.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..apis.base import practice_of
from ..environment.effects import CREATE, effects, things
from ..schema.description import of_the_documents
from ..schema.latitude import judged
from .context import Context

_WRITING: Final = ("post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is fuzzed.

    Attributes:
        described: the description that answers are held against.
        called: the one that calls are generated from.
        parameters: the values of path parameters, as Schemathesis names them.
        settings: of single operations, in the form of Schemathesis' configuration.
        few: operations that are called a few times only in each phase, for what they make stays.
    """

    described: dict[str, Any]
    called: dict[str, Any]
    parameters: dict[str, str] = field(default_factory=dict)
    settings: tuple[Mapping[str, Any], ...] = ()
    few: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FuzzingPractice:
    """What fuzzing takes of an API.

    Attributes:
        scope: what to fuzz, by what is allowed; takes the relaxed description. By default everything that is
            allowed (`plain`).
    """

    scope: Callable[[Any, dict[str, Any]], Scope] | None = None


def scope_of(ctx: Context) -> Scope:
    """What to fuzz, by what is allowed; may make things to fuzz on.

    Raises:
        NotVerified, PrerequisiteFailed: there is nothing to fuzz on.
    """
    return (practice_of(ctx.api, FuzzingPractice).scope or plain)(ctx, of_the_documents(judged(ctx.api)))


def plain(ctx: Context, description: dict[str, Any]) -> Scope:
    """All operations; without leave to write those that only read."""
    described = description if ctx.can("write") else reading(description)
    staying = [
        name
        for name, effect in effects(ctx.api).items()
        if CREATE in effect.may and not things()[effect.thing].removed_by
    ]
    return Scope(described, copy.deepcopy(described), few=tuple(staying))


def reading(description: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a description with the operations that only read."""
    return without(description, [name for _, method, name in _operations(description) if method in _WRITING])


def _operations(description: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    for item in description["paths"].values():
        for method, operation in list(item.items()):
            if isinstance(operation, dict) and "operationId" in operation:
                yield item, method, operation["operationId"]


def without(description: Mapping[str, Any], operations: Collection[str]) -> dict[str, Any]:
    """A copy of a description without some operations, and without the links to them."""
    found = copy.deepcopy(dict(description))
    for item, method, name in list(_operations(found)):
        if name in operations:
            del item[method]
    for item, method, _ in _operations(found):
        for response in item[method].get("responses", {}).values():
            links = response.get("links", {})
            for name in [name for name, link in links.items() if link["operationId"] in operations]:
                del links[name]
    return found
