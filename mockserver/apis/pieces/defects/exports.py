"""Wrong exports (document: Database API | Python SDK, database_export)."""

from __future__ import annotations

import base64
from collections.abc import Generator
from typing import Any

from semver import Version
from starlette.responses import Response
from starlette.types import Message, Scope, Send

from ....state.jsonio import dumps
from ....variants.defect import defect
from ....web.body import header
from ....web.call import Call, Exchange
from ....web.responses import text_response
from ....web.wire_policy import WirePolicy
from ..handlers import PiecesHandlers
from ..state.exported import (
    COLLECTIONS,
    FORMATS,
    OPTIONAL_COLLECTIONS,
    REQUIRED_COLLECTIONS,
    Exported,
    Format,
)
from ..state.pieces import ImportPlan, PiecesDatabase

_PATH = "/database/export"

# How it is asked for, and how it is answered


@defect("PI-EXP-01", "PI-DESC-04")
class ExportIsCreated(PiecesHandlers):
    """Answers an export with 201, as if a backup had been created."""

    async def exportDatabase(self, call: Call) -> Response:
        response = await super().exportDatabase(call)
        response.status_code = 201
        return response


@defect("PI-EXP-01")
class ExportWithoutBody(PiecesHandlers):
    """Answers an export with 200 and no body, since it writes the database to a file of its own."""

    async def exportDatabase(self, call: Call) -> Response:
        await super().exportDatabase(call)
        return Response(None, 200, None, "application/json")


@defect("PI-EXP-02")
class ExportNeedsAccept(PiecesHandlers):
    """Fails at an export whose request has no Accept header."""

    async def exportDatabase(self, call: Call) -> Response:
        if header(call.scope["headers"], b"accept") is None:
            return text_response("KeyError: 'Accept'\n", 500)
        return await super().exportDatabase(call)


@defect("PI-EXP-03", "PI-DESC-04")
class ExportNeedsToken(PiecesHandlers):
    """Refuses an export without an Authorization header."""

    async def exportDatabase(self, call: Call) -> Response:
        if header(call.scope["headers"], b"authorization") is None:
            return text_response("Who are you?\n", 401)
        return await super().exportDatabase(call)


@defect("PI-EXP-17", "PI-DESC-04")
class ExportChecksApplicationKey(PiecesHandlers):
    """Refuses an export with an application key that it does not know."""

    async def exportDatabase(self, call: Call) -> Response:
        if header(call.scope["headers"], b"x-application-id") is not None:
            return text_response("This application is not registered.\n", 403)
        return await super().exportDatabase(call)


@defect("PI-EXP-06", "PI-DESC-06")
class LastAcceptedTypeWins(PiecesHandlers):
    """Calls an export by the last media type that the client accepts."""

    async def exportDatabase(self, call: Call) -> Response:
        response = await super().exportDatabase(call)
        accepted = (header(call.scope["headers"], b"accept") or "").split(",")[-1].strip()
        if "*" not in accepted and accepted:
            response.headers["content-type"] = accepted
        return response


@defect("PI-EXP-06", "PI-DESC-04")
class AcceptReadAsOneType(PiecesHandlers):
    """Takes the whole Accept header for one media type, and refuses a list of two."""

    async def exportDatabase(self, call: Call) -> Response:
        accepted = header(call.scope["headers"], b"accept") or "*/*"
        if accepted not in {"*/*", "application/*", "application/json"}:
            return text_response(f"{accepted} is not available.\n", 406)
        return await super().exportDatabase(call)


@defect("PI-EXP-05", "PI-DESC-06")
class ExportIsDownload(PiecesHandlers):
    """Sends an export as a file of no particular type."""

    async def exportDatabase(self, call: Call) -> Response:
        response = await super().exportDatabase(call)
        response.headers["content-type"] = "application/octet-stream"
        response.headers["content-disposition"] = 'attachment; filename="pieces.json"'
        return response


def _failing(send: Send, *, status: int = 500, media_type: bytes = b"text/plain") -> Send:
    """Tells a failure with another status, or as another media type."""

    async def sending(message: Message) -> None:
        if message.get("status") == 500:
            kept = [item for item in message["headers"] if item[0] != b"content-type"]
            message = {**message, "status": status, "headers": [*kept, (b"content-type", media_type)]}
        await send(message)

    return sending


