"""Path and query parameters: compiled once from the description, converted and checked per call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from .problems import BadRequest, UnknownPath
from .schemas import Compiler, is_uuid, wording

Pairs = list[tuple[str, str]]

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_BOOLEANS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


def parse_query(raw: bytes) -> Pairs:
    """The decoded pairs of a query string, in order.

    Raises:
        BadRequest: the percent-encoding is not UTF-8.
    """
    if not raw:
        return []
    if b"%" not in raw and b"+" not in raw and b"&" not in raw:
        # One plain parameter is the common case and needs no decoding.
        name, _, value = raw.decode("latin-1").partition("=")
        return [(name, value)]
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except UnicodeDecodeError:
        msg = "The query string is not percent-encoded UTF-8."
        raise BadRequest(msg) from None
    except ValueError:
        msg = "The query string has more than 1000 parameters."
        raise BadRequest(msg) from None


def _boolean(text: str) -> Any:
    return _BOOLEANS.get(text, text)


def _integer(text: str) -> Any:
    # Only plain ASCII digits: int() also reads underscores, spaces and other scripts' digits.
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else text


class PathParameters:
    """The path parameters of one operation; UUIDs are checked and lower-cased.

    A path that cannot name anything is answered 404, as an unknown id is (contract: Conventions).
    """

    def __init__(self, parameters: list[Mapping[str, Any]]) -> None:
        self._uuids = [
            parameter["name"]
            for parameter in parameters
            if parameter["in"] == "path" and parameter["schema"].get("format") == "uuid"
        ]

    def check(self, values: dict[str, str]) -> dict[str, str]:
        """The values, UUIDs in canonical form.

        Raises:
            UnknownPath: an id is not a UUID.
        """
        for name in self._uuids:
            value = values[name]
            if _CANONICAL(value) is not None:
                continue
            if not is_uuid(value):
                msg = f"Not found. {name}: Must be a valid UUID."
                raise UnknownPath(msg)
            values[name] = value.lower()
        return values


class QueryParameters:
    """The described query parameters of one operation.

    Of a repeated parameter the last one counts, as in the vendor's framework. `page` and `page_size` are left
    to the pagination, whose answers to bad values are its own (contract, section 3).
    """

    def __init__(self, parameters: list[Mapping[str, Any]], compiler: Compiler) -> None:
        converters: dict[str, Callable[[str], Any]] = {"boolean": _boolean, "integer": _integer}
        self._known: dict[str, tuple[Callable[[str], Any], Any]] = {}
        for parameter in parameters:
            schema = parameter.get("schema", {})
            if parameter["in"] != "query" or schema.get("type") == "object":
                continue
            if parameter["name"] in {"page", "page_size"}:
                self._known[parameter["name"]] = (str, None)
                continue
            validator = compiler.compile(schema, "request")
            self._known[parameter["name"]] = (converters.get(schema.get("type", ""), str), validator)

    def check(self, pairs: Pairs) -> dict[str, Any]:
        """The described parameters that were sent, converted.

        Raises:
            BadRequest: keyed by parameter.
        """
        values: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for name, text in pairs:
            known = self._known.get(name)
            if known is None:
                continue
            convert, validator = known
            value = convert(text)
            values[name] = value
            if validator is not None and not validator.is_valid(value):
                errors[name] = [wording(error) for error in validator.iter_errors(value)]
            else:
                errors.pop(name, None)
        if errors:
            raise BadRequest(errors)
        return values
