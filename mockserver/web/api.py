"""What HTTP takes of an API: its description, what answers its requests, and how they are checked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbcontract import openapi

from ..apis.installed import Api
from ..extension_point import ExtensionPoint
from ..sandbox.sandbox import Sandbox
from .documented import Answer
from .negotiated import Negotiated
from .request_policy import RequestPolicy

if TYPE_CHECKING:  # help and completion know the APIs without a server's libraries
    from starlette.responses import Response
    from starlette.types import Receive


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraPaths:
    """What an API answers beside the operations of its description.

    Attributes:
        paths: below the base path, as a request has them.
        respond: answers one of them, given the path, the method and the body's messages.
    """

    paths: frozenset[str]
    respond: Callable[[Sandbox, str, str, Receive], Awaitable[Response]]


def _nothing_known(sandbox: Sandbox) -> Mapping[str, Any]:
    del sandbox
    return {}


def _as_documented(answer: Answer, sandbox: Sandbox) -> Answer:
    del sandbox
    return answer


@dataclass(frozen=True, kw_only=True)
class WebApi(Api):
    """One API that is served over HTTP.

    Attributes:
        label: what people call it; by default its title.
        handlers: what has a method for each operationId, for a request to this sandbox.
        error: the answer to an error, given what was negotiated before it.
        request_policy: how requests are checked before an operation sees them.
        security: what verifies tokens, as an extension point; None where no variant overrides it.
        description_package: the package in which `NAME.yaml` describes it.
        amend: adds to the description what only the running server knows.
        extra_paths: what it answers beside its description; None for nothing.
        known_ids: ids that exist, by the path parameters that take them, for examples to be tried.
        example: a documented example as this sandbox would say it.
    """

    label: str = ""
    handlers: Callable[[Sandbox], object]
    error: Callable[[Sandbox, Exception, Negotiated | None], Response]
    request_policy: RequestPolicy = field(default_factory=RequestPolicy)
    security: ExtensionPoint[Any] | None = None
    description_package: str = openapi.__name__
    amend: Callable[[dict[str, Any]], None] | None = None
    extra_paths: ExtraPaths | None = None
    known_ids: Callable[[Sandbox], Mapping[str, str]] = _nothing_known
    example: Callable[[Answer, Sandbox], Answer] = _as_documented

    def description(self, *, written_out: bool = False) -> dict[str, Any]:
        """Its description, parsed anew; `written_out` as for `openapi.load`."""
        description = openapi.load(self.name, written_out=written_out, package=self.description_package)
        if self.amend is not None:
            self.amend(description)
        return description

    @property
    def title(self) -> str:
        """What it is called in the description."""
        title: str = self.description()["info"]["title"]
        return title
