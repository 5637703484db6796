"""What was seen of Pieces OS, as a data set has it: its last export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...watching.recording import Entry, Fetch, Recording, WalkFailed
from ...watching.seen import Seen
from .exports import (
    LISTS,
    OPTIONAL_FIELDS,
    REQUIRED_COLLECTIONS,
    REQUIRED_FIELDS,
    byte_problems,
    entry_problems,
)

if TYPE_CHECKING:
    from ...watching.pretending import Pretender

_EXPORT = "/database/export"


class ExportRecording(Recording):
    """The last export that is one."""

    def __init__(self) -> None:
        self._export: dict[str, Any] | None = None

    def take(self, seen: Seen) -> None:
        """Take in an exchange."""
        export = _export_of(seen)
        if export is not None:
            self._export = export

    def entries(self) -> Iterator[Entry]:
        """The export."""
        if self._export is not None:
            yield {"kind": "pieces", "export": self._export}

    def pretended(self, entry: Entry, pretender: Pretender) -> Entry:
        """The export with other texts where its bytes are texts."""

        def changed(name: str, value: Any) -> Any:
            if name in LISTS:
                entries = [{**one, "raw": pretender.bytes(one["raw"])} for one in value["iterable"]]
                return {**value, "iterable": entries}
            return pretender.bytes(value) if isinstance(value, list) else value

        return {**entry, "export": {name: changed(name, one) for name, one in entry["export"].items()}}


def _export_of(seen: Seen) -> dict[str, Any] | None:
    """The export that was answered, as a data set has it; None where it is none, or too long to be kept."""
    export = seen.object if seen.operation == "exportDatabase" and seen.status == 200 else None
    if export is None or not set(export).issuperset(REQUIRED_FIELDS) or seen.answer.spool is not None:
        return None
    known = {
        name: export[name] for name in (*REQUIRED_FIELDS, *OPTIONAL_FIELDS) if export.get(name) is not None
    }
    lists = [name for name in LISTS if name in known]
    collections = tuple(name for name in known if name not in {*lists, "version", "schema"})
    wrong = [
        *byte_problems(known, collections),
        *(one for name in lists for one in entry_problems(known, name)),
    ]
    if wrong or not set(collections).issuperset(REQUIRED_COLLECTIONS):
        return None
    return {name: _plain(value) if name in lists else value for name, value in known.items()}


def _plain(formats: dict[str, Any]) -> dict[str, Any]:
    """A list of entries with the fields that a data set has, and no null."""
    entries = [
        {name: entry[name] for name in ("id", "raw", "schema") if entry.get(name) is not None}
        for entry in formats["iterable"]
    ]
    schema = {"schema": formats["schema"]} if formats.get("schema") is not None else {}
    return {"iterable": entries, **schema}


def walk(fetch: Fetch, _: tuple[str, ...]) -> None:
    """Read the export."""
    seen = fetch(_EXPORT, {"Accept": "application/json"})
    if seen is None or _export_of(seen) is None:
        raise WalkFailed(f"GET {_EXPORT} is not answered with an export that can be read")
