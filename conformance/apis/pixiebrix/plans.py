"""What a run may create at a PixieBrix, in sentences for its user."""

from __future__ import annotations

from ...environment.effects import DELETED, KEPT, things
from ...target.target import Target
from .api import API
from .scratch import Scratch


def plans(target: Target) -> list[str]:
    """What the run may create, and what of it stays."""
    url, scratch = target.endpoints[API.name].url, target.of(Scratch)
    places = ", ".join(scratch.databases) or "no database (give some with --database)"
    lines = [
        f"{url}: may create records in {places}, and {DELETED}.",
        f"{url}: may create assets and export jobs, {KEPT}.",
    ]
    if scratch.create_databases and things()["database"].removed_by:
        lines.append(f"{url}: may create databases, and {DELETED} where the target has the operation.")
    if "destroy" in target.capabilities:
        lines.append(f"{url}: deletes all records of {places}, also such that it did not create.")
    return lines
