"""What is judged, and what is allowed there: plain data, whether flags, a file or a mock told it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeVar
from urllib.parse import urlsplit, urlunsplit

from ..apis.base import OwnKeys, apis, names
from ..catalogue.vocabulary import Capability
from ..http.proxy import Proxy
from ..http.redaction import Secret, header_secrets
from ..http.wire import Limits

CAPABILITIES: Final = tuple(map(str, Capability))

GENTLE: Final = 10.0
"""How many requests a second, by default, for targets that are neither on this machine nor a mock."""
HOOKS: Final = ("advance_clock", "run_nightly", "fail_next", "reset")


class TargetError(ValueError):
    """The target is described wrongly; the message names the key or flag, the value and the remedy."""


@dataclass(frozen=True, slots=True)
class HttpHook:
    """A hook that is an HTTP request; `{placeholders}` in URL, headers and body are filled in.

    Attributes:
        operations: what the target calls operations, by operationId; the others it calls as we do.
    """

    url: str
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    operations: tuple[tuple[str, str], ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Where placeholders may stand."""
        return (self.url, self.body or "", *(value for _, value in self.headers))


@dataclass(frozen=True, slots=True)
class CommandHook:
    """A hook that is a command, run without a shell; `{placeholders}` in its words are filled in.

    Attributes:
        operations: as for `HttpHook`.
    """

    command: tuple[str, ...]
    seconds: float = 60.0
    operations: tuple[tuple[str, str], ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Where placeholders may stand."""
        return self.command


Hook = HttpHook | CommandHook


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one API is served.

    Attributes:
        url: the base URL, without a trailing slash.
        token: sent as `Authorization: Token …` to this origin only.
        headers: sent with every request to this origin.
        second_url: a second, empty instance.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    second_url: str | None = None


_O = TypeVar("_O", bound=OwnKeys)


def own_of(kind: type[_O], own: Iterable[OwnKeys]) -> _O:
    """The values of one class out of those of all APIs; its defaults where there are none."""
    return next((one for one in own if isinstance(one, kind)), None) or kind()


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a target is worked, and how long it is waited for; seconds.

    Attributes:
        requests_per_second: None for what the target's place suggests: `GENTLE`, or no limit.
        check: how long one check may take.
        run: how long the whole run may take, without what it is allowed to wait.
        job_poll, job_wait: how often, and how long in all, a job is asked for its status.
        throttled: how long a 429 is waited out.
        slowest: this many requests a second are sent at least, however often the target answers 429.
    """

    requests_per_second: float | None = None
    check: float = 120.0
    run: float = 7_200.0
    job_poll: float = 1.0
    job_wait: float = 120.0
    throttled: float = 65.0
    slowest: float = 0.5
    wire: Limits = field(default_factory=Limits)

    @property
    def seconds_apart(self) -> float:
        """The seconds from one request to the next; 0 without a limit."""
        return 1.0 / self.requests_per_second if self.requests_per_second else 0.0


@dataclass(frozen=True, slots=True)
class Target:
    """One target.

    Attributes:
        name: for reports.
        endpoints: where each API is served, by name; what is not there is not judged.
        kind: `mock` is a recognized mock of ours: every check gets a sandbox of its own there.
        capabilities: what checks may count on, out of `CAPABILITIES`.
        own: the values of the keys that only one API has, at most one of each class; `of` finds them.
        hooks: by name, out of `HOOKS`.
        hook_urls: the base URLs by API, for hooks: those that the user gave, judged or not.
        proxy: what requests are handed to, but for those to this machine.
        open_links: links of the target may lead anywhere, to private addresses too.
        arguments: how the command line names this target, for the commands that reports show.
        names: by key, the flag or variable to change where the value does not come from a target file.
    """

    name: str
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict, hash=False)
    kind: Literal["mock", "other"] = "other"
    capabilities: frozenset[str] = frozenset({"read", "storage"})
    own: tuple[OwnKeys, ...] = ()
    pace: Pace = Pace()
    hooks: tuple[tuple[str, Hook], ...] = ()
    hook_urls: tuple[tuple[str, str], ...] = ()
    ca_bundle: str | None = None
    proxy: Proxy | None = None
    open_links: bool = False
    arguments: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()

    def named(self, key: str) -> str:
        """What the user has to change, a flag where the key has one; else the key itself."""
        return dict(self.names).get(key, key)

    def of(self, kind: type[_O]) -> _O:
        """The values of an API's own keys; their defaults where none are given."""
        return own_of(kind, self.own)

    def with_own(self, change: Callable[[OwnKeys], OwnKeys]) -> Target:
        """The same target with the values of all APIs' own keys changed, those at their defaults too."""
        kinds = [api.own_keys for api in apis().values() if api.own_keys is not None]
        return replace(self, own=tuple(change(own_of(kind, self.own)) for kind in kinds))

    def endpoint(self, api: str) -> Endpoint | None:
        """Where an API is served; None where it is not."""
        return self.endpoints.get(api)

    @property
    def first(self) -> Endpoint | None:
        """Where the first API that is judged is served; None where none is left."""
        return self.endpoints[self.apis[0]] if self.apis else None

    @property
    def apis(self) -> tuple[str, ...]:
        """The APIs that the target serves."""
        return tuple(api for api in names() if api in self.endpoints)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be shown: tokens, and the values of configured headers."""
        # What stands for a token is called TOKEN where no other can be meant.
        needing = [api for api in self.apis if apis()[api].needs_token] or self.apis[:1]
        ordered = [*needing, *(api for api in self.apis if api not in needing)]
        endpoints = [self.endpoints[api] for api in ordered]
        tokens: list[tuple[str | None, str]] = [
            (self.endpoints[api].token, "TOKEN" if [api] == list(needing) else f"{api.upper()}_TOKEN")
            for api in ordered
        ]
        tokens += [secret for own in self.own for secret in own.secrets]
        headers = [header for endpoint in endpoints for header in endpoint.headers]
        headers += [header for _, hook in self.hooks if isinstance(hook, HttpHook) for header in hook.headers]
        if self.proxy is not None and self.proxy.credentials is not None:
            password = self.proxy.credentials.partition(":")[2]
            tokens += [(password, "PROXY_TOKEN"), (self.proxy.encoded, "PROXY_TOKEN")]
        return (*(Secret(token, name) for token, name in tokens if token), *header_secrets(headers))

    def hook(self, name: str) -> Hook | None:
        """The hook of that name, if the target offers it."""
        return dict(self.hooks).get(name)

    def offers(self, capability: str, api: str) -> bool:
        """Whether checks of an API may count on a capability; a second instance is one of a single API."""
        if capability == "second" and self.kind != "mock":
            endpoint = self.endpoint(api)
            return endpoint is not None and endpoint.second_url is not None
        return capability in self.capabilities

    def only(self, *names: str) -> Target:
        """The same target with no other APIs than these."""
        kept = {api: endpoint for api, endpoint in self.endpoints.items() if api in names}
        return replace(self, endpoints=kept)

    def with_capabilities(self, *more: str) -> Target:
        """The same target with more capabilities."""
        return replace(self, capabilities=self.capabilities | set(more))


def base_url(text: str, *, where: str) -> str:
    """A base URL as the user writes it, without the trailing slash.

    Args:
        text: `http://host:port/path`.
        where: the key or flag, for the message.

    Raises:
        TargetError: no http or https URL, or one with a query, a fragment or credentials.
    """
    hint = "write e.g. http://localhost:5323"
    named = repr(text) if "@" not in text else "what is given"
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        message = f"{where}: {named} is not a URL ({error}); {hint}"
        raise TargetError(message) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        message = f"{where}: {named} is not an http or https URL; {hint}"
        raise TargetError(message)
    if parts.query or parts.fragment or "@" in parts.netloc:
        message = f"{where}: a base URL has no query, no fragment and no credentials; {hint}"
        raise TargetError(message)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
