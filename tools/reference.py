"""The pages of the reference that are made from what they describe: control API, rules, defects, target file.

`docs/conf.py` has them written below docs/generated before each build of the site, so they are never out of
date and never committed. They are made from what commands print for programs (`dbcontract rules --json`, …)
and from the description of the control API: from what users can rely on, not from how it is stored.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Final

from dbcontract import openapi
from dbcontract.conformance.apis.base import apis
from dbcontract.mockserver.apis.base import served_apis

FOLDER: Final = "generated"
METHODS: Final = ("get", "put", "post", "patch", "delete")
CONTROL: Final = "localhost:5323/_mock"
DEFECTS: Final = """\
Implementations that are wrong in one way, on purpose: `dbcontract serve --defect NAME` serves one, and
[the proof](../proof.md) shows that the rules named beside it notice."""
SITUATIONS: Final = """\
Cases that a client's tests can meet, and [coverage](../coverage.md) tells of; each with the lines that bring
it about (`mock` is the fixture `dbcontract_mock`), and what the client does then."""
LAWFUL: Final = """\
Implementations that keep the contract in an unusual way. `dbcontract serve --defect NAME` serves one, too;
[the proof](../proof.md) shows that no rule accuses it."""
DEEPEST: Final = 3
"""How many levels of a body's fields are shown; the rest the description tells."""


class CommandFailed(Exception):
    """A command that the reference is made from has failed; the message is what it said."""


def pages() -> Mapping[str, Callable[[], str]]:
    """The generated pages by their names, each made when it is called."""
    return MappingProxyType(
        {
            "control.md": control,
            "rules-pieces.md": lambda: rules("pieces"),
            "rules-pixiebrix.md": lambda: rules("pixiebrix"),
            "situations.md": situations,
            "defects.md": lambda: variants("Defects", DEFECTS),
            "variants.md": lambda: variants("Lawful variants", LAWFUL, "--conforming"),
            "target-template.md": template,
        }
    )


