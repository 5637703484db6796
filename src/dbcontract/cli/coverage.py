"""What the client of a mock met of the contract, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .errors import CommandError, os_reason
from .files import atomic_writer, check_writable

if TYPE_CHECKING:
    from dbcontract.mockserver.server.run import Running

FORMATS = {".html": "html", ".json": "json", ".md": "markdown"}


def check(path: Path) -> None:
    """Accept the file of a report.

    Raises:
        CommandError: its name has not the suffix of a format, or it cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise CommandError(f"--coverage {path}: choose a name that ends in {', '.join(FORMATS)}")
    try:
        check_writable(path)
    except OSError as error:
        raise CommandError(_unwritable(path, error)) from error


def write(path: Path, running: Running, control_token: str | None) -> None:
    """Write what was met in all sandboxes of a server, and tell it in three lines.

    Raises:
        CommandError: the file cannot be written.
    """
    from dbcontract.mockserver.client import MockClient
    from dbcontract.mockserver.coverage import report

    with MockClient(running.base_url, control_token=control_token) as mock:
        found = mock.coverage.document(all_sandboxes=True)
    text = report.FORMATS[FORMATS[path.suffix.lower()]](found)
    try:
        with atomic_writer(path) as stream:
            stream.write(text.encode("utf-8", "surrogatepass"))
    except OSError as error:
        raise CommandError(_unwritable(path, error)) from error
    for line in (*report.summary(found), f"coverage: {path}"):
        shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)
        click.echo(shown, err=True)


def _unwritable(path: Path, error: OSError) -> str:
    return f"--coverage {path}: {os_reason(error)}; choose a file that can be written"
