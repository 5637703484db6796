"""PixieBrix, as the kit judges it."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Final

from dbcontract import openapi

from ...catalogue.findings import (
    ACCEPTED,
    BODY,
    FOUND,
    GONE,
    HEADERS,
    MEDIA_TYPE,
    NO_ANSWER,
    REFUSED,
    SERVER_ERROR,
    STATUS,
)
from ..base import JudgedApi, Probe
from .scratch import Scratch

API: Final = JudgedApi(
    name="pixiebrix",
    title="PixieBrix",
    prefix="PB",
    package=__package__,
    schema_rules=MappingProxyType(
        {
            "PB-DESC-03": (STATUS,),
            "PB-DESC-04": (MEDIA_TYPE,),
            "PB-DESC-05": (BODY,),
            "PB-DESC-06": (HEADERS,),
            "PB-DESC-07": (SERVER_ERROR, NO_ANSWER),
            "PB-DESC-08": (ACCEPTED,),
            "PB-DESC-09": (REFUSED,),
            "PB-DESC-12": (FOUND, GONE),
        }
    ),
    description=partial(openapi.load, "pixiebrix", written_out=True),
    probe=Probe("/databases/records/jobs/", frozenset({400, 401, 403, 405, 406, 415})),
    usual_url="https://app.pixiebrix.com/api",
    mock_path="/api",
    needs_token=True,
    own_keys=Scratch,
)
