"""Who may use the control API: anybody on this machine, others only with the control token."""

from __future__ import annotations

import hmac
import ipaddress

from starlette.types import Scope

from .body import header
from .problems import PermissionDenied


class ControlAccess:
    """Guards `/_mock/`; the token comes as `Authorization: Bearer <token>`."""

    __slots__ = ("_token",)

    def __init__(self, token: str | None) -> None:
        self._token = token

    def check(self, scope: Scope) -> None:
        """Let a request pass.

        Raises:
            PermissionDenied: the client is on another machine and has not the control token.
        """
        client = scope.get("client")
        if client is not None and _is_loopback(client[0]):
            return
        scheme, _, given = (header(scope["headers"], b"authorization") or "").partition(" ")
        if self._token is not None and scheme.lower() == "bearer" and _same(given.strip(), self._token):
            return
        msg = (
            "The control API answers clients on this machine only. "
            "Start the server with --control-token and send it as `Authorization: Bearer <token>`."
        )
        raise PermissionDenied(msg)


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback
