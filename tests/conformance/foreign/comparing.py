"""Two snapshots of a server: what is gone, what is new, and what of that no note of the run tells."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .running import Judged

_OF_JOBS = "/pixiebrix/blobs/exports/"
"""Where the servers keep what their export jobs have made."""


def _label(value: Any) -> str:
    """What the run has called a thing, for its path."""
    names = [value.get("name"), value.get("filename")] if isinstance(value, Mapping) else []
    return next((f" {name}" for name in names if str(name).startswith("dbcontract-")), "")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a snapshot by its path; entries of lists by their content."""
    if isinstance(value, Mapping) and value:
        for name, one in value.items():
            yield from leaves(one, f"{path}/{name}{_label(one)}")
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for one in value:
            yield f"{path}/{one}", None
    else:
        yield path, value


def compared(before: Any, after: Any) -> tuple[list[str], list[str]]:
    """The paths that are gone or other than before, and the new ones."""
    old, new = dict(leaves(before)), dict(leaves(after))
    gone = [path for path, value in old.items() if value not in ({}, [], new.get(path, ...))]
    return gone, [path for path, value in new.items() if path not in old and value not in ({}, [])]


def untold(paths: list[str], notes: list[str], mark: str) -> list[str]:
    """The new paths that no note tells of: by the id of what is in them, or by the name of the run."""
    told = " ".join(notes)
    named = {word.strip(",") for word in told.split()}
    if mark in told:
        # the bytes of what bears the name of the run lie under its id alone
        named |= {part.partition(" ")[0] for path in paths for part in path.split("/") if mark in part}
    return [
        path
        for path in paths
        if not path.startswith((_OF_JOBS, "/second/"))
        and "/archives/" not in path  # the night makes those
        and not (mark in path and mark in told)
        and not any(part in named for part in path.split("/"))
    ]


def mark_of(judged: Judged) -> str:
    """The name of a run, from what it left; where nothing bears it, what is in no path."""
    told = re.search("dbcontract-[0-9a-f]{6}-", " ".join(judged.document["notes"]))
    return told[0] if told is not None else "\0"
