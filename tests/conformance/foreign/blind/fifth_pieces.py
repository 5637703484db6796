"""The fifth round's faults of Pieces OS."""

from typing import Any

import semver

from ..servers.strict import pieces as real
from ..servers.strict.__main__ import Strict
from ..servers.strict.pieces import MORE_TABLES, TABLES, VERSION, Pieces, PiecesApi
from ..servers.strict.web import Answer, Refused, Request
from . import fourth_pieces, third_pieces
from .registry import Kind, instead, pieces, unlocked


def _entries(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (body.get(name) or {"iterable": []})["iterable"]
    return found


def _before_the_merge(change: Any) -> None:
    """Merge `change(the database, the body)` in place of the body."""
    instead(Pieces, "merged")(
        lambda right, mine, body, stop_after: right(mine, change(mine, body), stop_after)
    )


# POST /database/import: the import merges
@pieces(Kind.SAME_TIME, "documented", like=fourth_pieces.lost_import)
def imports_at_once_forget_one(_: Strict) -> None:
    """Each import merges into the database as it read it, so that of two at once only the later stays."""


# POST /database/import: if the request fails, the database reverts; what was imported is added
@pieces(Kind.SAME_TIME, "documented", like=third_pieces.failed_import_takes_another_with_it)
def a_failed_import_undoes_another(_: Strict) -> None:
    """A failed import puts back the whole database from before it, with it goes what came in meanwhile."""


# GET /database/export; POST /database/import: what is imported is added
@pieces(Kind.SAME_TIME, "documented")
def the_export_is_cached_while_an_import_runs(server: Strict) -> None:
    """The cached export is dropped when an import begins, not when it ends, and may be stale from then on."""

    @instead(PiecesApi, "_export")
    def exporting(right: Any, api: PiecesApi, request: Request) -> Answer:
        if request.verb != "GET" or api.failure:
            found: Answer = right(api, request)
            return found
        cached: Answer = vars(api).get("cached") or right(api, request)
        vars(api)["cached"] = cached
        return cached

    @instead(PiecesApi, "_import")
    def importing(right: Any, api: PiecesApi, request: Request) -> Answer:
        vars(api).pop("cached", None)
        with unlocked(server):
            pass
        answer: Answer = right(api, request)
        return answer


# POST /database/import: 204; if the request fails, the database reverts to its original form
@pieces(Kind.AFTER, "documented")
def a_failed_merge_stays_under_way(_: Strict) -> None:
    """A merge that failed is never marked as ended, and every later import is refused as one too many."""

    @instead(Pieces, "merged")
    def merged(right: Any, mine: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        if vars(mine).get("merging"):
            raise real.refused(500, "another import is under way")
        vars(mine)["merging"] = True
        result: Pieces = right(mine, body, stop_after)
        vars(mine)["merging"] = False
        return result


# POST /database/import: what is imported is added; an entry's id is the id of the format
@pieces(Kind.IDENTITY, "documented")
def entries_are_told_apart_by_content(_: Strict) -> None:
    """An entry whose bytes are there already under another id is taken for a duplicate and left out."""

    def change(mine: Pieces, body: dict[str, Any]) -> dict[str, Any]:
        slim = dict(body)
        for name in (*TABLES, *MORE_TABLES):
            there = [one["raw"] for one in mine.tables.get(name, {}).values()]
            slim[name] = {"iterable": [one for one in _entries(body, name) if one["raw"] not in there]}
        return slim

    _before_the_merge(change)


# GET /database/export: the optional collections of an ExportedDatabase
@pieces(Kind.FIDELITY, "published")
def anchor_points_are_read_from_anchors(_: Strict) -> None:
    """A line was copied: the import fills `anchorPoints` with the bytes of `anchors`."""
    _before_the_merge(lambda _, body: {**body, "anchorPoints": body.get("anchors")})


# POST /database/import: what is imported is added
@pieces(Kind.SIZES, "documented")
def only_a_hundred_entries_are_merged(_: Strict) -> None:
    """Of each table of an import only the first hundred entries are merged, which is one batch."""
    _before_the_merge(
        lambda _, body: {
            **body,
            **{name: {"iterable": _entries(body, name)[:100]} for name in (*TABLES, *MORE_TABLES)},
        }
    )


# POST /database/import: 505 for an export from a newer server; an older one is taken
@pieces(Kind.COMPARED, "published", like=fourth_pieces.versions_as_texts)
def versions_are_compared_as_texts(_: Strict) -> None:
    """Versions are compared as texts, so that 9.1.0 counts as newer than 11.0.2 and is refused with 505."""


# POST /database/import: 505 when schema.migration is a higher number than the server's
@pieces(Kind.COMBINED, "inferred")
def an_older_version_may_have_a_newer_migration(_: Strict) -> None:
    """`schema.migration` is looked at only when `version` is the server's own."""

    @instead(real, "_not_newer")
    def not_newer(right: Any, body: dict[str, Any]) -> None:
        version = body["version"]
        if not semver.Version.is_valid(version) or semver.Version.parse(version) >= VERSION:
            right(body)


# POST /database/import: the database reverts to its original form, however far the merge had come
@pieces(Kind.COMBINED, "documented")
def a_conflict_keeps_the_entries(_: Strict) -> None:
    """When a collection cannot be merged, only the collections are reverted: the entries stay merged."""

    @instead(Pieces, "merged")
    def merged(right: Any, mine: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        try:
            result: Pieces = right(mine, body, stop_after)
        except Refused:
            for name in (*TABLES, *MORE_TABLES) if stop_after is None else ():
                for one in _entries(body, name):
                    if one["id"] in real.KNOWN:
                        mine.tables.setdefault(name, {}).setdefault(one["id"], one)
            raise
        return result


# POST /database/import: messageValues and workstreamEventValues are tables of their own
@pieces(Kind.COMBINED, "published")
def all_tables_share_one_index(_: Strict) -> None:
    """An entry of `messageValues` or `workstreamEventValues` whose id `values` has too is left out."""

    def change(mine: Pieces, body: dict[str, Any]) -> dict[str, Any]:
        taken = {*mine.tables.get("values", {}), *(one["id"] for one in _entries(body, "values"))}
        slim = {
            name: {"iterable": [one for one in _entries(body, name) if one["id"] not in taken]}
            for name in MORE_TABLES
        }
        return {**body, **slim}

    _before_the_merge(change)


# POST /database/import: an optional JSON body
@pieces(Kind.TRANSPORT, "documented")
def a_charset_is_no_json(_: Strict) -> None:
    """The Content-Type is compared as a whole: `application/json; charset=utf-8` is refused."""

    @instead(PiecesApi, "_import")
    def run(right: Any, api: PiecesApi, request: Request) -> Answer:
        if request.body and request.headers.get("Content-Type", "").lower() != "application/json":
            raise real.refused(500, "the body has to be application/json")
        answer: Answer = right(api, request)
        return answer
