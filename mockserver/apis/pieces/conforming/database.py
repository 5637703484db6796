"""Unusual exports and imports."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, ClassVar

from starlette.responses import Response

from ....state.errors import Wrong
from ....state.jsonio import dumps
from ....variants.conforming_variant import conforming
from ....web.call import Call
from ....web.negotiated import Negotiated
from ....web.problems import BadRequest
from ....web.responses import text_response
from ..errors import PiecesErrors, sentence
from ..handlers import PiecesHandlers
from ..state.errors import ImportRejected, NewerExport
from ..state.pieces import ImportPlan, PiecesDatabase


@conforming()
class KnownEntriesStay(PiecesDatabase):
    """Keeps the entry that is there when an import brings another one of its id."""

    def apply(self, plan: ImportPlan, probe: Callable[[int], None] | None = None) -> None:
        mine = self._contents
        super().apply(plan, probe)
        merged = self._contents
        for name, entries in mine.entries.items():
            merged.entries[name] = {**merged.entries[name], **entries}
        for name, formats in mine.formats.items():
            merged.formats[name] = {**merged.formats[name], **formats}


@conforming()
class MalformedBeforeNewer(PiecesDatabase):
    """Answers an export that is both too new and malformed as malformed."""

    def plan_steps(self, document: object) -> Generator[None, None, ImportPlan]:
        try:
            return (yield from super().plan_steps(document))
        except NewerExport:
            yield from self._read(document)
            raise


@conforming()
class EmptyOptionalsLeftOut(PiecesDatabase):
    """Leaves optional collections out of an export when they are empty."""

    _OPTIONAL = frozenset({"activities", "annotations", "anchors", "hints", "messageValues", "ranges"})

    def export(self) -> dict[str, Any]:
        empty: tuple[object, ...] = ([], {"iterable": []})
        return {
            name: value
            for name, value in super().export().items()
            if name not in self._OPTIONAL or value not in empty
        }


@conforming()
class NullsForAbsent(PiecesDatabase):
    """Exports null for every optional field that holds nothing."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        for name, value in document.items():
            if name in {"activities", "annotations", "hints", "ranges"}:
                document[name] = value or None
            elif name == "messageValues" and not value["iterable"]:
                document[name] = None
            elif isinstance(value, dict) and "iterable" in value:
                document[name] = {
                    "schema": None,
                    "iterable": [{"schema": None, **one} for one in value["iterable"]],
                }
        return document


@conforming()
class WorksByItself(PiecesDatabase):
    """Notes an event of its own before every third export."""

    __slots__ = ("_exports",)

    def export_json(self) -> bytes:
        self._exports = getattr(self, "_exports", 0) + 1
        if self._exports % 3 == 0:
            entries = self._contents.entries
            noted = {
                **entries.get("workstreamEvents", {}),
                (id_ := f"event-{self._exports}"): dumps({"id": id_}),
            }
            self._swap(type(self._contents)({**entries, "workstreamEvents": noted}, self._contents.formats))
        return super().export_json()


@conforming()
class IsAPreRelease(PiecesDatabase):
    """Is a pre-release of its version, and says so with its build number."""

    def __init__(self, version: str, migration: int, semantic: str) -> None:
        # A fork of its own has it already.
        suffix = "" if "+" in version else "-beta.3+build.7"
        super().__init__(version + suffix, migration, semantic)


@conforming()
class EntriesInOtherOrder(PiecesDatabase):
    """Exports the entries of each list in the order of their ids."""

    def export(self) -> dict[str, Any]:
        document = super().export()
        for value in document.values():
            if isinstance(value, dict) and "iterable" in value:
                value["iterable"].sort(key=lambda entry: entry["id"], reverse=True)
        return document


@conforming()
class NullIsTooNew(PiecesHandlers):
    """Answers null instead of a database with 505."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except ImportRejected:
            if call.body is None:
                raise NewerExport(Wrong("unknown-version")) from None
            raise


@conforming()
class UnknownFormatsDropped(PiecesDatabase):
    """Keeps an imported value only if the format, message or event that it belongs to is there."""

    _OWNERS: ClassVar = {
        "values": "formats",
        "messageValues": "conversationMessages",
        "workstreamEventValues": "workstreamEvents",
    }

    def apply(self, plan: ImportPlan, probe: Callable[[int], None] | None = None) -> None:
        super().apply(plan, probe)
        contents = self._contents
        formats = {
            name: {
                id_: item
                for id_, item in group.items()
                if id_ in contents.entries.get(self._OWNERS[name], {})
            }
            for name, group in contents.formats.items()
        }
        self._swap(type(contents)(contents.entries, formats))


@conforming()
class FrameworkAnswersFirst(PiecesHandlers):
    """Answers 400 to a body that is not an exported database, and 500 only to what its own code refuses."""

    _BEYOND_THE_MODEL = frozenset({"not-a-version", "not-mergeable"})

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except ImportRejected as error:
            if call.exchange.fault is not None or error.wrong.code in self._BEYOND_THE_MODEL:
                raise
            return text_response(f"{sentence(error)}\n", 400)


@conforming()
class MalformedJsonIs400(PiecesErrors):
    """Answers a body that is not JSON with 400, as a framework does by itself."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        told = super().response(error, answer)
        if isinstance(error, BadRequest):
            told.status_code = 400
        return told


@conforming()
class FailuresInOtherWords(PiecesErrors):
    """Words failures in another language, in several lines."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        response = super().response(error, answer)
        body = "Das geht leider nicht.\n\nBitte die Größe prüfen.".encode()
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return Response(body, response.status_code, headers)


@conforming()
class PlainTextWithoutCharset(PiecesErrors):
    """Tells errors in text/plain without a charset."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        response = super().response(error, answer)
        response.headers["content-type"] = "text/plain"
        return response
