"""The description of one API through Schemathesis: makes the calls, and holds the answers against it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin, urlsplit

import requests
import schemathesis
from schemathesis import checks as registry
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NOT_SET
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.schemas import OpenApiSchema

from ..apis.base import practice_of
from ..catalogue.findings import SERVER_ERROR
from ..environment.request_effects import header
from ..http.spool import Spool
from ..http.wire import REDIRECTS, Received, Request
from .calls import Call, Operation
from .latitude import BAD_REQUEST, DescribedPractice, judged
from .plain_answers import PlainAnswers

HELD: Final = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_REDIRECT: Final = 302
_REMEMBERED: Final = 50_000
"""How many answers that are as described are known again, each by its digest."""

# No database of the usual kind holds a NUL, and a refusal of it says nothing.
_GENERATION: Final[dict[str, Any]] = {"generation": {"allow-x00": False, "database": "none"}}


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer that is not as described.

    Attributes:
        check: what was violated, by Schemathesis' name for it.
        operation: the operationId.
        title, message: what is wrong; the message may have several lines.
    """

    check: str
    operation: str
    title: str
    message: str


class Description:
    """One API as described. Several threads may use it at once."""

    def __init__(self, api: str) -> None:
        self.api = api
        # Without a Config of its own, Schemathesis reads a schemathesis.toml of the folder it is started in.
        # `load` parses anew: inferring links changes what it is given.
        self.schema: OpenApiSchema = schemathesis.openapi.from_dict(
            judged(api), config=SchemathesisConfig.from_dict(_GENERATION)
        )
        registry.load_all_checks()
        self._held: list[Any] = [*registry.CHECKS.get_by_names(list(HELD))]
        self._operations = {}
        self._kept: dict[Hashable, Any] = {}
        self._as_described: set[bytes] = set()
        self._plainly = PlainAnswers(self.schema)
        for path, item in self.schema.raw_schema["paths"].items():
            for method, raw in item.items():
                if isinstance(raw, dict) and "operationId" in raw:
                    self._operations[raw["operationId"]] = self._read(method, path, raw)

    def _read(self, method: str, path: str, raw: Mapping[str, Any]) -> Operation:
        produces = [
            media_type
            for status, response in raw["responses"].items()
            if status.startswith("2")
            for media_type in response.get("content", {})
            if "*" not in media_type
        ]
        return Operation(
            id=raw["operationId"],
            method=method.upper(),
            path=path,
            around=is_around(raw),
            versions=tuple(raw.get("x-versions", ())),
            asked_version=raw.get("x-published-version"),
            produces=tuple(dict.fromkeys(produces)),
            statuses=tuple(int(status) for status in raw["responses"] if status.isdecimal()),
            described=self.schema.find_operation_by_id(raw["operationId"]),
        )

    def kept(self, name: Hashable, make: Callable[[], Any]) -> Any:
        """What was made of this description under a name, or is made now: for what is costly to make."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of the documents, in the order of the description."""
        return tuple(one for one in self._operations.values() if not one.around)

    def methods(self, path: str) -> set[str]:
        """All methods that a path is described with, those around the documents too."""
        return {one.method for one in self._operations.values() if one.path == path}

    def operation(self, operation_id: str) -> Operation:
        """The operation of that id.

        Raises:
            LookupError: the description has none.
        """
        try:
            return self._operations[operation_id]
        except KeyError:
            message = (
                f"{operation_id!r} is not an operation of {self.api}; there are {', '.join(self._operations)}"
            )
            raise LookupError(message) from None

    def call(
        self,
        operation_id: str,
        *,
        path: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        json: Any = NOT_SET,
    ) -> Call:
        """A call of an operation; path parameters are percent-encoded here.

        Raises:
            LookupError: the description has no such operation.
        """
        quoted = {name: quote(str(value), safe="") for name, value in (path or {}).items()}
        return Call(self.operation(operation_id), quoted, query or {}, json)

    def call_at(self, operation_id: str, path: str) -> Call:
        """A call of an operation at a path that was made without it, for the answer to be held against.

        Where the path is not the operation's, its parameters have the name of the operation for a value.
        """
        template = self.operation(operation_id).path
        names = re.findall(r"{(\w+)}", template)
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template.rstrip("/")))
        found = re.fullmatch(f"{pattern}/?", path)
        values = {name: unquote(found[name]) if found else operation_id for name in names}
        return self.call(operation_id, path=values)

    def hold(self, call: Call, base_url: str, request: Request, received: Received) -> list[Finding]:
        """Hold an answer against the description: status, media type, headers, body.

        Returns:
            What is not as described; nothing, if all is well.
        """
        operation_id = call.operation.id
        if leads_to_other_form(request.url, received.status, header(received.headers, "location")):
            return []
        if is_redirect_as_described(call.operation.statuses, received.status):
            received = replace(received, status=_REDIRECT)
        found = []
        if received.status == BAD_REQUEST and not self._deserves_400(operation_id, request.body):
            message = "Received: 400, for a body that is as described"
            found.append(Finding(HELD[0], operation_id, "Undeserved client error", message))
        # The body of an answer that is cut says nothing.
        judged = [held for held in self._held if not (received.truncated and held.__name__ == HELD[-1])]
        found += self._not_as_described(call, base_url, request, received, judged)
        if received.status >= 500 and any(finding.check == HELD[0] for finding in found):
            title = "Undocumented server error"
            found.append(Finding(SERVER_ERROR, operation_id, title, f"Received: {received.status}"))
        return found

    def _not_as_described(
        self,
        call: Call,
        base_url: str,
        request: Request,
        received: Received,
        judged: Sequence[Any],
    ) -> list[Finding]:
        """What these checks of Schemathesis find; what was as described once is not looked at again."""
        operation_id = call.operation.id
        same = _mark(operation_id, received)
        if same in self._as_described:
            return []
        if self._plainly.is_as_described(call.operation, received):
            self._remember(same)
            return []
        case = call.case()
        response = as_response(request, received)
        try:
            self._validate(case, response, base_url, *judged)
        except FailureGroup:
            pass
        except RecursionError:
            return []  # nested deeper than can be read here, which is not a fault of the answer
        else:
            self._remember(same)
            return []
        found = []
        for held in judged:
            try:
                self._validate(case, response, base_url, held)
            except FailureGroup as group:
                found += [
                    Finding(held.__name__, operation_id, failure.title, failure.message)
                    for failure in group.exceptions
                ]
        return found

    def _remember(self, mark: bytes) -> None:
        if len(self._as_described) < _REMEMBERED:
            self._as_described.add(mark)

    def _deserves_400(self, operation_id: str, body: bytes | Spool | None) -> bool:
        make = practice_of(self.api, DescribedPractice).deserves_400.get(operation_id)
        if make is None:
            return True  # Its description says it all.
        tell: Callable[[bytes | None], bool] = self.kept(make, lambda: make(self.schema.raw_schema))
        return tell(body.sample() if isinstance(body, Spool) else body)

    def _validate(self, case: Case[Any], response: Response, base_url: str, *only: Any) -> None:
        case.validate_response(response, checks=[*only], transport_kwargs={"base_url": base_url})


