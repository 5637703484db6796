"""`dbcontract defects`: the wrong and the unusual implementations that there are."""

from __future__ import annotations

import json
import textwrap

import click

_WIDTH = 96


@click.command("defects")
@click.option("--conforming", is_flag=True, help="Those that are only unusual, in place of the wrong ones.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def command(*, conforming: bool, as_json: bool) -> None:
    """List what `serve --defect NAME` can switch on, with the rules that it breaks."""
    from dbcontract.mockserver.variants.registry import discover

    kind = "conforming" if conforming else "defect"
    chosen = [one for one in discover() if one.kind == kind]
    if as_json:
        click.echo(json.dumps([one.describe() for one in chosen], indent=2))
        return
    area = ""
    for one in chosen:
        if one.area != area:
            click.echo(f"{'' if not area else chr(10)}{one.area}")
            area = one.area
        click.echo(f"  {one.name}")
        for line in textwrap.wrap(one.sentence, _WIDTH) + textwrap.wrap(", ".join(one.breaks), _WIDTH):
            click.echo(f"      {line}")
