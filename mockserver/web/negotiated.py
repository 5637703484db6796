"""What an answer is, once that is decided: its media type and the version that it is served at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

JSON = "application/json"


@dataclass(frozen=True)
class Negotiated:
    """What an answer is: its media type without parameters, and the version it is served at."""

    media_type: str
    version: str

    @cached_property
    def content_type(self) -> str:
        """The Content-Type header; it carries the version, as the vendor's does, where there is one."""
        if not self.version:
            return self.media_type
        if self.media_type.startswith("text/"):
            return f"{self.media_type}; version={self.version}; charset=utf-8"
        return f"{self.media_type}; version={self.version}"

    @cached_property
    def encoded(self) -> bytes:
        """The same as it is sent."""
        return self.content_type.encode("latin-1")
