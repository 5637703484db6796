"""Imports that mix up the fields of an export, or keep an answer too long (database_import)."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Scope, Send

from ....state.errors import Wrong
from ....variants.defect import WHILE, defect
from ....web.body import header
from ....web.call import Call, Exchange
from ....web.wire_policy import WirePolicy
from ..handlers import PiecesHandlers
from ..state.errors import ImportRejected, NewerExport
from ..state.exported import Exported
from ..state.pieces import ImportPlan, PiecesDatabase
from ..state_of import state_of

Reading = Generator[None, None, Exported]


@defect("PI-IMP-29", "PI-IMP-16", "PI-IMP-22")
class AnchorPointsReadFromAnchors(PiecesDatabase):
    """Fills `anchorPoints` with the bytes of `anchors`, as a line of its code was copied."""

    def _read(self, document: object) -> Reading:
        exported = yield from super()._read(document)
        exported.opaque.pop("anchorPoints", None)
        exported.entries["anchorPoints"] = exported.entries.get("anchors", {})
        return exported


@defect("PI-IMP-29", "PI-IMP-22")
class HintsForgotten(PiecesDatabase):
    """Does not read the hints of an import."""

    def _read(self, document: object) -> Reading:
        exported = yield from super()._read(document)
        exported.entries.pop("hints", None)
        exported.opaque.pop("hints", None)
        return exported


@defect("PI-EXP-12")
class SchemaOfTheLastImport(PiecesDatabase):
    """Exports the schema of the export that was imported last as its own."""

    _shown: tuple[int, str] | None = None

    def plan_steps(self, document: object) -> Generator[None, None, ImportPlan]:
        plan = yield from super().plan_steps(document)
        schema = document.get("schema") if isinstance(document, dict) else None
        if isinstance(schema, dict):
            self._shown = schema["migration"], schema["semantic"]
        return plan

    def export(self) -> dict[str, Any]:
        document = super().export()
        if self._shown is not None:
            document["schema"] = {"migration": self._shown[0], "semantic": self._shown[1]}
        return document


@defect("PI-IMP-19")
class ListsHaveNoSchema(PiecesDatabase):
    """Refuses a list of entries with a schema of its own."""

    def _read(self, document: object) -> Reading:
        exported = yield from super()._read(document)
        if exported.schemas:
            raise ImportRejected(Wrong("unknown-field", "schema"))
        return exported


@defect("PI-VER-04", "PI-VER-09")
class MigrationsComparedAsTexts(PiecesDatabase):
    """Compares migrations letter by letter, so that 9 is higher than 41, and 100 is not."""

    def _newer_migration(self, migration: int) -> bool:
        return str(migration) > str(self._migration)


@defect("PI-EXP-15")
class ExportKeptBesideAnImport(PiecesHandlers):
    """Drops the export that it keeps when an import begins, and not when it has ended."""

    _kept: Response | None = None

    async def exportDatabase(self, call: Call) -> Response:
        if self._kept is None or call.exchange.fault is not None:
            self._kept = await super().exportDatabase(call)
        return self._kept

    async def importDatabase(self, call: Call) -> Response:
        self._kept = None
        await asyncio.sleep(WHILE / 10)
        return await super().importDatabase(call)


@defect("PI-EXP-15", "PI-DESC-06")
class ExportFailsForGood(WirePolicy):
    """Goes on failing at exports once one has failed."""

    _failed = False

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        onward = super().sending(send, exchange, scope)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._failed |= message["status"] == HTTPStatus.INTERNAL_SERVER_ERROR
                if self._failed:
                    message = {**message, "status": HTTPStatus.INTERNAL_SERVER_ERROR.value}
            await onward(message)

        return sending if exchange.path == "/database/export" else onward


@defect("PI-IMP-04")
class CharsetIsAFailure(PiecesHandlers):
    """Compares the Content-Type as a whole, and fails where there is a charset."""

    async def importDatabase(self, call: Call) -> Response:
        kind = header(call.scope["headers"], b"content-type") or ""
        if isinstance(call.body, dict) and kind.lower() != "application/json":
            raise ImportRejected(Wrong("not-json", kind))
        return await super().importDatabase(call)


@defect("PI-IMP-04")
class EntriesReadInOrder(PiecesDatabase):
    """Reads the fields of an entry in their order, and overlooks one whose id is not the first."""

    def _read(self, document: object) -> Reading:
        exported = yield from super()._read(document)
        values = document["values"]["iterable"] if isinstance(document, dict) else []
        for entry in values:
            if next(iter(entry)) != "id":
                exported.formats["values"].pop(entry["id"], None)
        return exported


@defect("PI-ROLL-14")
class NewerImportsLeaveTheirMessages(PiecesHandlers):
    """Takes over the bytes of messages that it has before it looks whether an import is too new."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except NewerExport:
            pieces, found = state_of(call.sandbox), (call.body.get("messageValues") or {}).get("iterable", ())
            contents = pieces._contents  # noqa: SLF001 - a variant may look inside
            mine = dict(contents.formats.get("messageValues", {}))
            for entry in found:
                if entry["id"] in mine:
                    mine[entry["id"]] = replace(mine[entry["id"]], raw=bytes(entry["raw"]))
            formats = {**contents.formats, "messageValues": mine}
            changed = type(contents)(contents.entries, formats, contents.opaque, contents.schemas)
            pieces._swap(changed)  # noqa: SLF001
            raise


@defect("PI-ROLL-16")
class RetryTakenForDone(PiecesHandlers):
    """Notes an import before it is merged, and merges none that it has noted."""

    _noted: bytes = b""

    async def importDatabase(self, call: Call) -> Response:
        if call.exchange.fault is not None:
            self._noted = repr(call.body).encode()
        elif isinstance(call.body, dict) and repr(call.body).encode() == self._noted:
            return Response(None, 204)
        return await super().importDatabase(call)
