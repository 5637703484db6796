"""A mock of ours, recognized over HTTP: its control API gives every check a sandbox, a clock and faults."""

from __future__ import annotations

import itertools
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ..apis.base import apis
from ..http.wire import NoAnswer, Request, Unreachable, Wire
from ..outcomes import NotVerified
from ..target.target import CAPABILITIES, Target
from .environment import Environment

_SANDBOX = re.compile(r"/~[^/]+$")
"""The end of the root of a sandbox that is a sandbox."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a mock says of itself.

    Attributes:
        root: scheme, host and port, and the sandbox if the URL named one: the sandbox that is judged.
        defects: the names of those that are on in this sandbox.
        faults: how many are ordered there.
        told: all that it says, for what only one API wants to know.
    """

    root: str
    version: str
    apis: tuple[str, ...]
    capabilities: frozenset[str]
    defects: tuple[str, ...] = ()
    faults: int = 0
    told: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)


def recognize(url: str, wire: Wire) -> Health | None:
    """Ask whether a mock of ours serves this URL.

    Args:
        url: a base URL of either API, or the mock's own.
        wire: to ask with.

    Returns:
        None when what answers is something else, or its control API is closed to us.

    Raises:
        Unreachable: nothing can be connected to.
    """
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    for api in apis().values():
        path = path.removesuffix(api.mock_path).rstrip("/")
    root = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    try:
        received = wire.send(Request("GET", f"{root}/_mock/health", (("Accept", "application/json"),)))
        health = json.loads(received.content)
    except (NoAnswer, ValueError, RecursionError):
        return None
    if received.status != 200 or not isinstance(health, dict) or health.get("name") != "dbcontract":
        return None
    return Health(
        root=root,
        version=str(health.get("version", "")),
        apis=tuple(api for api in apis() if api in _texts(health.get("apis"))),
        capabilities=frozenset(CAPABILITIES) & frozenset(_texts(health.get("capabilities"))),
        defects=_texts(health.get("defects")),
        faults=health["faults"] if type(health.get("faults")) is int else 0,
        told=health,
    )


def _texts(value: object) -> tuple[str, ...]:
    """The texts of a list; what calls itself a mock may say anything."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def as_target(health: Health, target: Target) -> Target:
    """The target as the mock makes it: what it can do is allowed, for every check has a sandbox.

    Args:
        health: of the mock.
        target: as the user described it; APIs that it leaves out stay out.
    """
    # It takes any token, unless it was started with some. One made of words would be masked wherever they
    # stand in a report.
    endpoints = {
        name: replace(
            endpoint,
            url=health.root + apis()[name].mock_path,
            token=endpoint.token or (secrets.token_hex(20) if apis()[name].needs_token else None),
        )
        for name, endpoint in target.endpoints.items()
        if name in health.apis
    }
    return replace(
        target.with_own(lambda own: own.on_mock(health.told)),
        kind="mock",
        endpoints=endpoints,
        capabilities=health.capabilities | (target.capabilities & {"wait"}),
    )


class Control:
    """The control API of a mock, or of one of its sandboxes.

    Every method raises `NotVerified` when the mock does not do what is asked.
    """

    def __init__(self, root: str, wire: Wire) -> None:
        self.root = root
        self._wire = wire

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call an operation; gives the parsed answer, or None for an empty one."""
        content = json.dumps(body).encode() if body is not None else None
        headers = (("Accept", "application/json"), ("Content-Type", "application/json"))
        what = f"the mock's control API did not do {method} {path}"
        try:
            received = self._wire.send(Request(method, f"{self.root}/_mock{path}", headers, content))
        except NoAnswer as error:
            message = f"{what}: {error}"
            raise NotVerified(message) from error
        if not 200 <= received.status < 300:
            message = f"{what}: {received.status} {received.content[:200].decode(errors='replace')}"
            raise NotVerified(message)
        try:
            return json.loads(received.content) if received.content else None
        except (ValueError, RecursionError):
            raise NotVerified(f"{what}: its answer is not JSON that can be read") from None

    def now(self) -> datetime | None:
        """The instant of this sandbox's clock."""
        told = self.call("GET", "/clock")
        try:
            return datetime.fromisoformat(told["now"]).astimezone(UTC)
        except (TypeError, LookupError, ValueError, OverflowError):
            raise NotVerified("the mock's control API did not tell its time") from None

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.call("POST", "/clock/advance", {"seconds": seconds})

    @property
    def runs_nights(self) -> bool:
        """They come with the clock."""
        return True

    def advance_to_next_midnight(self, now: Callable[[], datetime]) -> None:
        """Move the clock to the next midnight (UTC), where the nightly job runs."""
        del now  # the mock knows
        self.call("POST", "/clock/advance", {"to": "next-midnight"})

    def fail_next(self, operation_id: str, status: int | None) -> None:
        """Let the next call of an operation answer with a status."""
        self.call("POST", "/faults", {"operation": operation_id, "status": status or 500, "times": 1})

    def fail_import_inside(self, after: int) -> None:
        """Let the next import fail when this many entries are merged."""
        self.call("POST", "/faults", {"operation": "importDatabase", "inside": {"after": after}, "times": 1})

    def fail_next_job(self, message: str) -> None:
        """Let the next export job end as FAILURE."""
        inside = {"error_message": message}
        self.call("POST", "/faults", {"operation": "createExportJob", "inside": inside, "times": 1})

    def change(self, **settings: Any) -> None:
        """Change settings of the sandbox."""
        self.call("PATCH", "/settings", settings)

    def told(self, path: str) -> Any:
        """What the control API tells at a path."""
        return self.call("GET", path)


