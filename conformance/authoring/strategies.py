"""What generated data are made of: the bodies that an API describes, and texts that any server can carry.

What the usual servers do not carry, and no document promises, is left out: NUL and control characters, halves
of surrogate pairs, numbers beyond what a double holds exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st
from schemathesis.generation.modes import GenerationMode
from schemathesis.generation.value import GeneratedValue

from .context import Context

EXACT: Final = 2**53 - 1
"""The largest whole number that a double, and so any JSON parser, holds exactly."""

_NOT_CARRIED: Final = ("Cc", "Cn", "Co", "Cs")

Strategy = st.SearchStrategy


# Making a strategy, and its first use, cost more than ten examples of it: each is made once.


def bodies(ctx: Context, operation_id: str) -> Strategy[Any]:
    """JSON bodies that the description of an operation allows."""

    def make() -> Strategy[Any]:
        described = ctx.description.operation(operation_id).described
        (body,) = (one for one in described.body.items if one.media_type == "application/json")
        # A whole case, with its path and its query, would take twice as long to draw.
        drawn: Strategy[Any] = body.get_strategy(
            described, described.schema.config.generation_for(operation=described), GenerationMode.POSITIVE
        )
        return drawn.map(lambda one: one.value if isinstance(one, GeneratedValue) else one)

    return _kept(ctx, f"bodies of {operation_id}", make)


def described(ctx: Context, operation_id: str) -> Strategy[dict[str, Any]]:
    """Bodies that the description allows, of one object each, with what any server can carry."""

    def make() -> Strategy[dict[str, Any]]:
        objects = bodies(ctx, operation_id).filter(lambda body: isinstance(body, dict))
        return objects.map(_carried).filter(_is_told)

    return _kept(ctx, f"described bodies of {operation_id}", make)


def _is_told(body: dict[str, Any]) -> bool:
    """Whether no text of a body is blank: some servers cut blanks off, and find nothing left."""
    return all(value.strip() for value in body.values() if isinstance(value, str))


def data(ctx: Context) -> Strategy[dict[str, Any]]:
    """What a record may hold, as its description has it."""
    return _kept(ctx, "data", lambda: bodies(ctx, "putRecord").map(lambda body: _carried(body["data"])))


def _kept(ctx: Context, name: str, make: Callable[[], Strategy[Any]]) -> Strategy[Any]:
    found: Strategy[Any] = ctx.description.kept(name, make)
    return found


def required(ctx: Context, schema: str) -> tuple[str, ...]:
    """The required fields of a described schema."""
    return tuple(ctx.description.schema.raw_schema["components"]["schemas"][schema].get("required", ()))


def wrong_fields(
    ctx: Context, schema: str, names: tuple[str, ...] | None = None
) -> Strategy[tuple[str, Any]]:
    """A field of a described schema, and a value of another type than it has.

    Args:
        ctx: of the check.
        schema: its name in the description.
        names: of the fields to choose from; by default the required ones.
    """
    schemas = ctx.description.schema.raw_schema["components"]["schemas"]
    fields = schemas[schema]["properties"]

    def make() -> Strategy[tuple[str, Any]]:
        types = {name: _type_of(fields[name], schemas) for name in names or required(ctx, schema)}
        return st.one_of([st.tuples(st.just(name), _not_of(types[name])) for name in sorted(types)])

    return _kept(ctx, f"wrong {schema} {names}", make)


def _type_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """The type that a schema names, or the one that it refers to."""
    if "$ref" in schema:
        return _type_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "allOf" in schema:
        return _type_of(schema["allOf"][0], schemas)
    return str(schema["type"])


@cache
def _not_of(described: str) -> Strategy[Any]:
    """Values of another type, null aside; for a plain one arrays and objects, as others may stand for it."""
    right = {"array": list, "object": dict}.get(described)
    if right is None:
        return values().filter(lambda value: isinstance(value, list | dict))
    return values().filter(lambda value: value is not None and not isinstance(value, right))


@cache
def texts(*, least: int = 1, most: int = 20, without: str = "") -> Strategy[str]:
    """Texts of any script, without control characters, and with no blank at either end."""
    letters = st.characters(codec="utf-8", exclude_categories=_NOT_CARRIED, exclude_characters=without)
    return (
        st.text(letters, min_size=least, max_size=most).map(str.strip).filter(lambda text: len(text) >= least)
    )


@cache
def short_and_long(*, without: str = "") -> Strategy[tuple[str, str]]:
    """Two texts, the second longer than 40 letters, where some servers cut."""
    return st.tuples(texts(without=without), texts(least=41, most=60, without=without))


@cache
def quotable() -> Strategy[str]:
    """Texts of what a table has to quote: quotes, separators and line breaks, several at once."""
    pieces = ('"', '""', "'", ",", ";", "\n", "\t", " ", "é")
    return st.lists(st.sampled_from(pieces), min_size=3, max_size=9).map("".join)


@cache
def values() -> Strategy[Any]:
    """Any JSON value, small."""
    plain = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from((0.5, -1.25)) | texts(most=5)
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts(most=3), inner, max_size=2),
        max_leaves=4,
    )


def _carried(value: Any) -> Any:
    """A JSON value whose numbers and texts any server can carry; booleans and null are such."""
    match value:
        case dict():
            return {_text(name): _carried(one) for name, one in value.items()}
        case list():
            return [_carried(one) for one in value]
        case str():
            return _text(value)
        case float():
            return round(math.fmod(value, 1e6), 3)
        case int() if abs(value) > EXACT:
            return value % EXACT
    return value


def _text(value: str) -> str:
    return "".join(letter for letter in value if letter.isprintable())
