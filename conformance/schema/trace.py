"""What happens in one check, as it happens."""

from __future__ import annotations

from ..environment.environment import Environment
from ..http.evidence import Exchange
from .description import Finding


class Trace:
    """The exchanges of one check, and what they showed.

    Attributes:
        kept: this many bytes of each body are kept; None for all.
        findings: what was not as described, and the number of the exchange (from 1) that shows it.
        exercised: the operations whose answers were held against the description.
        places: opened beside the check's own.
    """

    def __init__(self, kept: int | None = None) -> None:
        self.kept = kept
        self.exchanges: list[Exchange] = []
        self.findings: list[tuple[Finding, int]] = []
        self.exercised: set[str] = set()
        self.environments: list[Environment] = []