class MockEnvironments:
    """A sandbox for every check, set like the sandbox that the target's URL names, and deleted afterwards."""

    independent = True

    def __init__(self, target: Target, run: str, wire: Wire) -> None:
        """Take a target that `as_target` made, and a name for the run."""
        first = target.apis[0]
        self._sandbox = target.endpoints[first].url.removesuffix(apis()[first].mock_path)
        self._root = _SANDBOX.sub("", self._sandbox)
        self._target = target
        self._run = run
        self._wire = wire
        self._numbers = itertools.count(1)

    @property
    def is_variant(self) -> bool:
        """Whether defects or faults are on in the sandbox that the target's URL names."""
        health = recognize(self._sandbox, self._wire)
        return health is not None and bool(health.defects or health.faults)

    def open(self) -> Environment:
        """A new sandbox, set like the sandbox that the target's URL names.

        Raises:
            NotVerified: the mock makes none.
            Unreachable: it is not there any more.
        """
        return self._made()

    def _made(self, **order: str) -> Environment:
        name = f"c-{self._run}-{next(self._numbers)}"
        Control(self._sandbox, self._wire).call("PUT", f"/sandboxes/{name}", order or None)
        return self._environment(name)

    def open_second(self, environment: Environment) -> Environment:
        """A new sandbox, without data."""
        del environment
        return self._made(data="empty")

    def begin_group(self) -> bool:
        """Nothing to do: every place begins anew."""
        return False

    def close(self, environment: Environment) -> None:
        """Delete the sandbox; one that was never used does not exist, which is as well."""
        try:
            Control(self._root, self._wire).call("DELETE", f"/sandboxes/{environment.name}")
        except (NotVerified, Unreachable):
            return

    def _environment(self, name: str) -> Environment:
        root = f"{self._root}/~{name}"
        target = self._target
        return Environment(
            endpoints={
                name: replace(endpoint, url=root + apis()[name].mock_path)
                for name, endpoint in target.endpoints.items()
            },
            controls=Control(root, self._wire),
            own=tuple(one.in_sandbox() for one in target.own),
            disposable=True,
            name=name,
        )
