"""Reading an upload: an S3 POST form (Amazon S3 API reference: POST Object)."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from .errors import EntityTooLarge, InvalidArgument, MalformedPost, PreconditionFailed
from .signing import MAX_UPLOAD_BYTES

_OVERHEAD = 1024 * 1024  # what the form may add to the file
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


async def read_upload(request: Request) -> Upload:
    """Read the form of an upload.

    Raises:
        PreconditionFailed: the body is not declared as a multipart form.
        MalformedPost: it is none.
        EntityTooLarge: it is larger than any policy allows.
        InvalidArgument: it has no file, or a field twice.
        starlette.requests.ClientDisconnect: the client went away.
    """
    declared = request.headers.get("content-type", "")
    kind, options = parse_options_header(declared)
    if kind != b"multipart/form-data":
        raise PreconditionFailed
    boundary = options.get(b"boundary", b"")
    if not boundary or b'"' in boundary or b"\\" in boundary:
        raise MalformedPost
    # Decoded as Latin-1 every byte survives, whatever charset is declared; `_utf8` then reads the fields as
    # they are meant.
    headers = Headers(
        {"content-type": f'multipart/form-data; boundary="{boundary.decode("latin-1")}"; charset=latin-1'}
    )
    parser = MultiPartParser(headers, _limited(request), max_files=10, max_fields=100)
    try:
        form = await parser.parse()
    except (MultiPartException, FormParserError):
        raise MalformedPost from None
    try:
        return await _upload(form)
    finally:
        await form.close()


async def _limited(request: Request) -> AsyncGenerator[bytes, None]:
    limit = MAX_UPLOAD_BYTES + _OVERHEAD
    declared = request.headers.get("content-length", "")
    if len(declared) < 19 and declared.isdecimal() and int(declared) > limit:
        raise EntityTooLarge(MAX_UPLOAD_BYTES)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            raise EntityTooLarge(MAX_UPLOAD_BYTES)
        yield chunk


async def _upload(form: FormData) -> Upload:
    fields: dict[str, str] = {}
    for raw_name, value in form.multi_items():
        name = _utf8(raw_name).lower()
        if name == "file":
            if isinstance(value, UploadFile):
                return Upload(fields, await value.read(), value.content_type)
            return Upload(fields, value.encode("latin-1"), None)
        if isinstance(value, UploadFile):
            raise InvalidArgument("Only the field named file may be a file.", name)
        if name in fields:
            raise InvalidArgument("A form field may be given only once.", name)
        fields[name] = _utf8(value)
    # What comes after the file is ignored, so a form whose file is missing has nothing else to say.
    raise InvalidArgument("POST requires exactly one file upload per request.", "file")


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "replace")
