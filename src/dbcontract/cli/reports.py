"""What commands that judge have in common: a progress bar, and reports, which are written and read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .errors import CommandError, os_reason
from .files import atomic_writer

if TYPE_CHECKING:
    from rich.progress import Progress

    from dbcontract.conformance.results.results import RunResult

Output = tuple[str, str]
"""The format of a report, and the file that it goes to; `-` is standard output."""

_BAR, _COUNT, _TIME = 24, 9, 7
"""Columns of the parts of a progress bar."""


def output_of(text: str, formats: Sequence[str]) -> Output:
    """Read FORMAT=FILE.

    Raises:
        CommandError: it is of another form, or there is no such format.
    """
    form, equals, name = text.partition("=")
    if form not in formats or not equals or not name:
        raise CommandError(f"--report {text}: write FORMAT=FILE, FORMAT one of {', '.join(formats)}")
    return form, name


def to_standard_output(outputs: Sequence[Output]) -> bool:
    """Whether a report takes standard output, so that nothing else may go there."""
    return any(name == "-" for _, name in outputs)


def write_reports(outputs: Sequence[Output], render: Callable[[str], str]) -> None:
    """Write the reports; `render` makes the text of a format.

    Raises:
        CommandError: a file cannot be written.
    """
    for form, name in outputs:
        text = render(form)
        if name == "-":
            click.echo(text, nl=False)
            continue
        try:
            with atomic_writer(Path(name)) as stream:
                stream.write(text.encode("utf-8", "surrogatepass"))
        except OSError as error:
            message = f"--report {form}={name}: {os_reason(error)}; choose a file that can be written"
            raise CommandError(message) from error
        click.echo(f"{form} report: {name}", err=True)


def read_report(file: Path) -> RunResult:
    """A result from a report of `check`, JSON or HTML.

    Raises:
        CommandError: it cannot be read, or is something else.
    """
    from dbcontract.conformance.report.document import NoResult, from_document
    from dbcontract.conformance.report.embedded import unpack

    try:
        content = file.read_bytes()
        page = content.lstrip()[:9].upper() == b"<!DOCTYPE"
        return from_document(unpack(content.decode()) if page else json.loads(content))
    except OSError as error:
        raise CommandError(f"{file}: {os_reason(error)}; name a report that is there") from error
    except (NoResult, ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, NoResult) else "it is not JSON"
        raise CommandError(f"{file}: {reason}; `check --report json=FILE` writes one") from error


def progress_bar() -> Progress:
    """A bar with a count, the time and a description, which is gone when it is done.

    Whatever the description is, the bar keeps its place and width, and the whole is one line.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    return Progress(
        BarColumn(bar_width=_BAR, table_column=Column(min_width=_BAR)),
        MofNCompleteColumn(table_column=Column(no_wrap=True, min_width=_COUNT, justify="right")),
        TimeElapsedColumn(table_column=Column(no_wrap=True, min_width=_TIME)),
        TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        ),
        console=Console(stderr=True),
        transient=True,
        expand=True,
    )
