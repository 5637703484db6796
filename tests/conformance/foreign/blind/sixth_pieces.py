"""The sixth round, Pieces OS: what goes wrong around a merge, its revert, and what an export shows."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import semver

from ..servers.strict import pieces as right_pieces
from ..servers.strict.__main__ import Strict
from ..servers.strict.pieces import MIGRATION, MORE_TABLES, TABLES, VERSION, Pieces, PiecesApi, refused
from ..servers.strict.web import Answer, Request
from . import fourth_pieces, third_pieces
from .registry import Kind, instead, pieces

Import = Callable[[PiecesApi, Request], Answer]
Merge = Callable[[Pieces, dict[str, Any], int | None], Pieces]
Export = Callable[[Pieces], dict[str, Any]]

ALL_TABLES = (*TABLES, *MORE_TABLES)


def _thinned(
    body: dict[str, Any], keep: Callable[[str, dict[str, Any]], bool], names: Iterable[str] = ALL_TABLES
) -> dict[str, Any]:
    """The body with those entries alone that are to be kept."""
    found = dict(body)
    for name in names:
        if body.get(name):
            kept = [one for one in body[name]["iterable"] if keep(name, one)]
            found[name] = {**body[name], "iterable": kept}
    return found


def _raws(body: dict[str, Any], change: Callable[[list[int]], Any], names: Iterable[str]) -> dict[str, Any]:
    """The export with the bytes of its entries changed."""
    for name in names:
        if name in body:
            body[name] = {"iterable": [{**one, "raw": change(one["raw"])} for one in body[name]["iterable"]]}
    return body


# POST /database/import: the import merges, what is imported is added
@pieces(Kind.SAME_TIME, "documented", like=fourth_pieces.lost_import)
def imports_at_the_same_time_lose_one(_: Strict) -> None:
    """An import merges into the database as it was when the import began, and so undoes another meanwhile."""


# POST /database/import: the import merges; only the one that fails is reverted
@pieces(Kind.SAME_TIME, "documented", like=third_pieces.failed_import_takes_another_with_it)
def a_revert_takes_another_import_along(_: Strict) -> None:
    """A failing import puts back the copy that it made at its start, without another's import in between."""


# POST /database/import: the import merges; a failed one has merged nothing, so the next has it all to do
@pieces(Kind.AFTER, "documented", like=third_pieces.retry_after_a_failure_is_skipped)
def a_failed_import_sent_again_counts_as_done(_: Strict) -> None:
    """The digest of a body is remembered before it is merged, so a second try after a failure is skipped."""


