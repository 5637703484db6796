"""Wrong imports: how they are sent and answered (document: Database API | Python SDK, database_import)."""

from __future__ import annotations

from collections.abc import Callable, Generator

from starlette.responses import Response

from ....state.errors import Wrong
from ....variants.defect import defect
from ....web.body import header
from ....web.call import ABSENT, Call
from ....web.responses import text_response
from ..handlers import PiecesHandlers
from ..state.errors import ImportRejected
from ..state.exported import OPTIONAL_COLLECTIONS, Exported
from ..state.pieces import ImportPlan, PiecesDatabase
from ..state_of import state_of

# The answer


@defect("PI-IMP-01", "PI-IMP-08", "PI-DESC-05")
class ImportAnswersOk(PiecesHandlers):
    """Answers an import that succeeded with 200."""

    async def importDatabase(self, call: Call) -> Response:
        await super().importDatabase(call)
        return Response(None, 200)


@defect("PI-IMP-01", "PI-IMP-02", "PI-IMP-08", "PI-DESC-05")
class ImportReturnsDatabase(PiecesHandlers):
    """Answers an import with 200 and the merged database."""

    async def importDatabase(self, call: Call) -> Response:
        await super().importDatabase(call)
        return await self.exportDatabase(call)


@defect("PI-IMP-02")
class BodyBehindNoContent(PiecesHandlers):
    """Sends a body behind the 204 of an import."""

    async def importDatabase(self, call: Call) -> Response:
        response = await super().importDatabase(call)
        response.body = b'{"ok": true}'
        response.headers["content-length"] = str(len(response.body))
        response.headers["connection"] = "close"
        return response


# The request


@defect("PI-IMP-03", "PI-DESC-05")
class ImportNeedsToken(PiecesHandlers):
    """Refuses an import without an Authorization header, for it changes something."""

    async def importDatabase(self, call: Call) -> Response:
        if header(call.scope["headers"], b"authorization") is None:
            return text_response("Who are you?\n", 401)
        return await super().importDatabase(call)


@defect("PI-IMP-04", "PI-DESC-05")
class ImportWantsCharset(PiecesHandlers):
    """Refuses JSON whose Content-Type names no charset."""

    async def importDatabase(self, call: Call) -> Response:
        if header(call.scope["headers"], b"content-type") == "application/json":
            return text_response("In which charset?\n", 415)
        return await super().importDatabase(call)


@defect("PI-IMP-05", "PI-DESC-05")
class ImportAnswersJsonOnly(PiecesHandlers):
    """Refuses an import whose client accepts plain text only."""

    async def importDatabase(self, call: Call) -> Response:
        if header(call.scope["headers"], b"accept") == "text/plain":
            return text_response("There is no text to be had.\n", 406)
        return await super().importDatabase(call)


@defect("PI-IMP-23", "PI-DESC-05")
class ImportChecksApplicationKey(PiecesHandlers):
    """Refuses an import with an application key that it does not know."""

    async def importDatabase(self, call: Call) -> Response:
        if header(call.scope["headers"], b"x-application-id") is not None:
            return text_response("This application is not registered.\n", 403)
        return await super().importDatabase(call)


@defect("PI-IMP-07", "PI-DESC-05")
class EmptyBodyIsNoBody(PiecesHandlers):
    """Refuses an import whose body is announced and empty, and takes one without any."""

    async def importDatabase(self, call: Call) -> Response:
        if header(call.scope["headers"], b"content-length") == "0":
            return text_response("The body is empty.\n", 400)
        return await super().importDatabase(call)


@defect("PI-IMP-07", "PI-IMP-08", "PI-DESC-05")
class ImportRequiresBody(PiecesHandlers):
    """Answers an import without a body with 400."""

    async def importDatabase(self, call: Call) -> Response:
        if call.body is ABSENT:
            return text_response("The body is missing.\n", 400)
        return await super().importDatabase(call)


