"""Fourth round, Pieces OS: faults that were thought up from contract.md alone."""

from typing import Any

import semver

from ..servers.strict import pieces as strict
from ..servers.strict.__main__ import Strict
from ..servers.strict.pieces import MORE, MORE_TABLES, TABLES, VERSION, Pieces, PiecesApi
from ..servers.strict.web import Answer, Request
from . import third_pieces
from .registry import Kind, instead, pieces, unlocked

PREFIX = 32
BODY_LIMIT = 100 * 1024


# POST /database/import: the import merges, what is imported is added
@pieces(Kind.SAME_TIME, "documented")
def lost_import(server: Strict) -> None:
    """An import works on a copy and puts it in place at its end, over what another import added meanwhile."""

    @instead(Pieces, "merged")
    def merged(right: Any, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        result: Pieces = right(self, body, stop_after)
        with unlocked(server):
            return result


# POST /database/import: what is imported is added; only the failed request reverts
@pieces(Kind.SAME_TIME, "documented", like=third_pieces.failed_import_takes_another_with_it)
def revert_over_a_neighbour(_: Strict) -> None:
    """A failed import restores the copy from its start, which undoes an import that succeeded meanwhile."""


# GET /database/export: an export of the current database; POST: what is imported is added
@pieces(Kind.AFTER, "documented", like=third_pieces.export_is_kept_until_entries_come)
def export_kept_by_count(_: Strict) -> None:
    """The export is cached until the number of entries changes, so imported collections do not appear."""


# POST /database/import: if the request fails, the database reverts to its original form
@pieces(Kind.COMBINED, "documented")
def entries_before_the_refusal(_: Strict) -> None:
    """Entries are added before the collections are looked at, and stay when a collection is refused."""

    @instead(Pieces, "merged")
    def merged(right: Any, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Any:
        for name in (*TABLES, *MORE_TABLES):
            for entry in (body.get(name) or {"iterable": ()})["iterable"]:
                if entry["id"] in strict.KNOWN:
                    self.tables.setdefault(name, {}).setdefault(entry["id"], entry)
        return right(self, body, stop_after)


# POST /database/import: what is imported is added
@pieces(Kind.IDENTITY, "documented")
def ids_of_thirty_two_characters(_: Strict) -> None:
    """The unique index covers 32 characters of an id, so an entry whose id differs later is skipped."""

    @instead(Pieces, "merged")
    def merged(right: Any, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Any:
        short = dict(body)
        for name in (*TABLES, *MORE_TABLES):
            if not body.get(name):
                continue
            seen, added = {one[:PREFIX] for one in self.tables.get(name, {})}, []
            for entry in body[name]["iterable"]:
                if entry["id"][:PREFIX] not in seen:
                    seen.add(entry["id"][:PREFIX])
                    added.append(entry)
            short[name] = {"iterable": added}
        return right(self, short, stop_after)


# GET /database/export: each collection is an array of integers, 0-255
@pieces(Kind.FIDELITY, "published")
def signed_bytes(_: Strict) -> None:
    """The bytes of collections are exported as signed, so those from 128 come out negative."""

    @instead(Pieces, "exported")
    def exported(right: Any, self: Pieces) -> Any:
        found = right(self)
        return {
            name: [one - 256 if one > 127 else one for one in value] if isinstance(value, list) else value
            for name, value in found.items()
        }


# POST /database/import: what was there stays
@pieces(Kind.AFTER, "documented")
def unmentioned_is_dropped(_: Strict) -> None:
    """An optional collection that an import does not have is removed from the database."""

    @instead(Pieces, "merged")
    def merged(right: Any, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Any:
        result = right(self, body, stop_after)
        for name in MORE:
            if body.get(name) is None:
                result.collections.pop(name, None)
        return result


# POST /database/import: 505; a backup opens on the same and later versions
@pieces(Kind.COMPARED, "published")
def versions_as_texts(_: Strict) -> None:
    """Versions are compared as texts, so an export of 9.0.0 counts as newer than a server of 11.0.2."""

    @instead(strict, "_not_newer")
    def not_newer(right: Any, body: dict[str, Any]) -> None:
        if semver.Version.is_valid(body["version"]):
            if body["version"] > VERSION:
                raise strict.refused(505, "the export comes from a newer Pieces OS: update this one")
            right({**body, "version": VERSION})
        else:
            right(body)


# POST /database/import: 505; never on an earlier version
@pieces(Kind.COMBINED, "published")
def migration_instead_of_version(_: Strict) -> None:
    """Where an export has a schema, its migration alone decides, and a newer version is let in."""

    @instead(strict, "_not_newer")
    def not_newer(right: Any, body: dict[str, Any]) -> None:
        if body.get("schema") is not None and semver.Version.is_valid(body["version"]):
            right({**body, "version": VERSION})
        else:
            right(body)


# POST /database/import: an ExportedDatabase, 204, 500 or 505
@pieces(Kind.SIZES, "documented")
def body_limit_of_the_framework(_: Strict) -> None:
    """An import of more than 100 KiB is answered 413, as the web framework does by default."""

    @instead(PiecesApi, "_import")
    def imported(right: Any, self: PiecesApi, request: Request) -> Any:
        if len(request.body) > BODY_LIMIT:
            raise strict.refused(413, "request entity too large")
        return right(self, request)


# POST /database/import: a JSON body; Content-Type application/json
@pieces(Kind.TRANSPORT, "documented")
def charset_is_another_type(_: Strict) -> None:
    """The Content-Type is compared whole, so `application/json; charset=utf-8` is refused."""

    @instead(PiecesApi, "_import")
    def imported(right: Any, self: PiecesApi, request: Request) -> Any:
        if request.method == "POST" and request.headers.get("Content-Type") not in {
            "",
            "application/json",
        }:
            raise strict.refused(415, "application/json is expected")
        return right(self, request)


# POST /database/import: 204 with an empty body
@pieces(Kind.AFTER, "documented")
def nothing_new_is_200(_: Strict) -> None:
    """An import that brings nothing new is answered 200 with a sentence."""

    @instead(PiecesApi, "_import")
    def imported(right: Any, self: PiecesApi, request: Request) -> Any:
        before = self.database.exported()
        answer = right(self, request)
        if request.body and self.database.exported() == before:
            return Answer(200, b"Already up to date\n", "text/plain")
        return answer
