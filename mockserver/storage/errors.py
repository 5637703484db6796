"""What the storage refuses, as S3 names it: code, status and message (S3 API reference: Error responses)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from starlette.responses import Response

# XML 1.0 has no way to write these, not even as references.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class StorageError(Exception):
    """A refusal: HTTP status, S3 error code, message, further XML elements and headers."""

    status = 400
    code = "InvalidRequest"

    def __init__(
        self,
        message: str,
        details: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})
        self.headers = dict(headers or {})


class AccessDenied(StorageError):
    """No signature, or not ours."""

    status = 403
    code = "AccessDenied"

    def __init__(self, message: str = "Access Denied", details: Mapping[str, str] | None = None) -> None:
        super().__init__(message, details)


class Expired(AccessDenied):
    """The signature is ours, but its time is over."""


class NoSuchKey(StorageError):
    """Nothing is stored under this key."""

    status = 404
    code = "NoSuchKey"

    def __init__(self, key: str) -> None:
        super().__init__("The specified key does not exist.", {"Key": key})


class MethodNotAllowed(StorageError):
    """The storage does not offer this method here; `Allow` says what it does offer."""

    status = 405
    code = "MethodNotAllowed"

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(
            "The specified method is not allowed against this resource.", {"Method": method}, {"Allow": allow}
        )


class EntityTooLarge(StorageError):
    """An upload above what its policy allows; sizes in bytes, the proposed one where it is known."""

    code = "EntityTooLarge"

    def __init__(self, limit: int, proposed: int | None = None) -> None:
        details = {"MaxSizeAllowed": str(limit)}
        if proposed is not None:
            details = {"ProposedSize": str(proposed), **details}
        super().__init__("Your proposed upload exceeds the maximum allowed size", details)


class MalformedPost(StorageError):
    """A body that is not a well-formed multipart form."""

    code = "MalformedPOSTRequest"

    def __init__(self) -> None:
        super().__init__("The body of your POST request is not well-formed multipart/form-data.")


class PreconditionFailed(StorageError):
    """An upload that is not a multipart form at all."""

    status = 412
    code = "PreconditionFailed"

    def __init__(self) -> None:
        super().__init__(
            "At least one of the pre-conditions you specified did not hold",
            {"Condition": "Bucket POST must be of the enclosure-type multipart/form-data"},
        )


class ConditionFailed(StorageError):
    """The object is not as a condition of the request wants it."""

    status = 412
    code = "PreconditionFailed"

    def __init__(self, condition: str) -> None:
        super().__init__(
            "At least one of the pre-conditions you specified did not hold", {"Condition": condition}
        )


class InvalidArgument(StorageError):
    """A form that lacks its file or gives a field twice, or a request that is authorized in two ways."""

    code = "InvalidArgument"

    def __init__(self, message: str, name: str, value: str | None = None) -> None:
        super().__init__(
            message, {"ArgumentName": name} | ({} if value is None else {"ArgumentValue": value[:80]})
        )


class UnsupportedEncoding(StorageError):
    """An upload that is compressed on its way."""

    status = 415

    def __init__(self, coding: str) -> None:
        super().__init__(
            "The form must be sent as it is, without a Content-Encoding.",
            {"ArgumentName": "Content-Encoding", "ArgumentValue": coding[:80]},
            {"Accept-Encoding": "identity"},
        )


class InvalidRange(StorageError):
    """A range that begins past the end of the object."""

    status = 416
    code = "InvalidRange"

    def __init__(self, requested: str, size: int) -> None:
        super().__init__(
            "The requested range is not satisfiable",
            {"RangeRequested": requested, "ActualObjectSize": str(size)},
            {"Content-Range": f"bytes */{size}"},
        )


def error_response(error: StorageError, *, body: bool = True) -> Response:
    """The XML answer that S3 gives; without its body for HEAD."""
    from starlette.responses import Response  # noqa: PLC0415 (help and completion load this module without it)

    elements = {"Code": error.code, "Message": error.message, **error.details}
    text = "".join(f"<{name}>{escape(_NOT_XML.sub('?', value))}</{name}>" for name, value in elements.items())
    content = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'.encode()
    return Response(
        content if body else b"",
        status_code=error.status,
        media_type="application/xml",
        headers={**error.headers, **({} if body else {"Content-Length": str(len(content))})},
    )
