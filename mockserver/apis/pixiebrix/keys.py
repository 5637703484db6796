"""The names under which things are stored, shared by who signs links and the storage that serves them."""

from __future__ import annotations

import re
from urllib.parse import quote

from ...state.instants import day_to_date
from .state.jobs import Job

# A file name is one segment of a path: nothing in it may end the segment or be taken for a step up.
_SEPARATING = re.compile(r"[%/\\\x00-\x1f\x7f]")


def asset_key(database_id: str, asset_id: str, filename: str) -> str:
    """Where an asset's upload goes; different file names give different keys."""
    return f"{assets_below(database_id)}{asset_id}/{_segment(filename)}"


def assets_below(database_id: str) -> str:
    """How the keys of all uploads of a database begin."""
    return f"assets/{database_id}/"


def export_key(job: Job) -> str:
    """Where a finished job's artifact is."""
    return f"exports/{job.id}/{_segment(job.artifact_name())}"


def archive_key(database_id: str, day: int) -> str:
    """Where the archive file of a day (since the epoch) is; ends in `<date>.jsonl`."""
    return f"archives/{database_id}/{day_to_date(day)}.jsonl"


def _segment(name: str) -> str:
    name = name.encode("utf-8", "replace").decode()
    if name in {".", ".."}:
        return name.replace(".", "%2E")
    return _SEPARATING.sub(lambda match: quote(match.group(), safe=""), name)
