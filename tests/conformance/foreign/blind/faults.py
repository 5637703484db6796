"""The faults of all rounds, by name, and the server that has one of them."""

import argparse
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ..running import Foreign
from ..servers.strict import pieces
from ..servers.strict.__main__ import Strict, serve
from .registry import Fault


@dataclass(frozen=True)
class Round:
    """The modules of one round: with its faults, and with what shows each of them, by API."""

    modules: tuple[ModuleType, ...]
    witnesses: dict[str, ModuleType]

    @property
    def faults(self) -> list[Fault]:
        """In the order in which they are written."""
        return [one for module in self.modules for one in vars(module).values() if isinstance(one, Fault)]


def _round(ordinal: str) -> Round:
    """The round whose modules are called so: `second_pieces`, `second_pixiebrix_a`, …"""

    def module(name: str) -> ModuleType:
        return import_module(f"{__package__}.{ordinal}_{name}")

    witnesses = {api: module(f"{api}_witnesses") for api in ("pieces", "pixiebrix")}
    return Round((module("pieces"), module("pixiebrix_a"), module("pixiebrix_b")), witnesses)


ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
ROUNDS = {number: _round(ordinal) for number, ordinal in enumerate(ORDINALS, start=1)}


def faults(number: int | None = None) -> dict[str, Fault]:
    """Each fault of a round, or of all, by its name, in the order in which they are written."""
    rounds = ROUNDS.values() if number is None else [ROUNDS[number]]
    return {fault.name: fault for one in rounds for fault in one.faults}


def lawful(fault: Fault, server: Foreign) -> bool:
    """Whether the server keeps to the contract where the fault would break it; all is as at the start."""
    server.administer("reset")
    fault = fault.like or fault
    [one] = [one for one in ROUNDS.values() if fault in one.faults]
    return bool(getattr(one.witnesses[fault.api], fault.apply.__name__)(server))


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
    options.add_argument("--patience", type=int, default=1)
    given = options.parse_args()
    if given.any_id:
        pieces.KNOWN = _Any(pieces.KNOWN)
    server = Strict(given.record_limit)
    server.patience = given.patience
    if given.fault:
        fault = known[given.fault]
        (fault.like or fault).apply(server)
    serve(server)
