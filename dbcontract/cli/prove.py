"""`dbcontract prove`: show that the checks catch what they are there for, and nothing else."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from .errors import CommandError

if TYPE_CHECKING:
    from dbcontract.mockserver.deviations import Deviation


@click.command("prove")
@click.option("--only", metavar="GLOB", multiple=True, help="Only such defects and strangers. Repeatable.")
@click.option("-v", "--verbose", is_flag=True, help="Say of every rule that is not green why.")
def command(*, only: tuple[str, ...], verbose: bool) -> int:  # noqa: FBT001 (a flag)
    """Run the checks against implementations that are wrong on purpose."""
    from dbcontract.conformance.catalogue import load_all
    from dbcontract.mockserver.deviations import discover
    from dbcontract.prove.judging import prove
    from dbcontract.prove.running import Prover

    from .prove_output import print_proof

    chosen = _chosen(discover(), only)
    started = time.monotonic()
    with Prover() as prover:
        faithful = None if only else prover.run(None)
        ran = [(one, prover.run(one)) for one in chosen]
    rests_on = {rule.id: rule.rests_on for rule in load_all().rules}
    proof = prove(faithful, ran, rests_on, whole=not only, seconds=time.monotonic() - started)
    print_proof(proof, verbose=verbose)
    return 0 if proof.holds else 1


def _chosen(known: tuple[Deviation, ...], only: tuple[str, ...]) -> list[Deviation]:
    for pattern in only:
        if not any(fnmatchcase(one.name, pattern) for one in known):
            raise CommandError(f"--only {pattern}: no defect or stranger; `dbcontract defects` lists them")
    return [one for one in known if not only or any(fnmatchcase(one.name, pattern) for pattern in only)]
