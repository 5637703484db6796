"""Pieces OS, as the kit judges it."""

from __future__ import annotations

from functools import partial
from typing import Final

from dbcontract import openapi

from ..base import JudgedApi, Practice, Probe


def _practice() -> Practice:
    from .practice import PRACTICE  # noqa: PLC0415 (only a run needs it, and it is slow to load)

    return PRACTICE


API: Final = JudgedApi(
    name="pieces",
    title="Pieces OS",
    prefix="PI",
    package=__package__,
    description=partial(openapi.load, "pieces", written_out=True),
    practice=_practice,
    probe=Probe("/database/export", frozenset({200, 500})),
    usual_url="http://localhost:1000",
)
