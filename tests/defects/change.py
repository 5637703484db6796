"""What a change of the code concerns: the definitions that differ, and all that use them.

A definition is what a module binds at its top level, known by the module and the name; the methods of a
class are part of it. What is reached by an attribute alone is not seen.
"""

from __future__ import annotations

import ast
import subprocess
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDERS: Final = ("conformance", "mockserver")

Definition = tuple[str, str]
"""A module and a name that it binds; `*` for the module as a whole."""


@dataclass(frozen=True)
class Change:
    """What differs from an earlier state.

    Attributes:
        definitions: those that are new or otherwise.
        rules: ids of the rules whose entries in the catalogue are new or otherwise.
    """

    definitions: frozenset[Definition] = frozenset()
    rules: frozenset[str] = frozenset()


def changed(old: str, new: str) -> set[str]:
    """The definitions of a module that are new or otherwise; comments and places do not matter."""
    before, after = _definitions(ast.parse(old)), _definitions(ast.parse(new))
    return {name for name, node in after.items() if name not in before or _same(before[name]) != _same(node)}


def changed_rules(old: str, new: str) -> set[str]:
    """The ids of the rules whose entries in a catalogue are new or otherwise."""
    before, after = ({rule["id"]: rule for rule in _rules(text)} for text in (old, new))
    return {id_ for id_, rule in after.items() if before.get(id_) != rule}


def concerned(definitions: Collection[Definition], sources: Mapping[str, str]) -> set[Definition]:
    """These definitions, and all that use them, directly or not.

    Args:
        definitions: what changed.
        sources: the text of each module, by its name; a package's is its `__init__`.
    """
    users = _users(sources)
    found, waiting = set(definitions), list(definitions)
    while waiting:
        module, name = waiting.pop()
        for user in users[module, name] | users[module, "*"]:
            if user not in found:
                found.add(user)
                waiting.append(user)
    return found


def sources(root: Path = ROOT) -> dict[str, str]:
    """The text of every module of the two sides, by its name."""
    paths = (path for folder in FOLDERS for path in root.joinpath(folder).rglob("*.py"))
    return {module_of(path.relative_to(root)): path.read_text(encoding="utf-8") for path in paths}


def module_of(path: Path) -> str:
    """The name of the module in a file of the two sides."""
    return ".".join(("dbcontract", *path.with_suffix("").parts)).removesuffix(".__init__")


def since_main(root: Path = ROOT) -> Change:
    """What the checkout changes beside the main branch, or the last commit if it is that branch.

    Nothing where there is no git, no history, or another repository around the folder.
    """
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top.strip()).resolve() != root.resolve():
        return Change()
    base = _base(root)
    listed = base and _git(root, "diff", "--name-only", "--no-renames", base, "--", *FOLDERS)
    if base is None or listed is None:
        return Change()
    fresh = _git(root, "ls-files", "--others", "--exclude-standard", "--", *FOLDERS) or ""
    definitions: set[Definition] = set()
    rules: set[str] = set()
    for path in map(Path, {*listed.splitlines(), *fresh.splitlines()}):
        if not root.joinpath(path).is_file():
            continue
        new = root.joinpath(path).read_bytes().decode(errors="replace")
        old = _git(root, "show", f"{base}:{path.as_posix()}") or ""
        if path.suffix == ".py":
            definitions |= {(module_of(path), name) for name in changed(old, new)}
        elif path.name == "requirements.yaml":
            rules |= changed_rules(old, new)
    return Change(frozenset(definitions), frozenset(rules))


def _base(root: Path) -> str | None:
    head = _git(root, "rev-parse", "HEAD")
    for main in ("origin/main", "main"):
        base = _git(root, "merge-base", "HEAD", main)
        if base is not None and base != head:
            return base.strip()
    parent = _git(root, "rev-parse", "--verify", "--quiet", "HEAD~1")
    return parent and parent.strip()


def _git(root: Path, *arguments: str) -> str | None:
    """What git says; None where it cannot, or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], check=False, capture_output=True, timeout=60
        )
    except FileNotFoundError:
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def _rules(text: str) -> list[dict[str, Any]]:
    document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
    return list(document.get("rules", ()))


def _same(node: ast.stmt) -> str:
    return ast.dump(node)


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    return {name: node for node in tree.body for name in _bound(node)}


def _bound(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign():
            yield from (
                one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)
            )
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _users(sources: Mapping[str, str]) -> Mapping[Definition, set[Definition]]:
    """The definitions that name each definition."""
    packages = {name.rpartition(".")[0] for name in sources}
    users: defaultdict[Definition, set[Definition]] = defaultdict(set)
    for module, text in sources.items():
        tree = ast.parse(text)
        meant = dict(_imported(tree, module, is_package=module in packages, known=sources))
        own = _definitions(tree)
        meant |= {name: (module, name) for name in own}
        for name, node in own.items():
            for one in ast.walk(node):
                if isinstance(one, ast.Name) and one.id in meant and meant[one.id] != (module, name):
                    users[meant[one.id]].add((module, name))
    return users


def _imported(
    tree: ast.Module, module: str, *, is_package: bool, known: Collection[str]
) -> Iterator[tuple[str, Definition]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        parts = module.split(".")
        above = parts[: len(parts) - node.level + is_package] if node.level else []
        origin = ".".join([*above, *(node.module or "").split(".")]).strip(".")
        for one in node.names:
            whole = f"{origin}.{one.name}"
            yield one.asname or one.name, (whole, "*") if whole in known else (origin, one.name)
