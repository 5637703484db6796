"""How the kit names itself to a target."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

PROJECT_URL = "https://github.com/dbcontract/dbcontract"


@cache
def user_agent() -> str:
    """The value of `User-Agent` in every request: name, version, and where to read what it is."""
    return f"dbcontract/{version('dbcontract')} (+{PROJECT_URL})"
