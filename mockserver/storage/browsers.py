"""What a browser may do with what is stored: show it or save it, and run nothing of it.

Uploads come from anybody and are served from the origin of the dashboard and the Swagger UIs. On the vendor's
site storage is another origin.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from starlette.responses import Response

GUARD: Final = MappingProxyType(
    {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
)
"""Headers of every answer of storage."""

_HARMLESS: Final = frozenset(
    {
        "application/json",
        "application/pdf",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/csv",
        "text/plain",
    }
)


def guarded(response: Response) -> Response:
    """The answer, with which a browser runs no script; what could hold one is saved instead of shown."""
    headers = response.headers
    headers.update(GUARD)
    if response.status_code in {200, 206} and not _is_harmless(headers.get("content-type", "")):
        kind, separator, name = headers.get("content-disposition", "").partition(";")
        if kind.strip().lower() != "attachment":
            headers["Content-Disposition"] = f"attachment{separator}{name}"
    return response


def _is_harmless(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in _HARMLESS or media_type.startswith(("audio/", "video/"))
