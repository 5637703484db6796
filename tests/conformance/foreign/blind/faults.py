"""The faults of all rounds, by name, and the server that has one of them."""

import argparse
import sys
from pathlib import Path

from ..servers.strict import pieces
from ..servers.strict.__main__ import Strict, serve
from . import pieces_faults, pixiebrix_data, pixiebrix_time
from .registry import Fault

MODULES = (pieces_faults, pixiebrix_time, pixiebrix_data)


def faults() -> dict[str, Fault]:
    """Each fault by its name, in the order in which they are written."""
    found = [one for module in MODULES for one in vars(module).values() if isinstance(one, Fault)]
    return {one.name: one for one in found}


class _Any(tuple[str, ...]):
    """Ids of formats, and every other one too."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        return True


def command(name: str | None = None, *, any_id: bool = False) -> list[str]:
    """How to start the strict server, with a fault or without; `any_id` keeps entries of unknown formats."""
    options = ["--fault", name] if name else []
    return [
        sys.executable,
        str(Path(__file__).with_name("serve.py")),
        *options,
        *(["--any-id"] if any_id else []),
    ]


def main(options: argparse.ArgumentParser) -> None:
    """Serve until standard input ends."""
    known = faults()
    options.add_argument("--fault", choices=known)
    options.add_argument("--any-id", action="store_true")
    options.add_argument("--record-limit", type=int, default=500_000)
    given = options.parse_args()
    if given.any_id:
        pieces.KNOWN = _Any(pieces.KNOWN)
    server = Strict(given.record_limit)
    if given.fault:
        known[given.fault].apply(server)
    serve(server)
