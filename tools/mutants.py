"""What a mutation run left behind: each mutant, what it changes, and whether its survival is accepted.

Pure but for reading the files that mutmut writes; `tools/mutation.py` runs it.
"""

from __future__ import annotations

import ast
import difflib
import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

ANY = "*"
"""As the `from` of an entry: every mutant of the function."""


class Fate(StrEnum):
    """What became of a mutant."""

    TESTS = "a test failed"
    TIME = "the tests did not come to an end"
    TYPES = "the types do not fit"
    SURVIVED = "survived"
    UNTESTED = "no test runs it"
    UNKNOWN = "the run of its tests ended oddly"
    NOT_RUN = "not run"

    @property
    def killed(self) -> bool:
        """Whether it was noticed."""
        return self in {Fate.TESTS, Fate.TIME, Fate.TYPES}


_FATES: Mapping[int | None, Fate] = {
    1: Fate.TESTS,
    3: Fate.TESTS,
    0: Fate.SURVIVED,
    5: Fate.UNTESTED,
    33: Fate.UNTESTED,
    37: Fate.TYPES,
    2: Fate.NOT_RUN,  # interrupted
    34: Fate.NOT_RUN,
    None: Fate.NOT_RUN,
    **dict.fromkeys((-24, 24, 36, 152, 255), Fate.TIME),
}
"""By the exit status of the tests, as mutmut keeps it."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change.

    Attributes:
        name: mutmut's own, for `mutmut show`.
        module: dotted.
        function: module, class and function, dotted.
        before, after: the lines that differ, stripped, joined by line feeds; empty where there are none.
    """

    name: str
    module: str
    function: str
    fate: Fate
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change as a reader sees it."""
        gone = [f"    - {line}" for line in self.before.splitlines()]
        return "\n".join([*gone, *(f"    + {line}" for line in self.after.splitlines())])


@dataclass(frozen=True, slots=True)
class Accepted:
    """Why a mutant may survive."""

    function: str
    before: str
    after: str
    reason: str
    file: str

    def covers(self, mutant: Mutant) -> bool:
        """Whether it speaks of this mutant."""
        if self.function != mutant.function:
            return False
        return self.before == ANY or (self.before, self.after) == (mutant.before, mutant.after)


@dataclass(frozen=True, slots=True)
class Judged:
    """All mutants of a run against all that is accepted.

    Attributes:
        mutants: those that were run.
        left: those that survived and are not accepted.
        stale: what is accepted, though no mutant of the kind survives.
    """

    mutants: tuple[Mutant, ...]
    left: tuple[Mutant, ...]
    stale: tuple[Accepted, ...]

    @property
    def score(self) -> float:
        """Killed, of those that are not accepted; 1 where there are none."""
        killed = sum(mutant.fate.killed for mutant in self.mutants)
        return killed / (killed + len(self.left)) if killed or self.left else 1.0


class AcceptedError(ValueError):
    """A list of accepted mutants that cannot be used; the message names the file and the entry."""


def read_accepted(files: Iterable[Path]) -> list[Accepted]:
    """What is accepted.

    Raises:
        AcceptedError: an entry lacks something, or says what there is no word for.
    """
    return [
        _entry(f"{file.name}: entry {number}", entry, file.name)
        for file in files
        for number, entry in enumerate(yaml.safe_load(file.read_text("utf-8")) or (), 1)
    ]


def _entry(where: str, entry: Mapping[str, Any], file: str) -> Accepted:
    needed = {"function", "from", "reason"} | ({"to"} if entry.get("from") != ANY else set())
    if entry.keys() != needed:
        raise AcceptedError(f"{where}: it has {', '.join(entry)}; it should have {', '.join(sorted(needed))}")
    for key, value in entry.items():
        if not isinstance(value, str) or (key in {"function", "reason"} and not value.strip()):
            raise AcceptedError(f"{where}: {key}: {value!r} is not text")
    return Accepted(entry["function"], entry["from"], entry.get("to", ""), entry["reason"].strip(), file)


def split(name: str) -> tuple[str, str]:
    """Module and function of a copy: those of `a.b.xǁCǁd__mutmut_1` are `a.b` and `a.b.C.d`."""
    module, _, mangled = name.rpartition(".")
    plain = mangled.rpartition("__mutmut_")[0].removeprefix("x_")
    return module, f"{module}.{plain.removeprefix('xǁ').replace('ǁ', '.')}"


def functions(source: str) -> dict[str, str]:
    """The copies of functions in a module that mutmut wrote, each under the name of its original."""
    lines = source.splitlines()
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "__mutmut_" in node.name:
            text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            plain = split(node.name)[1].rpartition(".")[2]
            found[node.name] = textwrap.dedent(text).replace(node.name, plain, 1)
    return found


def difference(before: str, after: str) -> tuple[str, str]:
    """The lines that differ, of either."""
    old, new = before.splitlines(), after.splitlines()
    gone: list[str] = []
    come: list[str] = []
    for tag, start, end, other_start, other_end in difflib.SequenceMatcher(
        a=old, b=new, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            gone += old[start:end]
            come += new[other_start:other_end]
    return "\n".join(line.strip() for line in gone), "\n".join(line.strip() for line in come)


def read_mutants(tree: Path) -> Iterator[Mutant]:
    """All mutants in a folder that mutmut was run in, also those that were not run."""
    for meta in sorted((tree / "mutants").rglob("*.py.meta")):
        fates: dict[str, int | None] = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
        if not fates:
            continue
        copies = functions(meta.with_suffix("").read_text("utf-8"))
        for name, code in fates.items():
            module, function = split(name)
            mangled = name.rpartition(".")[2]
            untouched = copies[f"{mangled.rpartition('__mutmut_')[0]}__mutmut_orig"]
            before, after = difference(untouched, copies[mangled])
            yield Mutant(name, module, function, _FATES.get(code, Fate.UNKNOWN), before, after)


def judged(mutants: Iterable[Mutant], accepted: Sequence[Accepted]) -> Judged:
    """What is to be said about a run."""
    ran = tuple(mutant for mutant in mutants if mutant.fate is not Fate.NOT_RUN)
    survivors = [mutant for mutant in ran if not mutant.fate.killed]
    left = tuple(one for one in survivors if not any(entry.covers(one) for entry in accepted))
    stale = tuple(entry for entry in accepted if not any(map(entry.covers, survivors)))
    return Judged(ran, left, stale)


def table(result: Judged) -> str:
    """The figures by module, in Markdown."""
    left = Counter(mutant.module for mutant in result.left)
    rows: list[tuple[str, ...]] = [("module", "mutants", "killed", "of these by types", "accepted", "left")]
    by_module: dict[str, list[Mutant]] = {}
    for mutant in result.mutants:
        by_module.setdefault(mutant.module, []).append(mutant)
    for module, mutants in sorted(by_module.items()):
        rows.append((module.removeprefix("dbcontract."), *_figures(mutants, left[module])))
    rows.append(("all", *_figures(result.mutants, len(result.left))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"| {' | '.join(_cells(row, widths))} |" for row in rows]
    rule = "|".join(["", "-" * (widths[0] + 2), *(f"{'-' * (width + 1)}:" for width in widths[1:]), ""])
    return "\n".join([lines[0], rule, *lines[1:]])


def _figures(mutants: Sequence[Mutant], left: int) -> tuple[str, ...]:
    killed = sum(mutant.fate.killed for mutant in mutants)
    types = sum(mutant.fate is Fate.TYPES for mutant in mutants)
    return tuple(map(str, (len(mutants), killed, types, len(mutants) - killed - left, left)))


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = (
        text.rjust(width) if number else text.ljust(width)
        for number, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return [first, *others]


def type_errors(report: Iterable[Mapping[str, Any]], sources: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """Of what mypy says about modules that mutmut wrote, that which a mutant is to blame for.

    A copy of a method may be wrong as a copy (an attribute is declared twice, say): what is said of the
    untouched copy too, or of no copy, is left out.

    Args:
        report: mypy's, one mapping for each finding.
        sources: the modules, by the names of the files in the report.
    """
    places = {name: dict(_places(source)) for name, source in sources.items()}
    found = [
        (places.get(one["file"], {}).get(one["line"], ""), one)
        for one in report
        if one["severity"] == "error"
    ]
    known = {(one["file"], place, _kind(one)) for place, one in found}
    return [
        one
        for place, one in found
        if place
        and (one["file"], f"{place.rpartition('__mutmut_')[0]}__mutmut_orig", _kind(one)) not in known
    ]


def _kind(finding: Mapping[str, Any]) -> str:
    return re.sub(r"\d+", "", finding["message"])


def _places(source: str) -> Iterator[tuple[int, str]]:
    """Line -> the copy of a function that it belongs to."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "__mutmut_" in node.name:
            yield from ((line, node.name) for line in range(node.lineno, (node.end_lineno or 0) + 1))
