"""Wrong merges: what an import brings, and what was there before (database_import)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ....state.jsonio import dumps
from ....variants.defect import defect
from ..state.exported import OPTIONAL_COLLECTIONS, Exported, Format
from ..state.pieces import ImportPlan, PiecesDatabase

Probe = Callable[[int], None] | None


Change = Callable[[str, str, Format], tuple[str, Format] | None]
"""Of a list's name, an id and its value: another id and value, or None for neither."""


def with_lists(plan: ImportPlan, change: Change) -> ImportPlan:
    """The plan with each entry of its lists changed, or left out."""
    formats: dict[str, dict[str, Format]] = {}
    for name, group in plan.exported.formats.items():
        changed = (change(name, id_, item) for id_, item in group.items())
        formats[name] = dict(pair for pair in changed if pair is not None)
    return ImportPlan(Exported(plan.exported.entries, formats, plan.exported.migration))


# What was there


@defect("PI-IMP-11", "PI-IMP-17", "PI-IMP-05")
class ImportReplaces(PiecesDatabase):
    """Replaces the whole database by the imported one."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        super().apply(plan, probe)
        self._swap(type(self._contents)(plan.exported.entries, plan.exported.formats))


@defect("PI-IMP-11", "PI-IMP-17", "PI-IMP-05")
class ListsReplaced(PiecesDatabase):
    """Merges the collections, and replaces the lists of values."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        super().apply(plan, probe)
        contents = self._contents
        formats = {**contents.formats, **plan.exported.formats}
        self._swap(type(contents)(contents.entries, formats))


@defect("PI-IMP-11")
class CollectionsReplaced(PiecesDatabase):
    """Merges the lists of values, and writes the bytes of the collections over the old ones."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        super().apply(plan, probe)
        contents = self._contents
        self._swap(type(contents)({**contents.entries, **plan.exported.entries}, contents.formats))


@defect("PI-IMP-11")
class AbsentMeansEmpty(PiecesDatabase):
    """Empties the collections that an import leaves out."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        super().apply(plan, probe)
        entries, formats = self._contents.entries, self._contents.formats
        self._swap(
            type(self._contents)(
                {name: group for name, group in entries.items() if name in plan.exported.entries},
                {name: group for name, group in formats.items() if name in plan.exported.formats},
            )
        )


@defect("PI-IMP-11")
class AbsentOptionalCollectionsGo(PiecesDatabase):
    """Keeps of the optional collections those alone that the latest import had."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        super().apply(plan, probe)
        brought, contents = plan.exported.entries, self._contents
        kept = {
            name: group
            for name, group in contents.entries.items()
            if name in brought or name not in OPTIONAL_COLLECTIONS
        }
        self._swap(type(contents)(kept, contents.formats))


# What comes


@defect("PI-IMP-10", "PI-IMP-05", "PI-IMP-19")
class EntriesGetNewIds(PiecesDatabase):
    """Gives every imported value a new id."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        super().apply(with_lists(plan, lambda _, id_, item: (f"imported-{id_}", item)), probe)


@defect("PI-IMP-12", "PI-IMP-17")
class RawKeptAsText(PiecesDatabase):
    """Keeps the bytes of a value as text, where bytes that are not text become question marks."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        def as_text(_: str, id_: str, item: Format) -> tuple[str, Format]:
            return id_, replace(item, raw=item.raw.decode(errors="replace").encode())

        super().apply(with_lists(plan, as_text), probe)


@defect("PI-IMP-12", "PI-IMP-17")
class BytesEndAtZero(PiecesDatabase):
    """Takes a zero among the bytes of a value for their end."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        def cut(_: str, id_: str, item: Format) -> tuple[str, Format]:
            return id_, replace(item, raw=item.raw.partition(b"\0")[0])

        super().apply(with_lists(plan, cut), probe)


@defect("PI-IMP-12", "PI-IMP-13", "PI-IMP-17")
class EmptyValuesDropped(PiecesDatabase):
    """Drops imported values that have no bytes."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        super().apply(with_lists(plan, lambda _, id_, item: (id_, item) if item.raw else None), probe)


@defect("PI-IMP-13")
class TenValuesAtMost(PiecesDatabase):
    """Merges the first ten values of an import, as many as its batch takes."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        formats = {name: dict(list(group.items())[:10]) for name, group in plan.exported.formats.items()}
        super().apply(ImportPlan(replace(plan.exported, formats=formats)), probe)


