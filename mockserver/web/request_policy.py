"""How the requests of one API are checked before its operations see them; each API says its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..sandbox.sandbox import Sandbox
    from .call import Call
    from .negotiated import Negotiated


class Negotiator(Protocol):
    """What one operation can answer with."""

    def own(self, sandbox: Sandbox) -> Negotiated:
        """The answer where nothing is asked for; errors have it as long as nothing is negotiated."""

    def choose(self, sandbox: Sandbox, accept: str | None) -> Negotiated:
        """The answer to an `Accept` header. Raises `Problem`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPolicy:
    """How the requests of one API are checked.

    Attributes:
        check_bodies: hold bodies against their description; else they are left to the state, which words it.
        any_media_type: any media type of a body will do, and the body is JSON.
        forms: a body may be a form, too.
        overridable: a variant can override the checks.
        negotiate: what an operation, given by its id, its part of the description and the media types that it
            produces, answers with; None for one media type without version. By default none is negotiated.
        admit: passes a call that may be made, or raises; the last step before the handler.
    """

    check_bodies: bool = True
    any_media_type: bool = False
    forms: bool = False
    overridable: bool = True
    negotiate: Callable[[str, Mapping[str, Any], tuple[str, ...]], Negotiator | None] | None = None
    admit: Callable[[Call], None] | None = None
