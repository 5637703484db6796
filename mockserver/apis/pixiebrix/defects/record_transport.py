"""PixieBrix that reads headers, bodies and numbers in its own way, and forgets where it is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ....variants.defect import defect
from ....web.body import header
from ....web.call import Call, Exchange
from ....web.connexion.validation import BodyRule, Validation
from ....web.negotiated import Negotiated
from ....web.problems import BadRequest, NotAcceptable
from ....web.wire_policy import WirePolicy
from ..handlers.assets import AssetHandlers
from ..handlers.records import RecordHandlers
from ..negotiation import Negotiation, Offer
from ..pagination import Pagination
from ..state.assets import Asset


@defect("PB-NEG-17")
class VersionNeedsABlank(Negotiation):
    """Finds the version in Accept only behind a semicolon and a blank."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        if accept and ";version" in accept.lower():
            accept = accept.replace(";version=2.0", "")
        return super().choose(offer, accept)


@defect("PB-NEG-17")
class OnlyTheFirstRangeCounts(Negotiation):
    """Looks at the first range of Accept, and refuses the request where that does not fit."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        first = (accept or "*/*").split(",")[0]
        if first.strip().startswith("text/html"):
            msg = "Could not satisfy the request Accept header."
            raise NotAcceptable(msg)
        return super().choose(offer, accept)


@defect("PB-NEG-18", "PI-IMP-04")
class CharsetIsAnotherType(Validation):
    """Takes JSON with a charset for another media type, and refuses it."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        if "charset" in (header(scope["headers"], b"content-type") or ""):
            msg = "Unsupported media type in request."
            raise BadRequest(msg)
        return await super().body(rule, scope, receive)


@defect("PB-NEG-19")
class BodyOfNoLengthIsEmpty(Validation):
    """Takes a body without a Content-Length for an empty one."""

    async def body(self, rule: BodyRule, scope: Scope, receive: Receive) -> Any:
        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        chunked = header(scope["headers"], b"transfer-encoding") is not None
        lost = chunked and rule.operation_id != "importDatabase"
        return await super().body(rule, scope, nothing if lost else receive)


@defect("PB-PAGE-21")
class LinksWithoutPort(Pagination):
    """Leaves the port out of the links of a page of records."""

    def link(self, call: Call, number: int, relation: str) -> str:
        link = super().link(call, number, relation)
        if call.operation_id != "listRecords":
            return link
        url, _, rest = link.removeprefix("<").partition(">")
        parts = urlsplit(url)
        return f"<{urlunsplit(parts._replace(netloc=parts.hostname or ''))}>{rest}"


@defect("PB-PAGE-22")
class HugePagesFail(RecordHandlers):
    """Fails at a page number that does not fit into 31 bits."""

    async def listRecords(self, call: Call) -> Response:
        number = call.query.get("page", "1")
        if number.isdigit() and len(number) > 9:
            return Response(b'{"detail": "Server error."}', 500, None, call.answer.content_type)
        return await super().listRecords(call)


@defect("PB-ASSET-42")
class AddressesWithoutPort(AssetHandlers):
    """Leaves the port out of the address of an asset."""

    def describe_asset(self, asset: Asset, call: Call) -> dict[str, Any]:
        shown = super().describe_asset(asset, call)
        parts = urlsplit(shown["download_url"])
        return {**shown, "download_url": urlunsplit(parts._replace(netloc=parts.hostname or ""))}


@defect("PB-NEG-22")
class OffersAreRefused(WirePolicy):
    """Refuses a request that offers to go on in another protocol, as one that it cannot fulfil."""

    def sending(self, send: Send, exchange: Exchange, scope: Scope) -> Send:
        onward = super().sending(send, exchange, scope)
        if header(scope["headers"], b"upgrade") is None or not exchange.path.startswith("/api/"):
            return onward

        async def refusing(message: Message) -> None:
            await onward({**message, "status": 400} if "status" in message else message)

        return refusing