# POST /database/import: what was there stays; GET /database/export: the current database
@pieces(Kind.LONG, "documented")
def optional_entries_expire_after_a_day(server: Strict) -> None:
    """Imported messageValues and workstreamEventValues lie in a cache, and are gone after a day."""

    @instead(Pieces, "merged")
    def merged(right: Merge, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        result, now = right(self, body, stop_after), server.clock.now()
        since = dict(vars(self).get("since", {}))
        for name in MORE_TABLES:
            for one in result.tables.get(name, {}):
                since.setdefault((name, one), now)
        vars(result)["since"] = since
        return result

    @instead(Pieces, "exported")
    def exported(right: Export, self: Pieces) -> dict[str, Any]:
        since: dict[tuple[str, str], Any] = vars(self).get("since", {})
        for (name, one), then in list(since.items()):
            if server.clock.now() - then >= timedelta(days=1):
                self.tables.get(name, {}).pop(one, None)
                del since[name, one]
        return right(self)


# POST /database/import: what is imported is added; each of the three lists has entries of its own
@pieces(Kind.IDENTITY, "documented")
def an_id_in_one_table_bars_it_from_the_others(_: Strict) -> None:
    """Ids are held unique over values, messageValues and workstreamEventValues together."""

    @instead(Pieces, "merged")
    def merged(right: Merge, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        owner = {one: name for name, entries in self.tables.items() for one in entries}
        thin = _thinned(body, lambda name, one: owner.setdefault(one["id"], name) == name)
        return right(self, thin, stop_after)


# ExportedDatabaseFormat: raw is bytes as integers, 0-255
@pieces(Kind.FIDELITY, "published")
def raw_of_optional_entries_is_exported_signed(_: Strict) -> None:
    """The bytes of messageValues and workstreamEventValues are exported as signed bytes, -128 to 127."""

    def signed(raw: list[int]) -> list[int]:
        return [one - 256 if one > 127 else one for one in raw]

    instead(Pieces, "exported")(lambda right, self: _raws(right(self), signed, MORE_TABLES))


# ExportedDatabaseFormat: raw is required, an array
@pieces(Kind.FIDELITY, "published")
def empty_raw_is_exported_as_null(_: Strict) -> None:
    """An entry without a byte is exported with null for its raw, as an empty list counts as nothing."""
    instead(Pieces, "exported")(lambda right, self: _raws(right(self), lambda raw: raw or None, ALL_TABLES))


# POST /database/import: 204, 500 and 505, and no other status
@pieces(Kind.SIZES, "documented", like=fourth_pieces.body_limit_of_the_framework)
def import_beyond_100_kilobytes_gets_413(_: Strict) -> None:
    """The body parser keeps its default limit of 100 kilobytes, and answers 413 beyond it."""


# POST /database/import: what is imported is added, all of it
@pieces(Kind.COMBINED, "documented")
def beside_message_values_workstream_values_are_ignored(_: Strict) -> None:
    """An else too many: where an import has messageValues, its workstreamEventValues are not merged."""

    @instead(Pieces, "merged")
    def merged(right: Merge, self: Pieces, body: dict[str, Any], stop_after: int | None) -> Pieces:
        if (body.get("messageValues") or {}).get("iterable"):
            body = {name: value for name, value in body.items() if name != "workstreamEventValues"}
        return right(self, body, stop_after)


# 505: the export comes from a newer server (a backup never opens on an earlier version)
@pieces(Kind.COMBINED, "published")
def a_known_migration_outweighs_a_newer_version(_: Strict) -> None:
    """Where the import has a schema, its migration alone decides, and a newer version is taken."""

    @instead(right_pieces, "_not_newer")
    def not_newer(right: Callable[[dict[str, Any]], None], body: dict[str, Any]) -> None:
        if body.get("schema") and body["schema"]["migration"] <= MIGRATION:
            try:
                semver.Version.parse(body["version"])
            except ValueError:
                raise refused(500, "version: no semantic version") from None
            return
        right(body)


# a backup opens on the same and later versions (a pre-release comes before its release)
@pieces(Kind.COMPARED, "published")
def a_pre_release_counts_as_newer(_: Strict) -> None:
    """All numbers in the texts are compared, so 11.0.2-beta.1 has one more and is newer than 11.0.2."""

    @instead(right_pieces, "_not_newer")
    def not_newer(right: Callable[[dict[str, Any]], None], body: dict[str, Any]) -> None:
        right(body)
        theirs, mine = ([int(n) for n in re.findall(r"\d+", text)] for text in (body["version"], VERSION))
        if theirs > mine:
            raise refused(505, "the export comes from a newer Pieces OS: update this one")


# POST /database/import: what is imported is added (an offer to upgrade is to be ignored, and the body read)
@pieces(Kind.TRANSPORT, "documented")
def an_offer_to_upgrade_costs_the_body(_: Strict) -> None:
    """A request that offers Upgrade is read as one without a body: 204, and nothing is merged."""

    instead(PiecesApi, "_import")(
        lambda right, self, request: right(
            self, replace(request, body=b"") if "Upgrade" in request.headers else request
        )
    )


# POST /database/import: the body is optional
@pieces(Kind.TRANSPORT, "documented")
def no_body_of_type_json_is_refused(_: Strict) -> None:
    """A request without a body, but with the Content-Type of JSON as of the SDK, is parsed and fails."""

    @instead(PiecesApi, "_import")
    def imported(right: Import, self: PiecesApi, request: Request) -> Answer:
        if request.method == "POST" and not request.body and "json" in request.headers["Content-Type"]:
            raise refused(400, "the body is no JSON")
        return right(self, request)
