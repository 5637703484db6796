"""Who may use the control API: programs and pages of this machine; anybody else with the control token.

A browser on this machine runs pages of any site, and each of them can send requests here. So without the
token a request has to name this machine as its host (a site may let its name lead to 127.0.0.1: DNS
rebinding), and must not come from a page of another origin. A request that a proxy has forwarded is not taken
for a near one, whatever its headers say of the client.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from starlette.types import Scope

from ..web.body import header
from ..web.problems import PermissionDenied

_FORWARDED: Final = re.compile(
    rb"forwarded(-for)?|x-(forwarded|original|envoy)-.*|x-forwarded|via|cdn-loop|x-real-ip"
    rb"|.*(client|connecting|user)-?ip"
)
"""Fields by which proxies, load balancers and networks for content tell that they pass a request on."""
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]*)?")
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
    if any(_FORWARDED.fullmatch(name.replace(b"_", b"-")) for name, _ in headers):
        return "The control API answers no request that a proxy has forwarded: its client may be anywhere."
    host = header(headers, b"host")
    if host is not None and not _names_this_machine(host):
        return f"The control API answers no request for the host {host!r}: use localhost or an address."
    page = _other_page(scope)
    return None if page is None else f"The control API answers no request of {page}."


class SandboxAccess:
    """Says who may make a sandbox by the mere use of its name: everybody but pages of other sites.

    The new one may take the place of another, so that any page could make all others go. Pages of the origins
    that may call from a browser are not other ones here.
    """

    __slots__ = ("_origins",)

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)

    def check(self, scope: Scope) -> None:
        """Let a request pass.

        Raises:
            PermissionDenied: a page of another site sends it.
        """
        if self._origins and ("*" in self._origins or header(scope["headers"], b"origin") in self._origins):
            return
        page = _other_page(scope)
        if page is not None:
            raise PermissionDenied(f"No request of {page} makes a sandbox. Allow its origin with --cors.")


def _other_page(scope: Scope) -> str | None:
    """The page of another origin that sends a request; None where none does, as far as a browser tells."""
    headers = scope["headers"]
    site = header(headers, b"sec-fetch-site")
    if site not in {None, "same-origin", "none"} and not _is_visit(scope):
        return f"another site's page (Sec-Fetch-Site: {site})"
    origin, host = header(headers, b"origin"), header(headers, b"host")
    if origin is not None and origin not in {f"http://{host}", f"https://{host}"}:
        return f"another origin's page (Origin: {origin})"
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
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found[1].strip("[]").lower()
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
