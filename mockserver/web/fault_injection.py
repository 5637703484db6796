"""Answers that do not come from the state: forced by the client (`Prefer: code=…`) or by an ordered fault."""

from __future__ import annotations

import asyncio
import time

from starlette.types import Scope, Send

from ..sandbox.faults import BODILESS, Fault
from .api import WebApi
from .call import Exchange
from .documented import Answer, DocumentedResponses
from .origin import origin_of
from .receiving import Receiver
from .responses import error_body
from .sending import Sender
from .wire_policy import WIRE_POLICY

_STORAGE_CODES = {
    400: "InvalidRequest",
    403: "AccessDenied",
    404: "NoSuchKey",
    500: "InternalError",
    503: "SlowDown",
}
"""What S3 calls the errors that a client may have to deal with."""


_TICK = 0.001
"""Seconds: the finest step of the loop's timers."""


async def inject(  # noqa: PLR0917 - ASGI's three, and what is known of the request
    served: WebApi,
    documented: DocumentedResponses,
    operation: str,
    code: str | None,
    exchange: Exchange,
    scope: Scope,
    receiver: Receiver,
    sender: Sender,
) -> bool:
    """Answer in place of the operation, if something says so; whether the request is answered with that.

    A fault that strikes inside the operation is left in the exchange for its handler; `code` is what the
    client prefers as status, if it does.
    """
    origin = origin_of(scope) + exchange.sandbox.prefix
    if code is not None and operation in documented.operations:
        await receiver.look()
        answer = documented.local(forced(documented, operation, code), origin)
        answer = served.example(answer, exchange.sandbox)
        await send_answer(answer, scope, sender)
        return True
    faults = exchange.sandbox.faults
    fault = faults.draw(operation) if faults else None
    if fault is None:
        return False
    delay = faults.delay_of(fault)
    if delay:
        await _wait(delay)
    if fault.connection == "drop":
        await receiver.look()
        await sender.drop()
        return True
    if fault.status is not None:
        await receiver.look()
        send = exchange.sandbox.implementation[WIRE_POLICY].sending(sender, exchange, scope)
        answer = ordered(documented, operation, fault, fault.status, origin)
        if fault.body is None:
            answer = served.example(answer, exchange.sandbox)
        await send_answer(answer, scope, send)
        return True
    sender.cut = fault.connection == "truncate"
    exchange.fault = fault
    return False


async def _wait(seconds: float) -> None:
    """Wait that long or longer: a loop that counts in milliseconds may wake up a part of one too early."""
    until = time.monotonic() + seconds
    await asyncio.sleep(seconds)
    if until > time.monotonic():
        await asyncio.sleep(_TICK)


def ordered(
    documented: DocumentedResponses, operation: str, fault: Fault, status: int, origin: str
) -> Answer:
    """The answer of a fault with a status: with its own body, else as documented, or as storage words it."""
    headers = {name.lower(): value for name, value in fault.headers}
    if fault.body is not None:
        return documented.answer(operation, status, fault.body, headers)
    if operation in documented.operations:
        answer = documented.local(documented.example(operation, status), origin)
        answer.headers.update(headers)
        return answer
    code = _STORAGE_CODES.get(status, "Fault")
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>Ordered fault with status {status}.</Message></Error>"
    )
    return Answer(status, {"content-type": "application/xml", **headers}, text.encode())


def forced(documented: DocumentedResponses, operation: str, code: str) -> Answer:
    """The documented response of that status; for any other 400 and the documented ones."""
    known = documented.statuses(operation)
    if code in map(str, known):
        answer = documented.example(operation, int(code))
        answer.headers["preference-applied"] = f"code={code}"
        return answer
    listed = ", ".join(str(status) for status in known)
    body = error_body(f"Prefer: code={code[:20]} is not documented for {operation}; documented are {listed}.")
    return Answer(400, {"content-type": "application/json"}, body)


async def send_answer(answer: Answer, scope: Scope, send: Send) -> None:
    """Send a ready answer."""
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()
    ]
    bodiless = answer.status in BODILESS
    if answer.status not in {204, 304}:  # those have not even a length (RFC 9110, 8.6)
        headers.append((b"content-length", b"0" if bodiless else str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if bodiless or scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": False})
