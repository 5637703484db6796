"""`dbcontract compare`: several reports side by side, or one target over time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .reports import read_report, to_standard_output, write_reports

if TYPE_CHECKING:
    from dbcontract.conformance.results.comparison import Comparison

_SHOWN = 40
"""How many rules of a section the terminal shows; the reports have all."""
_WIDTH = 120
"""Columns where the output is not a terminal."""
NOT_CONFORMANT = 1


@click.command("compare")
@click.argument("files", metavar="REPORT REPORT...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--html", metavar="FILE", help="Write an HTML page.")
@click.option("--markdown", metavar="FILE", help="Write Markdown, for a pull request.")
@click.option("--json", "json_", metavar="FILE", help="Write JSON, for programs.")
@click.option(
    "--over-time/--side-by-side",
    default=None,
    help="Whether the reports are of one target; found out by its URLs if not said.",
)
@click.option("--fail-on-worse", is_flag=True, help="Exit with 1 where a rule got worse over time.")
def command(
    *,
    files: tuple[Path, ...],
    html: str | None,
    markdown: str | None,
    json_: str | None,
    over_time: bool | None,
    fail_on_worse: bool,
) -> int:
    """Compare reports of `check`, JSON or HTML: implementations side by side, or one target over time.

    A FILE of `-` is standard output.
    """
    from dbcontract.conformance.report.comparison import FORMATS
    from dbcontract.conformance.results.comparison import Change, compare

    if len(files) < 2:
        raise click.UsageError(
            "Give two reports or more, as `check --report json=FILE` or `html=FILE` writes them."
        )
    comparison = compare([read_report(file) for file in files], over_time=over_time)
    if fail_on_worse and not comparison.over_time:
        raise click.UsageError("--fail-on-worse: the reports are of several targets; say --over-time")
    asked = {"html": html, "markdown": markdown, "json": json_}
    outputs = [(form, name) for form, name in asked.items() if name is not None]
    if not to_standard_output(outputs):
        _show(comparison)
    write_reports(outputs, lambda form: FORMATS[form](comparison))
    return NOT_CONFORMANT if fail_on_worse and comparison.changes[Change.WORSE] else 0


def _show(comparison: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from dbcontract.conformance.report.comparison import SIGNS, remarks, sections, summary

    from .check_output import STYLES

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    console.print(Text(summary(comparison), style="bold"))
    for remark in remarks(comparison):
        console.print(Text(remark, style="yellow"))
    for title, rows in sections(comparison)[:-1]:  # the last one is what all agree on
        if not rows:
            continue
        table = Table(title=f"{title} ({len(rows)})", title_justify="left", box=None, pad_edge=False)
        table.add_column("rule", no_wrap=True)
        table.add_column("title", ratio=1)
        for column in comparison.columns:
            table.add_column(Text(column.label))
        for row in rows[:_SHOWN]:
            cells = [
                Text("·", style="dim")
                if cell is None
                else Text(f"{SIGNS[cell.verdict]} {cell.verdict}", style=STYLES[cell.verdict])
                for cell in row.cells
            ]
            table.add_row(Text(row.rule), Text(row.title), *cells)
        console.print()
        console.print(table)
        if len(rows) > _SHOWN:
            console.print(Text(f"and {len(rows) - _SHOWN} more", style="dim"))
