"""`dbcontract defects`: the wrong and the unusual implementations that there are."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from .listing import WIDTH, all_of, completion, fits, nothing, rule_names, variant_names

if TYPE_CHECKING:
    from dbcontract.mockserver.variants.registry import Variant


@click.command("defects")
@click.argument("patterns", metavar="[NAME|GLOB]...", nargs=-1, shell_complete=completion(variant_names))
@click.option("--area", metavar="GLOB", help="Only those of such an area: archives.")
@click.option(
    "--rule",
    metavar="ID|GLOB",
    shell_complete=completion(rule_names),
    help="Only those that break such a rule: PB-ASSET-03, PI-ERR-0?.",
)
@click.option("--conforming", is_flag=True, help="Those that are only unusual, in place of the wrong ones.")
@click.option("-v", "--verbose", is_flag=True, help="The whole sentence of each, and the rules it breaks.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def command(
    *,
    patterns: tuple[str, ...],
    area: str | None,
    rule: str | None,
    conforming: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """List what `serve --defect NAME` can switch on; explain the one that is named."""
    from dbcontract.mockserver.variants.registry import discover

    if conforming and rule is not None:
        raise click.UsageError(f"--rule {rule}: what is conforming breaks no rule; leave out --conforming")
    kind = "conforming" if conforming else "defect"
    chosen = _chosen([one for one in discover() if one.kind == kind], patterns, area, rule)
    if as_json:
        click.echo(json.dumps([one.describe() for one in chosen], indent=2, ensure_ascii=False))
    elif verbose or len(chosen) == 1:
        click.echo("\n\n".join(map(explain, chosen)))
    else:
        click.echo("\n\n".join(_areas(chosen)))


def _chosen(
    known: Sequence[Variant], patterns: tuple[str, ...], area: str | None, rule: str | None
) -> list[Variant]:
    """Those that fit everything that is asked for; a filter that fits nothing is a slip."""
    filters: dict[str, list[Variant]] = {}
    for pattern in patterns:
        if not any(fnmatchcase(one.name, pattern) for one in known):
            nothing("NAME", pattern, "defect", [one.name for one in known])
    if patterns:
        named = [one for one in known if any(fnmatchcase(one.name, pattern) for pattern in patterns)]
        filters[" ".join(patterns)] = named
    if area is not None:
        if not any(fits(area, one.area) for one in known):
            nothing("--area", area, "area", [one.area for one in known])
        filters[f"--area {area}"] = [one for one in known if fits(area, one.area)]
    if rule is not None:
        broken = [id_ for one in known for id_ in one.breaks]
        if not any(fits(rule, id_) for id_ in broken):
            nothing("--rule", rule, "rule among those that they break", broken)
        filters[f"--rule {rule}"] = [one for one in known if any(fits(rule, id_) for id_ in one.breaks)]
    return all_of("defects", filters, known)


def _areas(chosen: Sequence[Variant]) -> list[str]:
    """A heading for each area, and a line for each variant."""
    groups: dict[str, list[Variant]] = {}
    for one in chosen:
        groups.setdefault(one.area, []).append(one)
    width = max((len(one.name) for one in chosen), default=0)
    return [
        "\n".join(
            [
                area.replace("_", " "),
                *(
                    f"  {one.name:<{width}}  {textwrap.shorten(one.sentence, WIDTH, placeholder=' …')}"
                    for one in ones
                ),
            ]
        )
        for area, ones in groups.items()
    ]


def explain(one: Variant) -> str:
    """All that there is to know of a variant, as text."""
    rules = ", ".join(one.breaks) or "no rule"
    lines = [
        *textwrap.wrap(one.sentence, WIDTH),
        *textwrap.wrap(f"Breaks {rules}.", WIDTH),
        f"Try it: dbcontract serve --defect {one.name}",
    ]
    return "\n".join([one.name, *(f"    {line}" for line in lines)])
