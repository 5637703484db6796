"""The third round's faults of Pieces OS. A comment names the heading of contract.md that is broken."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import semver

from ..servers.strict import pieces as strict
from ..servers.strict.__main__ import Strict
from ..servers.strict.pieces import Pieces, PiecesApi
from ..servers.strict.web import Answer, Refused, Request
from .registry import Kind, instead, pieces, unlocked

Handler = Callable[[PiecesApi, Request], Answer]
Merge = Callable[[Pieces, dict[str, Any], int | None], Pieces]
Export = Callable[[Pieces], dict[str, Any]]

TABLES = (*strict.TABLES, *strict.MORE_TABLES)
BODY_LIMIT = 1 << 20
"""What a body parser reads by default."""


def _entries(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries of a body, each after its table's name, in the order of the merge."""
    for name in TABLES:
        for entry in (body.get(name) or {"iterable": ()})["iterable"]:
            yield name, entry


# POST /database/import: "merges: what was there stays", also what another request has just added
@pieces(Kind.SAME_TIME, "documented")
def failed_import_takes_another_with_it(server: Strict) -> None:
    """An import that fails restores what it found at its start, and loses what another one added since."""

    @instead(PiecesApi, "_import")
    def changed(right: Handler, self: PiecesApi, request: Request) -> Answer:
        before = self.database
        try:
            return right(self, request)
        except Refused:
            with unlocked(server):
                pass
            self.database = before
            raise


# POST /database/import: "what is imported is added", at the second try too
@pieces(Kind.AFTER, "documented")
def retry_after_a_failure_is_skipped(_: Strict) -> None:
    """A body is noted as imported before it is merged, so that the retry of a failed import does nothing."""

    @instead(PiecesApi, "_import")
    def changed(right: Handler, self: PiecesApi, request: Request) -> Answer:
        seen: set[bytes] = vars(self).setdefault("seen", set())
        if request.method == "POST" and request.body:
            strict.checked(request.body)
            if request.body in seen:
                return Answer(204)
            seen.add(request.body)
        return right(self, request)


# POST /database/import: "reverts to its original form", whatever failed and however far the merge had come
@pieces(Kind.AFTER, "documented")
def failed_import_keeps_entries_of_a_table_in_use(_: Strict) -> None:
    """A merge's copy shares the tables that exist, so that their new entries outlive a failure."""

    @instead(Pieces, "merged")
    def changed(right: Merge, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        try:
            return right(self, body, stop_after)
        except Refused:
            for name, entry in islice(_entries(body), stop_after or 0):
                if name in self.tables and entry["id"] in strict.KNOWN:
                    self.tables[name].setdefault(entry["id"], entry)
            raise


# POST /database/import, 505: "a backup opens on the same and later versions"
@pieces(Kind.COMPARED, "published")
def prereleases_count_as_newer(_: Strict) -> None:
    """An export of a pre-release of this very version is refused as if it were newer than the release."""

    @instead(strict, "_not_newer")
    def changed(right: Callable[[dict[str, Any]], None], body: dict[str, Any]) -> None:
        right(body)
        version = semver.Version.parse(body["version"])
        if version.prerelease and version.finalize_version() == semver.Version.parse(strict.VERSION):
            raise strict.refused(505, "the export comes from a newer Pieces OS: update this one")


# POST /database/import: a request that fails, 505 too, leaves the database in its original form
@pieces(Kind.COMBINED, "documented")
def newer_migration_is_refused_too_late(_: Strict) -> None:
    """A newer `schema.migration` is noticed when the merge is done already: 505, and the entries stay."""

    @instead(PiecesApi, "_import")
    def changed(right: Handler, self: PiecesApi, request: Request) -> Answer:
        answer = right(self, request)
        body = json.loads(request.body or b"{}")
        if (body.get("schema") or {"migration": 0})["migration"] > strict.MIGRATION:
            raise strict.refused(505, "the export comes from a newer Pieces OS: update this one")
        return answer

    instead(strict, "_not_newer")(lambda right, body: right({"version": body["version"]}))


# POST /database/import, decision: "where both sides have an id the imported entry wins"; open: either
@pieces(Kind.COMBINED, "inferred")
def both_sides_of_an_entry_are_mixed(_: Strict) -> None:
    """An entry on both sides of a merge keeps its bytes and takes over the imported entry's other fields."""

    @instead(Pieces, "merged")
    def changed(right: Merge, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        result = right(self, body, stop_after)
        for name, entry in _entries(body):
            if mine := self.tables.get(name, {}).get(entry["id"]):
                result.tables[name][entry["id"]] = {**entry, **mine}
        return result


# POST /database/import: "what is imported is added"
@pieces(Kind.IDENTITY, "documented")
def one_id_lives_in_one_table(_: Strict) -> None:
    """An imported entry is left out where another table has an entry of the same id."""

    @instead(Pieces, "merged")
    def changed(right: Merge, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        result = right(self, body, stop_after)
        taken = {one for entries in self.tables.values() for one in entries}
        for name in TABLES:
            mine = self.tables.get(name, {})
            for one in [one for one in result.tables.get(name, {}) if one not in mine]:
                if one in taken:
                    del result.tables[name][one]
                taken.add(one)
        return result


# POST /database/import: "what is imported is added", however large it is
@pieces(Kind.SIZES, "documented")
def large_import_is_not_an_import(_: Strict) -> None:
    """A body above the parser's limit of 1 MiB counts as an absent one: 204, and nothing is merged."""

    instead(PiecesApi, "_import")(
        lambda right, self, request: right(
            self, replace(request, body=b"") if len(request.body) > BODY_LIMIT else request
        )
    )


# POST /database/import: "optional JSON body"; a charset does not make it another type
@pieces(Kind.TRANSPORT, "documented")
def charset_hides_the_body(_: Strict) -> None:
    """A Content-Type of JSON with a charset is not recognized: 204, and nothing is merged."""

    @instead(PiecesApi, "_import")
    def changed(right: Handler, self: PiecesApi, request: Request) -> Answer:
        kind = request.headers.get("Content-Type", "").lower()
        return right(self, replace(request, body=b"") if kind.startswith("application/json;") else request)


# POST /database/import: "what is imported is added", and GET /database/export: the database as it is
@pieces(Kind.AFTER, "documented")
def export_is_kept_until_entries_come(_: Strict) -> None:
    """An export is cached under the number of entries: an import of collections alone does not show."""

    @instead(PiecesApi, "_export")
    def changed(right: Handler, self: PiecesApi, request: Request) -> Answer:
        kept: dict[int, Answer] = vars(self).setdefault("kept", {})
        answer = right(self, request)
        return kept.setdefault(sum(len(one) for one in self.database.tables.values()), answer)


# POST /database/import: "what was there stays"; messageValues and workstreamEventValues are optional
@pieces(Kind.COMBINED, "documented")
def absent_table_empties_what_was_there(_: Strict) -> None:
    """An import without an optional table of entries, as older servers write it, empties that table here."""

    @instead(Pieces, "merged")
    def changed(right: Merge, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        result = right(self, body, stop_after)
        for name in strict.MORE_TABLES:
            if body.get(name) is None:
                result.tables.pop(name, None)
        return result


# GET /database/export: `version` is "the version of the server that made the export"
@pieces(Kind.AFTER, "published")
def import_sets_the_version(_: Strict) -> None:
    """The version is kept with the data and merged like it: later exports carry that of the last import."""

    @instead(Pieces, "merged")
    def changed(right: Merge, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        result = right(self, body, stop_after)
        vars(result)["told"] = body["version"]
        return result

    instead(Pieces, "exported")(
        lambda right, self: right(self) | {"version": vars(self).get("told", strict.VERSION)}
    )


# GET /database/export: an entry requires `raw`
@pieces(Kind.FIDELITY, "published")
def empty_bytes_go_missing(_: Strict) -> None:
    """An entry whose bytes are none is exported without its `raw`."""

    @instead(Pieces, "exported")
    def changed(right: Export, self: Pieces) -> dict[str, Any]:
        found = right(self)
        for name in TABLES:
            if name in found:
                found[name] = {"iterable": [_filled(entry) for entry in found[name]["iterable"]]}
        return found


def _filled(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "raw" or value}
