"""`dbcontract report`: what can be made of reports that are there."""

from __future__ import annotations

from pathlib import Path

import click

from dbcontract.conformance.report import FORMATS

from .errors import CommandError
from .reports import output_of, read_report, to_standard_output, write_reports


@click.group("report")
def command() -> None:
    """Make one report of several."""


@command.command("merge")
@click.argument("files", metavar="REPORT...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--report",
    "reports",
    metavar="FORMAT=FILE",
    multiple=True,
    help=f"Write a report: {', '.join(FORMATS)}. Repeatable; - is standard output.",
)
@click.option("-v", "--verbose", is_flag=True, help="Print every exchange that the reports show.")
def merge(*, files: tuple[Path, ...], reports: tuple[str, ...], verbose: bool) -> int:
    """Make one report of those of all shards of a run, JSON or HTML, as `check --shard I/N` writes them.

    Exit status: as that of `check`, of the whole run; 2 where the reports are not all shards of one run.
    """
    from dbcontract.conformance import report
    from dbcontract.conformance.catalogue.rules import load_all
    from dbcontract.conformance.results.results import exit_code
    from dbcontract.conformance.runner import merging

    from .check_output import print_result

    outputs = [output_of(text, tuple(FORMATS)) for text in reports]
    twice = next((str(file) for file in files if files.count(file) > 1), None)
    if twice is not None:
        raise CommandError(f"{twice}: it is given twice; give each report once")
    try:
        result = merging.merge({str(file): read_report(file) for file in files}, load_all())
    except merging.MergeError as error:
        raise CommandError(str(error)) from error
    print_result(result, verbose=verbose, to_stderr=to_standard_output(outputs))
    write_reports(outputs, lambda form: report.render(form, result))
    return exit_code(result)
