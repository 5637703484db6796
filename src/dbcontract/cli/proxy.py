"""`dbcontract proxy`: judge an implementation by watching what its clients and it say to each other."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from dbcontract.conformance.apis.base import names
from dbcontract.conformance.report import FORMATS
from dbcontract.conformance.results.results import exit_code

from .check import show
from .chosen import read_baseline, report_options, rule_options, select_rules, with_baseline
from .errors import CommandError
from .recording import require_free, write_recordings
from .reports import output_of


@click.command("proxy")
@click.argument("upstream", metavar="UPSTREAM")
@click.option(
    "--api", type=click.Choice([*names(), "all"]), default="all", help="Which API to judge. Default: all."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8080,
    show_default=True,
    help="The port; 0: any free one.",
)
@click.option(
    "--storage", "storages", metavar="URL", multiple=True, help="Pass on to this origin, too. Repeatable."
)
@click.option("--rewrite-links", is_flag=True, help="Let absolute links in answers lead through the proxy.")
@click.option("--preserve-host", is_flag=True, help="Send the client's Host instead of UPSTREAM's.")
@click.option("--ca-bundle", metavar="FILE", help="Authorities to trust for UPSTREAM, in PEM.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=300.0,
    show_default=True,
    help="Seconds of silence to bear.",
)
@click.option("--sole-writer", is_flag=True, help="Nobody writes to UPSTREAM but through this proxy.")
@click.option(
    "--for", "seconds", type=click.FloatRange(min=0), metavar="SECONDS", help="End after this time."
)
@click.option("--requests", type=click.IntRange(min=1), metavar="N", help="End after this many exchanges.")
@rule_options
@report_options
@click.option(
    "--record",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="At the end, write what was seen as a data set for `dbcontract serve --data FILE`.",
)
@click.option("--force", is_flag=True, help="Overwrite the file of --record.")
@click.option("--fake-personal-data", is_flag=True, help="Replace names, addresses and the like in it.")
@click.option(
    "--ready-file",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Write the URL and the process id there (JSON) when the proxy answers; removed at the end.",
)
@click.option("--quiet", is_flag=True, help="Show no line for each exchange.")
@click.option("-v", "--verbose", is_flag=True, help="Print the exchanges that findings rest on.")
def command(
    *,
    upstream: str,
    api: str,
    seconds: float | None,
    requests: int | None,
    only: tuple[str, ...],
    level: tuple[str, ...],
    reports: tuple[str, ...],
    baseline_file: Path | None,
    quiet: bool,
    verbose: bool,
    sole_writer: bool,
    record: Path | None,
    force: bool,
    fake_personal_data: bool,
    **passing: Any,
) -> int:
    """Pass everything on to UPSTREAM, and judge what it answers. Nothing else is sent to it.

    Ends with Ctrl-C, and reports as `dbcontract check` does.

    Exit status: 0 conformant, 1 not, 2 wrong usage, 3 UPSTREAM could not be reached, 4 nothing was verified.
    """
    from dbcontract.conformance.catalogue.rules import load_all

    from .proxy_session import Passing, watch

    outputs = [output_of(text, tuple(FORMATS)) for text in reports]
    catalogue = load_all()
    apis = names() if api == "all" else (api,)
    rules = [rule for rule in select_rules(catalogue, only, level) if rule.api in apis]
    if not rules:
        raise CommandError(f"--only: no rule of {', '.join(apis)} is chosen")
    baseline = read_baseline(baseline_file)
    chosen = [
        word for name, values in (("--only", only), ("--level", level)) for v in values for word in (name, v)
    ]
    words = [upstream, *(["--api", api] if api != "all" else [])]
    if record is not None:
        require_free(record, "--record", force=force)
    elif force or fake_personal_data:
        flag = "--force" if force else "--fake-personal-data"
        raise CommandError(f"{flag}: this is of a recording; name its file by --record")
    with Passing.prepared(upstream, **passing) as ready:
        result, observer = watch(
            ready,
            rules,
            catalogue,
            apis,
            words=words,
            selection=shlex.join(chosen),
            sole_writer=sole_writer,
            seconds=seconds,
            requests=requests,
            quiet=quiet,
            recording=record is not None,
        )
    if baseline is not None:
        result = with_baseline(result, baseline, catalogue)
    show(result, observer.redactor, outputs, verbose=verbose)
    if record is not None:
        write_recordings(
            record, observer.recordings, observer.redactor, flag="--record", fake=fake_personal_data
        )
    return exit_code(result)
