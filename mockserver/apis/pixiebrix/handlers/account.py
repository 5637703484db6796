"""What a client asks first: is the server there, who am I, which organizations are mine."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from starlette.responses import Response

from ....web.call import Call
from ....web.responses import json_response
from ..pagination import listed
from ..state.databases import Organization
from ..state_of import state_of

_MEMBER, _ADMIN = 1, 2
"""Roles in an organization (published specification: Membership)."""


class AccountHandlers:
    """`/health/`, `/me/` and `/organizations/`."""

    async def getHealth(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The server is there; nobody need say who asks."""
        return json_response({"status": "ok"}, call.answer)

    async def getMe(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The one user that a sandbox has, as far as the token may see."""
        role = _MEMBER if call.exchange.read_only else _ADMIN
        organizations = visible_organizations(call)
        me = {
            "id": str(uuid5(NAMESPACE_URL, f"urn:dbcontract:user:{call.sandbox.base.seed}")),
            "email": "user@example.com",
            "name": "Mock User",
            "scope": None,
            **({"organization": _in_short(organizations[0])} if organizations else {}),
            "organization_memberships": [
                {"organization": one.id, "organization_name": one.name, "role": role, "scope": None}
                for one in organizations
            ],
        }
        return json_response(me, call.answer)

    async def listOrganizations(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """One page of the organizations that the token may see."""
        page, headers = listed(call, visible_organizations(call))
        return json_response([_in_short(one) for one in page], call.answer, headers=headers)


def visible_organizations(call: Call) -> list[Organization]:
    """The organizations that the token may see."""
    visible = call.exchange.organizations
    return [
        one for one in state_of(call.sandbox).organizations.values() if visible is None or one.id in visible
    ]


def _in_short(organization: Organization) -> dict[str, Any]:
    return {"id": organization.id, "name": organization.name}