def _mark(operation_id: str, received: Received) -> bytes:
    """What tells answers of an operation apart as far as the description has a say: all but their date."""
    headers = [(name.lower(), value) for name, value in received.headers if name.lower() != "date"]
    said = (operation_id, received.status, received.reason, received.truncated, headers)
    digest = blake2b(repr(said).encode(errors="surrogatepass"), digest_size=20)
    digest.update(b"\0")
    digest.update(received.content)
    return digest.digest()


def is_around(operation: Mapping[str, Any]) -> bool:
    """Whether an operation of a description is one that none of the documents has."""
    return operation.get("x-around") is True


def of_the_documents(description: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a description without the operations around the documents, and without the links to them."""
    found = copy.deepcopy(dict(description))
    for item in found["paths"].values():
        for method in [name for name, one in item.items() if isinstance(one, dict) and is_around(one)]:
            del item[method]
    there = {
        one["operationId"]
        for item in found["paths"].values()
        for one in item.values()
        if isinstance(one, dict) and "operationId" in one
    }
    for item in found["paths"].values():
        for one in item.values():
            for response in one.get("responses", {}).values() if isinstance(one, dict) else ():
                links = response.get("links", {})
                for name in [name for name, link in links.items() if link["operationId"] not in there]:
                    del links[name]
    return found


def routes(descriptions: Mapping[str, Description]) -> dict[tuple[str, str, str], str]:
    """The operationIds by API, method and template of the path."""
    return {
        (api, operation.method, operation.path): operation.id
        for api, description in descriptions.items()
        for operation in description.operations
    }


def is_redirect_as_described(statuses: Collection[int], status: int) -> bool:
    """Whether an answer redirects where the described statuses have a redirect: which one, is left open."""
    return status in REDIRECTS and _REDIRECT in statuses


def leads_to_other_form(url: str, status: int, location: str) -> bool:
    """Whether an answer redirects to the same path with, or without, the slash at its end."""
    if status not in REDIRECTS or not location:
        return False
    try:
        here, there = urlsplit(url), urlsplit(urljoin(url, location))
    except ValueError:
        return False
    same = here.netloc == there.netloc and here.path.rstrip("/") == there.path.rstrip("/")
    return same and here.path != there.path


def as_response(request: Request, received: Received) -> Response:
    """An answer in the form that Schemathesis takes."""
    prepared = requests.PreparedRequest()
    prepared.method, prepared.url = request.method, request.url
    # A body in a file is one of the checks' own, which nothing looks at again.
    prepared.body = None if isinstance(request.body, Spool) else request.body
    prepared.headers = requests.structures.CaseInsensitiveDict(request.headers)
    headers: dict[str, list[str]] = {}
    for name, value in received.headers:
        headers.setdefault(name.lower(), []).append(value)
    return Response(
        status_code=received.status,
        headers=headers,
        content=received.content,
        request=prepared,
        elapsed=received.seconds,
        verify=True,
        message=received.reason,
    )
