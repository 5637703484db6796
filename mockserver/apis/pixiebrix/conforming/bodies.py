"""Unusual JSON, and errors in other words."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from starlette.types import Receive, Scope, Send

from ....variants.conforming_variant import conforming
from ....web.call import Exchange
from ....web.connexion.validation import BodyRule, Validation
from ....web.errors import Refusal
from ....web.wire_policy import WirePolicy
from ..errors import PixieBrixErrors
from .wire import Headers, once_whole


class _Rewritten(WirePolicy, ABC):
    """Writes the JSON of the two APIs, and of nothing else, in another way."""

    @abstractmethod
    def written(self, value: Any, exchange: Exchange) -> str:
        """The JSON text of a value."""

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        further = super().sending(send, exchange, scope)
        if exchange.path.startswith("/_storage/"):
            return further

        def change(headers: Headers, body: bytes) -> bytes:
            if not body or not dict(headers).get(b"content-type", b"").startswith(b"application/json"):
                return body
            return self.written(json.loads(body), exchange).encode()

        return once_whole(further, change)


@conforming()
class KeysInOtherOrder(_Rewritten):
    """Writes the fields of JSON objects from the last letter of the alphabet to the first."""

    def written(self, value: Any, exchange: Exchange) -> str:
        return json.dumps(_turned(value), ensure_ascii=False)


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _turned(value[name]) for name in sorted(value, reverse=True)}
    return [_turned(one) for one in value] if isinstance(value, list) else value


@conforming()
class IndentedJson(_Rewritten):
    """Writes JSON on many lines, and escapes everything beyond ASCII."""

    def written(self, value: Any, exchange: Exchange) -> str:
        return json.dumps(value, indent=4) + "\n"


@conforming()
class FurtherFields(_Rewritten):
    """Shows fields in databases, records, jobs, archives, assets and errors that no document names."""

    def written(self, value: Any, exchange: Exchange) -> str:
        # An export of Pieces OS is the body of an import, so that its fields are not the server's to add.
        if exchange.path.startswith("/api/"):
            value = [_extended(one) for one in value] if isinstance(value, list) else _extended(value)
        return json.dumps(value)


def _extended(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {"_links": {"self": "#"}, "user": None, **value, "etag": "x1", "tags": []}


@conforming()
class UnknownFieldsRefused(Validation):
    """Refuses fields of a body that are not described."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        return await super().body(rule.strictly if rule.described else rule, scope, receive)


@conforming()
class OtherWords(PixieBrixErrors):
    """Words errors in another language."""

    def refusal(self, error: Exception) -> Refusal:
        refusal = super().refusal(error)
        return Refusal(refusal.status, _reworded(refusal.detail), refusal.headers)


def _reworded(detail: Any) -> Any:
    if isinstance(detail, dict):
        return {name: _reworded(one) for name, one in detail.items()}
    if isinstance(detail, list):
        return [_reworded(one) for one in detail]
    return "Das geht leider nicht." if isinstance(detail, str) else detail


@conforming()
class OtherTypeUnprocessable(PixieBrixErrors):
    """Answers 422 to a body that is not sent as JSON."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, status=422) if found.status == 415 else found


@conforming()
class FlatValidationErrors(PixieBrixErrors):
    """Tells nested validation errors by the path of each field, and not nested as the input is."""

    def refusal(self, error: Exception) -> Refusal:
        refusal = super().refusal(error)
        if refusal.status != 400 or isinstance(refusal.detail, str):
            return refusal
        flat = {name: [text for _, text in _leaves(one)] for name, one in _fields(refusal.detail)}
        return Refusal(400, flat, refusal.headers)


def _fields(detail: Any) -> list[tuple[str, Any]]:
    if isinstance(detail, dict):
        return [(str(name), one) for name, one in detail.items()]
    return [("non_field_errors", detail)]


def _leaves(detail: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(detail, dict):
        return [leaf for name, one in detail.items() for leaf in _leaves(one, f"{path}.{name}")]
    if isinstance(detail, list):
        return [leaf for one in detail for leaf in _leaves(one, path)]
    return [(path, f"{path}: {detail}")]


@conforming()
class AnythingIsTrue(Validation):
    """Takes whatever stands in `enforce_schema` for true or false."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id == "createDatabase" and isinstance(body, dict) and "enforce_schema" in body:
            body["enforce_schema"] = bool(body["enforce_schema"])
        super().values(rule, body, long=long)
