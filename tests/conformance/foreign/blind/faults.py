"""The faults of all rounds, by name, and the server that has one of them."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ..running import Foreign
from ..servers.strict import pieces
from ..servers.strict.__main__ import Strict, serve
from . import (
    fifth_pieces,
    fifth_pieces_witnesses,
    fifth_pixiebrix_a,
    fifth_pixiebrix_b,
    fifth_pixiebrix_witnesses,
    fourth_pieces,
    fourth_pieces_witnesses,
    fourth_pixiebrix_a,
    fourth_pixiebrix_b,
    fourth_pixiebrix_witnesses,
    pieces_faults,
    pieces_witnesses,
    pixiebrix_data,
    pixiebrix_time,
    pixiebrix_witnesses,
    second_pieces,
    second_pieces_witnesses,
    second_pixiebrix_a,
    second_pixiebrix_b,
    second_pixiebrix_witnesses,
    third_pieces,
    third_pieces_witnesses,
    third_pixiebrix_a,
    third_pixiebrix_b,
    third_pixiebrix_witnesses,
)
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


ROUNDS = {
    1: Round(
        (pieces_faults, pixiebrix_time, pixiebrix_data),
        {"pieces": pieces_witnesses, "pixiebrix": pixiebrix_witnesses},
    ),
    2: Round(
        (second_pieces, second_pixiebrix_a, second_pixiebrix_b),
        {"pieces": second_pieces_witnesses, "pixiebrix": second_pixiebrix_witnesses},
    ),
    3: Round(
        (third_pieces, third_pixiebrix_a, third_pixiebrix_b),
        {"pieces": third_pieces_witnesses, "pixiebrix": third_pixiebrix_witnesses},
    ),
    4: Round(
        (fourth_pieces, fourth_pixiebrix_a, fourth_pixiebrix_b),
        {"pieces": fourth_pieces_witnesses, "pixiebrix": fourth_pixiebrix_witnesses},
    ),
    5: Round(
        (fifth_pieces, fifth_pixiebrix_a, fifth_pixiebrix_b),
        {"pieces": fifth_pieces_witnesses, "pixiebrix": fifth_pixiebrix_witnesses},
    ),
}


def faults(number: int | None = None) -> dict[str, Fault]:
    """Each fault of a round, or of all, by its name, in the order in which they are written."""
    rounds = ROUNDS.values() if number is None else [ROUNDS[number]]
    return {fault.name: fault for one in rounds for fault in one.faults}


def lawful(fault: Fault, server: Foreign) -> bool:
    """Whether the server keeps to the contract where the fault would break it; all is as at the start."""
    server.administer("reset")
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
    given = options.parse_args()
    if given.any_id:
        pieces.KNOWN = _Any(pieces.KNOWN)
    server = Strict(given.record_limit)
    if given.fault:
        known[given.fault].apply(server)
    serve(server)
