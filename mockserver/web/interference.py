"""Answers that do not come from the state: forced by the client (`Prefer: code=…`) or by an ordered fault."""

from __future__ import annotations

import asyncio

from starlette.types import Scope

from .body import header
from .call import Exchange
from .documented import Answer, DocumentedResponses, preferred_code
from .responses import error_body
from .sending import Sender


async def interfere(
    documented: DocumentedResponses, operation: str, exchange: Exchange, scope: Scope, sender: Sender
) -> bool:
    """Answer in place of the operation, if something says so; whether the request is answered with that.

    A fault that strikes inside the operation is left in the exchange for its handler.
    """
    prefer = header(scope["headers"], b"prefer")
    code = None if prefer is None else preferred_code(prefer)
    if code is not None and operation in documented.operations:
        await send_answer(forced(documented, operation, code), scope, sender)
        return True
    faults = exchange.world.faults
    fault = faults.draw(operation) if faults else None
    if fault is None:
        return False
    delay = faults.delay_of(fault)
    if delay:
        await asyncio.sleep(delay)
    if fault.connection == "drop":
        await sender.drop()
        return True
    if fault.status is not None:
        headers = dict(fault.headers)
        if fault.body is not None:
            answer = documented.answer(operation, fault.status, fault.body, headers)
        elif operation in documented.operations:
            answer = documented.example(operation, fault.status)
            answer.headers.update(headers)
        else:
            text = f"<Error><Code>Fault</Code><Message>Status {fault.status}</Message></Error>"
            answer = Answer(fault.status, {"content-type": "application/xml", **headers}, text.encode())
        await send_answer(answer, scope, sender)
        return True
    sender.cut = fault.connection == "truncate"
    exchange.fault = fault
    return False


def forced(documented: DocumentedResponses, operation: str, code: int) -> Answer:
    """The documented response of that status; for any other 400 and the documented ones."""
    known = documented.statuses(operation)
    if code in known:
        answer = documented.example(operation, code)
        answer.headers["preference-applied"] = f"code={code}"
        return answer
    listed = ", ".join(str(status) for status in known)
    body = error_body(f"Prefer: code={code} is not documented for {operation}; documented are {listed}.")
    return Answer(400, {"content-type": "application/json"}, body)


async def send_answer(answer: Answer, scope: Scope, sender: Sender) -> None:
    """Send a ready answer."""
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()
    ]
    bodiless = answer.status in {204, 304} or answer.status < 200
    if not bodiless:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await sender({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if bodiless or scope["method"] == "HEAD" else answer.body
    await sender({"type": "http.response.body", "body": body, "more_body": False})
