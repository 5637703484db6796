"""What a sandbox's document takes of an API."""

from __future__ import annotations

from dataclasses import dataclass

from ..sandbox.api import RememberedApi
from ..sandbox.api_settings import ApiSettings
from .section import Section


@dataclass(frozen=True, kw_only=True)
class WrittenApi(RememberedApi):
    """One API, whose state and settings go into a document and back.

    Attributes:
        section: how its state goes into a sandbox's document and back; None leaves it out, and as it is.
    """

    settings: ApiSettings | None = None
    section: Section | None = None