@defect("PI-IMP-17", "PI-IMP-22")
class OptionalListsIgnored(PiecesDatabase):
    """Merges the values and neither those of messages nor those of workstream events."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        formats = {"values": plan.exported.formats["values"]}
        super().apply(ImportPlan(replace(plan.exported, formats=formats)), probe)


@defect("PI-IMP-17", "PI-IMP-16", "PI-IMP-22")
class ListsPutTogether(PiecesDatabase):
    """Merges the values of messages and workstream events into the other values."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        together = {id_: item for group in plan.exported.formats.values() for id_, item in group.items()}
        super().apply(ImportPlan(replace(plan.exported, formats={"values": together})), probe)


@defect("PI-IMP-22", "PI-IMP-29")
class OptionalCollectionsIgnored(PiecesDatabase):
    """Merges the required collections only."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        entries = {
            name: group for name, group in plan.exported.entries.items() if name not in OPTIONAL_COLLECTIONS
        }
        super().apply(ImportPlan(replace(plan.exported, entries=entries)), probe)


@defect("PI-IMP-22", "PI-IMP-29")
class LastEntryOfCollectionsLost(PiecesDatabase):
    """Loses the last entry of every imported collection."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        entries = {name: dict(list(group.items())[:-1]) for name, group in plan.exported.entries.items()}
        super().apply(ImportPlan(replace(plan.exported, entries=entries)), probe)


# What is on both sides

_AGAIN = "\0"


@defect("PI-IMP-14", "PI-IMP-15", "PI-IMP-16")
class EntriesAppended(PiecesDatabase):
    """Appends imported values to the list, whether or not their ids are in it."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        known = self._contents.formats.get("values", {})

        def named(name: str, id_: str, item: Format) -> tuple[str, Format]:
            return (f"{id_}{_AGAIN}{len(known)}" if name == "values" and id_ in known else id_), item

        super().apply(with_lists(plan, named), probe)

    def export(self) -> dict[str, Any]:
        document = super().export()
        for entry in document["values"]["iterable"]:
            entry["id"] = entry["id"].partition(_AGAIN)[0]
        return document


@defect("PI-IMP-11", "PI-IMP-15", "PI-IMP-16", "PI-IMP-17")
class BytesJoined(PiecesDatabase):
    """Joins the bytes of both sides where both have an id."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        known = self._contents.formats

        def joined(name: str, id_: str, item: Format) -> tuple[str, Format]:
            old = known.get(name, {}).get(id_)
            return id_, item if old is None else replace(item, raw=old.raw + item.raw)

        super().apply(with_lists(plan, joined), probe)


@defect("PI-IMP-15")
class OldTailKept(PiecesDatabase):
    """Writes imported bytes over the old ones, and leaves what of those was longer."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        known = self._contents.formats

        def over(name: str, id_: str, item: Format) -> tuple[str, Format]:
            old = known.get(name, {}).get(id_, item)
            return id_, replace(item, raw=item.raw + old.raw[len(item.raw) :])

        super().apply(with_lists(plan, over), probe)


@defect("PI-IMP-15")
class OldSchemasStay(PiecesDatabase):
    """Keeps the schema of an entry that is there where an imported one of its id has none."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        known = self._contents.formats

        def with_schema(name: str, id_: str, item: Format) -> tuple[str, Format]:
            old = known.get(name, {}).get(id_, item)
            return id_, replace(item, schema=item.schema or old.schema)

        super().apply(with_lists(plan, with_schema), probe)


@defect("PI-IMP-15")
class MissingSchemasFilledIn(PiecesDatabase):
    """Keeps the entry that is there, and gives it the schema of an imported one of its id if it has none."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        known = self._contents.formats

        def kept(name: str, id_: str, item: Format) -> tuple[str, Format]:
            old = known.get(name, {}).get(id_, item)
            return id_, replace(old, schema=old.schema or item.schema)

        super().apply(with_lists(plan, kept), probe)


@defect("PI-IMP-16")
class ConflictsKeptAsCopies(PiecesDatabase):
    """Keeps an imported value whose id is in use as a copy under another id."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        known = self._contents.formats

        def copied(name: str, id_: str, item: Format) -> tuple[str, Format]:
            return (f"{id_} (1)" if id_ in known.get(name, {}) else id_), item

        super().apply(with_lists(plan, copied), probe)


@defect("PI-IMP-16", "PI-IMP-22")
class ImportsAreLogged(PiecesDatabase):
    """Notes every import as an activity in the database."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        super().apply(plan, probe)
        id_ = f"import-{len(self._contents.entries.get('activities', {}))}"
        super().apply(ImportPlan(Exported({"activities": {id_: dumps({"id": id_, "event": "imported"})}})))
