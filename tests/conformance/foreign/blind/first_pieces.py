"""Faults of Pieces OS."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import semver

from ..servers.strict import pieces as module
from ..servers.strict.__main__ import Strict
from ..servers.strict.pieces import COLLECTIONS, MORE, MORE_TABLES, TABLES, Pieces, PiecesApi, refused
from ..servers.strict.web import Answer, Refused, Request
from .registry import Kind, instead, pieces, unlocked

Import = Callable[[PiecesApi, Request], Answer]
Body = dict[str, Any]
Merge = Callable[[Pieces, Body, int | None], Pieces]
ALL_TABLES = (*TABLES, *MORE_TABLES)


def _each_entry(body: Body, change: Callable[[Body], Body | None]) -> Body:
    """The body with every entry changed, or left out for None."""

    def table(value: Body) -> Body:
        changed = (change(entry) for entry in value["iterable"])
        return {**value, "iterable": [one for one in changed if one is not None]}

    return {name: table(value) if name in ALL_TABLES and value else value for name, value in body.items()}


def _entry_by_entry(change: Callable[[Body], Body | None]) -> None:
    instead(Pieces, "merged")(lambda right, kept, body, after: right(kept, _each_entry(body, change), after))


@pieces(Kind.SAME_TIME, "inferred")
def half_merge_seen(server: Strict) -> None:
    """Collections are committed before the entries, so that an export in between shows half an import."""

    @instead(PiecesApi, "_import")
    def change(right: Import, api: PiecesApi, request: Request) -> Answer:
        before = api.database
        answer = right(api, request)
        if request.body:
            api.database = Pieces(api.database.collections, before.tables)
            with unlocked(server):
                pass
            api.database = api.database.merged(json.loads(request.body), None)
        return answer


@pieces(Kind.SAME_TIME, "documented")
def import_lost(server: Strict) -> None:
    """An import writes back a copy that it read at its start, over what another import has added since."""

    @instead(PiecesApi, "_import")
    def change(right: Import, api: PiecesApi, request: Request) -> Answer:
        copy = api.database
        with unlocked(server):
            pass
        current, api.database = api.database, copy
        try:
            return right(api, request)
        finally:
            if api.database is copy:  # refused, or nothing to merge
                api.database = current


@pieces(Kind.SAME_TIME, "documented")
def revert_undoes_neighbour(server: Strict) -> None:
    """An import that fails puts back what was there at its start, without what another has added since."""

    @instead(PiecesApi, "_import")
    def change(right: Import, api: PiecesApi, request: Request) -> Answer:
        before = api.database
        with unlocked(server):
            pass
        try:
            return right(api, request)
        except Refused:
            api.database = before
            raise


@pieces(Kind.AFTER, "documented")
def revert_goes_too_far(_: Strict) -> None:
    """An import that fails also takes back the one that succeeded before it."""
    savepoints: dict[int, Pieces] = {}

    @instead(PiecesApi, "_import")
    def change(right: Import, api: PiecesApi, request: Request) -> Answer:
        before = api.database
        try:
            answer = right(api, request)
        except Refused as told:
            if told.answer.status == 500:
                api.database = savepoints.get(id(api), before)
            raise
        if request.body:
            savepoints[id(api)] = before
        return answer


@pieces(Kind.AFTER, "documented")
def export_cached_by_count(_: Strict) -> None:
    """The export is kept until the number of entries in `values` changes, whatever else was imported."""
    kept: dict[tuple[int, int], Any] = {}

    @instead(PiecesApi, "_export")
    def export(right: Callable[[PiecesApi, Request], Answer], api: PiecesApi, request: Request) -> Answer:
        key = (id(api), len(api.database.tables.get("values", ())))
        answer = right(api, request)
        return kept.setdefault(key, answer) if answer.status == 200 else answer


@pieces(Kind.LONG, "documented")
def imported_entries_evicted(server: Strict) -> None:
    """What was imported is held in a cache with a lifetime of thirty days, and then is gone."""
    since: dict[tuple[int, str, str], datetime] = {}

    @instead(PiecesApi, "_import")
    def change(right: Import, api: PiecesApi, request: Request) -> Answer:
        before = api.database
        answer = right(api, request)
        for name, entries in api.database.tables.items():
            for one in entries.keys() - before.tables.get(name, {}).keys():
                since[id(api), name, one] = server.clock.now()
        return answer

    @instead(PiecesApi, "_export")
    def export(right: Callable[[PiecesApi, Request], Answer], api: PiecesApi, request: Request) -> Answer:
        limit = server.clock.now() - timedelta(days=30)
        for (owner, name, one), then in since.items():
            if owner == id(api) and then < limit:
                api.database.tables.get(name, {}).pop(one, None)
        return right(api, request)


@pieces(Kind.IDENTITY, "documented")
def ids_stripped(_: Strict) -> None:
    """Blanks around an id are cut off, and the entry with that id is overwritten."""

    @instead(Pieces, "merged")
    def change(right: Merge, kept: Pieces, body: Body, after: int | None) -> Pieces:
        merged = right(kept, body, after)
        for name in ALL_TABLES:
            for entry in (body.get(name) or {"iterable": ()})["iterable"]:
                short = entry["id"].strip()
                if short != entry["id"] and short in merged.tables.get(name, {}):
                    merged.tables[name][short] = {**entry, "id": short}
        return merged


@pieces(Kind.FIDELITY, "inferred")
def trailing_zeros_cut(_: Strict) -> None:
    """The bytes of an entry end where only zeros follow, as a text does in C."""
    _entry_by_entry(lambda entry: {**entry, "raw": list(bytes(entry["raw"]).rstrip(b"\0"))})


@pieces(Kind.FIDELITY, "documented")
def entry_without_bytes_dropped(_: Strict) -> None:
    """An entry whose `raw` is empty counts as missing and is not imported."""
    _entry_by_entry(lambda entry: entry if entry["raw"] else None)


@pieces(Kind.FIDELITY, "inferred")
def schema_of_migration_zero_lost(_: Strict) -> None:
    """An entry's schema whose migration is 0 counts as missing and is left out of the next export."""

    def change(entry: Body) -> Body:
        schema = entry.get("schema")
        if schema and not schema["migration"]:
            return {name: value for name, value in entry.items() if name != "schema"}
        return entry

    _entry_by_entry(change)


