"""What `dbcontract prove` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dbcontract.prove.judging import Judgement, Proof


def print_proof(proof: Proof, *, verbose: bool) -> None:
    """Print every deviation with what came of it, and what the proof lacks."""
    for one in proof.judgements:
        _print(one, verbose=verbose)
    for problem in proof.problems:
        click.echo(f"FAIL  {problem}")
    if proof.unproven:
        click.echo(f"FAIL  {len(proof.unproven)} rules that no defect turns red: {', '.join(proof.unproven)}")
    defects, strangers = proof.of("defect"), proof.of("stranger")
    right = sum(one.right for one in defects)
    accepted = sum(one.right for one in strangers)
    click.echo(
        f"{right} of {len(defects)} defects caught as named, {accepted} of {len(strangers)} strangers accepted, "
        f"in {proof.seconds:.0f} s"
    )


def _print(one: Judgement, *, verbose: bool) -> None:
    mark = "ok   " if one.right else "FAIL "
    click.echo(f"{mark} {one.deviation.name} ({one.outcome.seconds:.1f} s): {one.deviation.sentence}")
    rows = {
        "caught": one.caught,
        "missed": one.missed,
        "red beside": one.resting,
        "stray": one.stray,
        "broke": one.broke,
    }
    for name, rules in rows.items():
        if rules and (name != "caught" or verbose or not one.right):
            click.echo(f"      {name}: {', '.join(rules)}")
    for problem in one.problems:
        click.echo(f"      {problem}")
    if verbose or not one.right:
        for rule, finding in sorted(one.outcome.findings.items()):
            wanted = rule in one.deviation.breaks or rule in (*one.stray, *one.resting, *one.broke)
            if wanted:
                because = f" (because of {finding.because_of})" if finding.because_of else ""
                click.echo(f"        {rule} {finding.verdict}: {finding.reason}{because}")
