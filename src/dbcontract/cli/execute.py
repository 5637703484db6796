"""`dbcontract exec`: a command that has a mock to itself for as long as it runs."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

from .errors import CommandError, os_reason
from .server_options import ServerFlags, server_options

if TYPE_CHECKING:
    from dbcontract.mockserver.sandbox.settings import Settings
    from dbcontract.mockserver.server.run import Running

NOT_EXECUTABLE, NOT_FOUND = 126, 127  # as shells have them
FORWARDED = (signal.SIGINT, signal.SIGTERM)
_CHILD = (signal.SIGCHLD,) if sys.platform != "win32" else ()


@click.command("exec", context_settings={"allow_interspersed_args": False})
@server_options(default_port=0)
@click.option(
    "--coverage",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write there what the command met of the contract: a file that ends in .html, .json or .md.",
)
@click.argument("argv", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
def command(*, argv: tuple[str, ...], coverage: Path | None, **options: Any) -> int:
    """Run a command with a mock of its own.

    The mock listens on a free port and lives as long as the command, which finds it in its environment:
    DBCONTRACT_URL, and for each API its URL, with a token where it needs one: PIECES_OS_URL, PIXIEBRIX_URL
    (ending in /api) and PIXIEBRIX_TOKEN, or the like of another API that is installed. The exit status is the
    command's (128+N if signal N ended it). NO_PROXY keeps the environment's proxy away from the mock.

    \b
        dbcontract exec -- npm test
        dbcontract exec --data bi --clock frozen -- pytest -x
    """  # noqa: D301 - the mark that click wants before a paragraph that is not to be wrapped
    from dbcontract.mockserver.sandbox.errors import SettingsError
    from dbcontract.mockserver.server.run import ServerThread, StartError

    from . import coverage as covered
    from . import logs

    flags = ServerFlags(**options, coverage=coverage is not None)
    if coverage is not None:
        if flags.no_control:
            raise CommandError("--coverage: the control API tells what was met; leave --no-control out")
        covered.check(coverage)
    try:
        settings = flags.settings()
        # The terminal is the command's; a program that asked for JSON gets all of it.
        logs.configure(flags.log_format, requests=flags.log_format == "json")
        keeper = flags.keeper()
        with ExitStack() as at_the_end:
            if keeper is not None:
                at_the_end.callback(keeper.release)
            running = at_the_end.enter_context(ServerThread(settings, keeper))
            status = run(argv, surroundings(settings, running))
            if coverage is not None:
                covered.write(coverage, running, settings.control_token)
            return status
    except (SettingsError, StartError) as error:
        raise CommandError(str(error)) from error


def surroundings(settings: Settings, running: Running) -> dict[str, str]:
    """The environment of the command: ours, and where the mock is.

    What is not served is taken out: a value from outside would lead the command away from the mock.
    """
    from dbcontract.mockserver.apis.base import served_apis
    from dbcontract.mockserver.control.curl import ANY_TOKEN
    from dbcontract.mockserver.server.no_proxy import without_proxy

    from .banner import token_to_show

    found: dict[str, str | None] = {"DBCONTRACT_URL": running.base_url}
    for name, url in urls_of(running).items():
        api = served_apis()[name]
        found[api.url_variable] = url
        if api.token_variable is not None:
            found[api.token_variable] = None if url is None else token_to_show(settings) or ANY_TOKEN
    kept = {name: value for name, value in os.environ.items() if name not in found}
    kept |= without_proxy(kept, running.base_url)
    return kept | {name: value for name, value in found.items() if value is not None}


def urls_of(running: Running) -> dict[str, str | None]:
    """The base URL of each installed API; None where it is not served."""
    from dbcontract.mockserver.apis.base import api_names

    return {name: running.urls.get(name) for name in sorted(api_names())}


def run(argv: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run the command to its end; its exit status as a shell has it.

    SIGINT and SIGTERM go on to the command, and it decides what becomes of them.
    """
    with _Signals() as signals:
        try:
            process = subprocess.Popen(argv, env=environment)  # noqa: S603 - to run it is what this is for
        except FileNotFoundError:
            click.echo(f"Error: {argv[0]}: command not found", err=True)
            return NOT_FOUND
        except (OSError, ValueError) as error:
            reason = os_reason(error) if isinstance(error, OSError) else str(error)
            click.echo(f"Error: {argv[0]}: {reason}", err=True)
            return NOT_EXECUTABLE
        status = signals.wait(process)
    return status if status >= 0 else 128 - status


class _Signals:
    """Waits for a command and sends on to it what comes meanwhile.

    Signals are read from a pipe. A handler in Python would run only when a system call returns; a signal that
    comes just before one begins would wait until the command ends.
    """

    def __enter__(self) -> Self:
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(writing, False)
        self._writing = writing
        self._before = {number: signal.signal(number, _noted) for number in (*FORWARDED, *_CHILD)}
        self._wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._reading)
        os.close(self._writing)

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """The status of the command, as `Popen` has it, once it has ended."""
        if not _CHILD:  # no signal tells of its end; there are none to send on either
            return process.wait()
        while (status := process.poll()) is None:
            select.select([self._reading], [], [])
            for number in os.read(self._reading, 512):
                if number in FORWARDED and not (number == signal.SIGINT and _in_foreground()):
                    process.send_signal(number)
        return status


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the number is in the pipe."""


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
