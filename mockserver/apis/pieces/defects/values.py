"""Pieces OS that changes ids, bytes and numbers that are unlike the plain ones (database_import)."""

from __future__ import annotations

import unicodedata
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from semver import Version
from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from ....variants.defect import defect
from ....web.body import header, read_body
from ....web.call import ABSENT, Call
from ....web.connexion.validation import BodyRule, Validation
from ....web.problems import BadRequest
from ....web.responses import text_response
from ..handlers import PiecesHandlers
from ..state.exported import Format, version_of
from ..state.pieces import ImportPlan, PiecesDatabase
from .merge import Probe, with_lists

# Ids


@defect("PI-IMP-26")
class IdsTrimmed(PiecesDatabase):
    """Cuts off the blanks around ids."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        super().apply(with_lists(plan, lambda _, id_, item: (id_.strip(), item)), probe)


@defect("PI-IMP-26")
class IdsComposed(PiecesDatabase):
    """Takes ids for the same if their letters look the same, composed or not."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        def composed(_: str, id_: str, item: Format) -> tuple[str, Format]:
            return unicodedata.normalize("NFC", id_), item

        super().apply(with_lists(plan, composed), probe)


@defect("PI-IMP-26")
class IdsCutAt255(PiecesDatabase):
    """Keeps the first 255 characters of an id."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        super().apply(with_lists(plan, lambda _, id_, item: (id_[:255], item)), probe)


@defect("PI-IMP-17", "PI-IMP-26")
class OneIdForAllLists(PiecesDatabase):
    """Takes an id that stands in `values` for known in the other lists, too."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        known = {*self._contents.formats.get("values", {}), *plan.exported.formats.get("values", {})}

        def unless_known(name: str, id_: str, item: Format) -> tuple[str, Format] | None:
            return None if name != "values" and id_ in known else (id_, item)

        super().apply(with_lists(plan, unless_known), probe)


# Bytes and sizes


@defect("PI-IMP-12", "PI-IMP-17")
class BytesCutAt65535(PiecesDatabase):
    """Keeps the first 65,535 bytes of a value."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        def cut(_: str, id_: str, item: Format) -> tuple[str, Format]:
            return id_, replace(item, raw=item.raw[:65_535])

        super().apply(with_lists(plan, cut), probe)


@defect("PI-IMP-13")
class ThousandValuesAtMost(PiecesDatabase):
    """Merges the first thousand values of an import, as many as its batch takes."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        formats = {name: dict(list(group.items())[:1000]) for name, group in plan.exported.formats.items()}
        super().apply(ImportPlan(replace(plan.exported, formats=formats)), probe)


