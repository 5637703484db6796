"""The options of the commands that are given a target by its URL or a file; importing them loads no API."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

target_file: Final = click.option(
    "--target",
    "target_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A target file, as `dbcontract init` writes one.",
)
token_env: Final = click.option(
    "--token-env", metavar="NAME", help="The variable with the token. Default: DBCONTRACT_TOKEN."
)
proxy: Final = click.option(
    "--proxy",
    metavar="URL",
    help="A forward proxy, http://HOST:PORT. Without it none is used; NO_PROXY names exceptions.",
)
