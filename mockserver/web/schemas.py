"""OpenAPI 3.0 schemas compiled to validators, and their findings worded as Django REST framework does.

Errors are keyed by field, each a list of messages, nested as the input is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Final, Literal

import jsonschema_rs

from ..state.instants import parse_date, parse_instant, parse_moment

Direction = Literal["request", "response"]
Schema = dict[str, Any]
Located = tuple[list[Any], str]

# Keywords of OpenAPI 3.0 that JSON Schema does not have, or that say nothing about validity.
_ANNOTATIONS = frozenset(
    {"nullable", "readOnly", "writeOnly", "example", "xml", "externalDocs", "discriminator"}
)


_SHORT = 64


def _accepts(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    remembered = lru_cache(maxsize=1024)(check)
    # The same few instants are checked again and again; what is long is not kept.
    return lambda text: remembered(text) if len(text) <= _SHORT else check(text)


_HEX = "[0-9A-Fa-f]"
_UUID: Final = re.compile("-".join(f"{_HEX}{{{count}}}" for count in (8, 4, 4, 4, 12)))


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its 36-character form."""
    return _UUID.fullmatch(text) is not None


def format_checks(direction: Direction = "response") -> dict[str, Callable[[str], bool]]:
    """The string formats that the descriptions use and that are really checked.

    Who asks may give a date alone for an instant.
    """
    instant = parse_moment if direction == "request" else parse_instant
    return {"uuid": is_uuid, "date": _accepts(parse_date), "date-time": _accepts(instant)}


