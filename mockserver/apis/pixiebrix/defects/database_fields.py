"""Wrong fields of databases (published specification: Database)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import BodyRule, Validation
from ....web.responses import json_response
from ..handlers.databases import DatabaseHandlers
from ..state.databases import Database
from ..state.pixiebrix import PixieBrixState
from ..state_of import state_of


class _AnyLength(PixieBrixState):
    def _check_fields(self, name: str, type: str, owner_field: str | None) -> None:  # noqa: A002
        super()._check_fields(name[:256], type, owner_field)


@defect("PB-DB-14", also=(_AnyLength,))
class NameOfAnyLength(Validation):
    """Takes a name of any length for a database."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id == "createDatabase" and isinstance(body.get("name"), str):
            body, whole = {**body, "name": body["name"][:256]}, body
            super().values(rule, body, long=long)
            body = whole
        else:
            super().values(rule, body, long=long)


@defect("PB-DB-14")
class NameCutAt255(PixieBrixState):
    """Refuses a name of 256 characters, as its column has one less."""

    def _check_fields(self, name: str, type: str, owner_field: str | None) -> None:  # noqa: A002
        super()._check_fields(name + "n", type, owner_field)


@defect("PB-DB-15")
class OwnerFieldIgnored(DatabaseHandlers):
    """Shows no owner field for any database, whatever was set."""

    def describe_database(self, database: Database) -> dict[str, Any]:
        return {**super().describe_database(database), "owner_field": None}


@defect("PB-DB-15")
class OwnerFieldOnlyEchoed(DatabaseHandlers):
    """Answers a creation with the owner field that was sent, and does not store it."""

    async def createDatabase(self, call: Call) -> Response:
        await super().createDatabase(call)
        made = next(reversed(state_of(call.sandbox).databases.values()))
        shown = self.describe_database(made)
        made.owner_field = None
        return json_response(shown, call.answer, 201)
