"""Pieces OS, as the kit judges it."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Final

from dbcontract import openapi

from ...catalogue.findings import BODY, MEDIA_TYPE, NO_ANSWER, REFUSED, STATUS
from ..base import JudgedApi, Probe

API: Final = JudgedApi(
    name="pieces",
    title="Pieces OS",
    prefix="PI",
    package=__package__,
    schema_rules=MappingProxyType(
        {
            "PI-DESC-04": (STATUS,),
            "PI-DESC-05": (STATUS,),
            "PI-DESC-06": (MEDIA_TYPE,),
            "PI-DESC-07": (BODY,),
            "PI-DESC-08": (NO_ANSWER,),
            "PI-DESC-09": (REFUSED,),
        }
    ),
    description=partial(openapi.load, "pieces", written_out=True),
    probe=Probe("/database/export", frozenset({200, 500})),
    usual_url="http://localhost:1000",
)
