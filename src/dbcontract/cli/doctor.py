"""`dbcontract doctor`: is everything there that the other commands need?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import click

from . import target_options
from .surroundings import Finding, Level, looked_at

_STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}


@click.command("doctor")
@click.argument("url", required=False)
@click.option("--api", metavar="NAME", help="Which API the URL serves. Default: found out.")
@target_options.target_file
@target_options.token_env
@target_options.proxy
@click.option(
    "--state",
    "state_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A file that `serve --state` is to keep a sandbox in.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array of area, level and text.")
def command(  # noqa: PLR0917 (one argument an option)
    url: str | None,
    api: str | None,
    target_file: Path | None,
    token_env: str | None,
    proxy: str | None,
    state_file: Path | None,
    as_json: bool,  # noqa: FBT001 (a flag)
) -> int:
    """Look at the installation, and at a target if one is named, and tell what is missing or wrong.

    A target gets a GET or two, without the token.

    Exit status: 0 nothing is wrong, 1 there is a problem, 2 wrong usage.
    """
    from .errors import CommandError

    if url is not None and target_file is not None:
        raise CommandError("URL, --target: give one of the two; the file says where the target is")
    named = url is not None or target_file is not None
    alone = [
        flag
        for flag, value in (("--api", api), ("--token-env", token_env), ("--proxy", proxy))
        if value is not None
    ]
    if alone and not named:
        raise CommandError(f"{alone[0]}: this is of a target; name one by its URL or by --target")
    findings = list(looked_at(state_file))
    loads = all(one.level is not Level.PROBLEM for one in findings if one.area == "API")
    if named and loads:
        findings += _of_the_target(url, api, target_file, token_env, proxy)
    elif named:
        findings.append(Finding("target", Level.WARNING, "not asked, as the APIs above cannot be loaded"))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], indent=2, ensure_ascii=False))
    else:
        _print(findings)
    return int(any(one.level is Level.PROBLEM for one in findings))


def _of_the_target(
    url: str | None, api: str | None, target_file: Path | None, token_env: str | None, proxy: str | None
) -> Iterator[Finding]:
    from dbcontract.conformance.target.options import TargetOptions, api_choices

    from .errors import CommandError
    from .target_health import asked

    if api is not None and api not in api_choices():
        raise CommandError(f"--api {api}: there is no such API; name one of {', '.join(api_choices())}")
    options = TargetOptions(url, api, target_file, token_env=token_env, proxy=proxy)
    yield from asked(options, os.environ)


def _print(findings: Iterable[Finding]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for one in findings:
        line = Text.assemble((f"{one.level:<8}", _STYLES[one.level]), f"{one.area}: {one.text}")
        console.print(line)
