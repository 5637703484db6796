"""What goes wrong in a command, and how it is told: one clear line, never a traceback."""

from __future__ import annotations

import click


class CommandError(click.ClickException):
    """The user's input or surroundings make the command impossible.

    The message names the field, the value and the remedy, in that order; it is shown as one line, exit status
    2.
    """

    exit_code = 2


def one_line(error: click.ClickException) -> str:
    """The error as one line: the command it happened in, what is wrong, and where help is.

    click spreads a usage error over several lines, with the synopsis first and the reason last.
    """
    message = " ".join(error.format_message().split())
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return f"Error: {message}"
    return f"Error: {message.rstrip('.')}. See `{context.command_path} --help`."


def os_reason(error: OSError) -> str:
    """Why the system refused, without the errno and the path that `str(error)` carries."""
    return (error.strerror or str(error)).lower()