@defect("PI-EXP-18")
class FailedExportIsUnavailable(WirePolicy):
    """Answers an export that it cannot make with 503."""

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        onward = super().sending(send, exchange, scope)
        return _failing(onward, status=503) if exchange.path == _PATH else onward


@defect("PI-EXP-18")
class FailedExportIsOk(WirePolicy):
    """Answers an export that it cannot make with 200 and the words of the error."""

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        onward = super().sending(send, exchange, scope)
        return _failing(onward, status=200) if exchange.path == _PATH else onward


@defect("PI-EXP-19", "PI-DESC-06")
class FailedExportIsPage(WirePolicy):
    """Tells the failure of an export in HTML."""

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        onward = super().sending(send, exchange, scope)
        return _failing(onward, media_type=b"text/html") if exchange.path == _PATH else onward


@defect("PI-EXP-19", "PI-DESC-06")
class FailedExportIsJsonForWhoTakesIt(WirePolicy):
    """Tells the failure of an export as JSON to clients that accept JSON first."""

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        onward = super().sending(send, exchange, scope)
        json_first = (header(scope["headers"], b"accept") or "").startswith("application/json,")
        failing = exchange.path == _PATH and json_first
        return _failing(onward, media_type=b"application/json") if failing else onward


# What is in it


@defect("PI-EXP-04", "PI-DESC-07")
class ExportWrapped(PiecesDatabase):
    """Wraps the export in an object of its own."""

    def export(self) -> dict[str, Any]:
        return {"database": super().export(), "ok": True}


@defect("PI-EXP-04")
class ExportIsText(PiecesDatabase):
    """Sends the export as a JSON string that holds the JSON."""

    def export_json(self) -> bytes:
        return dumps(super().export_json().decode())


@defect("PI-EXP-07", "PI-DESC-07")
class NoFieldForNothing(PiecesDatabase):
    """Leaves out every collection that is empty, the required ones among them."""

    def export(self) -> dict[str, Any]:
        return {
            name: value for name, value in super().export().items() if value not in ([], {"iterable": []})
        }


@defect("PI-EXP-07")
class NewestCollectionForgotten(PiecesDatabase):
    """Forgets the sensitives in its exports, and asks for them in its imports."""

    def export(self) -> dict[str, Any]:
        return {name: value for name, value in super().export().items() if name != "sensitives"}


def _decoded(text: str) -> str | list[int]:
    try:
        return list(base64.b64decode(text, validate=True))
    except ValueError:
        return text


@defect("PI-EXP-08", "PI-EXP-09", "PI-ERR-07", "PI-DESC-07")
class CollectionsAsBase64(PiecesDatabase):
    """Writes the bytes of the collections as Base64, and reads them so, too."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        for name in COLLECTIONS:
            document[name] = base64.b64encode(bytes(document[name])).decode()
        return document

    def _read(self, document: object) -> Generator[None, None, Exported]:
        if isinstance(document, dict):
            document = {
                name: _decoded(value) if name in COLLECTIONS and isinstance(value, str) else value
                for name, value in document.items()
            }
        return (yield from super()._read(document))


@defect("PI-EXP-08", "PI-DESC-07")
class LengthBeforeBytes(PiecesDatabase):
    """Writes the length of a required collection before its bytes."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        return {
            name: [len(value), *value] if name in REQUIRED_COLLECTIONS else value
            for name, value in document.items()
        }


@defect("PI-EXP-09")
class OptionalCollectionsAsLists(PiecesDatabase):
    """Exports the bytes of every optional collection in an object, as those of a list of entries."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        wrapped: dict[str, Any] = {
            name: {"iterable": document[name]} for name in OPTIONAL_COLLECTIONS if name in document
        }
        return {**document, **wrapped}


@defect("PI-EXP-10", "PI-EXP-11", "PI-IMP-04")
class RawAsText(PiecesDatabase):
    """Writes the bytes of an entry as text."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        for name in FORMATS:
            for entry in document[name]["iterable"]:
                entry["raw"] = bytes(entry["raw"]).decode(errors="replace")
        return document


