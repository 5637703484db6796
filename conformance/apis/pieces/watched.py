"""Rules of Pieces OS that watching shows: errors, versions, and what imports do to exports.

Pieces OS is written to by its own applications, too: what only shows by comparing two exports is `Doubtful`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import semver

from ...http.spool import TooLarge, digest_of
from ...outcomes import CheckFailed
from ...watching.seen import Doubtful, Memory, Seen, Watch, watches
from .exports import Version

EXPORT: Final = "exportDatabase"
IMPORT: Final = "importDatabase"
_REMEMBERED: Final = 16 * 1024 * 1024
"""A longer export is not remembered, in bytes."""


class Exports(Memory):
    """The last export, and the imports since.

    Attributes:
        export: as it was last seen; None where that is not known, or too much to be kept.
        since: the import since then, where there was one, and it was the only one.
        version, migration: of the server, as its exports tell them.
    """

    def __init__(self) -> None:
        self.export: Mapping[str, Any] | None = None
        self.since: Seen | None = None
        self.version: str | None = None
        self.migration: int | None = None

    def forget(self) -> None:
        """Something may have been imported."""
        self.export = self.since = None

    def learn(self, seen: Seen) -> None:
        """Remember an export, or the first import behind it."""
        if not seen.passage.reads and seen.operation != IMPORT:
            self.forget()
        elif seen.operation == IMPORT:
            if self.since is not None:
                self.forget()
            self.since = seen if self.export is not None else None
        elif seen.operation == EXPORT and seen.status == 200 and seen.object is not None:
            self.forget()
            if not seen.beside and seen.answer.size <= _REMEMBERED:
                self.export = seen.object
            self.version = seen.object.get("version")
            schema = seen.object.get("schema")
            self.migration = schema.get("migration") if isinstance(schema, Mapping) else None


def _plain(rule: str, status: int) -> Watch[Memory]:
    def look(seen: Seen, _: Memory) -> bool | None:
        if seen.status != status:
            return None
        if seen.headers.media_type != "text/plain":
            expected, actual = "text/plain", seen.headers.get("Content-Type")
            raise CheckFailed(f"the media type of the {status} to an import", expected, actual)
        return True

    look.__doc__ = f"Looks at the Content-Type of every {status} to an import."
    return watches(rule, IMPORT)(look)


plain_500: Final = _plain("PI-ERR-01", 500)
plain_505: Final = _plain("PI-ERR-02", 505)


@watches("PI-ERR-03", EXPORT, IMPORT)
def says_why(seen: Seen, _: Memory) -> bool | None:
    """Looks at the bodies of errors."""
    if seen.status not in {400, 500, 505} or not seen.answer.is_whole:
        return None
    if not seen.answer.content.strip():
        raise CheckFailed(f"the body of the {seen.status}", "a text that is not blank", "nothing")
    return True


@watches("PI-EXP-05", EXPORT)
def export_is_json(seen: Seen, _: Memory) -> bool | None:
    """Looks at the Content-Type of every export."""
    if seen.status != 200:
        return None
    if seen.headers.media_type != "application/json":
        raise CheckFailed("the media type of an export", "application/json", seen.headers.get("Content-Type"))
    return True


@watches("PI-EXP-12", EXPORT)
def names_its_version(seen: Seen, _: Memory) -> bool | None:
    """Looks at the version of every export."""
    if seen.status != 200 or seen.object is None:
        return None
    version = seen.object.get("version")
    if not isinstance(version, str) or not version.strip():
        raise CheckFailed("the version of an export", "a text that is not empty", version)
    return True


@watches("PI-EXP-14", EXPORT)
def version_can_be_ordered(seen: Seen, _: Memory) -> bool | None:
    """Reads the version of every export as a semantic version."""
    version = seen.object.get("version") if seen.status == 200 and seen.object is not None else None
    if not isinstance(version, str):
        return None
    if Version.parse(version) is None:
        raise CheckFailed("the version of an export", "a semantic version", version)
    return True


def _order(seen: Seen, memory: Exports) -> int | None:
    """Whether an import comes from a newer server (1), one of the same version (0) or an older one (-1).

    By its version alone; None where that cannot be told, or its migration is another matter.
    """
    sent = seen.sent
    if not isinstance(sent, Mapping) or Version.parse(sent.get("version")) is None:
        return None
    if Version.parse(memory.version) is None or memory.version is None:
        return None
    schema = sent.get("schema")
    migration = schema.get("migration") if isinstance(schema, Mapping) else None
    order = semver.Version.parse(sent["version"]).compare(memory.version)
    if order <= 0 and migration is not None and migration != memory.migration:
        return None
    return order


@watches("PI-VER-01", IMPORT)
def newer_is_refused(seen: Seen, memory: Exports) -> bool | None:
    """Looks at imports whose version is higher than that of the server's last export."""
    if _order(seen, memory) != 1:
        return None
    if seen.succeeded:
        raise Doubtful(
            f"the status of an import from a server newer than {memory.version}", "505", seen.status
        )
    return seen.status == 505 or None


