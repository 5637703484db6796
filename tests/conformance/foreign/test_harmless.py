"""What a run leaves at a server that is not ours: nothing is gone, and everything new is told."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from .running import Foreign, Judged

Judge = Callable[..., Judged]
_OF_JOBS = "/pixiebrix/blobs/exports/"
"""Where the servers keep what their export jobs have made."""
_RESTLESS = "/workstreamEvents"
"""What the permissive server works at by itself."""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a snapshot by its path; entries of lists by their content."""
    if isinstance(value, Mapping) and value:
        for name, one in value.items():
            yield from leaves(one, f"{path}/{name}")
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for one in value:
            yield f"{path}/{one}", None
    else:
        yield path, value


def compared(before: Any, after: Any) -> tuple[list[str], list[str]]:
    """The paths that are gone or other than before, and the new ones."""
    old, new = dict(leaves(before)), dict(leaves(after))
    kept = [path for path in old if not path.endswith(_RESTLESS)]
    gone = [path for path in kept if old[path] not in ({}, [], new.get(path, ...))]
    return gone, [path for path, value in new.items() if path not in old and value not in ({}, [])]


def untold(paths: list[str], notes: list[str], mark: str) -> list[str]:
    """The new paths that no note tells of: by the id of what is in them, or by the name of the run."""
    told = " ".join(notes)
    named = {word.strip(",") for word in told.split()}
    return [
        path
        for path in paths
        if not path.startswith((_OF_JOBS, "/second/"))
        and not (mark in path and mark in told)
        and not any(part in named for part in path.split("/"))
    ]


def mark_of(judged: Judged) -> str:
    """The name of a run, from what it left; where nothing bears it, what is in no path."""
    told = re.search("dbcontract-[0-9a-f]{6}-", " ".join(judged.document["notes"]))
    return told[0] if told is not None else "\0"


RULES = ("PI-DESC-*", "PI-IMP-1*", "PI-ROLL-0*", "PB-DESC-*", "PB-DB-*", "PB-REC-*", "PB-ASSET-1*")
CHOSEN = tuple(word for rule in RULES for word in ("--only", rule))
SWEPT = ("--only", "PB-DESC-12", "--only", "PI-DESC-09")
HOOKS = ("advance_clock", "run_nightly", "fail_next")


@pytest.mark.parametrize("server", ["strict", "permissive"])
@pytest.mark.parametrize("options", [("--no-sweep", *CHOSEN), SWEPT])
def test_with_write_nothing_is_gone_and_all_that_is_new_is_told(
    request: pytest.FixtureRequest, judge: Judge, server: str, options: tuple[str, ...]
) -> None:
    foreign: Foreign = request.getfixturevalue(server)
    before = foreign.snapshot()
    judged = judge(foreign, *options, allow=["write"], hooks=HOOKS)
    after = foreign.snapshot()
    gone, new = compared(before, after)
    assert judged.rules("error") == {}
    assert gone == []
    assert new
    assert untold(new, judged.document["notes"], mark_of(judged)) == []
    # databases were created, and are gone again
    assert set(after["pixiebrix"]["databases"]) == set(before["pixiebrix"]["databases"])


@pytest.mark.parametrize("server", ["strict", "permissive"])
def test_with_everything_only_the_scratch_databases_lose_records(
    request: pytest.FixtureRequest, judge: Judge, server: str
) -> None:
    foreign: Foreign = request.getfixturevalue(server)
    before = foreign.snapshot()
    judged = judge(foreign, "--no-sweep", *CHOSEN, allow=["write", "destroy"], hooks=HOOKS)
    gone, new = compared(before, foreign.snapshot())
    scratch = tuple(f"/pixiebrix/databases/{one}/records/" for one in foreign.databases)
    assert [path for path in gone if not path.startswith((*scratch, "/pieces/"))] == []
    assert untold(new, judged.document["notes"], mark_of(judged)) == []


def test_without_permission_nothing_changes(strict: Foreign, judge: Judge) -> None:
    before = strict.snapshot()
    judged = judge(strict)
    assert judged.rules("error") == {}
    assert strict.snapshot() == before
    assert judged.document["notes"] == []


def test_without_create_databases_none_is_asked_for(strict: Foreign, tmp_path: Path) -> None:
    file = strict.target_file(tmp_path / "target.toml", allow=["write"])
    text = file.read_text("utf-8").replace("create_databases = true", "create_databases = false")
    file.write_text(text, "utf-8")
    judged = strict.check(file, "--only", "PB-DESC-12", "--only", "PB-DB-06")
    assert judged.rules("error") == {}
    journal = [str(entry) for entry in strict.administer("journal")]
    assert any("/records/" in entry and "POST" in entry for entry in journal)
    own = f"/organizations/{strict.organization}/databases/"
    assert [one for one in journal if "POST" in one and one.rstrip("\"'} ").endswith(own)] == []
