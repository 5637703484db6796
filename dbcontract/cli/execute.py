"""`dbcontract exec`: a command that has a mock to itself for as long as it runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from .errors import CommandError, os_reason
from .server_options import ServerFlags, server_options

if TYPE_CHECKING:
    from dbcontract.mockserver.server import Running
    from dbcontract.mockserver.settings import Settings

NOT_EXECUTABLE, NOT_FOUND = 126, 127  # as shells have them


@click.command("exec", context_settings={"allow_interspersed_args": False})
@server_options(default_port=0)
@click.argument("argv", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
def command(*, argv: tuple[str, ...], **options: Any) -> int:
    """Run a command with a mock of its own.

    The mock listens on a free port and lives as long as the command, which finds it in its environment:
    DBCONTRACT_URL, PIECES_OS_URL, PIXIEBRIX_URL (ending in /api) and PIXIEBRIX_TOKEN. The exit status is the
    command's (128+N if signal N ended it).

    \b
        dbcontract exec -- npm test
        dbcontract exec --data bi --clock frozen -- pytest -x
    """  # noqa: D301 - the mark that click wants before a paragraph that is not to be wrapped
    from dbcontract.mockserver.server import ServerThread, StartError
    from dbcontract.mockserver.settings import SettingsError

    from . import logs

    flags = ServerFlags(**options)
    try:
        settings = flags.settings()
        logs.configure(flags.log_format, requests=False)  # the terminal is the command's
        with ServerThread(settings, flags.keeper()) as running:
            return run(argv, surroundings(settings, running))
    except (SettingsError, StartError) as error:
        raise CommandError(str(error)) from error


def surroundings(settings: Settings, running: Running) -> dict[str, str]:
    """The environment of the command: ours, and where the mock is.

    What is not served is taken out: a value from outside would lead the command to something that is no mock.
    """
    from .banner import ANY_TOKEN, token_to_show

    found: dict[str, str | None] = {
        "DBCONTRACT_URL": running.base_url,
        "PIECES_OS_URL": running.pieces_url,
        "PIXIEBRIX_URL": running.pixiebrix_url,
        "PIXIEBRIX_TOKEN": None if running.pixiebrix_url is None else token_to_show(settings) or ANY_TOKEN,
    }
    kept = {name: value for name, value in os.environ.items() if name not in found}
    return kept | {name: value for name, value in found.items() if value is not None}


def run(argv: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run the command to its end; its exit status as a shell has it.

    SIGINT and SIGTERM go on to the command, and it decides what becomes of them.
    """
    early: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def forward(number: int, _frame: FrameType | None) -> None:
        if process is None:
            early.append(number)
        elif number != signal.SIGINT or not _in_foreground():
            process.send_signal(number)

    with _handling(forward):
        try:
            process = subprocess.Popen(argv, env=environment)  # noqa: S603 - to run it is what this is for
        except FileNotFoundError:
            click.echo(f"Error: {argv[0]}: command not found", err=True)
            return NOT_FOUND
        except (OSError, ValueError) as error:
            reason = os_reason(error) if isinstance(error, OSError) else str(error)
            click.echo(f"Error: {argv[0]}: {reason}", err=True)
            return NOT_EXECUTABLE
        for number in early:
            process.send_signal(number)
        status = process.wait()
    return status if status >= 0 else 128 - status


@contextmanager
def _handling(handler: Any) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _in_foreground() -> bool:
    """Whether a terminal's Ctrl-C reaches the command by itself, so that it must not get it twice."""
    if sys.platform == "win32":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
