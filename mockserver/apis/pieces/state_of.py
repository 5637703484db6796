"""What a sandbox holds of Pieces OS."""

from __future__ import annotations

from ...state.lifecycle import HasStates
from .state.pieces import PiecesDatabase


def state_of(sandbox: HasStates) -> PiecesDatabase:
    """What it remembers."""
    state: PiecesDatabase = sandbox.states["pieces"]
    return state
