"""docs/conformance.md, docs/target-file.md and docs/pytest.md name what there is, and nothing else."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from dbcontract.conformance.environment.hooks import PLACEHOLDERS, everywhere
from dbcontract.conformance.target import file as targetfile
from dbcontract.conformance.target.target import CAPABILITIES, HOOKS, TargetError
from dbcontract.mockserver.client import MockClient

pytest_plugins = ["pytester"]

DOCS = Path(__file__).resolve().parents[2] / "docs"
MODULE = "dbcontract.conformance.pytest.plugin"
UNKNOWN = "qqqqqqqqqqqq"


def guide(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def keys_of(table: str, **beside: str | list[str]) -> set[str]:
    """The keys that a table may have, as the message about an unknown one lists them."""
    content: object = {UNKNOWN: 1, **beside}
    for name in reversed(table.split(".")):
        content = {name: content}
    with pytest.raises(TargetError, match=f"{table}.{UNKNOWN}: unknown; there are: ") as caught:
        targetfile.parse(content, {})  # type: ignore[arg-type] # a table by construction
    return {f"{table}.{key}" for key in str(caught.value).partition("there are: ")[2].split(", ")}


def test_the_guide_names_every_key_of_a_target_file() -> None:
    known = set().union(*(keys_of(name) for name in ("target", "pieces", "pixiebrix", "limits", "pace")))
    known |= keys_of("hooks.advance_clock", url="http://127.0.0.1")
    known |= keys_of("hooks.advance_clock", command=["true"])
    known |= {"hooks.fail_next.operations"} & keys_of("hooks.fail_next", url="http://127.0.0.1")
    known |= {f"hooks.{hook}" for hook in HOOKS}
    tables = "target|pieces|pixiebrix|limits|pace|hooks"
    named = set(re.findall(rf"`((?:{tables})\.[a-z_.]+)`", guide("target-file.md")))
    assert named == known


def test_the_guide_has_the_defaults_of_the_template() -> None:
    text = guide("target-file.md")
    for table in ("limits", "pace"):
        part = targetfile.template().partition(f"[{table}]\n")[2].partition("\n\n")[0]
        found = dict(re.findall(r"^# (\w+) = (\d+)", part, re.MULTILINE))
        found.pop("requests_per_second", None)  # an example: without it there is no limit
        assert found
        for key, value in found.items():
            assert f"| `{table}.{key}` | `{value}` |" in text


def test_the_guide_names_capabilities_and_placeholders() -> None:
    text = guide("conformance.md")
    for name in CAPABILITIES:
        assert f"\n| `{name}` |" in text
    text = guide("target-file.md")
    for name in {*everywhere(), *(one for several in PLACEHOLDERS.values() for one in several)}:
        assert f"`{{{name}}}`" in text


def test_the_guides_name_every_option_and_ini_key_of_pytest(pytester: pytest.Pytester) -> None:
    installed = any(point.value == MODULE for point in entry_points(group="pytest11"))
    shown = pytester.runpytest(*([] if installed else ["-p", MODULE]), "--help").stdout.str()
    options = set(re.findall(r"^ +(--dbcontract-[a-z-]+)", shown, re.MULTILINE))
    keys = set(re.findall(r"^ +(dbcontract_[a-z_]+) \(", shown, re.MULTILINE))
    assert len(options) > 10
    rows = re.findall(
        r"^\| (?:`(--[a-z-]+)(?:\[=[A-Z:]+\])?` )?\| `(dbcontract_\w+)` \|", _both(), re.MULTILINE
    )
    assert {option for option, _ in rows if option} == options
    assert {key for _, key in rows} == keys


def test_the_guide_names_the_methods_of_the_client() -> None:
    there = {name for name in vars(MockClient) if not name.startswith("_")} - {"close"}
    text = guide("pytest.md")
    missing = {name for name in there if not re.search(rf"`{name}\b", text)}
    assert not missing


def test_the_plugins_that_the_guide_switches_off_have_these_names() -> None:
    names = {point.name for point in entry_points(group="pytest11")}
    named = set(re.findall(r"no:(\w+)", guide("pytest.md")))
    assert named
    assert named <= names


def _both() -> str:
    return guide("conformance.md") + guide("pytest.md")
