"""Calls of an API at one place: each is recorded, and its answer held against the description."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from schemathesis.core import NOT_SET

from ..catalogue.findings import NO_ANSWER, SERVER_ERROR
from ..environment.environment import Environment
from ..environment.session import MAX_REDIRECTS, Throttled, ascii_url, redirected, target_headers
from ..http.evidence import Exchange
from ..http.spool import Spool
from ..http.wire import Header, NoAnswer, OwnLimit, Received, Request
from ..schema.calls import Call, Operation
from ..schema.description import HELD, Description, Finding
from ..schema.trace import Trace
from ..target.target import Endpoint
from .answer import Answer
from .check import CheckFailed, NotVerified
from .clock import Inject
from .run import Run


class Caller(ABC):
    """Calls one API at one place.

    Attributes:
        place, run, trace: the surroundings; checks seldom need them.
        endpoint: what is called.
        until: the instant of `time.monotonic` at which the time to call is over.
        inject: failures that the target is made to have.
    """

    api: str

    def __init__(self, run: Run, environment: Environment, trace: Trace | None = None) -> None:
        endpoint = environment.endpoint(self.api)
        if endpoint is None:
            raise NotVerified(f"the target serves no {self.api}")
        self.run = run
        self.environment = environment
        self.endpoint: Endpoint = endpoint
        self.trace = trace or Trace()
        self.until = time.monotonic() + run.target.pace.check
        self.inject = Inject(environment.controls)

    @property
    def description(self) -> Description:
        """The API as described."""
        return self.run.descriptions[self.api]

    @property
    def base_url(self) -> str:
        """The base URL of the API here, without a trailing slash."""
        return self.endpoint.url

    def can(self, capability: str) -> bool:
        """Whether the target has a capability."""
        return self.run.target.offers(capability, self.api)

    def call(
        self,
        operation_id: str,
        *,
        path: Mapping[str, object] | None = None,
        query: Mapping[str, object] | str | None = None,
        headers: Mapping[str, str] | Sequence[Header] = (),
        json: Any = NOT_SET,
        body: bytes | Spool | None = None,
        content_type: str | None = None,
        accept: str | None = None,
        version: str | None = None,
        auth: bool | str = True,
        follow: bool = False,
        slash: bool | None = None,
        described: bool = True,
        patient: bool = True,
        note: str = "",
    ) -> Answer:
        """Call an operation. The exchange is recorded, and its answer held against the description.

        Args:
            operation_id: as in the description.
            path: the path parameters, unquoted.
            query: the query parameters, unquoted; as a string: the query itself, quoted.
            headers: further headers, sent as they stand.
            json: the body, as a value; None is `null`.
            body: the body, as bytes, instead.
            content_type: of the body; by default `application/json`, and "" for none.
            accept: the media type asked for, without a version; "" for no Accept header. By default what the
                operation produces.
            version: asked for in Accept; "" for none. By default the one that the vendor
                publishes for the operation.
            auth: True for the target's token, False for none, or another token.
            follow: follow redirects.
            slash: with (True) or without (False) the slash at the end of the path; by default as described.
            described: hold the answer against the description.
            patient: wait out a 429 instead of giving it to the check.
            note: why the call is made, for the reader of the evidence.

        Raises:
            CheckFailed: no complete answer came.
        """
        operation = self.description.operation(operation_id)
        raw_query = query if isinstance(query, str) else ""
        call = self.description.call(
            operation_id, path=path, query=None if isinstance(query, str) else query, json=json
        )
        url = call.url(self.base_url)
        if slash is not None:
            bare, mark, rest = url.partition("?")
            url = bare.rstrip("/") + ("/" if slash else "") + mark + rest
        if raw_query:
            url = f"{url}?{raw_query}"
        content = body if body is not None else call.body
        sent: list[Header] = []
        wanted = self._accept(operation, accept, version)
        if wanted:
            sent.append(("Accept", wanted))
        if content is not None and content_type != "":
            sent.append(("Content-Type", content_type or "application/json"))
        sent += _items(headers)
        request = Request(
            operation.method, url, (*sent, *target_headers(self.endpoint, url, auth=auth)), content
        )
        return self.send(
            request,
            operation_id=operation_id,
            hold=call if described else None,
            follow=follow,
            patient=patient,
            note=note,
        )

    def raw(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Mapping[str, str] | Sequence[Header] = (),
        body: bytes | Spool | None = None,
        chunked: bool = False,
        auth: bool | str = True,
        operation_id: str | None = None,
        patient: bool = True,
        note: str = "",
    ) -> Answer:
        """Send what no case can express; nothing is added but Host, User-Agent, Content-Length and the token.

        Args:
            method: any.
            path: below the base URL, quoted: `/databases/…`.
            query: quoted.
            headers: sent as they stand, repeated ones too.
            body: the bytes of the body.
            chunked: send the body in chunks, without its length.
            auth: as for `call`.
            operation_id: the operation whose description the answer is held against; by default none is.
            patient: as for `call`.
            note: as for `call`.

        Raises:
            CheckFailed: no complete answer came.
        """
        url = self.base_url + path + (f"?{query}" if query else "")
        credentials = target_headers(self.endpoint, url, auth=auth)
        request = Request(method, url, (*_items(headers), *credentials), body, chunked)
        hold = self.description.call_at(operation_id, path) if operation_id is not None else None
        return self.send(request, operation_id=operation_id, hold=hold, patient=patient, note=note)

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | Sequence[Header] = (),
        body: bytes | Spool | None = None,
        note: str = "",
    ) -> Answer:
        """Follow a storage link: without the token, wherever it leads; redirects are followed.

        Raises:
            CheckFailed: no HTTP URL, or no complete answer came.
            NotVerified: the user says that the storage cannot be reached.
        """
        if not self.can("storage"):
            raise NotVerified("the target's storage links cannot be reached", missing=("storage",))
        request = Request(method, ascii_url(url), _items(headers), body)
        return self.send(request, follow=True, note=note)

    def send(
        self,
        request: Request,
        *,
        operation_id: str | None = None,
        hold: Call | None = None,
        follow: bool = False,
        patient: bool = True,
        note: str = "",
    ) -> Answer:
        """Send a request as it is; `hold` is the call that its answer is held against.

        Raises:
            CheckFailed: no complete answer came.
            NotVerified: none came in time, or the target takes no more requests.
        """
        history: list[Answer] = []
        private = [name for name, _ in self.endpoint.headers]
        while True:
            received = self._exchange(request, operation_id, note, patient=patient)
            if hold is not None:
                self._hold(hold, request, received)
                hold = None
            answer = Answer(request, received, history=tuple(history))
            following = redirected(request, received, private) if follow else None
            if following is None or len(history) == MAX_REDIRECTS:
                return answer
            history.append(answer)
            request, operation_id, note = following, None, "follows the redirect"

    def _exchange(self, request: Request, operation_id: str | None, note: str, *, patient: bool) -> Received:
        exchange = Exchange(request, operation=operation_id, note=note)
        self.trace.exchanges.append(exchange)
        try:
            exchange.received = self.run.session.send(request, until=self.until, patient=patient)
        except Throttled as error:
            exchange.received = error.received
            if error.received is None:
                self.trace.exchanges.pop()
            raise
        except OwnLimit as error:
            exchange.problem = str(error)
            raise NotVerified(f"{request.method} {request.url}: {error}") from None
        except NoAnswer as error:
            exchange.problem = str(error)
            name = f"{request.method} {request.url}"
            if operation_id is not None:
                finding = Finding(NO_ANSWER, operation_id, "No complete answer", str(error))
                self.trace.findings.append((finding, len(self.trace.exchanges)))
            raise CheckFailed(f"the answer to {name}", "a complete HTTP answer", str(error)) from None
        except ValueError as error:
            exchange.problem = str(error)
            raise CheckFailed("the address to call", "an http or https URL", request.url) from None
        if operation_id is not None and exchange.received.status < 400 and self._is_own(request):
            self.run.controls.note(self.api, operation_id)
        received = exchange.received
        exchange.let_go()
        if self.trace.kept is not None:
            exchange.shorten(self.trace.kept)
        return received

    def _is_own(self, request: Request) -> bool:
        """Whether a request was sent with the target's own token, if there is one."""
        return set(request.headers).issuperset(target_headers(self.endpoint, request.url, auth=True))

    def _hold(self, call: Call, request: Request, received: Received) -> None:
        operation_id = self.trace.exchanges[-1].operation or ""
        received = received.sampled()
        if not received.truncated:
            self.trace.exercised.add(operation_id)
        provoked = self.inject.provoked(operation_id) and received.status >= 500
        for finding in self.description.hold(call, self.base_url, request, received):
            if not (provoked and finding.check in {HELD[0], SERVER_ERROR}):
                self.trace.findings.append((finding, len(self.trace.exchanges)))

    @abstractmethod
    def _accept(self, operation: Operation, accept: str | None, version: str | None) -> str:
        """The Accept header that asks for a media type and a version of it; "" for none."""


def _items(headers: Mapping[str, str] | Sequence[Header]) -> tuple[Header, ...]:
    return tuple(headers.items() if isinstance(headers, Mapping) else headers)
