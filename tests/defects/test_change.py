"""What a change concerns is found in the sources, and by git in a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .change import Change, changed, changed_rules, concerned, since_main

SOURCES = {
    "dbcontract.conformance.apis.a": "",
    "dbcontract.conformance.apis.a.arrange": (
        "LIMIT = 1\n\ndef given():\n    return LIMIT\n\ndef other(): ...\n"
    ),
    "dbcontract.conformance.apis.a.checks.one": (
        "from ..arrange import given as arranged\nfrom .. import arrange\n"
        "def by_name():\n    arranged()\n\n"
        "def by_module():\n    arrange.other()\n\n"
        "def neither(): ...\n"
    ),
}


def test_what_is_otherwise_in_a_module() -> None:
    old = "A = 1\nB: int = 2\n\ndef f():\n    return 1\n\nclass C:\n    def m(self): ...\n"
    assert changed(old, "# a comment\n" + old.replace("\n\n", "\n\n\n")) == set()
    assert changed(old, old.replace("return 1", "return 2")) == {"f"}
    assert changed(old, old.replace("def m", "def n")) == {"C"}
    assert changed(old, old.replace("int = 2", "int = 3")) == {"B"}
    assert changed("", old) == {"A", "B", "f", "C"}


def test_who_uses_what_is_otherwise() -> None:
    arrange, checks = "dbcontract.conformance.apis.a.arrange", "dbcontract.conformance.apis.a.checks.one"
    limit = concerned({(arrange, "LIMIT")}, SOURCES)
    assert limit == {(arrange, "LIMIT"), (arrange, "given"), (checks, "by_name"), (checks, "by_module")}
    assert concerned({(arrange, "other")}, SOURCES) == {(arrange, "other"), (checks, "by_module")}
    assert concerned({(checks, "neither")}, SOURCES) == {(checks, "neither")}


def test_which_entries_of_a_catalogue_are_otherwise() -> None:
    old = "rules:\n- {id: A-1, needs: [read]}\n- {id: A-2, needs: []}\n"
    assert changed_rules(old, old.replace("[read]", "[write]") + "- {id: A-3}\n") == {"A-1", "A-3"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a branch that changes a function and a rule; one module is not added."""
    root = tmp_path / "checkout"
    folder = root / "conformance"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text("def f():\n    return 1\n\ndef g(): ...\n")
    (folder / "requirements.yaml").write_text("rules: [{id: A-1}]\n")
    _git(root, "init", "--quiet", "--initial-branch", "main")
    _commit(root)
    _git(root, "checkout", "--quiet", "-b", "work")
    (folder / "one.py").write_text("def f():\n    return 2\n\ndef g(): ...\n")
    (folder / "requirements.yaml").write_text("rules: [{id: A-1}, {id: A-2}]\n")
    _commit(root)
    (folder / "two.py").write_text("H = 1\n")
    return root


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


def _commit(root: Path) -> None:
    _git(root, "add", ".")
    _git(
        root,
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.com",
        "commit",
        "--quiet",
        "--message",
        "Change",
    )


WORK = Change(
    frozenset({("dbcontract.conformance.one", "f"), ("dbcontract.conformance.two", "H")}), frozenset({"A-2"})
)


def test_a_branch_is_compared_with_where_it_left_main(checkout: Path) -> None:
    assert since_main(checkout) == WORK


def test_main_is_compared_with_its_last_commit(checkout: Path) -> None:
    _git(checkout, "branch", "--force", "main", "work")
    assert since_main(checkout) == WORK


def test_without_a_repository_of_its_own_nothing_is_known(checkout: Path) -> None:
    assert since_main(checkout / "conformance") == Change()
    _git(checkout, "checkout", "--quiet", "--orphan", "alone")
    _git(checkout, "branch", "--delete", "--force", "main", "work")
    _commit(checkout)
    assert since_main(checkout) == Change()
