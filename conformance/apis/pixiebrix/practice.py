"""What a run needs of PixieBrix."""

from __future__ import annotations

from typing import Final

from ...watching.seen import watches_in
from ..practice import Practice
from . import watched_calls, watched_lists, watched_order
from .context import PixieBrix
from .fuzzing import scope
from .latitude import FREE_BODIES, relax, tolerate
from .plans import plans
from .preflight import answers, examine
from .recording import DatabaseRecording, walk
from .right_calls import RIGHT_CALLS
from .watched import Remembered
from .writes import Writes

PRACTICE: Final = Practice(
    context=PixieBrix,
    right_calls=RIGHT_CALLS,
    reading="listDatabases",
    relax=relax,
    free_bodies=FREE_BODIES,
    tolerate=tolerate,
    preparing=frozenset({"createDatabase", "listDatabases"}),
    plans=plans,
    examine=examine,
    answers=answers,
    keeper=Writes,
    scope=scope,
    watches=watches_in(watched_calls, watched_lists, watched_order),
    memory=Remembered,
    recording=DatabaseRecording,
    walk=walk,
)
