"""Wrong answers of Pieces OS to what it cannot use, and wrong paths (contract: Pieces OS)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ....state.jsonio import dumps
from ....variants.defect import defect
from ....web.body import header, read_body
from ....web.call import ABSENT, Call, Exchange
from ....web.connexion.validation import BodyRule, Validation
from ....web.negotiated import Negotiated
from ....web.problems import BadRequest, MethodNotAllowed, UnknownPath
from ....web.responses import text_response
from ....web.wire_policy import WirePolicy
from ..errors import PiecesErrors
from ..handlers import PiecesHandlers
from ..state.errors import ImportRejected, NewerExport

# How an error is told


@defect("PI-ERR-01", "PI-ERR-02", "PI-DESC-06")
class ErrorsAreJson(PiecesErrors):
    """Tells every error as JSON."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        told = super().response(error, answer)
        body = dumps({"error": bytes(told.body).decode().strip()})
        return Response(body, told.status_code, None, "application/json")


@defect("PI-ERR-01", "PI-DESC-06")
class FailuresArePages(PiecesErrors):
    """Tells a failure by a page in HTML, and everything else in plain text."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        told = super().response(error, answer)
        if told.status_code == 500:
            told.headers["content-type"] = "text/html; charset=utf-8"
        return told


@defect("PI-ERR-02", "PI-DESC-06")
class UpdateHintIsJson(PiecesHandlers):
    """Tells in JSON that the import is too new, with the version to update to."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except NewerExport as error:
            return Response(dumps({"update": str(error.wrong.value)}), 505, None, "application/json")


@defect("PI-ERR-03")
class ErrorsWithoutWords(PiecesErrors):
    """Answers errors with the status alone."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        return text_response("", super().response(error, answer).status_code)


@defect("PI-ERR-03")
class UpdateHintLeftBlank(PiecesHandlers):
    """Answers an import that is too new with a blank line."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except NewerExport:
            return text_response("\n", 505)


# With which status


@defect("PI-ERR-04", "PI-DESC-05")
class MalformedJsonIs422(PiecesErrors):
    """Answers malformed JSON with 422, as its framework does by itself."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        told = super().response(error, answer)
        if isinstance(error, BadRequest):
            told.status_code = 422
        return told


@defect(
    *("PI-ERR-05", "PI-ERR-06", "PI-ERR-07", "PI-ERR-08", "PI-ERR-09", "PI-ERR-10", "PI-ERR-11"),
    *("PI-ERR-12", "PI-ERR-13", "PI-ERR-14", "PI-IMP-21", "PI-DESC-05"),
)
class WhatItRefusesIs422(PiecesHandlers):
    """Answers 422 to every import that it refuses or fails at."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except ImportRejected as error:
            return text_response(f"{error}\n", 422)


@defect("PI-ERR-13", "PI-ROLL-19")
class FailureInsideSwallowed(PiecesHandlers):
    """Notes a failure in the middle of a merge in its log, and answers 204."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except ImportRejected:
            if call.exchange.fault is None:
                raise
            return Response(None, 204)


@defect("PI-ERR-13", "PI-DESC-05")
class FailureInsideIsUnavailable(PiecesHandlers):
    """Answers 503 when it fails in the middle of a merge, so that the client may try again."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except ImportRejected as error:
            if call.exchange.fault is None:
                raise
            return text_response(f"{error}\n", 503, {"Retry-After": "1"})


# What is not a JSON object


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


@defect("PI-ERR-04")
class BrokenJsonIsNothing(Validation):
    """Takes a body that it cannot parse for none."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        try:
            return await super().body(rule, scope, receive)
        except BadRequest:
            if rule.operation_id == "importDatabase":
                return ABSENT
            raise


@defect("PI-ERR-04")
class BadUtf8Replaced(Validation):
    """Replaces bytes that are not UTF-8 by question marks, and reads on."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        if rule.operation_id == "importDatabase":
            receive = _again((await read_body(receive)).decode(errors="replace").encode())
        return await super().body(rule, scope, receive)


