"""Wrong errors (document: Making an API Request, and the published specification)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope

from ....state.errors import NotFound
from ....variants.defect import defect
from ....web.call import EXCHANGE
from ....web.connexion.validation import BodyRule, Validation
from ....web.errors import Refusal
from ....web.negotiated import Negotiated
from ....web.parameters import PathParameters
from ....web.problems import BadRequest, MethodNotAllowed, UnknownPath, UnsupportedMediaType
from ..errors import PixieBrixErrors
from ..state.merging import MergeStrategy
from ..state_of import state_of


@defect("PB-ERR-01", "PB-DESC-05")
class NotFoundUnderError(PixieBrixErrors):
    """Says under `error` that something is not found, not under `detail`."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, detail={"error": found.detail}) if found.status == 404 else found


@defect("PB-ERR-01", "PB-ERR-05", "PB-DESC-04")
class NotFoundPage(PixieBrixErrors):
    """Answers 404 with the page that a framework shows to a person."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        found = super().response(error, answer)
        if found.status_code != 404:
            return found
        return Response("<h1>Not Found</h1>", 404, None, "text/html; charset=utf-8")


@defect("PB-ERR-05", "PB-DESC-04")
class ProblemDetails(PixieBrixErrors):
    """Sends errors as application/problem+json, as other APIs do."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        found = super().response(error, answer)
        found.headers["content-type"] = "application/problem+json"
        return found


@defect("PB-ERR-02", "PB-JOB-17")
class FindingsInOneSentence(PixieBrixErrors):
    """Says in one `detail` what is wrong with all fields."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, detail=str(found.detail)) if found.status == 400 else found


@defect("PB-ERR-02")
class FindingsAreTexts(PixieBrixErrors):
    """Gives for each field one text, not a list of messages."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        if found.status != 400 or not isinstance(found.detail, dict):
            return found
        first = {name: told[0] if isinstance(told, list) else told for name, told in found.detail.items()}
        return replace(found, detail=first)


@defect("PB-ERR-02", "PB-JOB-17")
class FindingsInAList(PixieBrixErrors):
    """Gives the errors as a list of objects with `loc` and `msg`, as another framework does."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        if found.status != 400 or not isinstance(found.detail, dict):
            return found
        items = [{"loc": ["body", name], "msg": told} for name, told in found.detail.items()]
        return replace(found, detail={"detail": items})


@defect("PB-ERR-03")
class BrokenJsonIsNoBody(Validation):
    """Takes a body that is not JSON for an empty object."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        try:
            return await super().body(rule, scope, receive)
        except BadRequest as error:
            if not str(error).startswith("JSON parse error"):
                raise
        self.values(rule, {}, long=False)
        return {}


@defect("PB-ERR-03")
class BrokenJsonUnprocessable(PixieBrixErrors):
    """Answers 422 to a body that is not JSON."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, status=422) if str(error).startswith("JSON parse error") else found


@defect("PB-ERR-03", "PB-DESC-03", "PB-DESC-07")
class BrokenJsonBreaks(Validation):
    """Fails with a 500 at a body that is not JSON."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        try:
            return await super().body(rule, scope, receive)
        except BadRequest as error:
            if str(error).startswith("JSON parse error"):
                raise ValueError(error.detail) from None
            raise


@defect("PB-ERR-04", "PB-DESC-05")
class ForbiddenInAList(PixieBrixErrors):
    """Answers 403 with an array of one sentence."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, detail=[found.detail]) if found.status == 403 else found


@defect("PB-ERR-04", "PB-DESC-04")
class ForbiddenWithoutBody(PixieBrixErrors):
    """Answers 403 without a body."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        found = super().response(error, answer)
        return Response(None, 403) if found.status_code == 403 else found


@defect("PB-ERR-07", "PB-DESC-03", "PB-DESC-07")
class WordForAnIdBreaks(Validation):
    """Fails with a 500 where an id in the path is not a UUID."""

    def path(self, operation_id: str, parameters: PathParameters, values: dict[str, str]) -> dict[str, str]:
        try:
            return super().path(operation_id, parameters, values)
        except UnknownPath as error:
            msg = "badly formed hexadecimal UUID string"
            raise ValueError(msg) from error


