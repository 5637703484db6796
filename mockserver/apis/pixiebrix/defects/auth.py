"""Wrong tokens and permissions (document: Making an API Request)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.responses import Response
from starlette.types import Scope

from ....sandbox.settings import TokenGrant
from ....state.errors import NotFound
from ....variants.defect import defect
from ....web.body import header
from ....web.call import EXCHANGE
from ....web.connexion.security import Security
from ....web.errors import Refusal
from ....web.negotiated import Negotiated
from ....web.problems import NotAuthenticated, PermissionDenied
from ..errors import PixieBrixErrors
from ..state_of import state_of

if TYPE_CHECKING:
    from ....sandbox.sandbox import Sandbox

_RECORD = re.compile(r"/api/databases/([^/]+)/records/([^/]+)/?")
_ASSET = re.compile(r"/api/databases/[^/]+/assets/[^/]+/?")
_DATABASES = re.compile(r"/api/organizations/[^/]+/databases/?")
_ORGANIZATION = re.compile(r"/api/organizations/([^/]+)/.*")


@defect("PB-AUTH-02", "PB-AUTH-06", "PB-AUTH-07")
class TokenNotAskedFor(Security):
    """Serves a request without Authorization as if it had a token."""

    def verify(self, scope: Scope) -> str | None:
        if header(scope["headers"], b"authorization") is None:
            return None
        return super().verify(scope)


@defect("PB-AUTH-02", "PB-AUTH-06")
class ReadingIsPublic(Security):
    """Lets anybody read, and asks for a token only where something is written."""

    def verify(self, scope: Scope) -> str | None:
        if scope["method"] == "GET" and header(scope["headers"], b"authorization") is None:
            return None
        return super().verify(scope)


@defect("PB-AUTH-06")
class AssetsArePublic(Security):
    """Serves an asset to anybody who knows its address."""

    def verify(self, scope: Scope) -> str | None:
        if scope["method"] == "GET" and _ASSET.fullmatch(scope["path"]):
            return None
        return super().verify(scope)


@defect("PB-AUTH-03")
class AnyTokenWillDo(Security):
    """Asks for a token, but never looks it up."""

    def grant_of(self, token: str, tokens: Mapping[str, TokenGrant]) -> TokenGrant:
        return tokens.get(token) or TokenGrant(token)


@defect("PB-AUTH-03")
class BeginningOfTokenIsEnough(Security):
    """Accepts a token with something added to its end."""

    def grant_of(self, token: str, tokens: Mapping[str, TokenGrant]) -> TokenGrant:
        known = (grant for name, grant in tokens.items() if token.startswith(name))
        return next(known, None) or super().grant_of(token, tokens)


@defect("PB-AUTH-03")
class PartOfTokenIsEnough(Security):
    """Accepts what a token begins with."""

    def grant_of(self, token: str, tokens: Mapping[str, TokenGrant]) -> TokenGrant:
        known = (grant for name, grant in tokens.items() if name.startswith(token))
        return next(known, None) or super().grant_of(token, tokens)


@defect("PB-AUTH-03")
class TokenInCapitals(Security):
    """Takes capital and small letters of a token for the same."""

    def grant_of(self, token: str, tokens: Mapping[str, TokenGrant]) -> TokenGrant:
        known = (grant for name, grant in tokens.items() if name.lower() == token.lower())
        return next(known, None) or super().grant_of(token, tokens)


@defect("PB-AUTH-03")
class WordTokenIsEnough(Security):
    """Lets pass whoever sends the word Token and nothing after it."""

    def verify(self, scope: Scope) -> str | None:
        if (header(scope["headers"], b"authorization") or "").strip() == "Token":
            return None
        return super().verify(scope)


@defect("PB-AUTH-01")
class BearerDemanded(Security):
    """Wants the word Bearer before a token, where the documents say Token."""

    def token_of(self, authorization: str | None) -> str:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme != "Bearer":
            msg = "Authentication credentials were not provided."
            raise NotAuthenticated(msg)
        return token


@defect("PB-AUTH-01")
class ListsForAdministrators(Security):
    """Forbids everybody the list of an organization's databases."""

    def permit(self, grant: TokenGrant, scope: Scope) -> None:
        super().permit(grant, scope)
        if scope["method"] == "GET" and _DATABASES.fullmatch(scope["path"]):
            msg = "You do not have permission to perform this action."
            raise PermissionDenied(msg)


