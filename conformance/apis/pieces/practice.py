"""What a run needs of Pieces OS."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from ...schema.conformance import BODY, MEDIA_TYPE, REFUSED, STATUS
from ...schema.description import NO_ANSWER
from ..practice import Practice
from .context import Pieces
from .fuzzing import scope
from .imports import Imports
from .latitude import IMPORT, deserves_400, relax
from .preflight import answers, examine, plans
from .right_calls import RIGHT_CALLS

_SCHEMA_RULES: Final = MappingProxyType(
    {
        "PI-DESC-04": (STATUS,),
        "PI-DESC-05": (STATUS,),
        "PI-DESC-06": (MEDIA_TYPE,),
        "PI-DESC-07": (BODY,),
        "PI-DESC-08": (NO_ANSWER,),
        "PI-DESC-09": (REFUSED,),
    }
)

PRACTICE: Final = Practice(
    context=Pieces,
    right_calls=RIGHT_CALLS,
    reading="exportDatabase",
    schema_rules=_SCHEMA_RULES,
    relax=relax,
    deserves_400=MappingProxyType({IMPORT: deserves_400}),
    plans=plans,
    examine=examine,
    answers=answers,
    keeper=Imports,
    scope=scope,
)
