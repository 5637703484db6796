"""What the user of a mock server decides: addresses, data, tokens, time and limits."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ..apis.installed import api_names, installed
from ..state.instants import parse_instant
from .addresses import LOOPBACK, networks, public_url, web_origin
from .errors import SettingsError
from .limits import Limits
from .options import ApiWithOptions, StartOption

_KEY_LENGTH = 16


def _checked(name: str, check: Callable[[str], object], values: Iterable[str]) -> None:
    """Raises `SettingsError` for the first value that the check refuses."""
    for value in values:
        try:
            check(value)
        except ValueError as error:
            raise SettingsError(f'{name} "{value}": {error}') from None


def _is_token(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def start_options() -> Mapping[str, StartOption]:
    """What the installed APIs let a user decide when a server starts, by name."""
    return {option.name: option for api in installed(ApiWithOptions).values() for option in api.options}


def _complete(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """All options, those that are not given with their defaults.

    Raises:
        SettingsError: there is none of such a name, or its API refuses the value.
    """
    known = start_options()
    for name, value in given.items():
        if name not in known:
            raise SettingsError(f'option "{name}": no API has it; choose from {", ".join(sorted(known))}')
        try:
            known[name].check(value)
        except ValueError as error:
            shown = f'"{value}"' if isinstance(value, str) else value
            raise SettingsError(f"{name.replace('_', ' ')} {shown}: {error}") from None
    return MappingProxyType({**{name: option.default for name, option in known.items()}, **given})


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """One accepted token.

    Attributes:
        read_only: it is refused (403) for every operation that writes.
        organizations: ids of those that it may see; for it the others do not exist (404). None: it sees all.
    """

    token: str
    read_only: bool = False
    organizations: frozenset[str] | None = None

    @classmethod
    def parse(cls, text: str) -> TokenGrant:
        """Read `NAME`, `NAME:read-only` or `NAME:organization=UUID`; permissions may be joined by colons.

        Raises:
            SettingsError: the token is empty, holds white space, or carries an unknown permission.
        """
        token, *permissions = text.split(":")
        read_only, organizations = False, set()
        for permission in permissions:
            name, _, value = permission.partition("=")
            if permission == "read-only":
                read_only = True
            elif name == "organization" and value:
                organizations.add(value.lower())
            else:
                msg = (
                    f'token "{text}": unknown permission "{permission}"; '
                    "write NAME, NAME:read-only or NAME:organization=UUID"
                )
                raise SettingsError(msg)
        if not _is_token(token):
            msg = f'token "{text}": a token is one or more printable ASCII characters without spaces'
            raise SettingsError(msg)
        return cls(token, read_only, frozenset(organizations) or None)


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """How a sandbox's clock starts: following real time, or standing still, at an instant or not.

    `at` is in µs since the epoch; None means real time (live) or the data set's own instant (frozen).
    """

    frozen: bool = False
    at: int | None = None

    @classmethod
    def parse(cls, text: str) -> ClockSetting:
        """Read `live`, `frozen`, `<ISO time>` (ticks from there) or `frozen@<ISO time>` (stands there).

        Raises:
            SettingsError: anything else.
        """
        if text == "live":
            return cls()
        if text == "frozen":
            return cls(frozen=True)
        frozen = text.startswith("frozen@")
        try:
            return cls(frozen=frozen, at=parse_instant(text.removeprefix("frozen@")))
        except ValueError:
            msg = (
                f'clock "{text}": write live, frozen, an ISO 8601 time such as 2026-01-31T12:00:00Z, '
                "or frozen@ and such a time"
            )
            raise SettingsError(msg) from None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a mock server is started with; immutable, shared by all its sandboxes.

    Attributes:
        data: the name of a data set of `dbcontract.fixtures`, or the path of a data file.
        tokens: the accepted tokens; none means that any token is accepted.
        auth: False accepts requests without a token too.
        cors: origins that may call from a browser; `*` for all, none by default (as the vendor documents).
        job_seconds: how long what takes time stays unfinished, such as an export job, in seconds of the
            sandbox's clock.
        options: what the APIs let decide (see `ApiWithOptions`), by name; complete, once it is made.
        strict_bodies: refuse fields of a body that are not described, instead of ignoring them.
        control: serve the control API at `/_mock/`.
        control_token: lets clients on other machines use the control API.
        signing_key: what the keys that sign the links of storage are made of, 16 characters or more. By
            default random for each server, and not of the seed: who knows that could sign links and forms.
        public_url: where others reach the server, without a trailing slash; the root of every URL that it
            hands out. None: where a request says.
        forwarded_allow_ips: the addresses of the proxies whose word counts for where that is; `*` for all.
        coverage: count in all sandboxes what is met of the contract, from the first request on; else it is
            counted in a sandbox once somebody asks, and begins with what the journal has.
        store: the URL of a Redis or Valkey that keeps the sandboxes with a name; None: memory alone does.
        store_every: seconds between two times of writing there.
        store_ttl: seconds after which what was not written again goes there; None keeps it for ever.
        max_sandboxes: how many sandboxes are kept; beyond that the least recently used one goes.
        limits: how large a request, a journal and more may be.
        variants: names of defects and conforming variants (see `variants`), the outermost first.
    """

    host: str = "127.0.0.1"
    port: int = 5323
    apis: frozenset[str] = field(default_factory=api_names)
    seed: int = 1
    data: str = "small"
    tokens: tuple[TokenGrant, ...] = ()
    auth: bool = True
    cors: tuple[str, ...] = ()
    clock: ClockSetting = field(default_factory=ClockSetting)
    job_seconds: float = 2.0
    options: Mapping[str, Any] = field(default_factory=dict)
    strict_bodies: bool = False
    validate_responses: bool = False
    control: bool = True
    control_token: str | None = None
    signing_key: str = field(default_factory=secrets.token_hex, repr=False, compare=False)
    public_url: str | None = None
    forwarded_allow_ips: tuple[str, ...] = LOOPBACK
    coverage: bool = False
    max_sandboxes: int = 1_000
    limits: Limits = field(default_factory=Limits)
    store: str | None = field(default=None, repr=False)
    store_every: float = 5.0
    store_ttl: int | None = None
    variants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = self.apis - api_names()
        if unknown or not self.apis:
            msg = f"apis {sorted(unknown)}: choose from {sorted(api_names())}"
            raise SettingsError(msg)
        object.__setattr__(self, "options", _complete(self.options))
        if not 0 <= self.port <= 65_535:
            msg = f"port {self.port}: a port is a number from 0 (any free one) to 65535"
            raise SettingsError(msg)
        if not 0 <= self.job_seconds <= 10**9:
            msg = f"job seconds {self.job_seconds}: a number of seconds from 0 to 1000000000"
            raise SettingsError(msg)
        if self.max_sandboxes < 1:
            msg = f"max sandboxes {self.max_sandboxes}: a number of sandboxes, 1 or more"
            raise SettingsError(msg)
        if self.control_token is not None and not _is_token(self.control_token):
            # the token itself is not repeated: this may end up in a log
            msg = "control token: it is one or more printable ASCII characters without spaces"
            raise SettingsError(msg)
        if len(self.signing_key) < _KEY_LENGTH:
            msg = f"signing key: it has {len(self.signing_key)} characters; take {_KEY_LENGTH} or more"
            raise SettingsError(msg)
        _checked("public url", public_url, () if self.public_url is None else (self.public_url,))
        _checked("cors origin", web_origin, self.cors)
        _checked("forwarded allow ips", networks, self.forwarded_allow_ips)
