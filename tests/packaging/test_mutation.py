"""What tools/mutation.py makes of what a run left behind: names, changes, what is accepted, figures."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

WRITTEN = '''
class Table:
    @decorated
    def span(self):
        return 1

    def xǁTableǁspan__mutmut_orig(self):
        """Doc."""
        one = 1
        return one + 1

    def xǁTableǁspan__mutmut_1(self):
        """Doc."""
        one = None
        return one + 1

    def xǁTableǁspan__mutmut_2(self):
        """Doc."""
        one = 1
        return one - 1


def x_of__mutmut_orig(most: int = 8):
    f(
        most,
    )


def x_of__mutmut_1(most: int = 9):
    f(
        most,
    )


def x_of__mutmut_2(most: int = 8):
    f(
    )
'''
PATH = "dbcontract/state/table.py"
SPAN, OF = "dbcontract.state.table.Table.span", "dbcontract.state.table.of"


@pytest.fixture
def tool(project: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(project.root / "tools"))
    yield import_module("mutants")
    sys.modules.pop("mutants", None)


def written(tree: Path, codes: Mapping[str, int | None]) -> Path:
    file = tree / "mutants" / PATH
    file.parent.mkdir(parents=True)
    file.write_text(WRITTEN, encoding="utf-8")
    names = {f"dbcontract.state.table.{name}": code for name, code in codes.items()}
    Path(f"{file}.meta").write_text(json.dumps({"exit_code_by_key": names}), encoding="utf-8")
    other = file.with_name("empty.py")
    other.write_text("", encoding="utf-8")
    Path(f"{other}.meta").write_text('{"exit_code_by_key": {}}', encoding="utf-8")
    return tree


@pytest.fixture
def mutants(tool: Any, tmp_path: Path) -> Any:
    codes = {
        "xǁTableǁspan__mutmut_1": 37,
        "xǁTableǁspan__mutmut_2": 0,
        "x_of__mutmut_1": 33,
        "x_of__mutmut_2": 1,
    }
    return list(tool.read_mutants(written(tmp_path, codes)))


def accepted(tool: Any, path: Path, text: str) -> Any:
    file = path / "accepted-some.yaml"
    file.write_text(text, encoding="utf-8")
    return tool.read_accepted([file])


def entry(function: str, *lines: str) -> str:
    return "\n  ".join([f"- function: {function}", *lines, "reason: it is the same"]) + "\n"


def test_a_mutant_is_read_with_its_change(mutants: Any) -> None:
    assert [(one.function, one.before, one.after, one.fate.name) for one in mutants] == [
        (SPAN, "one = 1", "one = None", "TYPES"),
        (SPAN, "return one + 1", "return one - 1", "SURVIVED"),
        (OF, "def of(most: int = 8):", "def of(most: int = 9):", "UNTESTED"),
        (OF, "most,", "", "TESTS"),
    ]
    assert mutants[1].diff == "    - return one + 1\n    + return one - 1"


def test_what_survived_or_has_no_test_is_left(tool: Any, mutants: Any) -> None:
    result = tool.judged(mutants, [])
    assert [one.function for one in result.left] == [SPAN, OF]
    assert result.score == 0.5


def test_what_is_accepted_counts_neither_way(tool: Any, mutants: Any, tmp_path: Path) -> None:
    entries = accepted(tool, tmp_path, entry(SPAN, "from: return one + 1", "to: return one - 1"))
    result = tool.judged(mutants, entries)
    assert [one.function for one in result.left] == [OF]
    assert (result.stale, result.score) == ((), 2 / 3)
    assert tool.table(result).splitlines() == [
        "| module      | mutants | killed | of these by types | accepted | left |",
        "|-------------|--------:|-------:|------------------:|---------:|-----:|",
        "| state.table |       4 |      2 |                 1 |        1 |    1 |",
        "| all         |       4 |      2 |                 1 |        1 |    1 |",
    ]


def test_a_whole_function_can_be_accepted(tool: Any, mutants: Any, tmp_path: Path) -> None:
    result = tool.judged(mutants, accepted(tool, tmp_path, entry(SPAN, 'from: "*"') + entry(OF, 'from: "*"')))
    assert (result.left, result.stale, result.score) == ((), (), 1.0)


@pytest.mark.parametrize(
    "lines",
    [
        ("from: return one + 1", "to: return one + 2"),
        ("from: return one + 2", "to: return one - 1"),
        ("from: one = 1", "to: one = None"),  # killed, by its types
    ],
)
def test_an_entry_that_no_survivor_is_of_is_stale(
    tool: Any, mutants: Any, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    entries = accepted(tool, tmp_path, entry(SPAN, *lines))
    assert list(tool.judged(mutants, entries).stale) == entries
    assert list(tool.judged([], entries).stale) == entries


@pytest.mark.parametrize("code", [None, 2, 34])
def test_what_was_not_run_is_left_out(tool: Any, tmp_path: Path, code: int | None) -> None:
    result = tool.judged(tool.read_mutants(written(tmp_path, {"x_of__mutmut_1": code})), [])
    assert (result.mutants, result.left, result.score) == ((), (), 1.0)


@pytest.mark.parametrize(("code", "killed"), [(3, True), (-24, True), (255, True), (-11, False), (77, False)])
def test_only_a_failed_test_or_its_time_kills(tool: Any, tmp_path: Path, code: int, killed: bool) -> None:
    result = tool.judged(tool.read_mutants(written(tmp_path, {"x_of__mutmut_1": code})), [])
    assert bool(result.left) is not killed


@pytest.mark.parametrize(
    "text",
    [
        "- {function: a.b, from: x, to: y}",
        "- {function: a.b, from: x, reason: why}",
        "- {function: a.b, from: '*', to: y, reason: why}",
        "- {function: a.b, from: x, to: y, reason: why, also: z}",
        "- {function: a.b, from: x, to: y, reason: ' '}",
        "- {function: a.b, from: 1, to: y, reason: why}",
    ],
)
def test_an_entry_has_to_say_all(tool: Any, tmp_path: Path, text: str) -> None:
    with pytest.raises(tool.AcceptedError, match=r"accepted-some\.yaml: entry 1"):
        accepted(tool, tmp_path, text)


def test_what_is_accepted_is_in_a_function_that_there_is(tool: Any, project: Any) -> None:
    files = sorted((project.root / "tests" / "mutation").glob("accepted-*.yaml"))
    names = {one.function for one in tool.read_accepted(files)}
    assert names
    for name in names:
        assert callable(resolve_name(name)), name


def test_every_module_and_test_of_the_run_is_there(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(project.root / "tools"))
    run = import_module("mutation")
    packaged = project.files()
    for pattern in run.MODULES:
        assert any(fnmatch(name, pattern) for name in packaged), pattern
    for name in run.TESTS:
        assert (project.root / name).exists(), name
    listed = [name for name in packaged if any(fnmatch(name, pattern) for pattern in run.MODULES)]
    table = (project.root / "docs" / "mutation.md").read_text(encoding="utf-8")
    for module in re.findall(r"^\| ([a-z_]+\.[a-z_.]+) \|", table, flags=re.MULTILINE):
        assert f"dbcontract/{module.replace('.', '/')}.py" in listed, module


def test_a_type_error_of_the_untouched_copy_kills_nothing(tool: Any) -> None:
    def finding(line: int, message: str, severity: str = "error") -> dict[str, Any]:
        return {"file": PATH, "line": line, "message": message, "severity": severity}

    report = [
        finding(4, "Attribute already defined on line 9"),
        finding(9, "Attribute already defined on line 4"),
        finding(14, "Attribute already defined on line 4"),
        finding(14, "Unsupported operand"),
        finding(19, "See the documentation", "note"),
        finding(1, "Unsupported operand"),
    ]
    assert tool.type_errors(report, {PATH: WRITTEN}) == [report[3]]
