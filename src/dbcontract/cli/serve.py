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
from .execute import urls_of
from .files import atomic_writer, check_writable
from .server_options import ServerFlags, server_options

if TYPE_CHECKING:
    from dbcontract.mockserver.server.run import Running


@click.command("serve")
@server_options(default_port=5323)
@click.option("--curls", is_flag=True, help="Show a curl command for every operation at the start.")
@click.option(
    "--coverage",
    is_flag=True,
    help="Count in all sandboxes what is met of the contract, from the first request on (/_mock/coverage).",
)
@click.option("--quiet", is_flag=True, help="Log no line for each request.")
@click.option(
    "--ready-file",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Write the URLs and the process id there (JSON) when the server answers; removed at the end.",
)
def command(*, ready_file: Path | None, quiet: bool, curls: bool, **options: Any) -> None:
    """Serve the mock of the installed APIs until interrupted."""
    from dbcontract.mockserver.sandbox.errors import SettingsError
    from dbcontract.mockserver.server.run import StartError, serve_forever

    from . import logs
    from .banner import Banner

    flags = ServerFlags(**options)
    with ExitStack() as at_the_end:
        try:
            settings = flags.settings()
            logs.configure(flags.log_format, requests=not quiet)
            if ready_file is not None:
                with ready_file_errors(ready_file):
                    check_writable(ready_file)

            def on_ready(running: Running) -> None:
                if ready_file is not None:
                    write_ready_file(ready_file, running)
                    # only now: a start that fails must not remove the file of the server that is running
                    # already
                    at_the_end.callback(ready_file.unlink, missing_ok=True)
                Banner.of(settings, running).print(curls=curls)

            keeper = flags.keeper()
            if keeper is not None:
                at_the_end.callback(keeper.release)
            serve_forever(settings, on_ready, keeper)
        except (SettingsError, StartError) as error:
            raise CommandError(str(error)) from error


def write_ready_file(path: Path, running: Running) -> None:
    """Tell other programs where the server is; whoever sees the file can call at once.

    Raises:
        CommandError: the file cannot be written.
    """
    ready = {
        "base_url": running.base_url,
        **{f"{name}_url": url for name, url in urls_of(running).items()},
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
