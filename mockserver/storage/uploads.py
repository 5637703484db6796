"""Reading an upload: an S3 POST form (Amazon S3 API reference: POST Object)."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from .errors import EntityTooLarge, InvalidArgument, MalformedPost, PreconditionFailed, UnsupportedEncoding

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks  # exists for type checkers only

_MAX_FIELDS = 512 * 1024  # bytes in all fields but the file
_OVERHEAD = 1024 * 1024  # what the form may add to the file
_MAX_PARTS = 100
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:[ \t]*;[\x20-\x7e]*)?", re.ASCII)
UNKNOWN_TYPE = "application/octet-stream"


def is_media_type(text: str) -> bool:
    """Whether the text may stand in a Content-Type header."""
    return len(text) <= 255 and _MEDIA_TYPE.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Upload:
    """A form as sent: the fields before the file (names in lower case), the file, and its part's type."""

    fields: dict[str, str]
    content: bytes
    part_type: str | None

    def content_type(self, filename: str) -> str:
        """The form's `Content-Type`, else its file part's, else what the file name suggests."""
        for claimed in (self.fields.get("content-type"), self.part_type):
            if claimed and claimed != UNKNOWN_TYPE and is_media_type(claimed):
                return claimed
        # Only the types that Python itself knows: those of the machine differ from one to the next.
        guessed, encoding = mimetypes.MimeTypes().guess_type(filename)
        return guessed if guessed and encoding is None else UNKNOWN_TYPE


async def read_upload(request: Request, largest: int) -> Upload:
    """Read the form of an upload, whose file has `largest` bytes at most.

    Raises:
        PreconditionFailed: the body is not declared as a multipart form.
        MalformedPost: it is not one.
        EntityTooLarge: it is larger than any policy allows.
        InvalidArgument: it has no file, no field before it, or a field twice.
        UnsupportedEncoding: it is compressed.
        starlette.requests.ClientDisconnect: the client went away.
    """
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"", "identity"}:
        raise UnsupportedEncoding(coding)
    declared = request.headers.get("content-type", "")
    kind, options = parse_options_header(declared)
    if kind != b"multipart/form-data":
        raise PreconditionFailed
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise MalformedPost
    form = _Form()
    try:
        parser = MultipartParser(boundary, form.callbacks())
        async with aclosing(_limited(request, largest)) as body:
            async for chunk in body:
                parser.write(chunk)
    except FormParserError:
        raise MalformedPost from None
    if not form.complete:
        raise MalformedPost
    return form.upload()


async def _limited(request: Request, largest: int) -> AsyncGenerator[bytes, None]:
    limit = largest + _OVERHEAD
    declared = request.headers.get("content-length", "")
    if len(declared) < 19 and declared.isdecimal() and int(declared) > limit:
        raise EntityTooLarge(largest)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            raise EntityTooLarge(largest)
        yield chunk


class _Part:
    """One part of a form as it is read."""

    __slots__ = ("content", "disposition", "name", "type")

    def __init__(self) -> None:
        self.disposition: dict[bytes, bytes] = {}
        self.name = ""  # lower case
        self.type: str | None = None
        self.content = bytearray()


class _Form:
    """Collects the parts of a form. They stay in memory: that is where objects are stored."""

    def __init__(self) -> None:
        self.complete = False
        self._parts: list[_Part] = []
        self._header = b"", b""
        self._field_bytes = 0

    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls as it meets parts, headers and data."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def upload(self) -> Upload:
        """The fields before the file, and the file.

        Raises:
            InvalidArgument: there is no file, no field before it, or a field twice.
        """
        fields: dict[str, str] = {}
        for part in self._parts:
            if part.name == "file":
                if not fields:
                    msg = "Bucket POST must contain a field named 'key' before the file; check their order."
                    raise InvalidArgument(msg, "key")
                return Upload(fields, bytes(part.content), part.type)
            if b"filename" in part.disposition:
                raise InvalidArgument("Only the field named file may be a file.", part.name)
            if part.name in fields:
                raise InvalidArgument("A form field may be given only once.", part.name)
            fields[part.name] = _utf8(part.content)
        # What comes after the file is ignored, so a form whose file is missing has nothing else to say.
        raise InvalidArgument("POST requires exactly one file upload per request.", "file")

    def _begin(self) -> None:
        if len(self._parts) == _MAX_PARTS:
            raise MalformedPost
        self._parts.append(_Part())

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        name, value = self._header
        self._header = name + data[start:end], value

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        name, value = self._header
        self._header = name, value + data[start:end]

    def _header_end(self) -> None:
        (name, value), self._header = self._header, (b"", b"")
        match name.lower():
            case b"content-disposition":
                self._parts[-1].disposition = parse_options_header(value)[1]
            case b"content-type":
                self._parts[-1].type = value.decode("latin-1")

    def _headers_finished(self) -> None:
        part = self._parts[-1]
        if b"name" not in part.disposition:
            raise MalformedPost
        part.name = _utf8(part.disposition[b"name"]).lower()

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._parts[-1]
        if part.name != "file":
            self._field_bytes += end - start
            if self._field_bytes > _MAX_FIELDS:
                raise MalformedPost
        part.content += data[start:end]

    def _end(self) -> None:
        self.complete = True


def _utf8(text: bytes | bytearray) -> str:
    return text.decode("utf-8", "replace")