@pieces(Kind.SIZES, "inferred")
def raw_past_64k_cut(_: Strict) -> None:
    """Only the first 65,535 bytes of an entry are kept."""
    _entry_by_entry(lambda entry: {**entry, "raw": entry["raw"][:65535]})


@pieces(Kind.SIZES, "documented")
def body_past_1mib_refused(_: Strict) -> None:
    """The framework in front refuses a body of more than 1 MiB with 413."""

    @instead(PiecesApi, "_import")
    def change(right: Import, api: PiecesApi, request: Request) -> Answer:
        if len(request.body) > 1 << 20:
            raise refused(413, "the body is too large")
        return right(api, request)


@pieces(Kind.SIZES, "documented")
def entries_past_1000_lost(_: Strict) -> None:
    """Entries are written in one batch of a thousand, and the rest is forgotten."""

    @instead(Pieces, "merged")
    def change(right: Merge, kept: Pieces, body: Body, after: int | None) -> Pieces:
        short = {
            name: {**value, "iterable": value["iterable"][:1000]} if name in ALL_TABLES and value else value
            for name, value in body.items()
        }
        return right(kept, short, after)


@pieces(Kind.COMBINED, "documented")
def one_id_for_all_tables(_: Strict) -> None:
    """An id that stands in `values` is taken for known in `messageValues` too, and skipped there."""

    @instead(Pieces, "merged")
    def change(right: Merge, kept: Pieces, body: Body, after: int | None) -> Pieces:
        seen = {entry["id"] for entry in (body.get("values") or {"iterable": ()})["iterable"]}
        seen |= kept.tables.get("values", {}).keys()
        less = {
            name: {**value, "iterable": [one for one in value["iterable"] if one["id"] not in seen]}
            if name in MORE_TABLES and value
            else value
            for name, value in body.items()
        }
        return right(kept, less, after)


@pieces(Kind.COMBINED, "documented")
def entries_outside_the_transaction(_: Strict) -> None:
    """Entries are committed before the collections, and stay where a collection cannot be merged."""

    @instead(PiecesApi, "_import")
    def change(right: Import, api: PiecesApi, request: Request) -> Answer:
        try:
            return right(api, request)
        except Refused as told:
            if b"cannot be merged" in told.answer.body:
                body = json.loads(request.body)
                entries = {name: value for name, value in body.items() if name not in {*COLLECTIONS, *MORE}}
                api.database = api.database.merged(entries, None)
            raise


def _versions(change: Callable[[semver.Version], semver.Version]) -> None:
    """Compare versions after a change to that of the import."""

    @instead(module, "_not_newer")
    def compared(right: Callable[[Body], None], body: Body) -> None:
        try:
            version = semver.Version.parse(body["version"])
        except ValueError:
            return right(body)
        return right({**body, "version": str(change(version))})


@pieces(Kind.COMPARED, "published")
def prerelease_counts_as_newer(_: Strict) -> None:
    """`11.0.2-rc.1` is taken for newer than `11.0.2`, as the longer text is."""
    _versions(lambda version: version.bump_patch() if version.prerelease else version)


@pieces(Kind.COMPARED, "published")
def version_numbers_wrap(_: Strict) -> None:
    """Each number of a version is kept in 32 bits, so that a very large one wraps and is older."""
    part = 0xFFFFFFFF

    def wrap(version: semver.Version) -> semver.Version:
        numbers = (version.major & part, version.minor & part, version.patch & part)
        return semver.Version(*numbers, version.prerelease, version.build)

    _versions(wrap)


@pieces(Kind.COMPARED, "inferred")
def migration_compared_for_equal_versions_only(_: Strict) -> None:
    """A higher migration is noticed only where the versions are equal."""

    @instead(module, "_not_newer")
    def compared(right: Callable[[Body], None], body: Body) -> None:
        older = body["version"] != module.VERSION
        right({**body, "schema": None} if older else body)


@pieces(Kind.TRANSPORT, "documented")
def charset_refused(_: Strict) -> None:
    """A Content-Type with a parameter, such as a charset, is refused with 415."""

    @instead(PiecesApi, "_import")
    def change(right: Import, api: PiecesApi, request: Request) -> Answer:
        if ";" in request.headers.get("Content-Type", ""):
            raise refused(415, "unsupported media type")
        return right(api, request)


@pieces(Kind.TRANSPORT, "documented")
def accept_with_blank_refused(_: Strict) -> None:
    """Of several ranges in Accept, those after a blank are not recognized: 406 where only they would fit."""

    @instead(PiecesApi, "_import")
    def change(right: Import, api: PiecesApi, request: Request) -> Answer:
        accept = request.headers.get("Accept", "*/*")
        ranges = [one.partition(";")[0] for one in accept.split(",")]
        if len(ranges) > 1 and not {"text/plain", "text/*", "*/*"} & set(ranges):
            raise refused(406, "not acceptable")
        return right(api, request)
