"""Bodies that come as forms (contract: Conventions), read as the JSON body that they stand for.

As the vendor's framework does: a list is a field that is repeated, an object is JSON text or a field for each
of its members (`filters.start_date`), and an empty field that is not text is none.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from ..state import jsonio
from .problems import BadRequest

URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"

Fields = dict[str, list[str]]

_MAX_FIELDS: Final = 1_000
_BOOLEANS: Final = {"true": True, "True": True, "1": True, "on": True} | {
    "false": False,
    "False": False,
    "0": False,
    "off": False,
}


def form_type(content_type: str | None) -> str | None:
    """The media type of a form; None where a body is declared as something else."""
    found = (content_type or "").partition(";")[0].strip().lower()
    return found if found in {URLENCODED, MULTIPART} else None


async def read_form(raw: bytes, content_type: str) -> Fields:
    """The fields of a form, each with its values in order.

    Raises:
        BadRequest: it is not a form, not UTF-8, or has too many fields.
    """
    fields: Fields = {}
    pairs = _decoded(raw) if form_type(content_type) == URLENCODED else await _parts(raw, content_type)
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _decoded(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except UnicodeDecodeError:
        msg = "Form parse error - the form is not percent-encoded UTF-8."
        raise BadRequest(msg) from None
    except ValueError:
        msg = f"Form parse error - the form has more than {_MAX_FIELDS} fields."
        raise BadRequest(msg) from None


async def _parts(raw: bytes, content_type: str) -> list[tuple[str, str]]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield raw

    headers = Headers({"content-type": content_type})
    parser = MultiPartParser(
        headers, stream(), max_files=_MAX_FIELDS, max_fields=_MAX_FIELDS, max_part_size=len(raw)
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError) as error:
        reason = getattr(error, "message", "") or "the boundary or the text is malformed"
        raise BadRequest(f"Multipart form parse error - {str(reason)[:200]}") from None
    pairs = []
    for name, value in form.multi_items():
        # Some clients send the JSON of an object as a part with a media type and a file name.
        pairs.append((name, await _text(name, value) if isinstance(value, UploadFile) else value))
    return pairs


async def _text(name: str, file: UploadFile) -> str:
    content = await file.read()
    await file.close()
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise BadRequest({name: ["Not a valid string."]}) from None


def as_object(fields: Fields, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object that a form stands for; what cannot be read stays text, for the validation to refuse.

    Args:
        fields: of the form.
        schema: of the object, references resolved.
    """
    known = schema.get("properties", {})
    body: dict[str, Any] = {}
    for name, values in fields.items():
        owner, dot, member = name.partition(".")
        if dot and name not in known and known.get(owner, {}).get("type") == "object":
            inner = body.setdefault(owner, {})
            if isinstance(inner, dict):
                body[owner] = {**inner, **as_object({member: values}, known[owner])}
        elif (value := _value(values, known.get(name, {}))) is not _NOTHING:
            body[name] = value
    return body


_NOTHING: Final = object()


def _value(values: list[str], schema: Mapping[str, Any]) -> Any:
    """The value of a field; of one that is given several times the last counts, unless it is a list."""
    kind, last = schema.get("type", "string"), values[-1]
    if kind == "array":
        return [value for value in values if value]
    if not last and (kind != "string" or "" not in schema.get("enum", ("",))):
        return _NOTHING
    if kind == "boolean":
        return _BOOLEANS.get(last, last)
    return last if kind == "string" else _parsed(last)


def _parsed(text: str) -> Any:
    try:
        return jsonio.loads(text.encode())
    except jsonio.MalformedJSON:
        return text
