"""JSON: the result as a document that programs read."""

from __future__ import annotations

from typing import Final

from ..document import render
from . import Format

FORMAT: Final = Format(
    purpose="programs; described by `conformance/report/result.schema.json`, which is part of the package",
    suffix="json",
    render=render,
)
