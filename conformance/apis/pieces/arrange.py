"""What a check of Pieces OS starts from: what is exported and imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from ...authoring.arrange import field_of, step
from ...authoring.check import CheckFailed, NotVerified
from ...authoring.context import Context
from .smallest import base_of

_UNSEEN = "the target keeps no entry whose format it does not know"
_BLANK = 0x20
"""A byte that changes an entry, and that a text may end with."""


class GivenPieces:
    """Steps for Pieces OS. What is imported stays: no operation removes anything."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._changed: list[dict[str, Any]] = []

    def export(self) -> dict[str, Any]:
        """A new export of the whole database."""
        with step("PI-EXP-01", "export the database"):
            return self._ctx.call("exportDatabase").expect_status(200).expect_json(dict)

    @cached_property
    def own(self) -> dict[str, Any]:
        """The export from before the check, made when it is first asked for; not to be changed."""
        return self.export()

    def probe(self, raw: Sequence[int] | None = None, *, id: str | None = None) -> dict[str, Any]:  # noqa: A002
        """An entry of `values` with an id and bytes of this run."""
        entry_id = id if id is not None else self._ctx.name("value")
        return {"id": entry_id, "raw": list(entry_id.encode() if raw is None else raw)}

    def probes(self, count: int) -> list[dict[str, Any]]:
        """How many different probes."""
        return [self.probe() for _ in range(count)]

    def importable(self, *entries: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
        """The body of an import: the smallest export that the target takes, with these entries for `values`.

        Args:
            entries: see `probe`.
            fields: replace fields of the body, `version="99.0.0"`.
        """
        with step("PI-EXP-12", "read the version of the export"):
            field_of(self.own, "version")
        body = base_of(self._ctx, self.own)
        return {**body, "values": {"iterable": [dict(entry) for entry in entries]}, **fields}

    def imported(self, *entries: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Import these entries (by default one probe) and give them back.

        Raises:
            NotVerified: the target was seen to keep no new entries, so that nobody could tell.
        """
        self.require_kept()
        chosen = [dict(entry) for entry in entries] or [self.probe()]
        body = self.importable(*chosen)
        with step("PI-IMP-01", "import an entry"):
            self._ctx.call("importDatabase", json=body).expect_status(204)
        return chosen

    def keeps_new(self, name: str = "values") -> bool:
        """Whether the target was seen to keep an entry of a list under an id that it did not know.

        The id of an entry is that of its format (SDK models: ExportedDatabaseFormat), so that a server may
        drop what belongs to no format that it has. A target is asked once a run, with three probes.
        """
        seen = self._ctx.run.seen
        fact = f"new entries of {name} are kept"
        if fact not in seen:
            seen[fact] = self._kept(name)
        return seen[fact]

    def _kept(self, name: str) -> bool:
        before = _ids(self.export(), name)
        lists = {name: {"iterable": self.probes(3)}}
        with step("PI-IMP-01", "import new entries"):
            body = {**self.importable(), **lists}
            self._ctx.call("importDatabase", json=body, note="are new entries kept?").expect_status(204)
        self.__dict__.pop("own", None)  # the export from before is no longer what the target holds
        # An export may be late, which is the subject of a rule of its own.
        return any(_ids(self.export(), name) - before for _ in range(2))

    def require_kept(self, name: str = "values") -> None:
        """Go on if what is imported under new ids is to be seen afterwards.

        Raises:
            NotVerified: it is not: the target keeps only entries of formats that it knows.
        """
        if not self.keeps_new(name):
            raise NotVerified(f"{_UNSEEN}, in {name}")

    def witnesses(self, count: int) -> list[dict[str, Any]]:
        """Entries that show in the next export if they are merged: new ones where the target keeps such.

        Elsewhere entries of its own with other bytes, where it may be changed and was seen to take them; they
        get their bytes back at the end of `restoring`.

        Raises:
            NotVerified: neither is possible.
        """
        if self.keeps_new():
            return self.probes(count)
        if not self._ctx.can("destroy"):
            raise NotVerified(f"{_UNSEEN}, and entries of its own may not be changed", missing=("destroy",))
        with step("PI-EXP-10", "read the values of the export"):
            own: list[dict[str, Any]] = list(field_of(self.own, "values", "iterable"))[:count]
            changed = [{**entry, "raw": [*entry["raw"], _BLANK]} for entry in own]
        if not own or not self._takes(own[0], changed[0]):
            raise NotVerified(f"{_UNSEEN}, nor other bytes for one that it has")
        self._changed = own
        return changed

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """Give entries that `witnesses` chose their bytes back at the end, whatever has become of them."""
        try:
            yield
        finally:
            if self._changed:
                self._put_back(self._changed)

    def _takes(self, own: dict[str, Any], changed: dict[str, Any]) -> bool:
        seen = self._ctx.run.seen
        fact = "other bytes of values are taken"
        if fact not in seen:
            self._put_back([changed])
            entries = field_of(self.export(), "values", "iterable")
            seen[fact] = any(entry["id"] == own["id"] and entry["raw"] == changed["raw"] for entry in entries)
            self._put_back([own])
        return seen[fact]

    def _put_back(self, entries: Sequence[Mapping[str, Any]]) -> None:
        with step("PI-IMP-01", "import entries of the target's own"):
            self._ctx.call("importDatabase", json=self.importable(*entries)).expect_status(204)


def _ids(export: Mapping[str, Any], name: str) -> set[str]:
    """The ids of the entries of a list, which may be absent unless it is `values`."""
    if name != "values" and export.get(name) is None:
        return set()
    with step("PI-EXP-10" if name == "values" else "PI-EXP-11", f"read the {name} of the export"):
        entries = field_of(export, name, "iterable")
        if not isinstance(entries, list) or not all(isinstance(one, dict) and "id" in one for one in entries):
            raise CheckFailed(f"the entries of {name}", "objects with an id", entries)
        return {str(entry["id"]) for entry in entries}
