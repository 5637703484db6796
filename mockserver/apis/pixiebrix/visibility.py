"""What a token may see: everything, or only what belongs to some organizations.

What it may not see does not exist for it (contract: PixieBrix, Conventions).
"""

from __future__ import annotations

from typing import Any

from ...state.errors import InvalidInput, NotFound, Wrong
from ...web.call import Call
from .state_of import state_of


def admit(call: Call) -> None:
    """Pass a call, unless its token may not see something that it names.

    Raises:
        NotFound, InvalidInput: as `require_visible` does.
    """
    organizations = call.exchange.organizations
    if organizations is not None:
        require_visible(call, organizations)


def require_visible(call: Call, organizations: frozenset[str]) -> None:
    """Pass a call all of whose ids the token may see.

    Args:
        call: the call, before its handler.
        organizations: ids of the organizations that the token may see.

    Raises:
        NotFound: something in the path is invisible.
        InvalidInput: a database in the body is.
    """
    state = state_of(call.sandbox)

    def hidden(database_id: str) -> bool:
        database = state.databases.get(database_id)
        owner = None if database is None else database.organization_id
        # A database of the user's own is every token's: all of them are the one user's.
        return owner is not None and owner not in organizations

    organization = call.path.get("organizationId")
    if organization is not None and organization not in organizations:
        raise NotFound("organization", organization)
    database = call.path.get("databaseId")
    if database is not None and hidden(database):
        raise NotFound("database", database)
    job = state.jobs.get(call.path.get("jobId", ""))
    if job is not None and job.organizations - organizations:
        raise NotFound("job", job.id)
    body: Any = call.body
    named = body.get("databases") if isinstance(body, dict) else None
    if isinstance(named, list):
        errors = {
            str(index): [Wrong("unknown-id", id_)]
            for index, id_ in enumerate(named)
            if hidden(str(id_).lower())
        }
        if errors:
            raise InvalidInput({"databases": errors})
