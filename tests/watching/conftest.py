import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any

import pytest

from dbcontract.conformance.catalogue.rules import Catalogue, load_all
from dbcontract.conformance.schema.description import Description

from .watched import Raw, Watched, watched


@pytest.fixture(scope="session")
def rules() -> Catalogue:
    return load_all()


@pytest.fixture(scope="session")
def descriptions() -> dict[str, Description]:
    return {api: Description(api) for api in ("pieces", "pixiebrix")}


@pytest.fixture
def watching(
    rules: Catalogue, descriptions: dict[str, Description]
) -> Callable[..., AbstractContextManager[Watched]]:
    """A proxy before a URL: `with watching(url) as proxy`."""
    return partial(watched, rules=rules, descriptions=descriptions)


@pytest.fixture
def raw() -> Iterator[Callable[..., Raw]]:
    """A server that answers as it is told: `raw(says(b"HTTP/1.1 200 OK…"))`."""
    with ExitStack() as at_the_end:

        def start(answer: Callable[[socket.socket, bytes], None]) -> Raw:
            server = Raw(answer)
            at_the_end.callback(server.close)
            return server

        yield start


@pytest.fixture
def through(
    watching: Callable[..., Any], raw: Callable[..., Raw]
) -> Iterator[Callable[..., tuple[Watched, Raw]]]:
    """Both: `proxy, behind = through(says(b"…"))`."""
    with ExitStack() as at_the_end:

        def start(answer: Callable[[socket.socket, bytes], None], **options: Any) -> tuple[Watched, Raw]:
            server = raw(answer)
            return at_the_end.enter_context(watching(server.url, **options)), server

        yield start
