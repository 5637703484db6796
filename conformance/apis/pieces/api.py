"""Pieces OS, as the kit judges it."""

from __future__ import annotations

from functools import partial
from typing import Final

from dbcontract import openapi

from ..base import JudgedApi

API: Final = JudgedApi(
    name="pieces",
    title="Pieces OS",
    prefix="PI",
    package=__package__,
    description=partial(openapi.load, "pieces", written_out=True),
)