@defect("PI-ERR-05", "PI-IMP-21")
class FalseIsNothing(PiecesHandlers):
    """Takes every body for none that its language takes for false."""

    async def importDatabase(self, call: Call) -> Response:
        return await super().importDatabase(call) if call.body else Response(None, 204)


@defect("PI-ERR-05")
class ArraysImportedOneByOne(PiecesHandlers):
    """Takes an array for several databases, and imports one after the other."""

    async def importDatabase(self, call: Call) -> Response:
        for body in call.body if isinstance(call.body, list) else [call.body]:
            await super().importDatabase(replace(call, body=body))
        return Response(None, 204)


# Where there is no answer, or one where none should be


class _HangUp(Response):
    """Begins an answer and does not end it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        msg = "the worker died"
        raise ConnectionError(msg)


@defect("PI-DESC-08", "PI-ERR-04")
class DiesOfBadUtf8(PiecesErrors):
    """Hangs up on a client that sends bytes that are not UTF-8."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        dead = isinstance(error, BadRequest) and "UTF-8" in str(error.detail)
        return _HangUp() if dead else super().response(error, answer)


@defect("PI-DESC-08", "PI-IMP-21")
class DiesOfNull(PiecesHandlers):
    """Hangs up on a client that sends null."""

    async def importDatabase(self, call: Call) -> Response:
        return _HangUp() if call.body is None else await super().importDatabase(call)


@defect("PI-DESC-01", "PI-DESC-04", "PI-DESC-05")
class PathsBelowVersion(WirePolicy):
    """Has its operations below /v1, and nothing where they are documented."""

    def path(self, exchange: Exchange, path: str) -> str:
        path = super().path(exchange, path)
        if path.startswith("/database/"):
            msg = "Not found."
            raise UnknownPath(msg)
        return path.removeprefix("/v1") if path.startswith("/v1/database/") else path


@defect("PI-DESC-01", "PI-DESC-05")
class ImportByPut(PiecesHandlers):
    """Wants an import by PUT, and refuses POST."""

    async def importDatabase(self, call: Call) -> Response:
        raise MethodNotAllowed(call.scope["method"], ["PUT"])


@defect("PI-DESC-10")
class PutIsPost(WirePolicy):
    """Imports what is put as what is posted."""

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        if exchange.path == "/database/import" and scope["method"] == "PUT":
            scope["method"] = "POST"
        return super().sending(send, exchange, scope)


@defect("PI-DESC-10")
class AnyMethodExports(WirePolicy):
    """Answers every method at the path of the export with an export."""

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        if exchange.path == "/database/export":
            scope["method"] = "GET"
        return super().sending(send, exchange, scope)


@defect("PI-DESC-10")
class UnknownMethodIsFailure(PiecesErrors):
    """Answers a method that it does not know with 500, the only error that it has."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        told = super().response(error, answer)
        if isinstance(error, MethodNotAllowed):
            told.status_code = 500
        return told


@defect("PI-ERR-01", "PI-ERR-02", "PI-DESC-06")
class ErrorsAreJsonForWhoTakesIt(PiecesHandlers):
    """Tells errors of imports as JSON to clients that accept JSON beside plain text."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except (ImportRejected, NewerExport) as error:
            if "application/json" not in (header(call.scope["headers"], b"accept") or ""):
                raise
            status = 505 if isinstance(error, NewerExport) else 500
            return Response(dumps({"error": str(error)}), status, None, "application/json")


@defect("PI-ERR-01", "PI-DESC-06")
class FailuresInsideAreJsonForWhoTakesIt(PiecesHandlers):
    """Tells a failure inside an import as JSON to clients that accept JSON beside plain text."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except ImportRejected as error:
            accepted = header(call.scope["headers"], b"accept") or ""
            if call.exchange.fault is None or "application/json" not in accepted:
                raise
            return Response(dumps({"error": str(error)}), 500, None, "application/json")