@defect("PB-ERR-07")
class WordForAnIdFindsNothing(PixieBrixErrors):
    """Answers 200 and an empty array where an id in the path is not a UUID."""

    def refusal(self, error: Exception) -> Refusal:
        no_uuid = isinstance(error, UnknownPath) and "UUID" in str(error)
        return Refusal(200, []) if no_uuid else super().refusal(error)


@defect("PB-ERR-09")
class AnyTypeOfBodyRead(Validation):
    """Reads every body as JSON, whatever its Content-Type says."""

    def media_type(self, rule: BodyRule, content_type: str | None, *, required: bool) -> None:
        """Takes every one."""


@defect("PB-ERR-09", "PB-DESC-03", "PB-DESC-07")
class OtherTypeOfBodyBreaks(Validation):
    """Fails with a 500 at a body that is not sent as JSON."""

    def media_type(self, rule: BodyRule, content_type: str | None, *, required: bool) -> None:
        try:
            super().media_type(rule, content_type, required=required)
        except UnsupportedMediaType as error:
            raise AttributeError(error.detail) from None


@defect("PB-ERR-10", "PB-REC-35")
class EmptiedBeforeChecked(Validation):
    """Empties a record before it looks at what is to be written to it."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        try:
            return await super().body(rule, scope, receive)
        except BadRequest:
            if rule.operation_id == "putRecord":
                sandbox, path = scope[EXCHANGE].sandbox, scope["path_params"]
                key, now = path["recordKey"], sandbox.now()
                with suppress(NotFound):
                    state_of(sandbox).put_record(path["databaseId"], key, {}, MergeStrategy.REPLACE, now)
            raise


@defect("PB-ERR-10")
class AssetMadeBeforeChecked(Validation):
    """Makes an asset first, and then finds that it has no file name."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        try:
            return await super().body(rule, scope, receive)
        except BadRequest:
            if rule.operation_id == "createAsset":
                sandbox, database = scope[EXCHANGE].sandbox, scope["path_params"]["databaseId"]
                with suppress(NotFound):
                    state_of(sandbox).create_asset(database, "unnamed", sandbox.now(), sandbox.ids)
            raise


@defect("PB-ERR-10")
class AssetUnmarkedBeforeChecked(Validation):
    """Takes the mark off an asset first, and then finds that what it should be is not a boolean."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        try:
            return await super().body(rule, scope, receive)
        except BadRequest:
            if rule.operation_id == "updateAsset":
                sandbox, path = scope[EXCHANGE].sandbox, scope["path_params"]
                database, asset, now = path["databaseId"], path["assetId"], sandbox.now()
                with suppress(NotFound):
                    state_of(sandbox).patch_asset(database, asset, is_uploaded=False, now=now)
            raise


@defect("PB-DESC-10")
class OtherMethodsNotFound(PixieBrixErrors):
    """Answers 404 to a method that a path does not have."""

    def refusal(self, error: Exception) -> Refusal:
        return super().refusal(UnknownPath("Not found.") if isinstance(error, MethodNotAllowed) else error)


@defect("PB-DESC-10")
class AllowLeftOut(PixieBrixErrors):
    """Leaves out of a 405 which methods there are."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, headers=None) if found.status == 405 else found


@defect("PB-DESC-10")
class AllowNamesEverything(PixieBrixErrors):
    """Names in the Allow of every 405 all methods that the API has anywhere."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        if found.status != 405:
            return found
        return replace(found, headers={"Allow": "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"})


@defect("PB-DESC-10")
class AllowForgetsDelete(PixieBrixErrors):
    """Forgets in the Allow of a 405 that something can be deleted there."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        if found.status != 405 or not found.headers:
            return found
        methods = [one for one in found.headers["Allow"].split(", ") if one != "DELETE"]
        return replace(found, headers={"Allow": ", ".join(methods)})
