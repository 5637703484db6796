"""What a sandbox holds of PixieBrix."""

from __future__ import annotations

from ...state.lifecycle import HasStates
from .state.pixiebrix import PixieBrixState


def state_of(sandbox: HasStates) -> PixieBrixState:
    """What it remembers."""
    state: PixieBrixState = sandbox.states["pixiebrix"]
    return state
