"""A lawful server is accused of nothing and loses nothing, however strict or free it is."""

from pathlib import Path
from typing import Any

import pytest

from .comparing import compared, mark_of, untold
from .running import Foreign

HOOKS = ("advance_clock", "run_nightly", "fail_next")
MODES: dict[str, tuple[tuple[str, ...], dict[str, Any], int]] = {
    "read-only": ((), {}, 85),
    "write": (("--no-fuzzing",), {"allow": ("write",), "hooks": HOOKS[:2]}, 270),
    "everything": ((), {"allow": ("write", "destroy"), "hooks": HOOKS}, 335),
}
"""Options of the run, what it may do, and how many rules at least it can verify then."""

WARNED = {"strict": {"PB-JOB-49"}, "permissive": set[str]()}
"""What is warned of: that a new job is pending, where the document's example has it started."""


# One test for each run, and not one for each fact: several workers would repeat the runs, which take seconds.
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", MODES)
def test_a_lawful_server_is_accused_of_nothing_and_loses_nothing(
    foreign: Foreign, tmp_path: Path, mode: str
) -> None:
    options, allowed, least = MODES[mode]
    before = foreign.snapshot()
    judged = foreign.check(foreign.target_file(tmp_path / "target.toml", **allowed), *options, seconds=280)
    after = foreign.snapshot()
    gone, new = compared(before, after)
    assert judged.rules("failed", "error") == {}
    assert judged.status == 0, judged.output
    assert judged.rules("warned").keys() <= WARNED[foreign.name]
    assert len(judged.rules("passed", "warned")) >= least
    if mode == "everything":
        # `destroy` lets records of the scratch databases go, and imports go over what a Pieces OS holds
        scratch = [f"/pixiebrix/databases/{one}/records/" for one in foreign.databases]
        gone = [path for path in gone if not path.startswith((*scratch, "/pieces/", "/second/"))]
    assert gone == []
    assert bool(new) == bool(judged.document["notes"]) == bool(allowed)
    # databases were created, and are gone again
    assert set(after["pixiebrix"]["databases"]) == set(before["pixiebrix"]["databases"])
    assert untold(new, judged.document["notes"], mark_of(judged)) == []
