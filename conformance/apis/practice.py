"""What a run needs of an API, put together from what each room takes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..authoring.scope import FuzzingPractice
from ..environment.keeper import KeepingPractice
from ..schema.latitude import DescribedPractice
from ..target.preflight import PreflightPractice
from ..target.target import Target
from ..watching.recording import RecordingPractice
from ..watching.seen import WatchingPractice


@dataclass(frozen=True, kw_only=True)
class Practice(
    PreflightPractice,
    FuzzingPractice,
    KeepingPractice,
    DescribedPractice,
    WatchingPractice,
    RecordingPractice,
):
    """How an API is called, and which of its answers say what.

    The attributes that are not named here are described where they are taken.

    Attributes:
        preparing: operations that nearly every check calls before it begins, so that sharing them means
            nothing.
        plans: what a run may create at a target, and what of it stays, in sentences. By default what
            `effects.yaml` tells.
    """

    preparing: frozenset[str] = frozenset()
    plans: Callable[[Target], list[str]] | None = None
