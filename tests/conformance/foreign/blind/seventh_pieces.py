"""Faults of the seventh round: Pieces OS."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

import semver

from ..servers.strict import pieces as right_pieces
from ..servers.strict.__main__ import Strict
from ..servers.strict.pieces import MORE_TABLES, TABLES, VERSION, Pieces, PiecesApi, checked, refused
from ..servers.strict.web import Answer, Refused, Request
from . import fourth_pieces, third_pieces
from .registry import Kind, instead, pieces, unlocked

ALL_TABLES = (*TABLES, *MORE_TABLES)
BODY_LIMIT = 100 * 1024
"""What a well-known body parser reads by default."""
INDEXED = 32


# 1, import: "The import merges: what was there stays"
@pieces(Kind.SAME_TIME, "documented", like=third_pieces.failed_import_takes_another_with_it)
def revert_undoes_an_import_beside_it(_: Strict) -> None:
    """A failed import writes back the copy it took at its start, over an import that succeeded meanwhile."""


# 1, export: "200 application/json, an ExportedDatabase"
@pieces(Kind.SAME_TIME, "documented")
def exports_share_a_spool_file(server: Strict) -> None:
    """Exports are written to one temporary file, where two at the same time write into each other."""
    spool = bytearray()

    @instead(PiecesApi, "_export")
    def run(right: Any, api: PiecesApi, request: Request) -> Answer:
        answer: Answer = right(api, request)
        half = len(answer.body) // 2
        spool.clear()
        spool.extend(answer.body[:half])
        with unlocked(server):
            pass
        spool.extend(answer.body[half:])
        return replace(answer, body=bytes(spool))


# 1, import: "what is imported is added"
@pieces(Kind.AFTER, "documented", like=third_pieces.retry_after_a_failure_is_skipped)
def retry_after_failure_is_taken_for_done(_: Strict) -> None:
    """A body is remembered as imported before it is merged: sent again after a failure, it merges nothing."""


# 1, import: "what is imported is added"; export: "your current database"
@pieces(Kind.AFTER, "documented")
def export_is_kept_while_values_stay(_: Strict) -> None:
    """An export is served from a cache whose key is `values` alone: what else an import adds is not in it."""
    kept: WeakKeyDictionary[PiecesApi, tuple[str, Answer]] = WeakKeyDictionary()

    @instead(PiecesApi, "_export")
    def run(right: Any, api: PiecesApi, request: Request) -> Answer:
        answer: Answer = right(api, request)
        key = json.dumps(api.database.exported()["values"])
        if api not in kept or kept[api][0] != key:
            kept[api] = key, answer
        return kept[api][1]


# 1, import: "If the request fails, the database reverts to its original form"
@pieces(Kind.LONG, "documented")
def backup_for_the_revert_is_made_once_an_hour(server: Strict) -> None:
    """A failed import reverts to a backup that may be an hour old, and so drops what was imported since."""
    backups: WeakKeyDictionary[PiecesApi, tuple[datetime, Pieces]] = WeakKeyDictionary()

    @instead(PiecesApi, "_import")
    def run(right: Any, api: PiecesApi, request: Request) -> Any:
        now = server.clock.now()
        if request.method != "POST":
            return right(api, request)
        if api not in backups or now - backups[api][0] >= timedelta(hours=1):
            backups[api] = now, api.database
        try:
            return right(api, request)
        except Refused:
            api.database = backups[api][1]
            raise


# 1, import: "what is imported is added", "entries are matched by id"
@pieces(Kind.IDENTITY, "documented")
def ids_are_indexed_by_32_characters(_: Strict) -> None:
    """Entries are matched by the first 32 characters of their ids: one that differs later counts as there."""

    @instead(Pieces, "merged")
    def merged(right: Any, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Any:
        less = dict(body)
        for name in ALL_TABLES:
            taken = {one[:INDEXED]: one for one in self.tables.get(name, {})}
            kept = []
            for entry in (body.get(name) or {"iterable": ()})["iterable"]:
                mine = self.tables.get(name, {})
                if entry["id"] in mine or taken.setdefault(entry["id"][:INDEXED], entry["id"]) == entry["id"]:
                    kept.append(entry)
            if body.get(name):
                less[name] = {**body[name], "iterable": kept}
        return right(self, less, stop_after)


# 1, import: "what is imported is added"
@pieces(Kind.IDENTITY, "documented")
def one_set_of_ids_for_all_tables(_: Strict) -> None:
    """Ids are looked for in all tables at once: one of `messageValues` with an id of `values` is lost."""

    @instead(Pieces, "merged")
    def merged(right: Any, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Any:
        less, seen = dict(body), {one: name for name in ALL_TABLES for one in self.tables.get(name, {})}
        for name in ALL_TABLES:
            if not body.get(name):
                continue
            entries = body[name]["iterable"]
            mine = self.tables.get(name, {})
            kept = [one for one in entries if one["id"] in mine or seen.setdefault(one["id"], name) == name]
            less[name] = {**body[name], "iterable": kept}
        return right(self, less, stop_after)


# 1, import: "what was there stays"
@pieces(Kind.FIDELITY, "documented")
def what_was_there_passes_through_text(_: Strict) -> None:
    """With each import the bytes of entries that are there pass through UTF-8: what is none is replaced."""

    @instead(Pieces, "merged")
    def merged(right: Any, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Any:
        result = right(self, body, stop_after)
        for name, entries in self.tables.items():
            for key, entry in entries.items():
                text = bytes(entry["raw"]).decode("utf-8", "replace")
                result.tables[name][key] = {**entry, "raw": list(text.encode())}
        return result


# 1, import: "export before = export after, whatever failed"; export: an entry's optional `schema`
@pieces(Kind.FIDELITY, "documented")
def revert_forgets_the_schemas_of_entries(_: Strict) -> None:
    """After a merge that failed the entries are built anew from id and bytes, without their `schema`."""

    @instead(Pieces, "merged")
    def merged(right: Any, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Any:
        try:
            return right(self, body, stop_after)
        except Refused:
            self.tables = {
                name: {key: {"id": key, "raw": entry["raw"]} for key, entry in entries.items()}
                for name, entries in self.tables.items()
            }
            raise


# 1, import: "204 with an empty body; 500; 505 … No other status is documented"
@pieces(Kind.SIZES, "documented", like=fourth_pieces.body_limit_of_the_framework)
def import_over_100_kilobytes_is_refused(_: Strict) -> None:
    """The body parser keeps its default limit: an import of more than 100 KiB gets 413."""


# 1, import: "reverts to its original form … however far the merge had come"
@pieces(Kind.COMBINED, "documented")
def optional_tables_are_checked_after_values_are_stored(_: Strict) -> None:
    """A malformed optional table is noticed when the rest of the body is stored, and the rest then stays."""

    @instead(PiecesApi, "_import")
    def run(right: Any, api: PiecesApi, request: Request) -> Any:
        try:
            return right(api, request)
        except Refused as refusal:
            if refusal.answer.status == 400:
                _store_rest(api, request.body)
            raise

    def _store_rest(api: PiecesApi, text: bytes) -> None:
        try:
            body = json.loads(text)
            rest = {name: value for name, value in body.items() if name not in MORE_TABLES}
            api.database = api.database.merged(checked(json.dumps(rest).encode()), None)
        except (Refused, ValueError, AttributeError):
            return


# 1, import, 505: a backup opens on the same and later versions; 505 for a higher semantic version only
@pieces(Kind.COMPARED, "published")
def any_higher_number_of_a_version_is_newer(_: Strict) -> None:
    """An export is newer where any number of its version is higher, though a number before it is lower."""

    @instead(right_pieces, "_not_newer")
    def not_newer(right: Any, body: dict[str, Any]) -> None:
        right(body)
        theirs, mine = semver.Version.parse(body["version"]), semver.Version.parse(VERSION)
        if any(a > b for a, b in zip(theirs.to_tuple()[:3], mine.to_tuple()[:3], strict=True)):
            raise refused(505, "the export comes from a newer Pieces OS: update this one")


# 1, import: "Optional JSON body", and no other status than 204, 500, 505
@pieces(Kind.TRANSPORT, "documented", like=fourth_pieces.charset_is_another_type)
def content_type_is_compared_whole(_: Strict) -> None:
    """An import whose Content-Type is JSON with a charset gets 415, for the header is compared as a whole."""


# 1, export: "500 text/plain"
@pieces(Kind.TRANSPORT, "documented")
def export_fails_in_the_first_accepted_type(_: Strict) -> None:
    """An export that fails tells so in JSON where Accept names JSON first, as the documented header does."""

    @instead(PiecesApi, "_export")
    def run(right: Any, api: PiecesApi, request: Request) -> Any:
        try:
            return right(api, request)
        except Refused as refusal:
            first = request.headers.get("Accept", "").partition(",")[0].partition(";")[0].strip()
            if first != "application/json" or refusal.answer.status < 500:
                raise
            body = json.dumps({"error": refusal.answer.body.decode().strip()}).encode()
            raise Refused(replace(refusal.answer, body=body, kind="application/json")) from None
