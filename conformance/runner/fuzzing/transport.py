"""How fuzzing sends: Schemathesis makes the requests, the run's own session sends them.

So pace, time, size, certificates and the token's origin are the same for generated calls as for all others,
and nothing of the environment (proxies, `.netrc`, certificates of another library) steers them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import requests
from schemathesis.core.transport import Response
from schemathesis.engine.core import Engine
from schemathesis.engine.run import Phase, PhaseName, PhaseSkipReason
from schemathesis.generation.case import Case
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.schemas import OpenApiSchema
from schemathesis.transport.requests import REQUESTS_TRANSPORT, RequestsTransport

from ...environment.gate import NotAllowed
from ...environment.session import (
    MAX_REDIRECTS,
    Cancelled,
    Session,
    Throttled,
    TimeIsUp,
    redirected,
    same_origin,
)
from ...http.evidence import Exchange
from ...http.wire import REDIRECTS, NoAnswer, OwnLimit, Received, Request, Unreachable
from ...schema.description import as_response

Ending = Literal["late", "stopped", "throttled", "unreachable"]

_OF_THE_LIBRARY: Final = frozenset(
    {"user-agent", "accept-encoding", "connection", "x-schemathesis-testcaseid", "content-length"}
)
"""Headers that a library adds by itself, where the case has no value of its own for them."""


class Unanswered(requests.Timeout):
    """A call gave nothing to judge. Of its base class, the engine skips the call and goes on."""


class SessionTransport(RequestsTransport):
    """Sends the cases of fuzzing.

    Args:
        session: of the run.
        private: names of headers that the target alone may see.
        until: an instant of `time.monotonic` after which nothing is sent any more.
        no_answer: is told of every call that got no complete answer: the operationId and the exchange.
        enough: whether an operation has made all that it may; it is not called any more then.

    Attributes:
        calls: how many were made.
        withheld: how many were not sent, because the run may not do what they might.
        cut: how many answers were longer than is read, and so were not judged.
        slow: how many answers did not come within the time of the pace.
        ending: why nothing is sent any more.
        problem: in words, where the target could not be reached.
    """

    def __init__(
        self,
        session: Session,
        *,
        private: tuple[str, ...],
        until: float,
        no_answer: Callable[[str, Exchange], None],
        enough: Callable[[str], bool] = lambda _: False,
    ) -> None:
        super().__init__()
        self._copy_serializers_from(REQUESTS_TRANSPORT)
        self._session = session
        self._private = private
        self._until = until
        self._no_answer = no_answer
        self._enough = enough
        self._stop: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self.calls = 0
        self.cut = 0
        self.slow = 0
        self.withheld = 0
        self.ending: Ending | None = None
        self.problem: str | None = None

    def ends(self, stop: Callable[[], None]) -> None:
        """Take what stops the engine."""
        self._stop = stop

    def end(self, why: Ending) -> None:
        """Let the engine stop; the first reason counts."""
        self.ending = self.ending or why
        if self._stop is not None:
            self._stop()

    def send(self, case: Case[Any], *, session: requests.Session | None = None, **kwargs: Any) -> Response:
        """Send a case; redirects are followed within the target's origin where none is described.

        Raises:
            Unanswered: nothing came that could be judged.
        """
        del session  # the engine's own, which obeys the environment
        prepared = self._prepared(case, kwargs)
        if self._enough(_name(case)):
            raise Unanswered(f"{_name(case)} has made enough that stays", request=prepared)
        request = _as_request(prepared, {name.lower() for name in case.headers or {}})
        described = {int(code) for code in case.operation.responses.status_codes if code.isdigit()}
        follow = not REDIRECTS.intersection(described)
        for _ in range(MAX_REDIRECTS):
            received = self._received(case, request, prepared)
            following = redirected(request, received, self._private) if follow else None
            if following is None or not same_origin(request.url, following.url):
                break
            request = following
        return as_response(request, received)

    def _prepared(self, case: Case[Any], kwargs: dict[str, Any]) -> requests.PreparedRequest:
        data = self.serialize_case(case, **kwargs)
        known = ("method", "url", "headers", "files", "data", "params", "auth", "cookies", "json")
        # Not a session's `prepare_request`: that one reads `.netrc`.
        return requests.Request(**{name: data[name] for name in known if name in data}).prepare()

    def _received(self, case: Case[Any], request: Request, prepared: requests.PreparedRequest) -> Received:
        if self.ending is not None:
            raise Unanswered(f"fuzzing is over: {self.ending}", request=prepared)
        with self._lock:
            self.calls += 1
        try:
            received = self._session.send(request, until=self._until)
        except NotAllowed as error:
            with self._lock:
                self.withheld += 1
                self.calls -= 1
            raise Unanswered(str(error), request=prepared) from None
        except Cancelled:
            self.end("stopped")
            raise Unanswered("the run was stopped", request=prepared) from None
        except TimeIsUp:
            self.end("late")
            raise Unanswered("the time of fuzzing is over", request=prepared) from None
        except Unreachable as error:
            self.problem = str(error)
            self.end("unreachable")
            raise Unanswered(str(error), request=prepared) from None
        except Throttled as error:
            self.problem = str(error)
            self.end("throttled")
            raise Unanswered(str(error), request=prepared) from None
        except OwnLimit as error:
            with self._lock:
                self.slow += 1
            raise Unanswered(str(error), request=prepared) from None
        except NoAnswer as error:
            operation = _name(case)
            note = "from fuzzing"
            self._no_answer(operation, Exchange(request, operation=operation, note=note, problem=str(error)))
            raise Unanswered(str(error), request=prepared) from None
        received = received.sampled()
        if received.truncated:
            with self._lock:
                self.cut += 1
            raise Unanswered("the answer is longer than is read", request=prepared)
        return received


def sending_by(transport: SessionTransport, schema: OpenApiSchema) -> OpenApiSchema:
    """The same description, whose cases are sent by this transport."""

    class Sending(OpenApiSchema):
        @property
        def transport(self) -> SessionTransport:
            return transport

    return Sending(raw_schema=schema.raw_schema, config=schema.config)


class QuietEngine(Engine):
    """Schemathesis' engine without the requests that are not cases, which no transport of ours would see."""

    def get_phase_config(
        self, phase_name: PhaseName, *, is_supported: bool, requires_transitions: bool
    ) -> Phase:
        """What the engine does in a phase: nothing in the one that asks what the target can do."""
        if phase_name in {PhaseName.PROBING, PhaseName.AUTH_BOOTSTRAP}:
            return Phase(name=phase_name, is_enabled=False, skip_reason=PhaseSkipReason.DISABLED)
        return super().get_phase_config(
            phase_name, is_supported=is_supported, requires_transitions=requires_transitions
        )


def engine_of(schema: BaseSchema) -> QuietEngine:
    """An engine for a description that `sending_by` made."""
    return QuietEngine(schema=schema)


def _name(case: Case[Any]) -> str:
    return str(case.operation.definition.raw["operationId"])


def _as_request(prepared: requests.PreparedRequest, own: set[str]) -> Request:
    headers = tuple(
        (_text(name), _text(value))
        for name, value in _items(prepared.headers)
        if name.lower() in own or name.lower() not in _OF_THE_LIBRARY
    )
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    if not body:
        body = b"" if "Content-Length" in prepared.headers else None
    return Request(prepared.method or "", prepared.url or "", headers, body)


def _items(headers: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(headers.items())


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
