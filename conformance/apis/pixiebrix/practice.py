"""What a run needs of PixieBrix."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from ...schema.conformance import ACCEPTED, BODY, FOUND, GONE, HEADERS, MEDIA_TYPE, REFUSED, STATUS
from ...schema.description import NO_ANSWER, SERVER_ERROR
from ..practice import Practice
from .context import PixieBrix
from .fuzzing import scope
from .latitude import FREE_BODIES, relax, tolerate
from .plans import plans
from .preflight import answers, examine
from .right_calls import RIGHT_CALLS
from .writes import Writes

_SCHEMA_RULES: Final = MappingProxyType(
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
)

PRACTICE: Final = Practice(
    context=PixieBrix,
    right_calls=RIGHT_CALLS,
    reading="listDatabases",
    schema_rules=_SCHEMA_RULES,
    relax=relax,
    free_bodies=FREE_BODIES,
    tolerate=tolerate,
    preparing=frozenset({"createDatabase", "listDatabases"}),
    plans=plans,
    examine=examine,
    answers=answers,
    keeper=Writes,
    scope=scope,
)
