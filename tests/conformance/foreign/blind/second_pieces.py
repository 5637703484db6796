"""The second blind round: faults of Pieces OS. Each names the heading of the contract that it breaks."""

import contextlib
import json
from dataclasses import replace
from typing import Any

import semver

from ..servers.strict import pieces as strict
from ..servers.strict.__main__ import Strict
from ..servers.strict.pieces import COLLECTIONS, MORE, MORE_TABLES, VERSION, Pieces, PiecesApi, refused
from ..servers.strict.web import Answer, Refused, Request
from .registry import Kind, instead, pieces, unlocked

MEBIBYTE = 2**20


# 1. Pieces OS, POST /database/import: the import merges, what is imported is added
@pieces(Kind.SAME_TIME, "documented")
def imports_at_once_lose_one(server: Strict) -> None:
    """Of two imports at the same time both are answered with 204, but only the later one is kept."""

    @instead(PiecesApi, "_import")
    def run(right: Any, api: PiecesApi, request: Request) -> Any:
        if not request.body:
            return right(api, request)
        before = api.database
        with unlocked(server):
            pass
        others, api.database = api.database, before
        try:
            return right(api, request)
        except Refused:
            api.database = others
            raise


# 1. Pieces OS, POST /database/import: what was there stays
@pieces(Kind.SAME_TIME, "documented")
def failed_import_undoes_another(server: Strict) -> None:
    """An import that fails puts back what was there when it began, and so undoes one made meanwhile."""

    @instead(PiecesApi, "_import")
    def run(right: Any, api: PiecesApi, request: Request) -> Any:
        before = api.database
        try:
            return right(api, request)
        except Refused as error:
            if error.answer.status == 500:
                with unlocked(server):
                    pass
                api.database = before
            raise


# 1. Pieces OS, POST /database/import: what is imported is added; GET /database/export: the current database
@pieces(Kind.AFTER, "documented")
def export_cached_by_required_parts(_: Strict) -> None:
    """An export comes from a cache until a required part changes, so optional ones that came do not show."""

    @instead(PiecesApi, "_export")
    def run(right: Any, api: PiecesApi, request: Request) -> Any:
        now = api.database
        required = [list(now.collections.get(name, b"")) for name in COLLECTIONS]
        key = json.dumps([required, now.tables.get("values", {})])
        kept = vars(api).get("kept")
        if api.failure or request.verb != "GET" or kept is None or kept[0] != key:
            kept = (key, right(api, request))
            vars(api)["kept"] = kept
        return kept[1]


# 1. Pieces OS, POST /database/import: what is imported is added
@pieces(Kind.AFTER, "documented")
def import_after_a_failed_one_lost(_: Strict) -> None:
    """The first import after one that failed is answered with 204, but rolled back with it."""

    @instead(PiecesApi, "_import")
    def run(right: Any, api: PiecesApi, request: Request) -> Any:
        before, pending = api.database, vars(api).pop("pending", False)
        try:
            answer = right(api, request)
        except Refused as error:
            vars(api)["pending"] = error.answer.status == 500
            raise
        if pending:
            api.database = before
        return answer


# 1. Pieces OS, GET /database/export: `version` is the version of the server that made the export
@pieces(Kind.AFTER, "published")
def version_of_the_import_sticks(_: Strict) -> None:
    """After an import the exports carry the version of the export that was imported, not the server's."""

    @instead(PiecesApi, "_import")
    def imports(right: Any, api: PiecesApi, request: Request) -> Any:
        answer = right(api, request)
        if request.body:
            vars(api)["version"] = json.loads(request.body)["version"]
        return answer

    @instead(PiecesApi, "_export")
    def exports(right: Any, api: PiecesApi, request: Request) -> Any:
        answer = right(api, request)
        body = json.loads(answer.body) | {"version": vars(api).get("version", VERSION)}
        return replace(answer, body=json.dumps(body).encode())


def _newer_by(newer: Any) -> None:
    """Compare versions in another way; the rest is held against the server's as before."""

    @instead(strict, "_not_newer")
    def run(right: Any, body: dict[str, Any]) -> Any:
        try:
            version = semver.Version.parse(body["version"])
        except ValueError:
            return right(body)
        if newer(version):
            raise refused(505, "the export comes from a newer Pieces OS: update this one")
        return right(body | {"version": VERSION})


# 1. Pieces OS, 505: a backup opens on the same and later versions
@pieces(Kind.COMPARED, "published")
def version_code_of_two_digits(_: Strict) -> None:
    """Versions are compared as major * 10000 + minor * 100 + patch, so 10.100.3 is held for newer."""

    def code(version: Any) -> int:
        return int(version.major * 10_000 + version.minor * 100 + version.patch)

    _newer_by(lambda version: code(version) > code(semver.Version.parse(VERSION)))


