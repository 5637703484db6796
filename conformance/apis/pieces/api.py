"""Pieces OS, as the kit judges it."""

from __future__ import annotations

from functools import partial
from typing import Final

from dbcontract import openapi

from ..base import JudgedApi, Probe

API: Final = JudgedApi(
    name="pieces",
    title="Pieces OS",
    prefix="PI",
    package=__package__,
    description=partial(openapi.load, "pieces", written_out=True),
    probe=Probe("/database/export", frozenset({200, 500})),
    usual_url="http://localhost:1000",
)
