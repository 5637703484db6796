"""A lawful server is accused of nothing and loses nothing, however strict or free it is."""

from dataclasses import dataclass
from typing import Any

import pytest

from .comparing import compared, mark_of, untold
from .running import Foreign, Judged

HOOKS = ("advance_clock", "run_nightly", "fail_next")
MODES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "read-only": ((), {}),
    "read-only-without-sweep": (("--no-sweep",), {}),
    "write": (("--no-sweep",), {"allow": ("write",), "hooks": HOOKS[:2]}),
    "everything": ((), {"allow": ("write", "destroy"), "hooks": HOOKS}),
}
WARNED = {"strict": {"PB-JOB-49"}, "permissive": set[str]()}
"""What is warned of: that a new job is pending, when it is worked at by what is documented."""


@dataclass(frozen=True)
class Run:
    """One run, and the server's state before and after it."""

    server: Foreign
    mode: str
    judged: Judged
    before: Any
    after: Any


@pytest.fixture(scope="module", params=["strict", "permissive"])
def server(request: pytest.FixtureRequest) -> Foreign:
    found: Foreign = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture(scope="module", params=MODES)
def run(request: pytest.FixtureRequest, server: Foreign, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Each mode at each server, once for all tests of this file."""
    options, allowed = MODES[request.param]
    server.administer("reset")
    before = server.snapshot()
    file = server.target_file(tmp_path_factory.mktemp(request.param) / "target.toml", **allowed)
    judged = server.check(file, *options)
    return Run(server, request.param, judged, before, server.snapshot())


def test_nothing_is_failed(run: Run) -> None:
    assert run.judged.rules("failed", "error") == {}
    assert run.judged.status == 0, run.judged.output


def test_nothing_is_warned_of(run: Run) -> None:
    assert run.judged.rules("warned").keys() <= WARNED[run.server.name]


def test_most_is_verified(run: Run) -> None:
    least = {"everything": 335, "write": 270}.get(run.mode, 85)
    assert len(run.judged.rules("passed", "warned")) >= least


def test_nothing_of_the_users_is_harmed(run: Run) -> None:
    gone, _ = compared(run.before, run.after)
    if run.mode == "everything":
        # `destroy` lets records of the scratch databases go, and imports go over what a Pieces OS holds
        scratch = [f"/pixiebrix/databases/{one}/records/" for one in run.server.databases]
        gone = [path for path in gone if not path.startswith((*scratch, "/pieces/", "/second/"))]
    assert gone == []


def test_everything_new_is_told(run: Run) -> None:
    _, new = compared(run.before, run.after)
    if run.mode.startswith("read-only"):
        assert new == []
    assert untold(new, run.judged.document["notes"], mark_of(run.judged)) == []