# 1. Pieces OS, 505: a backup never opens on an earlier version
@pieces(Kind.COMPARED, "published")
def newer_prereleases_let_in(_: Strict) -> None:
    """A version with a pre-release label is held for older than any release, so 12.0.0-beta.1 is let in."""
    _newer_by(lambda version: not version.prerelease and version > semver.Version.parse(VERSION))


# 1. Pieces OS, POST /database/import: if it fails, the database reverts to its original form
@pieces(Kind.COMBINED, "documented")
def optional_collections_survive_a_failure(_: Strict) -> None:
    """An import that fails leaves behind the optional collections that it brought."""

    @instead(Pieces, "merged")
    def run(right: Any, database: Pieces, body: dict[str, Any], stop_after: int | None) -> Any:
        try:
            return right(database, body, stop_after)
        except Refused:
            for name in MORE:
                if body.get(name) and not database.collections.get(name):
                    database.collections[name] = bytes(body[name])
            raise


# 1. Pieces OS, POST /database/import: what is imported is added
@pieces(Kind.SIZES, "documented")
def bodies_past_a_mebibyte_skipped(_: Strict) -> None:
    """An import of more than 1,048,576 bytes is answered with 204, but nothing of it is kept."""

    @instead(PiecesApi, "_import")
    def run(right: Any, api: PiecesApi, request: Request) -> Any:
        before, answer = api.database, right(api, request)
        if len(request.body) > MEBIBYTE:
            api.database = before
        return answer


# 1. Pieces OS, GET /database/export: `raw` is bytes as integers from 0 to 255
@pieces(Kind.FIDELITY, "published")
def signed_bytes_of_messages(_: Strict) -> None:
    """The bytes of `messageValues` are exported as signed ones, so 255 comes out as -1."""

    @instead(Pieces, "exported")
    def exported(right: Any, database: Pieces) -> Any:
        found = right(database)
        entries = found.get("messageValues", {"iterable": []})["iterable"]
        entries[:] = [one | {"raw": [b - 256 * (b > 127) for b in one["raw"]]} for one in entries]
        return found

    @instead(strict, "_entries")
    def takes(right: Any, value: Any, name: str) -> Any:
        if name == "messageValues":
            with contextlib.suppress(KeyError, TypeError):  # what is malformed is refused as before
                for one in value["iterable"]:  # its own exports are taken back
                    one["raw"] = [b + 256 if b in range(-128, 0) else b for b in one["raw"]]
        return right(value, name)


# 1. Pieces OS, GET /database/export: ExportedDatabaseFormats requires `iterable`
@pieces(Kind.FIDELITY, "published")
def empty_iterable_left_out(_: Strict) -> None:
    """A database without entries exports `values` as an empty object, without its `iterable`."""

    @instead(Pieces, "exported")
    def exported(right: Any, database: Pieces) -> Any:
        found = right(database)
        return found if found["values"]["iterable"] else found | {"values": {}}

    @instead(strict, "_entries")
    def takes(right: Any, value: Any, name: str) -> Any:
        return None if value == {} else right(value, name)  # its own exports are taken back


# 1. Pieces OS, POST /database/import: a JSON body, which is merged
@pieces(Kind.TRANSPORT, "documented")
def charset_means_no_body(_: Strict) -> None:
    """A body whose Content-Type has a charset too is taken for no body, and answered with 204."""

    @instead(PiecesApi, "_import")
    def run(right: Any, api: PiecesApi, request: Request) -> Any:
        if ";" in request.headers.get("Content-Type", ""):
            return Answer(204)
        return right(api, request)


# 1. Pieces OS: errors are text/plain, in both operations
@pieces(Kind.TRANSPORT, "documented")
def errors_as_json_where_json_is_taken(_: Strict) -> None:
    """Errors come as JSON to a client that accepts JSON beside plain text, as the SDK does."""

    @instead(PiecesApi, "handle")
    def run(right: Any, api: PiecesApi, request: Request) -> Any:
        try:
            return right(api, request)
        except Refused as error:
            if "application/json" not in request.headers.get("Accept", ""):
                raise
            body = json.dumps({"message": error.answer.body.decode().strip()}).encode()
            raise Refused(replace(error.answer, body=body, kind="application/json")) from None


# 1. Pieces OS, POST /database/import: what is imported is added
@pieces(Kind.IDENTITY, "documented")
def one_id_for_both_tables(_: Strict) -> None:
    """An entry of `messageValues` is held for known, and not added, where `values` has one of the same id."""

    @instead(Pieces, "merged")
    def run(right: Any, database: Pieces, body: dict[str, Any], stop_after: int | None) -> Any:
        result = right(database, body, stop_after)
        for name in MORE_TABLES:
            mine, there = database.tables.get(name, {}), result.tables.get("values", {})
            kept = {k: v for k, v in result.tables.get(name, {}).items() if k in mine or k not in there}
            result.tables[name] = kept
        return result
