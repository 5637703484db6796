"""The command line: one group, one module a command.

A command is a module of this package that holds a click command called `command`; its name goes into
`COMMANDS`. It is imported when it is asked for, and it imports what is heavy when it runs, so that
`dbcontract serve` answers within a second and `--help` at once.

Exit status: 0 done · 2 the input or the surroundings are wrong (one line on stderr says what and how to mend
it) · 70 an error of ours · 130 interrupted. Commands that judge add 1 for an unfavourable verdict.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from .errors import CommandError, one_line

__all__ = ["main"]

COMMANDS = (
    "serve",
    "exec",
    "check",
    "proxy",
    "report",
    "compare",
    "rules",
    "prove",
    "defects",
    "init",
    "data",
    "doctor",
)
_MODULES = {"exec": "execute"}  # where a module cannot be called as its command: `exec` is a builtin
_OF_THE_KIT = ("check", "proxy", "report", "compare", "rules", "prove", "init", "doctor")
"""What the distribution `dbcontract-mock`, the mock alone, does not have."""

_WHOLE = 1_000
"""Characters of the first sentence of a help text: more than any has."""

INTERNAL_ERROR = 70  # EX_SOFTWARE
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class CommandGroup(click.Group):
    """A group that loads its commands when they are asked for and tells every error in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """The commands in the order of a user's way, not of the alphabet."""
        return [name for name in COMMANDS if name not in _OF_THE_KIT or _kit_is_installed()]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List each command with its whole first sentence; click would cut it to fit a line."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(limit=_WHOLE)) for name, command in found if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of that command."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in _OF_THE_KIT and not _kit_is_installed():
            raise click.UsageError(
                f"`{cmd_name}` is not part of dbcontract-mock, the mock alone;"
                " `pip install dbcontract` brings the conformance kit, too."
            )
        module = _MODULES.get(cmd_name, cmd_name)
        command: click.Command = import_module(f"{__name__}.{module}").command
        return command

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 (click's signature)
        **extra: Any,
    ) -> Any:
        """Run a command line; ends the process, unless `standalone_mode` is False, as click's own does."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        for stream in (sys.stdout, sys.stderr):
            # Where the output cannot hold a sign, another one stands for it; no command ends because of that.
            if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
                stream.reconfigure(errors="replace")
        if not sys.warnoptions:
            # what libraries warn their callers of is nothing that a user of the command can mend
            warnings.simplefilter("ignore")
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.ClickException as error:
            click.echo(one_line(error), err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(INTERRUPTED)
        except Exception as error:
            if os.environ.get("DBCONTRACT_DEBUG"):
                raise
            told, code = _failure(error)
            click.echo(told, err=True)
            sys.exit(code)
        sys.exit(status if isinstance(status, int) else 0)


def _kit_is_installed() -> bool:
    return find_spec("dbcontract.conformance") is not None


def _failure(error: Exception) -> tuple[str, int]:
    """The line that tells of an error which no command expected, and the exit status."""
    if _kit_is_installed():
        from dbcontract.conformance.apis.base import ApiNotUsable

        if isinstance(error, ApiNotUsable):  # a matter of what is installed, which its user can mend
            return one_line(CommandError(str(error))), CommandError.exit_code
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    told = f"Error: dbcontract itself failed ({reason}). Set DBCONTRACT_DEBUG=1 for the traceback."
    return told, INTERNAL_ERROR


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001
    if wanted and not ctx.resilient_parsing:
        import dbcontract

        click.echo(f"dbcontract {dbcontract.__version__}")
        ctx.exit()


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Mock the Pieces OS and PixieBrix Database APIs, and judge implementations of them."""
