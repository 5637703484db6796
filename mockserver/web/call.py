"""One validated call of an operation, as a handler receives it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.types import Scope

from .negotiated import Negotiated
from .origin import origin_of

if TYPE_CHECKING:
    from ..sandbox.faults import Fault
    from ..sandbox.sandbox import Sandbox

EXCHANGE = "dbcontract.exchange"
"""Key of the ASGI scope: the `Exchange`, from the gateway on."""

Handler = Callable[["Call"], Awaitable[Response]]


class Absent:
    """The type of `ABSENT`."""


ABSENT: Final = Absent()


@dataclass(slots=True)
class Exchange:
    """What is known of one request from its first moment, shared by all layers (Connexion copies the scope).

    Attributes:
        path: as the client sent it, still percent-encoded, without the sandbox's prefix.
        hidden_slash: a path segment holds an encoded slash (see the gateway).
        answer: the negotiated media type and version, once known.
        fault: an ordered fault that strikes inside the operation.
        organizations: ids of those that the token may see; None for all.
        read_only: the token may not write.
        operation_id: of the operation, where routing has found one.
    """

    sandbox: Sandbox
    path: str
    hidden_slash: bool = False
    answer: Negotiated | None = None
    fault: Fault | None = None
    organizations: frozenset[str] | None = None
    read_only: bool = False
    operation_id: str | None = None


@dataclass(slots=True)
class Call:
    """A request that passed routing, security, negotiation and validation.

    Attributes:
        path: the path parameters, decoded.
        query: the described query parameters that were sent, converted to their types.
        pairs: all query parameters as sent, decoded, in order.
        body: the parsed JSON body; `ABSENT` when there was none (a body may be `null`).
        answer: the negotiated media type and version.
    """

    sandbox: Sandbox
    scope: Scope
    exchange: Exchange
    operation_id: str
    path: dict[str, str]
    query: dict[str, Any]
    pairs: list[tuple[str, str]]
    body: Any
    answer: Negotiated

    @property
    def origin(self) -> str:
        """The absolute URL of this sandbox's root, without a trailing slash, as the client addressed it."""
        return origin_of(self.scope) + self.sandbox.prefix
