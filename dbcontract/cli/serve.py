"""`dbcontract serve`: the mock server in the foreground, until it is told to stop."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .errors import CommandError, os_reason
from .files import atomic_writer, check_writable

if TYPE_CHECKING:
    from dbcontract.mockserver.server import Running
    from dbcontract.mockserver.settings import Settings

    from .logs import LogFormat

APIS = {"pieces": ("pieces",), "pixiebrix": ("pixiebrix",), "all": ("pieces", "pixiebrix")}


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=5323,
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
@click.option(
    "--api",
    type=click.Choice(list(APIS)),
    default="all",
    show_default=True,
    help="Which of the two APIs to serve.",
)
@click.option(
    "--data",
    metavar="NAME|FILE",
    default="small",
    show_default=True,
    help="A named data set (see `dbcontract data`), or a file in one of its formats.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="The same seed, the same data and ids.",
)
@click.option(
    "--token",
    "tokens",
    metavar="TOKEN",
    multiple=True,
    help="Accept this token; TOKEN:read-only may only read. Repeatable. Without it, any token is accepted.",
)
@click.option("--no-auth", is_flag=True, help="Accept requests without a token, too.")
@click.option(
    "--cors",
    metavar="ORIGIN",
    multiple=True,
    help="Let this web origin call from a browser; * for all. Repeatable.",
)
@click.option(
    "--clock",
    metavar="CLOCK",
    default="live",
    show_default=True,
    help="live, frozen, an ISO 8601 time to start from, or frozen@TIME.",
)
@click.option(
    "--job-seconds",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    help="How long an export job takes, in seconds of the clock.",
)
@click.option(
    "--record-limit",
    type=click.IntRange(min=0),
    default=500_000,
    show_default=True,
    help="How many records a database may hold before the nightly job archives the oldest dates.",
)
@click.option(
    "--os-version",
    metavar="SEMVER",
    help="The version that Pieces OS says it has. Default: that of the data.",
)
@click.option("--validate-responses", is_flag=True, help="Hold every response against the description, too.")
@click.option(
    "--log-format",
    type=click.Choice(["pretty", "json"]),
    default="pretty",
    show_default=True,
    help="Log lines on stderr for people, or one JSON object a line.",
)
@click.option(
    "--ready-file",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Write the URLs and the process id there (JSON) when the server answers; removed at the end.",
)
def command(*, log_format: LogFormat, ready_file: Path | None, **flags: Any) -> None:
    """Serve the mock of both APIs until interrupted."""
    from dbcontract.mockserver.server import StartError, serve_forever
    from dbcontract.mockserver.settings import SettingsError

    from . import logs
    from .banner import Banner

    with ExitStack() as at_the_end:
        try:
            settings = make_settings(**flags)
            logs.configure(log_format)
            if ready_file is not None:
                with ready_file_errors(ready_file):
                    check_writable(ready_file)

            def on_ready(running: Running) -> None:
                if ready_file is not None:
                    write_ready_file(ready_file, running)
                    # only now: a start that fails must not remove the file of the server that is running
                    # already
                    at_the_end.callback(ready_file.unlink, missing_ok=True)
                Banner.of(settings, running).print()

            serve_forever(settings, on_ready)
        except (SettingsError, StartError) as error:
            raise CommandError(str(error)) from error


def make_settings(
    *,
    host: str,
    port: int,
    api: str,
    data: str,
    seed: int,
    tokens: tuple[str, ...],
    no_auth: bool,
    cors: tuple[str, ...],
    clock: str,
    job_seconds: float,
    record_limit: int,
    os_version: str | None,
    validate_responses: bool,
) -> Settings:
    """The flags as the server's settings.

    Raises:
        SettingsError: a token or a clock that cannot be read.
        CommandError: an `--os-version` that is no semantic version.
    """
    from semver import Version

    from dbcontract.mockserver.settings import ClockSetting, Settings, TokenGrant

    if os_version is not None and not Version.is_valid(os_version):
        raise CommandError(f"--os-version {os_version}: no semantic version; write e.g. 11.0.0")
    return Settings(
        host=host,
        port=port,
        apis=frozenset(APIS[api]),
        seed=seed,
        data=data,
        tokens=tuple(map(TokenGrant.parse, tokens)),
        auth=not no_auth,
        cors=cors,
        clock=ClockSetting.parse(clock),
        job_seconds=job_seconds,
        record_limit=record_limit,
        os_version=os_version,
        validate_responses=validate_responses,
    )


def write_ready_file(path: Path, running: Running) -> None:
    """Tell other programs where the server is; whoever sees the file can call at once.

    Raises:
        CommandError: the file cannot be written.
    """
    ready = {
        "base_url": running.base_url,
        "pieces_url": running.pieces_url,
        "pixiebrix_url": running.pixiebrix_url,
        "pid": os.getpid(),
    }
    with ready_file_errors(path), atomic_writer(path) as stream:
        stream.write(json.dumps(ready, indent=2).encode() + b"\n")


@contextmanager
def ready_file_errors(path: Path) -> Iterator[None]:
    """Say that it was the ready file that could not be written."""
    try:
        yield
    except OSError as error:
        raise CommandError(
            f"--ready-file {path}: {os_reason(error)}; choose a file that can be written"
        ) from error
