"""What a run needs of Pieces OS."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from ...watching.seen import watches_in
from ..practice import Practice
from . import watched
from .context import Pieces
from .fuzzing import scope
from .imports import Imports
from .latitude import IMPORT, deserves_400, relax
from .preflight import answers, examine, plans
from .recording import ExportRecording, walk
from .right_calls import RIGHT_CALLS

PRACTICE: Final = Practice(
    context=Pieces,
    right_calls=RIGHT_CALLS,
    reading="exportDatabase",
    relax=relax,
    deserves_400=MappingProxyType({IMPORT: deserves_400}),
    plans=plans,
    examine=examine,
    answers=answers,
    keeper=Imports,
    scope=scope,
    watches=watches_in(watched),
    memory=watched.Exports,
    recording=ExportRecording,
    walk=walk,
)
