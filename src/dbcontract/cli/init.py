"""`dbcontract init`: a commented target file to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from .errors import CommandError, os_reason
from .files import atomic_writer


@click.command("init")
@click.argument("file", type=click.Path(path_type=Path), default=Path("dbcontract.toml"))
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def command(*, file: Path, force: bool) -> None:
    """Write a target file with comments to FILE (default: dbcontract.toml)."""
    from dbcontract.conformance.target.file import template

    if file.exists() and not force:
        raise CommandError(f"{file}: it is there already; give another name, or --force to replace it")
    try:
        with atomic_writer(file) as stream:
            stream.write(template().encode())
    except OSError as error:
        raise CommandError(f"{file}: {os_reason(error)}; choose a file that can be written") from error
    click.echo(f"{file} written. Fill it in, then: dbcontract check --target {file}")
