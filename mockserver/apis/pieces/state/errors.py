"""What can go wrong with an import, beside what can go wrong in any state."""

from __future__ import annotations

from ....state.errors import StateError


class ImportRejected(StateError):
    """An import that is malformed. `reason` is a sentence that names the place."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NewerExport(StateError):
    """An import that a newer server made than this one. `reason` is a sentence with both versions."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
