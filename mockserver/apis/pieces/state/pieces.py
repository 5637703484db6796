"""The Pieces side: one database that is exported and imported as a whole (contract: Pieces OS).

The contents are immutable and swapped in one assignment, so that an import that fails leaves nothing behind,
and no reader ever sees half a merge.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from semver import Version

from ....state.errors import Wrong
from ....state.jsonio import dumps
from ....state.lifecycle import TimelessState
from .errors import ImportRejected, NewerExport
from .exported import (
    COLLECTIONS,
    FORMATS,
    OPTIONAL_COLLECTIONS,
    REQUIRED_COLLECTIONS,
    SEMANTICS,
    Exported,
    Format,
    read,
    version_of,
)

__all__ = [
    "COLLECTIONS",
    "FORMATS",
    "OPTIONAL_COLLECTIONS",
    "REQUIRED_COLLECTIONS",
    "SEMANTICS",
    "Format",
    "ImportPlan",
    "PiecesDatabase",
]


_T = TypeVar("_T")


@dataclass(slots=True)
class ImportPlan:
    """A checked import, ready to be applied to any contents."""

    exported: Exported
    entries: int = field(init=False)
    """How many entries it merges; entries with the same id in one collection count once."""

    def __post_init__(self) -> None:
        self.entries = sum(len(group) for group in self.exported.entries.values())
        self.entries += sum(len(group) for group in self.exported.formats.values())


class _Contents:
    """What the database holds at one moment; never changed after it was built."""

    __slots__ = ("entries", "formats", "opaque", "schemas")

    def __init__(
        self,
        entries: dict[str, dict[str, bytes]],
        formats: dict[str, dict[str, Format]],
        opaque: dict[str, bytes] | None = None,
        schemas: dict[str, tuple[int, str]] | None = None,
    ) -> None:
        self.entries: Final = entries
        self.formats: Final = formats
        self.opaque: Final = opaque or {}
        self.schemas: Final = schemas or {}


class PiecesDatabase(TimelessState):
    """The database of a Pieces OS server of the given version and schema.

    `version` is a semantic version, `migration` the database version. Raises `ValueError` for anything else.
    """

    __slots__ = ("_contents", "_export_json", "_migration", "_semantic", "_semver", "_version")

    def __init__(self, version: str, migration: int, semantic: str) -> None:
        parsed = version_of(version)
        if parsed is None:
            raise ValueError(f"{version!r} is not a semantic version")
        if semantic not in SEMANTICS:
            raise ValueError(f"{semantic!r} is not one of {', '.join(SEMANTICS)}")
        self._version = version
        self._semver = parsed
        self._migration = migration
        self._semantic = semantic
        self._contents = _Contents({}, {})
        self._export_json: bytes | None = None

    @property
    def version(self) -> str:
        """The server's version."""
        return self._version

    @property
    def migration(self) -> int:
        """The server's database version."""
        return self._migration

    @property
    def semantic(self) -> str:
        """The server's semantic schema version."""
        return self._semantic

    @staticmethod
    def is_version(text: str) -> bool:
        """Whether a server may have this version."""
        return version_of(text) is not None

    def become(self, version: str | None = None, migration: int | None = None) -> None:
        """Be a server of another version or database version; the contents stay. Raises ValueError."""
        other = PiecesDatabase(
            self._version if version is None else version,
            self._migration if migration is None else migration,
            self._semantic,
        )
        self._version, self._semver, self._migration = other._version, other._semver, other._migration
        self._export_json = None

    def set_like(self, other: PiecesDatabase) -> None:
        """Be a server of the other's version and database version."""
        self.become(other.version, other.migration)

    def load(self, export: dict[str, Any]) -> None:
        """Replace the contents by those of an export, whatever version made it.

        The server keeps its own version and schema. Raises `ImportRejected`.
        """
        _drive(self.load_steps(export))

    def load_steps(self, export: dict[str, Any]) -> Generator[None, None, None]:
        """As `load`, in short steps, for callers that have other things to do in between."""
        exported = yield from read(export)
        self._swap(_Contents(exported.entries, exported.formats, exported.opaque, exported.schemas))

    def export(self) -> dict[str, Any]:
        """The `ExportedDatabase`: every collection, the optional ones too; bytes as lists of integers."""
        contents = self._contents
        document: dict[str, Any] = {}
        for name in COLLECTIONS:
            document[name] = list(contents.opaque.get(name) or _serialized(contents.entries.get(name, {})))
        for name in FORMATS:
            formats = contents.formats.get(name, {})
            document[name] = {"iterable": [_format(id_, item) for id_, item in formats.items()]}
            if name in contents.schemas:
                document[name]["schema"] = _schema(contents.schemas[name])
        document["version"] = self._version
        document["schema"] = {"migration": self._migration, "semantic": self._semantic}
        return document

    def counts(self) -> dict[str, int]:
        """How many entries each collection holds that holds any, the optional ones too."""
        counts = {name: len(entries) for name, entries in self._contents.entries.items()}
        counts |= {name: len(formats) for name, formats in self._contents.formats.items()}
        return {name: count for name, count in counts.items() if count}

    def export_json(self) -> bytes:
        """The export as compact JSON, kept until the next import."""
        if self._export_json is None:
            self._export_json = dumps(self.export())
        return self._export_json

    def plan(self, document: object) -> ImportPlan:
        """Check an import as a whole, without changing anything.

        Raises `NewerExport` if its version, or else the migration of its schema, is higher than the server's,
        and `ImportRejected` if it is malformed. A valid higher version comes before anything malformed, a
        higher migration after.
        """
        return _drive(self.plan_steps(document))

    def plan_steps(self, document: object) -> Generator[None, None, ImportPlan]:
        """As `plan`, in short steps, for callers that have other things to do in between."""
        version = version_of(document.get("version")) if isinstance(document, dict) else None
        if version is not None and self._newer(version):
            raise NewerExport(Wrong("newer-version", version), self._version)
        exported = yield from self._read(document)
        if exported.migration is not None and self._newer_migration(exported.migration):
            raise NewerExport(Wrong("newer-migration", exported.migration), self._migration)
        return ImportPlan(exported)

    def _newer(self, version: Version) -> bool:
        """Whether an export of this version comes from a newer server."""
        return version > self._semver

    def _newer_migration(self, migration: int) -> bool:
        """Whether an export of this database version comes from a newer server."""
        return migration > self._migration

    def _read(self, document: object) -> Generator[None, None, Exported]:
        """The entries of a document. Raises `ImportRejected` for what is malformed in it."""
        return (yield from read(document))

    def apply(self, plan: ImportPlan, probe: Callable[[int], None] | None = None) -> None:
        """Merge an import into the contents of this moment.

        Entries are matched by id within their collection; an imported entry takes the place of the one with
        its id, new ones are appended in their order. An opaque collection is taken over where there is
        nothing or the same. `probe(k)` is called when k entries are merged, from 0 to all of them; whatever
        it raises passes through, and the database is as it was.

        Raises `ImportRejected` where a collection is opaque on one side and differs.
        """
        contents = self._contents
        opaque = _opaque(contents, plan.exported)
        notify = probe or _nothing
        count = 0
        notify(count)
        entries = contents.entries.copy()
        for name, group in plan.exported.entries.items():
            merged = entries[name] = entries.get(name, {}).copy()
            for id_, item in group.items():
                merged[id_] = item
                count += 1
                notify(count)
        formats = contents.formats.copy()
        for name, formats_group in plan.exported.formats.items():
            merged_formats = formats[name] = formats.get(name, {}).copy()
            for id_, format_ in formats_group.items():
                merged_formats[id_] = format_
                count += 1
                notify(count)
        self._swap(_Contents(entries, formats, opaque, {**contents.schemas, **plan.exported.schemas}))

    def fork(self, kind: type[PiecesDatabase] | None = None) -> PiecesDatabase:
        """An independent database with the same contents, of another class if one is given."""
        other = (kind or type(self))(self._version, self._migration, self._semantic)
        other._contents = self._contents  # noqa: SLF001 - of its own kind
        if type(other) is type(self):  # another class may export otherwise
            other._export_json = self._export_json  # noqa: SLF001
        return other

    def _swap(self, contents: _Contents) -> None:
        self._contents = contents
        self._export_json = None


def _serialized(entries: dict[str, bytes]) -> bytes:
    return b"[" + b",".join(entries.values()) + b"]" if entries else b""


def _opaque(contents: _Contents, imported: Exported) -> dict[str, bytes]:
    """The opaque collections after a merge. Raises `ImportRejected` where nobody knows how to merge."""
    for name in imported.entries:
        theirs, mine = imported.opaque.get(name), contents.opaque.get(name)
        if theirs == mine:
            continue
        if theirs is None and not imported.entries[name]:
            continue
        if mine is not None or contents.entries.get(name):
            raise ImportRejected(Wrong("not-mergeable"), name)
    return {**contents.opaque, **imported.opaque}


def _format(id_: str, item: Format) -> dict[str, Any]:
    document: dict[str, Any] = {"id": id_, "raw": list(item.raw)}
    if item.schema is not None:
        document["schema"] = _schema(item.schema)
    return document


def _schema(schema: tuple[int, str]) -> dict[str, Any]:
    return {"migration": schema[0], "semantic": schema[1]}


def _drive(steps: Generator[None, None, _T]) -> _T:
    """Run the steps to their end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _T = end.value
            return result


def _nothing(_: int) -> None:
    """Let an import go on, whatever has come through."""