@defect("PI-EXP-10", "PI-EXP-11", "PI-DESC-07")
class IdsAsNumbers(PiecesDatabase):
    """Writes the ids of entries as numbers."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        for name in FORMATS:
            for number, entry in enumerate(document[name]["iterable"]):
                entry["id"] = number
        return document


@defect("PI-EXP-10")
class ValuesWithoutIterable(PiecesDatabase):
    """Writes the values as an array, without the object around it."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        return {**document, "values": document["values"]["iterable"]}


@defect("PI-EXP-10", "PI-DESC-07")
class ValuesById(PiecesDatabase):
    """Writes the values as an object with a field for each id."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        entries = document["values"]["iterable"]
        return {**document, "values": {"iterable": {entry["id"]: entry["raw"] for entry in entries}}}


@defect("PI-EXP-11", "PI-DESC-07")
class MessagesWithoutIterable(PiecesDatabase):
    """Writes the values of messages as an array, without the object around it."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        return {**document, "messageValues": document["messageValues"]["iterable"]}


@defect("PI-EXP-12", "PI-DESC-07")
class VersionInParts(PiecesDatabase):
    """Writes its version as an object of three numbers."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        major, minor, patch = Version.parse(self.version).to_tuple()[:3]
        return {**document, "version": {"major": major, "minor": minor, "patch": patch}}


@defect("PI-EXP-12")
class VersionLeftEmpty(PiecesDatabase):
    """Leaves the version of its exports empty."""

    def export(self) -> dict[str, Any]:
        return {**super().export(), "version": ""}


@defect("PI-EXP-13", "PI-DESC-07")
class SchemaWithoutSemantic(PiecesDatabase):
    """Writes the migration of its schema alone."""

    def export(self) -> dict[str, Any]:
        return {**super().export(), "schema": {"migration": self.migration}}


@defect("PI-EXP-13")
class MigrationAsText(PiecesDatabase):
    """Writes the migration of its schema as text."""

    def export(self) -> dict[str, Any]:
        return {**super().export(), "schema": {"migration": str(self.migration), "semantic": self.semantic}}


@defect("PI-EXP-14")
class VersionWithLetter(PiecesDatabase):
    """Writes a v before its version, and reads over one."""

    def export(self) -> dict[str, Any]:
        return {**super().export(), "version": f"v{self.version}"}

    def plan_steps(self, document: object) -> Generator[None, None, ImportPlan]:
        if isinstance(document, dict) and isinstance(document.get("version"), str):
            document = {**document, "version": document["version"].removeprefix("v")}
        return (yield from super().plan_steps(document))


# When it is made


@defect("PI-EXP-15", "PI-IMP-05", "PI-IMP-19")
class ExportRenewedTooLate(PiecesDatabase):
    """Gives out the old export once more after an import, and makes a new one only then."""

    _latest: bytes | None = None

    def export_json(self) -> bytes:
        old, self._latest = self._latest, super().export_json()
        return self._latest if old is None else old


@defect("PI-IMP-10", "PI-IMP-22")
class ExportKeptForEver(PiecesDatabase):
    """Makes its export once, and never again."""

    _first: bytes | None = None

    def export_json(self) -> bytes:
        if self._first is None:
            self._first = super().export_json()
        return self._first


@defect("PI-EXP-16")
class ExportsAreLogged(PiecesDatabase):
    """Notes every export as an activity in the database."""

    def export_json(self) -> bytes:
        exported = super().export_json()
        number = len(self._contents.entries.get("activities", {}))
        entry = dumps({"id": f"export-{number}", "event": "exported"})
        self.apply(ImportPlan(Exported({"activities": {f"export-{number}": entry}})))
        return exported


@defect("PI-EXP-16")
class ExportTakesEntriesOut(PiecesDatabase):
    """Moves the first entry out of the database with every export."""

    def export_json(self) -> bytes:
        exported = super().export_json()
        contents = self._contents
        values: dict[str, Format] = dict(list(contents.formats.get("values", {}).items())[1:])
        self._swap(type(contents)(contents.entries, {**contents.formats, "values": values}))
        return exported