def write(folder: Path) -> None:
    """Write the generated pages; one that has not changed is not touched, so that it need not be built again.

    Raises:
        CommandFailed: a command that a page is made from has failed.
    """
    folder.mkdir(exist_ok=True)
    for name, make in pages().items():
        page, text = folder / name, make()
        if not page.is_file() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def printed(*arguments: str, folder: Path | None = None) -> str:
    """What `dbcontract` with these arguments prints, started in `folder`.

    Raises:
        CommandFailed: it failed.
    """
    command = [sys.executable, "-m", "dbcontract", *arguments]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8", cwd=folder)
    if done.returncode:
        raise CommandFailed(f"dbcontract {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


# The control API


def control() -> str:
    """Every operation of the control API, with the fields of its body and a call to paste."""
    description = openapi.load("control")
    lines = ["# Control API", "", description["info"]["description"], ""]
    lines += ["The description is served at `/_mock/openapi.yaml`, its Swagger UI at `/_mock/ui/`.", ""]
    found = [
        (operation["tags"][0], path, method, operation, item.get("parameters", []))
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    for tag in description["tags"]:
        lines += [f"## {tag['name']}", "", tag.get("description", ""), ""]
        for name, path, method, operation, shared in found:
            if name == tag["name"]:
                lines += _operation(description, path, method, operation, shared)
    return "\n".join(lines)


def _operation(
    description: Any, path: str, method: str, operation: Mapping[str, Any], shared: list[Any]
) -> Iterable[str]:
    identifier = operation["operationId"]
    yield f"({identifier})="
    yield f"### {operation['summary']}"
    yield ""
    yield f"`{method.upper()} /_mock{path}` · `{identifier}`"
    yield ""
    yield operation.get("description", "")
    yield ""
    parameters = [_resolved(description, one) for one in (*shared, *operation.get("parameters", []))]
    if parameters:
        yield "| parameter | in | type | |"
        yield "|---|---|---|---|"
        for one in parameters:
            kind = _kind(description, one.get("schema", {}))
            yield f"| `{one['name']}` | {one['in']} | {kind} | {_cell(one.get('description', ''))} |"
        yield ""
    body = _resolved(description, operation.get("requestBody", {})).get("content", {}).get("application/json")
    if body:
        rows = list(_fields(description, body["schema"]))
        if rows:
            yield "| field of the body | type | |"
            yield "|---|---|---|"
            yield from rows
            yield ""
    yield from _calls(path, method, body)
    yield "Answers: " + ", ".join(
        f"`{status}` {_resolved(description, answer)['description'].rstrip('.').lower()}"
        if status != "403"
        else "`403` refused"
        for status, answer in operation["responses"].items()
    )
    yield ""


def _calls(path: str, method: str, body: Mapping[str, Any] | None) -> Iterable[str]:
    """A call to paste for each example of the body; none where it would need an id, or endless patience."""
    if "{" in path or "events" in path:
        return
    examples: list[Any] = []
    if body is not None:
        examples = [one["value"] for one in body.get("examples", {}).values()]
        examples = examples or ([body["example"]] if "example" in body else [])
        if not examples:
            return
    verb = "" if method == "get" else f" -X {method.upper()}"
    yield "```sh"
    for example in examples or [None]:
        data = "" if example is None else f" -d '{json.dumps(example)}'"
        yield f"curl{verb} {CONTROL}{path}{data}"
    yield "```"
    yield ""


def _fields(description: Any, schema: Any, prefix: str = "", depth: int = 1) -> Iterable[str]:
    schema = _resolved(description, schema)
    required = schema.get("required", ())
    for name, raw in schema.get("properties", {}).items():
        one = _resolved(description, raw)
        must = " (required)" if name in required else ""
        kind = _kind(description, one)
        yield f"| `{prefix}{name}`{must} | {kind} | {_cell(one.get('description', ''))} |"
        if depth < DEEPEST:
            yield from _fields(description, one, f"{prefix}{name}.", depth + 1)


def _kind(description: Any, schema: Any) -> str:
    """The type of a value, in words."""
    schema = _resolved(description, schema)
    if "oneOf" in schema:
        return " or ".join(_kind(description, one) for one in schema["oneOf"])
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(one)}`" for one in schema["enum"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        kind = f"list of {_kind(description, schema.get('items', {}))}"
    elif kind == "object" and schema.get("properties") and len(schema["properties"]) <= DEEPEST:
        kind = "object of " + ", ".join(f"`{name}`" for name in schema["properties"])
    bounds = [schema.get("minimum"), schema.get("maximum")]
    if bounds != [None, None]:
        low, high = ("" if bound is None else f"{bound:,}" for bound in bounds)
        kind += f", {low} to {high}" if low and high else f", from {low}" if low else f", up to {high}"
    return f"{kind}, or null" if schema.get("nullable") else kind


def _resolved(description: Any, schema: Any) -> Any:
    while "$ref" in schema:
        target = description
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


# Situations


def situations() -> str:
    """The situations that a client can meet, with what brings each about."""
    lines = ["# Situations", "", SITUATIONS, ""]
    for api in served_apis().values():
        lines += [f"## {api.label or api.name}", ""]
        for one in api.situations:
            lines += [f"({one.id})=", f"### {one.id}", "", f"{one.title}.", ""]
            steps = "; ".join(f"`{step.python}`" for step in one.steps)
            lines += [
                f"{steps}{f', then {one.then}' if one.then else ''}. Rules: {', '.join(one.rules)}.",
                "",
            ]
    return "\n".join(lines)


# Rules, defects, lawful variants


def rules(api: str) -> str:
    """The rules of one API, by area, each with its statement, source, needs and check.

    Raises:
        CommandFailed: the catalogue could not be read.
    """
    found = json.loads(printed("rules", "--api", api, "--json"))
    caught: dict[str, list[str]] = {}
    for defect in json.loads(printed("defects", "--json")):
        for rule in defect["breaks"]:
            caught.setdefault(rule, []).append(defect["name"])
    counts = ", ".join(f"{sum(r['level'] == level for r in found)} {level}" for level in _levels(found))
    lines = [
        f"# Rules of {apis()[api].title}\n",
        f"{len(found)} rules: {counts}. [Readings](../readings.md) explains the levels and what the",
        "documents leave open, [traceability](../traceability.md) has them by heading of the documents.\n",
    ]
    for area, several in groupby(found, key=lambda one: one.get("area") or one["id"].rsplit("-", 1)[0]):
        lines += [f"## {area}", ""]
        for one in several:
            lines += _rule(one, caught.get(one["id"], []))
    return "\n".join(lines)


def _rule(one: Mapping[str, Any], caught: list[str]) -> Iterable[str]:
    source = one["source"]
    yield f"({one['id'].lower()})="
    yield f"### {one['id']}: {_plain(one['title'])}"
    yield ""
    yield _plain(one["statement"])
    yield ""
    yield f"- **Level**: {one['level']}, from *{_plain(source['document'])}*, {_plain(source['heading'])}"
    yield "- **Operations**: " + ", ".join(f"`{name}`" for name in one["operations"])
    if one["needs"]:
        yield "- **Needs**: " + ", ".join(f"`{name}`" for name in one["needs"])
    for name in ("depends_on", "depends_on"):
        if one.get(name):
            yield "- **Rests on**: " + ", ".join(f"[{rule}](#{rule.lower()})" for rule in one[name])
    if "untestable" in one:
        yield f"- **No check can tell**: {_plain(one['untestable'])}"
    else:
        yield f"- **Check**: {_plain(one['how'])}"
    if caught:
        yield "- **Shown by**: " + ", ".join(f"[`{name}`](#{name})" for name in caught)
    yield ""


def variants(title: str, about: str, *options: str) -> str:
    """The implementations that `dbcontract defects` with these options lists, by area.

    Raises:
        CommandFailed: they could not be listed.
    """
    found = json.loads(printed("defects", *options, "--json"))
    return "\n".join([f"# {title}\n", f"{about}\n", *_variants(found)])


def _variants(found: list[dict[str, Any]]) -> Iterable[str]:
    for area, several in groupby(found, key=lambda one: one["area"]):
        chosen = list(several)
        broken = any(one["breaks"] for one in chosen)
        yield f"## {area.replace('_', ' ').capitalize()}"
        yield ""
        yield "| name | what it does |" + (" rules |" if broken else "")
        yield "|---|---|" + ("---|" if broken else "")
        for one in chosen:
            name = f"[]{{#{one['name']}}}`{one['name']}`"
            links = ", ".join(f"[{rule}](#{rule.lower()})" for rule in one["breaks"])
            yield f"| {name} | {_cell(_plain(one['sentence']))} |" + (f" {links} |" if broken else "")
        yield ""


def _levels(found: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(one["level"] for one in found))


# The target file


def template() -> str:
    """The target file that `dbcontract init` writes.

    Raises:
        CommandFailed: it was not written.
    """
    with TemporaryDirectory() as folder:
        printed("init", folder=Path(folder))
        written = (Path(folder) / "dbcontract.toml").read_text(encoding="utf-8")
    lines = [
        "# A target file to begin with\n",
        "What `dbcontract init` writes; [every key](../target-file.md) is explained on a page of its own.\n",
        f"```toml\n{written.rstrip()}\n```\n",
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text that stays within a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _plain(text: str) -> str:
    """Text in which nothing is Markdown or HTML but what stands between backticks."""
    parts = text.split("`")
    for index in range(0, len(parts), 2):
        for sign in "\\*_<[":
            parts[index] = parts[index].replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return "`".join(parts)