@defect("PB-AUTH-02", "PB-AUTH-03", "PB-AUTH-06")
class ForbiddenForUnauthenticated(PixieBrixErrors):
    """Answers 403 where the token is missing or wrong, as a framework does that knows no scheme to name."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return Refusal(403, found.detail) if found.status == 401 else found


@defect("PB-AUTH-04", "PB-DESC-06")
class SchemeNotNamed(PixieBrixErrors):
    """Leaves WWW-Authenticate out of its answers 401."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, headers=None) if found.status == 401 else found


@defect("PB-AUTH-04", "PB-DESC-06")
class SchemeNotNamedForWrongTokens(PixieBrixErrors):
    """Names the scheme where there is no token, and not where the token is wrong."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, headers=None) if found.detail == "Invalid token." else found


@defect("PB-AUTH-05", "PB-DESC-05")
class UnauthenticatedInMessage(PixieBrixErrors):
    """Says under `message` what is wrong with a token, not under `detail`."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, detail={"message": found.detail}) if found.status == 401 else found


@defect("PB-AUTH-05", "PB-ERR-05", "PB-DESC-04")
class UnauthenticatedInWords(PixieBrixErrors):
    """Answers 401 with a plain text."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        found = super().response(error, answer)
        if found.status_code != 401:
            return found
        headers = {"WWW-Authenticate": found.headers["www-authenticate"]}
        return Response("Unauthorized", 401, headers, "text/plain; charset=utf-8")


@defect("PB-AUTH-07")
class DeletedAllTheSame(Security):
    """Refuses to delete a record without a token, and then does it all the same."""

    def verify(self, scope: Scope) -> str | None:
        try:
            return super().verify(scope)
        except NotAuthenticated:
            record = _RECORD.fullmatch(scope["path"])
            if record and scope["method"] == "DELETE":
                sandbox: Sandbox = scope[EXCHANGE].sandbox
                with suppress(NotFound):
                    state_of(sandbox).delete_record(record[1], unquote(record[2]), sandbox.now())
            raise


@defect("PB-AUTH-08")
class ReadOnlyTokensWrite(Security):
    """Knows that a token may only read, and lets it write."""

    def permit(self, grant: TokenGrant, scope: Scope) -> None:
        """Permits everything."""


@defect("PB-AUTH-08")
class ReadOnlyTokensDelete(Security):
    """Forgets DELETE among the methods that a token must not use that may only read."""

    def permit(self, grant: TokenGrant, scope: Scope) -> None:
        if scope["method"] != "DELETE":
            super().permit(grant, scope)


@defect("PB-AUTH-08")
class UnauthenticatedForForbidden(PixieBrixErrors):
    """Answers 401 to a token that is good and has no permission."""

    def refusal(self, error: Exception) -> Refusal:
        return super().refusal(NotAuthenticated(str(error)) if isinstance(error, PermissionDenied) else error)


@defect("PB-ERR-06")
class OrganizationsOfOthersVisible(Security):
    """Forgets that a token may see some organizations only."""

    def grant_of(self, token: str, tokens: Mapping[str, TokenGrant]) -> TokenGrant:
        return replace(super().grant_of(token, tokens), organizations=None)


@defect("PB-ERR-06")
class DatabasesOfOthersVisible(Security):
    """Compares the organization in a path with the token's, and shows any database to who has its id."""

    def verify(self, scope: Scope) -> str | None:
        token = super().verify(scope)
        if not _ORGANIZATION.fullmatch(scope["path"]):
            scope[EXCHANGE].organizations = None
        return token


@defect("PB-ERR-06")
class HiddenIsForbidden(Security):
    """Answers 403 for an organization that a token may not see, and so tells that it exists."""

    def verify(self, scope: Scope) -> str | None:
        token = super().verify(scope)
        exchange, asked = scope[EXCHANGE], _ORGANIZATION.fullmatch(scope["path"])
        if asked and exchange.organizations is not None:
            hidden = set(state_of(exchange.sandbox).organizations) - exchange.organizations
            if asked[1] in hidden:
                msg = "You do not have permission to perform this action."
                raise PermissionDenied(msg)
        return token