def _not_too_new(seen: Seen, memory: Exports, order: int) -> bool | None:
    if _order(seen, memory) != order:
        return None
    if seen.status == 505:
        raise Doubtful(
            f"the status of an import of version {seen.sent['version']}", f"no 505 of a {memory.version}", 505
        )
    return seen.status == 204 or None


@watches("PI-VER-05", IMPORT)
def same_is_not_newer(seen: Seen, memory: Exports) -> bool | None:
    """Looks at imports whose version is that of the server's last export."""
    return _not_too_new(seen, memory, 0)


@watches("PI-VER-06", IMPORT)
def older_is_taken(seen: Seen, memory: Exports) -> bool | None:
    """Looks at imports whose version is lower than that of the server's last export."""
    return _not_too_new(seen, memory, -1)


def _between(seen: Seen, memory: Exports) -> Seen | None:
    """The import between the last export and this one, if there was one, and nothing overlapped."""
    imported = memory.since
    whole = seen.status == 200 and seen.object is not None and not seen.beside
    if (
        not whole
        or imported is None
        or imported.beside
        or memory.export is None
        or imported.ended > seen.began
    ):
        return None
    return imported


def _unchanged(seen: Seen, memory: Exports, imported: Seen) -> bool | None:
    """Whether an import left no trace: in the entries alone, as the server may work on the rest by itself.

    Where it brought entries, it is these that are looked for; else none may come or go.
    """
    before, after, sent = (_entries(one) for one in (memory.export, seen.object, imported.sent))
    if before is None or after is None:
        return None
    brought = (sent or set()) - before
    changed = {entry[0] for entry in brought}
    found = brought & after if sent is not None else before ^ after
    found |= {entry for entry in before - after if entry[0] in changed}
    if found:
        names = ", ".join(sorted({entry_id for entry_id, _ in found})[:5])
        told = f"the export after an import that was answered {imported.status}"
        raise Doubtful(told, "the entries of before", f"others: {names}")
    return True


def _failed(rule: str, how: str, *kinds: str) -> Watch[Exports]:
    def look(seen: Seen, memory: Exports) -> bool | None:
        imported = _between(seen, memory)
        if imported is None or _kind(imported, memory) not in kinds:
            return None
        return _unchanged(seen, memory, imported)

    look.__doc__ = f"Compares the entries of the exports before and after {how}."
    return watches(rule, EXPORT)(look)


def _kind(imported: Seen, memory: Exports) -> str:
    """What kind of failure an import was; nothing for one that did not fail."""
    if imported.status == 505:
        return "newer version" if _order(imported, memory) == 1 else "newer migration"
    if imported.status not in {400, 500}:
        return ""
    sent = imported.sent
    if sent is None:
        return "no JSON" if imported.passage.request.body else ""
    return "no object" if not isinstance(sent, Mapping) else "failed"


rolled_back_no_json: Final = _failed("PI-ROLL-01", "an import that failed, and is not JSON", "no JSON")
rolled_back_no_object: Final = _failed(
    "PI-ROLL-02", "an import that failed, and is not an object", "no object"
)
rolled_back_version: Final = _failed("PI-ROLL-10", "a 505 to an import of a newer version", "newer version")
rolled_back_migration: Final = _failed("PI-ROLL-11", "another 505", "newer migration")
rolled_back: Final = _failed("PI-ROLL-13", "any other import that failed", "failed")


@watches("PI-IMP-09", EXPORT)
def nothing_imported(seen: Seen, memory: Exports) -> bool | None:
    """Compares the entries of the exports before and after an import without a body."""
    imported = _between(seen, memory)
    if imported is None or imported.status != 204 or imported.passage.request.body:
        return None
    return _unchanged(seen, memory, imported)


@watches("PI-IMP-11", EXPORT)
def stays_there(seen: Seen, memory: Exports) -> bool | None:
    """Looks for the entries of the export before an import in the one after it, by their ids."""
    imported = _between(seen, memory)
    if imported is None or imported.status != 204 or memory.export is None or seen.object is None:
        return None
    before, after = _ids(memory.export), _ids(seen.object)
    if before is None or after is None:
        return None
    if gone := sorted(before - after):
        raise Doubtful(
            "the entries of the export after an import", "all of before", f"without {', '.join(gone[:5])}"
        )
    return bool(before) or None


def _ids(export: Any) -> set[str] | None:
    found = _entries(export)
    return None if found is None else {entry_id for entry_id, _ in found}


def _entries(export: Any) -> set[tuple[str, bytes]] | None:
    """The entries of an export, each by its id and what tells its bytes apart; None where they are odd."""
    try:
        found = [(entry["id"], entry["raw"]) for entry in export["values"]["iterable"]]
        if not all(isinstance(entry_id, str) for entry_id, _ in found):
            return None
        return {(entry_id, digest_of(raw) or repr(raw).encode()) for entry_id, raw in found}
    except (LookupError, TypeError, TooLarge):
        return None
