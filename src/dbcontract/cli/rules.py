"""`dbcontract rules`: what an implementation is judged by."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from dbcontract.conformance.apis.base import names
from dbcontract.conformance.catalogue.vocabulary import Level

from .errors import CommandError
from .listing import WIDTH, all_of, completion, fits, nothing, rule_names

if TYPE_CHECKING:
    from dbcontract.conformance.authoring.check import WrittenCheck
    from dbcontract.conformance.catalogue.rules import Rule

LEVELS = tuple(map(str, Level))


@click.command("rules")
@click.argument("patterns", metavar="[ID|GLOB]...", nargs=-1, shell_complete=completion(rule_names))
@click.option("--api", type=click.Choice(names()), help="Only the rules of this API.")
@click.option("--area", metavar="GLOB", help="Only the rules of such an area: ASSET, 'Export jobs'.")
@click.option("--level", type=click.Choice(LEVELS), help="Only the rules of this level.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def command(
    *, patterns: tuple[str, ...], api: str | None, area: str | None, level: str | None, as_json: bool
) -> None:
    """List the rules; explain the one whose id is given."""
    from dbcontract.conformance.catalogue.rules import UnknownRule, load_all

    catalogue = load_all()
    try:
        chosen = catalogue.select(patterns) if patterns else catalogue.rules
    except UnknownRule as error:
        raise CommandError(f"{error}; `dbcontract rules` lists them") from error
    filters: dict[str, Sequence[Rule]] = {" ".join(patterns): chosen} if patterns else {}
    if api is not None:
        filters[f"--api {api}"] = catalogue.filter(api=api)
    if area is not None:
        fitting = [rule for rule in catalogue if fits(area, rule.area, rule.area_title)]
        if not fitting:
            nothing("--area", area, "area", [rule.area_title for rule in catalogue])
        filters[f"--area {area}"] = fitting
    if level is not None:
        filters[f"--level {level}"] = catalogue.filter(level=level)
    rules = all_of("rules", filters, catalogue.rules)
    alone = len(patterns) == 1 and len(rules) == 1
    if not as_json and not alone:
        click.echo("\n\n".join(_areas(rules)))
        return
    # the source of the checks says how: importing them takes a second, for what sends and generates
    from dbcontract.conformance.authoring.check import written

    checks = written()
    if as_json:
        entries = [as_entry(rule, checks.get(rule.id, ())) for rule in rules]
        click.echo(json.dumps(entries, indent=2, ensure_ascii=False))
    else:
        click.echo(explain(rules[0], checks.get(rules[0].id, ())))


def _areas(rules: Sequence[Rule]) -> list[str]:
    """A heading for each area, and a line for each rule."""
    from dbcontract.conformance.apis.base import title_of

    groups: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        groups.setdefault((rule.api, rule.area_title), []).append(rule)
    return [
        "\n".join([f"{title_of(api)}: {title}", *map(_line, several)])
        for (api, title), several in groups.items()
    ]


def _line(rule: Rule) -> str:
    mark = "" if rule.testable else "  (no check can tell)"
    return f"  {rule.id:<12}  {rule.level:<10}  {rule.title}{mark}"


def as_entry(rule: Rule, checks: Sequence[WrittenCheck]) -> dict[str, Any]:
    """A rule as JSON has it: in the form of the catalogue, and how it is checked."""
    from dbcontract.conformance.authoring.how import how

    return {
        "id": rule.id,
        "api": rule.api,
        "area": rule.area_title,
        "level": str(rule.level),
        "title": rule.title,
        "statement": rule.statement,
        "source": {"document": rule.source.document, "heading": rule.source.heading},
        "operations": list(rule.operations),
        "needs": [str(need) for need in rule.needs],
        "depends_on": list(rule.depends_on),
        **({"watched": True} if rule.watched else {}),
        **({"how": how(rule.id, checks)} if rule.testable else {"untestable": rule.untestable}),
    }


def explain(rule: Rule, checks: Sequence[WrittenCheck]) -> str:
    """Everything there is to know of a rule, as text."""
    from dbcontract.conformance.authoring.how import how

    folder = f"conformance/apis/{rule.api}/checks"
    files = [check.name.replace(".", ".py: ") for check in checks]
    facts = {
        "Area": rule.area_title,
        "Level": str(rule.level),
        "Source": str(rule.source),
        "Operations": ", ".join(rule.operations),
        "Needs": ", ".join(map(str, rule.needs)) or "nothing",
        "Depends on": ", ".join(rule.depends_on) or "no other rule",
        "Check": how(rule.id, checks) if rule.testable else f"no check can tell: {rule.untestable}",
        "Watched": "by `dbcontract proxy`, in the calls of others" if rule.watched else "",
        "Code": ", ".join(f"{folder}/{file}" for file in files)
        or ("all exchanges of the run" if rule.testable else ""),
    }
    lines = [f"{rule.id}  {rule.title}", "", *textwrap.wrap(rule.statement, WIDTH), ""]
    for name, text in facts.items():
        if text:
            lines += textwrap.wrap(
                text, WIDTH, initial_indent=f"{name + ':':<12}", subsequent_indent=" " * 12
            )
    return "\n".join(
        [
            *lines,
            "",
            f"Try it: dbcontract check --only {rule.id} -v URL",
            f"See it fail: dbcontract defects --rule {rule.id}",
        ]
    )
