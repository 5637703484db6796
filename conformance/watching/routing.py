"""Which operation a watched request calls. Nothing is asked, so the base URLs are told by the traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from ..apis.base import apis
from ..environment.request_effects import Passage, Routes
from ..http.wire import Request
from ..schema.description import Description, routes
from ..target.target import Endpoint, Target


class Routing:
    """Finds the operation of a request among those of several APIs.

    An API may lie at the base URL itself, or where a mock serves it: below `/api`, for one.

    Args:
        base_url: that the user named.
        descriptions: of the APIs to judge, by name.
    """

    def __init__(self, base_url: str, descriptions: Mapping[str, Description]) -> None:
        operations = routes(descriptions)
        self._candidates = [
            (api, url, Routes(Target(url, {api: Endpoint(url)}), operations))
            for api in descriptions
            for url in base_urls(base_url, api)
        ]

    def passage(self, request: Request) -> Passage:
        """A request with what is known of it; its API is empty where no operation and no thing is named."""
        try:
            return self._found(request)
        except ValueError:  # no URL that could be an operation's
            return Passage(request)

    def _found(self, request: Request) -> Passage:
        named: Passage | None = None
        for passage in self._passages(request):
            if passage.operation is not None:
                return passage
            if passage.names.kind and named is None:
                named = passage
        return named or Passage(request)

    def _passages(self, request: Request) -> Iterator[Passage]:
        for _, _, table in self._candidates:
            found = table.passage(request)
            if found.api:
                yield found


def base_urls(base_url: str, api: str) -> Sequence[str]:
    """Where an API may lie; the longest first."""
    path = apis()[api].mock_path
    below = [] if not path or urlsplit(base_url).path.endswith(path) else [base_url + path]
    return [*below, base_url]
