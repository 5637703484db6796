"""Who may use the control API: programs and pages of this machine; anybody else with the control token.

A browser on this machine runs pages of any site, and each of them can send requests here. So without the
token a request has to name this machine as its host (a site may let its name lead to 127.0.0.1: DNS
rebinding), and must not come from a page of another origin. A request that a proxy has forwarded is not taken
for a near one, whatever its headers say of the client.
"""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.types import Scope

from ..web.body import header
from ..web.problems import PermissionDenied

FORWARDED = (
    b"forwarded",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-forwarded-prefix",
    b"x-forwarded-proto",
    b"x-real-ip",
    b"via",
)
_REMEDY = "Start the server with --control-token and send it as `Authorization: Bearer <token>`."


class ControlAccess:
    """Guards `/_mock/`; the token comes as `Authorization: Bearer <token>`."""

    __slots__ = ("_token",)

    def __init__(self, token: str | None) -> None:
        self._token = token

    def check(self, scope: Scope) -> None:
        """Let a request pass.

        Raises:
            PermissionDenied: it has not the control token, and its client is on another machine, or a proxy
                forwarded it, or it is for a host of another name, or a page of another origin sends it.
        """
        scheme, _, given = (header(scope["headers"], b"authorization") or "").partition(" ")
        if self._token is not None and scheme.lower() == "bearer" and _same(given.strip(), self._token):
            return
        reason = _objection(scope)
        if reason is not None:
            raise PermissionDenied(f"{reason} {_REMEDY}")


def _objection(scope: Scope) -> str | None:
    """Why a request without the token is refused; None where it is not."""
    client, headers = scope.get("client"), scope["headers"]
    if client is None or not _is_loopback(client[0]):
        return "The control API answers clients on this machine only."
    if any(header(headers, name) is not None for name in FORWARDED):
        return "The control API answers no request that a proxy has forwarded: its client may be anywhere."
    host = header(headers, b"host")
    if host is not None and not _names_this_machine(host):
        return f"The control API answers no request for the host {host!r}: use localhost or an address."
    site = header(headers, b"sec-fetch-site")
    if site not in {None, "same-origin", "none"} and not _is_visit(scope):
        return f"The control API answers no request of another site's page (Sec-Fetch-Site: {site})."
    origin = header(headers, b"origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return f"The control API answers no request of another origin's page (Origin: {origin})."
    return None


def _is_visit(scope: Scope) -> bool:
    """Whether somebody follows a link to here: the page that has the link cannot read what comes."""
    headers = scope["headers"]
    return (
        scope["method"] in {"GET", "HEAD"}
        and header(headers, b"sec-fetch-mode") == "navigate"
        and header(headers, b"sec-fetch-dest") == "document"
    )


def _names_this_machine(host: str) -> bool:
    """Whether a Host header is localhost or an address, which no other site's name can be."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback
