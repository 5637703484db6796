"""How much to fuzz, and what came of it.

Apart from `run`, which loads Schemathesis' engine: a run that leaves fuzzing out does not need that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[str, int], None]
"""Is told the phase, and how many calls were made in all."""


@dataclass(frozen=True, slots=True)
class FuzzingSettings:
    """How much to fuzz.

    Attributes:
        examples: generated calls of each operation, in the fuzzing phase.
        walks: sequences of calls, and the steps of each.
        seconds: after which fuzzing ends, whatever is left; a slow pace gets more.
    """

    examples: int = 20
    walks: int = 10
    steps: int = 8
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What fuzzing was.

    Attributes:
        calls: how many were made.
        problem: why it could not be made, or ended early.
    """

    calls: int
    problem: str | None = None
