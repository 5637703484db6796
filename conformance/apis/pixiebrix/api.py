"""PixieBrix, as the kit judges it."""

from __future__ import annotations

from functools import partial
from typing import Final

from dbcontract import openapi

from ..base import JudgedApi

API: Final = JudgedApi(
    name="pixiebrix",
    title="PixieBrix",
    prefix="PB",
    package=__package__,
    description=partial(openapi.load, "pixiebrix", written_out=True),
)
