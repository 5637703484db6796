"""What a check of PixieBrix asks with, and what it must not see: organizations and tokens."""

from __future__ import annotations

from ...authoring.check import NotVerified
from ...authoring.context import Context
from ...environment.environment import Controls
from .scratch import Scratch


class GivenAccess:
    """The part of `arrange` that is about access."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._scratch = ctx.environment.of(Scratch)

    @property
    def organization(self) -> str:
        """The id of the organization.

        Raises:
            NotVerified: none is configured.
        """
        organization = self._scratch.organization
        if organization is None:
            raise NotVerified("no organization is given (pixiebrix.organization, or --organization)")
        return organization

    @property
    def read_only_token(self) -> str:
        """A token without write permission: one that is configured, or one that can be issued.

        Raises:
            NotVerified: there is none.
        """
        token = self._scratch.read_only_token
        if token is not None:
            return token
        token = self._ctx.name("read-only-token")
        if not self._issued(token):
            raise NotVerified("no token without write permission is given (pixiebrix.read_only_token_env)")
        return token

    def unknown_token(self) -> str:
        """A token that was never issued. A mock that accepts any token stops doing so."""
        if self._scratch.read_only_token is None:
            self._issued(self._ctx.name("read-only-token"))
        return self._ctx.name("never-issued")

    def throwaway_token(self) -> str | None:
        """A token that may read, issued for this check at a place that is thrown away; None elsewhere."""
        token = self._ctx.name("Throwaway")
        return token if self._ctx.environment.disposable and self._issued(token) else None

    def _issued(self, read_only: str) -> bool:
        own = self._ctx.endpoint.token
        if own is None:
            return False
        try:
            self._ctx.environment.controls.change(tokens=[own, f"{read_only}:read-only"])
        except NotVerified:
            return False
        return True

    def foreign(self) -> tuple[str | None, str | None]:
        """The ids of an organization and of a database that the token may not see; one of them may be None.

        Raises:
            NotVerified: the target names none, and its tokens cannot be limited.
        """
        scratch = self._scratch
        if scratch.foreign_organization is not None or scratch.foreign_database is not None:
            return scratch.foreign_organization, scratch.foreign_database
        own = self._ctx.endpoint.token
        return hide_organizations(self._ctx.environment.controls, own or "", but=self.organization)


def hide_organizations(controls: Controls, token: str, *, but: str) -> tuple[str, str]:
    """Let a token see one organization of a mock only; the ids of another one and of a database of it.

    Raises:
        NotVerified: it is not a mock, or has no other organization with a database.
    """
    try:
        databases = controls.told("/databases")
    except NotVerified:
        raise NotVerified(
            "the target names nothing that the token may not see (pixiebrix.foreign_organization)"
        ) from None
    for database in databases if isinstance(databases, list) else ():
        found = database if isinstance(database, dict) else {}
        organization, id_ = found.get("organization_id"), found.get("id")
        if isinstance(organization, str) and isinstance(id_, str) and organization != but:
            controls.change(tokens=[f"{token}:organization={but}"])
            return organization, id_
    raise NotVerified("the mock's data set has no other organization with a database")
