"""What `dbcontract prove` prints: one line a variant, details of what went wrong, and the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from ..prove.judging import Judgement, Proof

_SHOWN = 4
_MANY = 60
"""From this many variants on there is a line for each area, not for each of them."""


def print_proof(proof: Proof, *, verbose: bool, to_stderr: bool = False) -> None:
    """Print it; nothing in it is taken for markup."""
    console = Console(stderr=to_stderr, highlight=False, soft_wrap=True)
    if len(proof.judgements) >= _MANY:
        _areas(console, proof)
    elif proof.judgements:
        _matrix(console, proof)
    for one in proof.judgements:
        if (verbose and len(proof.judgements) < _MANY) or not one.right:
            _details(console, one)
    for problem in proof.problems:
        console.print(Text(problem, "bold red"))
    if proof.unproven:
        console.print(
            Text(f"{len(proof.unproven)} rules that no defect which names them turns red:", "bold red")
        )
        console.print(Text(f"  {', '.join(proof.unproven)}"))
    console.print(Text(summary(proof), "bold green" if proof.holds else "bold red"))


def summary(proof: Proof) -> str:
    """The sum in one line."""
    defects, conforming = proof.of("defect"), proof.of("conforming")
    parts = [
        f"{sum(one.right for one in defects)} of {len(defects)} defects caught as named",
        f"{sum(one.right for one in conforming)} of {len(conforming)} conforming variants accepted",
    ]
    if proof.unproven is not None:
        shown = len(proof.checked) - len(proof.unproven)
        parts.append(f"{shown} of {len(proof.checked)} checked rules shown to fail")
    return f"{'proven' if proof.holds else 'NOT PROVEN'}: {', '.join(parts)}, in {proof.seconds:.0f} s"


def _areas(console: Console, proof: Proof) -> None:
    """One row an area: its variants, how many were told right, and which rules they turned red."""
    groups: dict[tuple[str, str], list[Judgement]] = {}
    for one in proof.judgements:
        groups.setdefault((one.variant.kind, one.variant.area), []).append(one)
    width = max(len(area) for _, area in groups) + 2
    console.print(Text(f"{'':<{width}}  right     rules  red beside       s", "dim"))
    shown = ""
    for (kind, area), ones in groups.items():
        if kind != shown:
            console.print(Text(f"{kind}s", "dim"))
            shown = kind
        right = sum(one.right for one in ones)
        rules = {rule for one in ones for rule in one.caught}
        beside = sum(len(one.resting) for one in ones)
        seconds = sum(one.outcome.seconds for one in ones)
        console.print(
            Text.assemble(
                f"  {area.replace('_', ' '):<{width}}",
                (f"{right:>3} of {len(ones):<3}", "" if right == len(ones) else "bold red"),
                f"{len(rules) or '':>6}{beside or '':>12}",
                (f"{seconds:>8.1f}", "dim"),
            )
        )


def _matrix(console: Console, proof: Proof) -> None:
    """One row a variant: how many rules it turned red, by what they are to it, and which as named."""
    width = max(len(one.variant.name) for one in proof.judgements) + 2
    console.print(Text(f"{'':<{width}}  caught  missed  beside  stray       s  rules", "dim"))
    area = ""
    for one in proof.judgements:
        here = f"{one.variant.kind}s: {one.variant.area}"
        if here != area:
            console.print(Text(here, "dim"))
            area = here
        named = len(one.variant.breaks)
        console.print(
            Text.assemble(
                (f"  {one.variant.name:<{width}}", "" if one.right else "bold red"),
                f"{f'{len(one.caught)}/{named}' if named else '':>6}",
                (f"{len(one.missed) or '':>8}", "bold red"),
                f"{len(one.resting) or '':>8}",
                (f"{len(one.stray) or '':>7}", "bold red"),
                f"{one.outcome.seconds:>8.1f}",
                (f"  {_few(one.caught)}", "dim"),
            )
        )


def _few(rules: tuple[str, ...]) -> str:
    return ", ".join(rules[:_SHOWN]) + (" …" if len(rules) > _SHOWN else "")


def _details(console: Console, one: Judgement) -> None:
    mark = ("ok   ", "green") if one.right else ("FAIL ", "bold red")
    console.print(Text.assemble(mark, (one.variant.name, "bold"), f": {one.variant.sentence}"))
    for problem in one.problems:
        console.print(Text(f"     {problem}", "red"))
    groups = {
        "caught": one.caught,
        "missed": one.missed,
        "red beside": one.resting,
        "stray": one.stray,
        "broke": one.broke,
    }
    for name, rules in groups.items():
        for rule in rules:
            finding = one.outcome.findings.get(rule)
            said = "passed" if finding is None else f"{finding.verdict}: {finding.reason}"
            because = f" (because of {finding.because_of})" if finding and finding.because_of else ""
            console.print(Text.assemble(f"     {name:<10}  ", (rule, "bold"), f"  {said}{because}"))