@defect("PI-IMP-01")
class BodiesUpToOneMebibyte(Validation):
    """Refuses a body of more than 1 MiB with 413."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        sent = await read_body(receive)

        async def again() -> Message:
            return {"type": "http.request", "body": sent, "more_body": False}

        if rule.operation_id == "importDatabase" and len(sent) > 1 << 20:
            raise BadRequest("The body is too large.")
        return await super().body(rule, scope, again)


@defect("PI-IMP-27")
class MigrationZeroIsNoSchema(PiecesDatabase):
    """Takes the schema of an entry whose migration is 0 for none."""

    def apply(self, plan: ImportPlan, probe: Probe = None) -> None:
        def without(_: str, id_: str, item: Format) -> tuple[str, Format]:
            missing = item.schema is not None and not item.schema[0]
            return id_, replace(item, schema=None) if missing else item

        super().apply(with_lists(plan, without), probe)


# Numbers


@defect("PI-VER-07")
class VersionNumbersWrap(PiecesDatabase):
    """Keeps each number of a version in 32 bits, so that a very large one is small."""

    def _newer(self, version: Version) -> bool:
        part = 0xFFFFFFFF
        major, minor, patch = version.major & part, version.minor & part, version.patch & part
        return super()._newer(Version(major, minor, patch, version.prerelease))


@defect("PI-VER-04")
class MigrationsWrap(PiecesDatabase):
    """Keeps a migration in 32 bits, so that a very large one is small."""

    def _newer_migration(self, migration: int) -> bool:
        return super()._newer_migration(migration & 0xFFFFFFFF)


@defect("PI-VER-04")
class MigrationOfOwnVersionOnly(PiecesDatabase):
    """Looks at the migration only where the versions are equal."""

    def plan_steps(self, document: object) -> Generator[None, None, ImportPlan]:
        if isinstance(document, dict):
            version = version_of(document.get("version"))
            if version is not None and version < self._semver:
                document = {**document, "schema": None}
        return (yield from super().plan_steps(document))


@defect("PI-VER-12")
class BuildMetadataCount(PiecesDatabase):
    """Takes a version with build metadata for newer than the same one without."""

    def _newer(self, version: Version) -> bool:
        return super()._newer(version) or (version == self._semver and bool(version.build))


# In other clothes


@defect("PI-IMP-04", "PI-DESC-05")
class CharsetRefused(PiecesHandlers):
    """Refuses a Content-Type with a parameter, such as a charset."""

    async def importDatabase(self, call: Call) -> Response:
        if ";" in (header(call.scope["headers"], b"content-type") or ""):
            return text_response("What is that?\n", 415)
        return await super().importDatabase(call)


@defect("PI-IMP-05", "PI-DESC-05")
class AcceptReadToTheFirstBlank(PiecesHandlers):
    """Of several ranges in Accept, does not know those behind a blank."""

    async def importDatabase(self, call: Call) -> Response:
        accept = (header(call.scope["headers"], b"accept") or "*/*").split(",")
        known = {one.partition(";")[0].lower() for one in accept}
        if len(accept) > 1 and not known & {"text/plain", "text/*", "*/*"}:
            return text_response("There is no text to be had.\n", 406)
        return await super().importDatabase(call)


@defect("PI-EXP-06")
class ExportReadsTheFirstRange(PiecesHandlers):
    """Looks at the first range of Accept only, and has no export where that is another one than JSON."""

    async def exportDatabase(self, call: Call) -> Response:
        accept = (header(call.scope["headers"], b"accept") or "*/*").lower()
        if accept.split(",")[0].partition(";")[0] not in {"application/json", "application/*", "*/*"}:
            return text_response("There is no such export.\n", 500)
        return await super().exportDatabase(call)


@defect("PI-IMP-28")
class NoBodyWithoutItsLength(Validation):
    """Takes a request without Content-Length for one without a body."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        there = header(scope["headers"], b"content-length") is not None
        given = there or rule.operation_id != "importDatabase"
        return await super().body(rule, scope, receive if given else nothing)


@defect("PI-IMP-04")
class CharsetMeansNoBody(PiecesHandlers):
    """Knows JSON by its plain name alone, and takes what has a charset for no body."""

    async def importDatabase(self, call: Call) -> Response:
        if ";" in (header(call.scope["headers"], b"content-type") or ""):
            return await super().importDatabase(replace(call, body=ABSENT))
        return await super().importDatabase(call)


@defect("PI-IMP-05")
class PlainTextMeansNoBody(PiecesHandlers):
    """Reads the body of clients that accept JSON, and for others only says that all is well."""

    async def importDatabase(self, call: Call) -> Response:
        accept = header(call.scope["headers"], b"accept") or "*/*"
        if isinstance(call.body, dict) and accept.lower().startswith("text/html"):
            return await super().importDatabase(replace(call, body=ABSENT))
        return await super().importDatabase(call)


@defect("PI-IMP-17", "PI-DESC-07")
class BytesOfMessagesSigned(PiecesDatabase):
    """Exports the bytes of messages as signed ones, so that 255 comes out as -1."""

    def export(self) -> dict[str, Any]:
        found = super().export()
        for entry in found["messageValues"]["iterable"]:
            entry["raw"] = [byte - 256 if byte > 127 else byte for byte in entry["raw"]]
        return found


@defect("PI-IMP-30")
class NoBodyBehindAnOffer(Validation):
    """Takes an import that offers to go on in another protocol for one without a body."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        offers = header(scope["headers"], b"upgrade") is not None and rule.operation_id == "importDatabase"
        return await super().body(rule, scope, nothing if offers else receive)