def closed(schema: Any) -> Any:
    """The schema of a body, without room for fields that it does not describe."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {
        key: {name: closed(item) for name, item in value.items()} if key == "properties" else closed(value)
        for key, value in schema.items()
    }
    return {"additionalProperties": False, **result} if "properties" in result else result


def to_json_schema(schema: Any, direction: Direction) -> Any:
    """Translate one OpenAPI 3.0 schema object to JSON Schema (draft 2020-12).

    In a request, read-only properties may hold anything and are never required; in a response, write-only
    properties are never required.
    """
    if isinstance(schema, list):
        return [to_json_schema(item, direction) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result: Schema = {
        key: value
        if key in {"enum", "required", "default", "const"}
        else {name: to_json_schema(item, direction) for name, item in value.items()}
        if key == "properties"
        else to_json_schema(value, direction)
        for key, value in schema.items()
        if key not in _ANNOTATIONS
    }
    _drop_one_way_properties(schema, result, direction)
    if schema.get("nullable") or (direction == "request" and schema.get("x-nullable")):
        return {"anyOf": [{"type": "null"}, result]} if "allOf" in result else _nullable(result)
    return result


def _nullable(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema


def _drop_one_way_properties(source: Schema, result: Schema, direction: Direction) -> None:
    flag = "readOnly" if direction == "request" else "writeOnly"
    one_way = {
        name
        for name, item in (source.get("properties") or {}).items()
        if isinstance(item, dict) and item.get(flag)
    }
    if not one_way:
        return
    if direction == "request":
        result["properties"] = {
            name: True if name in one_way else item for name, item in result["properties"].items()
        }
    required = [name for name in result.get("required", ()) if name not in one_way]
    result.pop("required", None)
    if required:
        result["required"] = required


class Compiler:
    """Compiles schemas whose references Connexion has resolved already."""

    def __init__(self) -> None:
        self._formats = {
            "request": format_checks("request"),
            "response": format_checks("response"),
        }

    def compile(self, schema: Schema, direction: Direction) -> jsonschema_rs.Validator:
        """A validator for one OpenAPI 3.0 schema."""
        return jsonschema_rs.Draft202012Validator(
            to_json_schema(schema, direction), formats=self._formats[direction], validate_formats=True
        )


_TYPE_WORDING = {
    "string": "Not a valid string.",
    "boolean": "Must be a valid boolean.",
    "integer": "A valid integer is required.",
    "number": "A valid number is required.",
}
_FORMAT_WORDING = {
    "uuid": "Must be a valid UUID.",
    "date": "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
    "date-time": (
        "Datetime has wrong format. Use one of these formats instead: "
        "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
    ),
}


def wording(error: jsonschema_rs.ValidationError) -> str:  # noqa: PLR0911 - one line a keyword
    """One message for one finding, as Django REST framework words it by default."""
    keyword, kind, value = error.kind.name, error.kind.as_dict(), error.instance
    if keyword in {"type", "enum"} and value is None:
        return "This field may not be null."
    match keyword:
        case "type":
            return _wrong_type(kind.get("types") or [], value, error.message)
        case "format":
            return _FORMAT_WORDING.get(str(kind.get("format")), error.message)
        case "enum":
            return f'"{_short(value)}" is not a valid choice.'
        case "minLength":
            return "This field may not be blank." if value == "" else error.message
        case "maxLength":
            return f"Ensure this field has no more than {kind.get('limit')} characters."
        case "minItems":
            return "This list may not be empty."
        case "minimum":
            return f"Ensure this value is greater than or equal to {kind.get('limit')}."
        case "maximum":
            return f"Ensure this value is less than or equal to {kind.get('limit')}."
        case _:
            return error.message[:300]


def _wrong_type(types: list[str], value: Any, fallback: str) -> str:
    names = [name for name in types if name != "null"]
    name = names[0] if len(names) == 1 else ""
    given = type(value).__name__
    if name == "array":
        return f'Expected a list of items but got type "{given}".'
    if name == "object":
        return f'Expected a dictionary of items but got type "{given}".'
    return _TYPE_WORDING.get(name, fallback[:300])


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _located(error: jsonschema_rs.ValidationError) -> Iterator[Located]:
    path = list(error.instance_path)
    keyword, kind = error.kind.name, error.kind.as_dict()
    if keyword == "required":
        yield [*path, kind.get("property")], "This field is required."
    elif keyword == "additionalProperties":
        for name in kind.get("unexpected") or ():
            yield [*path, name], "Unknown field."
    else:
        yield path, wording(error)


MAX_FINDINGS = 100


def findings(
    validator: jsonschema_rs.Validator, value: Any, *, first: bool = False
) -> dict[str, Any] | list[Any] | None:
    """What is wrong with a value: None, a dict keyed by field, or for an array a list of such dicts.

    At most `MAX_FINDINGS` are worded, or only the first one found: the validator finds all errors before it
    gives any, which takes seconds where a long value is wrong a million times over.
    """
    if validator.is_valid(value):
        return None
    if first and not isinstance(value, list):
        try:
            validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            found: dict[str, Any] = {}
            for path, message in _located(error):
                _insert(found, path, message)
            return found
    if isinstance(value, list):
        return _by_item(validator, value)
    tree: dict[str, Any] = {}
    for path, message in _all(validator, value):
        _insert(tree, path, message)
    return tree


def _all(validator: jsonschema_rs.Validator, value: Any) -> Iterator[Located]:
    return islice(chain.from_iterable(map(_located, validator.iter_errors(value))), MAX_FINDINGS)


def _by_item(validator: jsonschema_rs.Validator, items: list[Any]) -> dict[str, Any] | list[Any]:
    """One dict an element, empty where it is valid, up to the last element that was looked at.

    In slices, because the validator words all errors before it gives the first one; the schemas of whole
    bodies say of an array only what its elements are, so a slice is as good as the array.
    """
    wrong: list[dict[str, Any]] = []
    found = 0
    for start in range(0, len(items), MAX_FINDINGS):
        part = items[start : start + MAX_FINDINGS]
        wrong.extend({} for _ in part)
        if validator.is_valid(part):
            continue
        for path, message in _all(validator, part):
            if not path:
                return {"non_field_errors": [message]}
            _insert(wrong[start + path[0]], path[1:], message)
            found += 1
        if found >= MAX_FINDINGS:
            break
    return wrong


def _insert(tree: dict[str, Any], path: list[Any], message: str) -> None:
    *parents, last = [str(part) for part in path] or ["non_field_errors"]
    node = tree
    for part in parents:
        child = node.get(part)
        if not isinstance(child, dict):
            # A field that is wrong as a whole and in its parts keeps both messages.
            child = {} if child is None else {"non_field_errors": child}
            node[part] = child
        node = child
    present = node.get(last)
    if isinstance(present, dict):
        present.setdefault("non_field_errors", []).append(message)
    else:
        node.setdefault(last, []).append(message)
