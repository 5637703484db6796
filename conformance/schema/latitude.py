"""The description as a judge of foreign implementations reads it: what no vendor publishes is left open.

The description of an API is that of the mock, errors and all. The vendors publish successes: the status of an
error, and whether an input gets one, is this project's own reading. So answers are held against a description
that says less of errors, and nothing less of successes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..apis.base import apis, practice_of

BAD_REQUEST: Final = 400


@dataclass(frozen=True, kw_only=True)
class DescribedPractice:
    """How the answers of an API are held against its description.

    Attributes:
        relax: leaves open, in the description as answers are held against it, what no vendor publishes;
            None for nothing.
        free_bodies: schemas of parts of bodies that take any further field; what is generated has none, as in
            those whose names end with `Request`.
        tolerate: leaves open, in the description that generated bodies are held against, what some servers
            take.
        deserves_400: tells of a body whether an operation may answer it with a 400 that its description
            does not have, given the description; by operationId.
    """

    relax: Callable[[dict[str, Any]], None] | None = None
    free_bodies: frozenset[str] = frozenset()
    tolerate: Callable[[dict[str, Any]], None] | None = None
    deserves_400: Mapping[str, Callable[[Mapping[str, Any]], Callable[[bytes | None], bool]]] = field(
        default_factory=dict
    )


def judged(api: str) -> dict[str, Any]:
    """The description of an API that answers are held against.

    No body has fields that are not described: a server may refuse them, and has to take what is generated.
    What else is left open, the API says (`Practice.relax`).
    """
    description = apis()[api].description()
    practice = practice_of(api, DescribedPractice)
    _close(description.get("components", {}).get("schemas", {}), practice.free_bodies)
    if practice.relax is not None:
        practice.relax(description)
    return description


def response(media_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """An error as a description has it, with a body of that media type."""
    return {"description": "An error.", "content": {media_type: {"schema": dict(schema)}}}


def null_or_absent(schema: dict[str, Any]) -> None:
    """Let the optional fields of an object be null."""
    for name, one in schema["properties"].items():
        if name not in schema.get("required", ()):
            schema["properties"][name] = {"allOf": [one], "nullable": True}


def _close(schemas: Mapping[str, dict[str, Any]], free: frozenset[str]) -> None:
    for name, schema in schemas.items():
        if name.endswith("Request") or name in free:
            schema.setdefault("additionalProperties", False)


def tolerated(api: str, description: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a description, by which a body is wrong only if every server has to refuse it.

    Unknown fields are not a reason, nor nulls in optional fields, nor what else the API says
    (`Practice.tolerate`).
    """
    found: dict[str, Any] = _without_closing(description)
    tolerate = practice_of(api, DescribedPractice).tolerate
    if tolerate is not None:
        tolerate(found)
    for name, schema in found.get("components", {}).get("schemas", {}).items():
        if name.endswith("Request") and "properties" in schema:
            null_or_absent(schema)
    return found


def _without_closing(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {
            key: _without_closing(one)
            for key, one in value.items()
            if not (key == "additionalProperties" and one is False)
        }
        return {**kept, "nullable": True} if value.get("x-nullable") is True else kept
    return [_without_closing(one) for one in value] if isinstance(value, list) else value


def as_draft_4(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema has it."""
    if isinstance(value, list):
        return [as_draft_4(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    plain = {
        key: as_draft_4(one) for key, one in value.items() if key not in {"nullable", "example", "examples"}
    }
    return {"anyOf": [plain, {"type": "null"}]} if value.get("nullable") is True else plain
