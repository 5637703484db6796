"""The options of every command that starts a mock server, declared once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dbcontract.mockserver.apis.base import api_names

from .errors import CommandError
from .listing import completion, variant_names

if TYPE_CHECKING:
    from dbcontract.mockserver.sandbox.settings import Settings

    from .logs import LogFormat
    from .state_file import StateFile

_Command = TypeVar("_Command", bound=Callable[..., Any])


def server_options(default_port: int) -> Callable[[_Command], _Command]:
    """Give a command the options of a mock server; it takes them as keywords and hands them to `ServerFlags`.

    Args:
        default_port: where it listens unless `--port` says otherwise; 0 is any free port.
    """
    options = [
        click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on."),
        click.option(
            "--port",
            type=click.IntRange(0, 65_535),
            default=default_port,
            show_default=True,
            help="The port to listen on; 0 picks a free one.",
        ),
        click.option(
            "--api",
            type=click.Choice([*sorted(api_names()), "all"]),
            default="all",
            show_default=True,
            help="Which API to serve.",
        ),
        click.option(
            "--data",
            metavar="NAME|FILE",
            default="small",
            show_default=True,
            help="A named data set (see `dbcontract data`), or a file in one of its formats.",
        ),
        click.option(
            "--seed",
            type=click.IntRange(min=0),
            default=1,
            show_default=True,
            help="The same seed, the same data and ids.",
        ),
        click.option(
            "--state",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Begin with the sandbox in this file, if it is there; write it at the end and on SIGUSR1.",
        ),
        click.option(
            "--token",
            "tokens",
            metavar="TOKEN",
            multiple=True,
            help="Accept this token; TOKEN:read-only may only read, TOKEN:organization=UUID sees no other. "
            "Repeatable. Without it, any is accepted.",
        ),
        click.option("--no-auth", is_flag=True, help="Accept requests without a token, too."),
        click.option(
            "--cors",
            metavar="ORIGIN",
            multiple=True,
            help="Let this web origin call from a browser; * for all. Repeatable.",
        ),
        click.option(
            "--public-url",
            metavar="URL",
            help="Where others reach this server, for the URLs that it hands out.  [default: as asked]",
        ),
        click.option(
            "--forwarded-allow-ips",
            metavar="ADDRESSES",
            help="Believe the Forwarded and X-Forwarded-… headers of these proxies: addresses or networks "
            "separated by commas, * for all.  [default: this machine]",
        ),
        click.option(
            "--clock",
            metavar="CLOCK",
            default="live",
            show_default=True,
            help="live, frozen, an ISO 8601 time to start from, or frozen@TIME.",
        ),
        click.option(
            "--job-seconds",
            type=click.FloatRange(min=0),
            default=2.0,
            show_default=True,
            help="How long an export job takes, in seconds of the clock.",
        ),
        click.option(
            "--record-limit",
            type=click.IntRange(min=0),
            default=500_000,
            show_default=True,
            help="How many records a database may hold before the nightly job archives the oldest dates.",
        ),
        click.option(
            "--os-version",
            metavar="SEMVER",
            help="The version that Pieces OS says it has. Default: that of the data.",
        ),
        click.option(
            "--default-version",
            type=click.Choice(["1.0", "1.1", "2.0"]),
            default="1.0",
            show_default=True,
            help="The version of PixieBrix that is meant where Accept asks for none.",
        ),
        click.option(
            "--strict-bodies",
            is_flag=True,
            help="Refuse fields of a body that are not described, instead of ignoring them.",
        ),
        click.option(
            "--set",
            "sets",
            metavar="NAME=VALUE",
            multiple=True,
            help="Another option of an API that is installed. Repeatable.",
        ),
        click.option(
            "--defect",
            "defects",
            metavar="NAME",
            multiple=True,
            shell_complete=completion(variant_names),
            help="Be wrong in this way, in every sandbox too; `dbcontract defects` lists them. Repeatable.",
        ),
        click.option("--no-control", is_flag=True, help="Serve no control API at /_mock/."),
        click.option(
            "--control-token",
            metavar="TOKEN",
            envvar="DBCONTRACT_CONTROL_TOKEN",
            show_envvar=True,
            help="Let clients on other machines use the control API, as `Authorization: Bearer TOKEN`.",
        ),
        click.option(
            "--signing-key",
            metavar="TEXT",
            envvar="DBCONTRACT_SIGNING_KEY",
            show_envvar=True,
            help="Sign the links of storage with keys made of this (16 characters or more), so that they are "
            "the same in every run.  [default: random]",
        ),
        click.option(
            "--max-sandboxes",
            type=click.IntRange(min=1),
            default=1_000,
            show_default=True,
            help="How many sandboxes are kept; then the least recently used one goes.",
        ),
        click.option(
            "--limit",
            "limits",
            metavar="NAME=VALUE",
            multiple=True,
            help="How much is taken: a body, a head, a journal and more (docs/limits.md), such as "
            "--limit body=1MB. Repeatable.",
        ),
        click.option(
            "--store",
            metavar="URL",
            envvar="DBCONTRACT_STORE",
            show_envvar=True,
            help="Keep the sandboxes with a name in this Redis or Valkey, redis://HOST:PORT/0, where another "
            "server finds them; needs dbcontract[store].",
        ),
        click.option(
            "--store-every",
            metavar="SECONDS",
            type=click.FloatRange(min=0.1),
            default=5.0,
            show_default=True,
            help="How often what was used is written there; and at the end.",
        ),
        click.option(
            "--store-ttl",
            metavar="SECONDS",
            type=click.IntRange(min=1),
            help="When what was not written again goes there.  [default: never]",
        ),
        click.option(
            "--validate-responses", is_flag=True, help="Hold every response against the description, too."
        ),
        click.option(
            "--log-format",
            type=click.Choice(["pretty", "json"]),
            default="pretty",
            show_default=True,
            help="Log lines on stderr for people, or one JSON object a line.",
        ),
    ]

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFlags:
    """The options as they were given."""

    host: str
    port: int
    api: str
    data: str
    seed: int
    state: Path | None
    tokens: tuple[str, ...]
    no_auth: bool
    cors: tuple[str, ...]
    public_url: str | None
    forwarded_allow_ips: str | None
    clock: str
    job_seconds: float
    record_limit: int
    os_version: str | None
    default_version: str
    strict_bodies: bool
    sets: tuple[str, ...]
    defects: tuple[str, ...]
    no_control: bool
    control_token: str | None
    signing_key: str | None
    max_sandboxes: int
    limits: tuple[str, ...]
    store: str | None
    store_every: float
    store_ttl: int | None
    validate_responses: bool
    log_format: LogFormat
    coverage: bool = False

    def settings(self) -> Settings:
        """The server's settings.

        Raises:
            SettingsError: a token, a clock or a limit that cannot be read.
            CommandError: an `--os-version` that is not a semantic version.
        """
        from semver import Version

        from dbcontract.mockserver.sandbox.addresses import LOOPBACK
        from dbcontract.mockserver.sandbox.limits import Limits
        from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings, TokenGrant

        if self.os_version is not None and not Version.is_valid(self.os_version):
            raise CommandError(f"--os-version {self.os_version}: no semantic version; write e.g. 11.0.0")
        return Settings(
            host=self.host,
            port=self.port,
            apis=api_names() if self.api == "all" else frozenset({self.api}),
            seed=self.seed,
            data=self.data,
            tokens=tuple(map(TokenGrant.parse, self.tokens)),
            auth=not self.no_auth,
            cors=self.cors,
            public_url=None if self.public_url is None else self.public_url.rstrip("/"),
            forwarded_allow_ips=LOOPBACK
            if self.forwarded_allow_ips is None
            else tuple(word.strip() for word in self.forwarded_allow_ips.split(",") if word.strip()),
            clock=ClockSetting.parse(self.clock),
            job_seconds=self.job_seconds,
            options=self._options(),
            strict_bodies=self.strict_bodies,
            validate_responses=self.validate_responses,
            coverage=self.coverage,
            control=not self.no_control,
            control_token=self.control_token,
            max_sandboxes=self.max_sandboxes,
            limits=Limits.parse(self.limits),
            store=self.store,
            store_every=self.store_every,
            store_ttl=self.store_ttl,
            variants=tuple(dict.fromkeys(self.defects)),
            **({} if self.signing_key is None else {"signing_key": self.signing_key}),
        )

    def _options(self) -> dict[str, Any]:
        """What the APIs let decide.

        Raises:
            CommandError: a `--set` that cannot be read.
        """
        from dbcontract.mockserver.sandbox.settings import start_options

        options: dict[str, Any] = {
            "record_limit": self.record_limit,
            "os_version": self.os_version,
            "default_version": self.default_version,
        }
        known = start_options()
        for text in self.sets:
            name, is_set, value = text.partition("=")
            if not is_set or name not in known:
                raise CommandError(f"--set {text}: write NAME=VALUE, with one of {', '.join(sorted(known))}")
            try:
                options[name] = known[name].parse(value)
            except ValueError as error:
                raise CommandError(f"--set {text}: {error}") from error
        return options

    def keeper(self) -> StateFile | None:
        """Where the sandbox is kept, if anywhere."""
        from .state_file import StateFile

        return None if self.state is None else StateFile(self.state)
