"""The documented responses of every operation, with their examples: for `Prefer: code=…` and for faults."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

from ..state import jsonio
from .connexion.routes import METHODS, resolved
from .negotiated import JSON, Negotiated

_CODE = re.compile(r'(?:^|[,;\s])code\s*=\s*"?([^",;\s]*)', re.IGNORECASE)


def preferred_code(prefer: str) -> str | None:
    """What a `Prefer` header asks for as status (RFC 7240; the parameter `code`, as other mocks have it)."""
    found = _CODE.search(prefer)
    return found[1] if found else None


class Answer:
    """A response ready to be sent: status, headers, body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def moved(self, places: Iterable[str], to: str) -> Answer:
        """The answer with other base URLs in its headers and body: an example then names this server."""
        headers, body = self.headers, self.body
        for place in places:
            headers = {name: value.replace(place, to) for name, value in headers.items()}
            body = body.replace(place.encode(), to.encode())
        return Answer(self.status, headers, body)


class DocumentedResponses:
    """The responses of one description by operation and status."""

    def __init__(self, description: dict[str, Any], base_path: str) -> None:
        self._description = description
        self._base_path = base_path

    @cached_property
    def _resolved(self) -> Mapping[str, Any]:
        # Most servers never look here, so the references are followed when one does.
        return resolved(self._description)

    @cached_property
    def _operations(self) -> dict[str, dict[str, Any]]:
        return {
            item[method]["operationId"]: item[method]
            for item in self._resolved["paths"].values()
            for method in METHODS
            if method in item
        }

    def local(self, answer: Answer, origin: str) -> Answer:
        """An example whose links, which name the described servers, lead to this sandbox instead."""
        places = [server["url"].rstrip("/") + "/" for server in self._description.get("servers", ())]
        return answer.moved(places, f"{origin}{self._base_path}/")

    @property
    def operations(self) -> list[str]:
        """The operationIds."""
        return list(self._operations)

    def statuses(self, operation: str) -> list[int]:
        """The documented statuses, ascending."""
        return sorted(int(status) for status in self._operations[operation]["responses"] if status.isdigit())

    def example(self, operation: str, status: int) -> Answer:
        """The response with its documented example; a status without one gets the API's usual body."""
        owner = self._operations[operation]
        response = owner["responses"].get(str(status), {})
        headers = {
            name.lower(): str(_example_of(item))
            for name, item in response.get("headers", {}).items()
            if _example_of(item) is not None
        }
        content = response.get("content", {})
        if response and not content:
            return Answer(status, headers, b"")
        media_type = JSON if JSON in content else next(iter(content), self._usual_type(operation))
        value = _example_of(content.get(media_type, {}))
        if value is None:
            phrase = HTTPStatus(status).phrase if status in _PHRASES else f"Status {status}"
            value = {"detail": phrase} if media_type == JSON else f"{phrase}\n"
        return self.answer(operation, status, value, headers, media_type)

    def answer(
        self, operation: str, status: int, value: Any, headers: dict[str, str], media_type: str | None = None
    ) -> Answer:
        """A response with a body of the caller's: text as it is, anything else as JSON."""
        version = self._operations.get(operation, {}).get("x-published-version", "")
        if media_type is None:
            media_type = "text/plain" if isinstance(value, str) else JSON
        if isinstance(value, str) and media_type != JSON:
            content_type, body = f"{media_type}; charset=utf-8", value.encode()
        else:
            content_type = Negotiated(media_type, version).content_type if version else media_type
            body = jsonio.dumps(value)
        return Answer(status, {"content-type": content_type, **headers}, body)

    def _usual_type(self, operation: str) -> str:
        types = {
            media_type
            for status, response in self._operations[operation]["responses"].items()
            if status >= "4"
            for media_type in response.get("content", {})
        }
        return JSON if JSON in types else "text/plain"


_PHRASES = frozenset(int(status) for status in HTTPStatus)


def _example_of(item: Mapping[str, Any]) -> Any:
    if "example" in item:
        return item["example"]
    for example in item.get("examples", {}).values():
        return example.get("value")
    return item.get("schema", {}).get("example")