@defect("PI-IMP-08")
class NothingIsNoDatabase(PiecesHandlers):
    """Fails at an import without a body."""

    async def importDatabase(self, call: Call) -> Response:
        if call.body is ABSENT:
            raise ImportRejected(Wrong("no-database"))
        return await super().importDatabase(call)


@defect("PI-IMP-09")
class NothingEmptiesDatabase(PiecesHandlers):
    """Takes an import without a body for a database without content, and becomes that."""

    async def importDatabase(self, call: Call) -> Response:
        if call.body is ABSENT:
            pieces = state_of(call.sandbox)
            call.sandbox.states["pieces"] = type(pieces)(pieces.version, pieces.migration, pieces.semantic)
        return await super().importDatabase(call)


@defect("PI-IMP-21")
class NullIsNothing(PiecesHandlers):
    """Takes null for no body at all, and answers 204."""

    async def importDatabase(self, call: Call) -> Response:
        return Response(None, 204) if call.body is None else await super().importDatabase(call)


@defect("PI-IMP-10")
class ImportOnlyChecked(PiecesHandlers):
    """Checks an import, answers 204 and merges it never."""

    async def importDatabase(self, call: Call) -> Response:
        pieces = state_of(call.sandbox)
        call.sandbox.states["pieces"] = pieces.fork()
        try:
            return await super().importDatabase(call)
        finally:
            call.sandbox.states["pieces"] = pieces


# What may be in it

Reading = Generator[None, None, Exported]


@defect("PI-IMP-06")
class KnownIdsRefused(PiecesDatabase):
    """Refuses an import with a value whose id it has already."""

    def apply(self, plan: ImportPlan, probe: Callable[[int], None] | None = None) -> None:
        known = (
            self._contents.formats.get("values", {}).keys() & plan.exported.formats.get("values", {}).keys()
        )
        if known:
            raise ImportRejected(Wrong("duplicate-key", min(known)))
        super().apply(plan, probe)


@defect("PI-IMP-18")
class SchemaIsRequired(PiecesDatabase):
    """Refuses an import without a schema, as its own exports have one."""

    def _read(self, document: object) -> Reading:
        exported = yield from super()._read(document)
        if exported.migration is None:
            raise ImportRejected(Wrong("missing"), "schema")
        return exported


@defect("PI-IMP-18")
class EveryCollectionIsRequired(PiecesDatabase):
    """Refuses an import without one of the optional collections."""

    def _read(self, document: object) -> Reading:
        exported = yield from super()._read(document)
        for name in OPTIONAL_COLLECTIONS:
            if name not in exported.entries:
                raise ImportRejected(Wrong("missing"), name)
        return exported


@defect("PI-IMP-19", "PI-IMP-06")
class SchemaOfValueRefused(PiecesDatabase):
    """Refuses a value with a schema of its own, for it has no column for that."""

    def _read(self, document: object) -> Reading:
        exported = yield from super()._read(document)
        for id_, item in exported.formats["values"].items():
            if item.schema is not None:
                raise ImportRejected(Wrong("unknown-field", "schema"), id_)
        return exported


@defect("PI-IMP-20")
class NullRefused(PiecesDatabase):
    """Refuses null where a field may be left out."""

    def _read(self, document: object) -> Reading:
        for name, value in document.items() if isinstance(document, dict) else ():
            if value is None:
                raise ImportRejected(Wrong("not-an-array"), name)
        return (yield from super()._read(document))


@defect("PI-IMP-20")
class NullEmptiesCollection(PiecesDatabase):
    """Empties a collection for which an import has null."""

    def _read(self, document: object) -> Reading:
        exported = yield from super()._read(document)
        contents = self._contents
        nulls = (
            {name for name, value in document.items() if value is None} if isinstance(document, dict) else ()
        )
        entries = {name: {} if name in nulls else group for name, group in contents.entries.items()}
        formats = {name: {} if name in nulls else group for name, group in contents.formats.items()}
        self._swap(type(contents)(entries, formats))
        return exported
