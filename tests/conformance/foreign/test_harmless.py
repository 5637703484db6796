"""What a run leaves at a server that is not ours: nothing is gone, and everything new is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.exports import REQUIRED_COLLECTIONS
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.target.target import Endpoint, HttpHook, Target

from .comparing import compared, mark_of, untold
from .running import Foreign, Judged
from .small import JSON, PACE, JudgedHere, Seen, Start, told

Judge = Callable[..., Judged]
RULES = ("PI-DESC-*", "PI-IMP-1*", "PI-ROLL-0*", "PB-DESC-*", "PB-DB-*", "PB-REC-*", "PB-ASSET-1*")
CHOSEN = tuple(word for rule in RULES for word in ("--only", rule))
FUZZED = ("--only", "PB-DESC-12", "--only", "PI-DESC-09")
HOOKS = ("advance_clock", "run_nightly", "fail_next")


@pytest.mark.parametrize("server", ["strict", "permissive"])
@pytest.mark.parametrize("options", [("--no-fuzzing", *CHOSEN), FUZZED])
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
    judged = judge(foreign, "--no-fuzzing", *CHOSEN, allow=["write", "destroy"], hooks=HOOKS)
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


def test_generated_calls_leave_few_export_jobs(strict: Foreign, judge: Judge) -> None:
    judged = judge(strict, "--only", "PB-DESC-12", allow=["write"])
    assert judged.rules("failed", "error") == {}
    jobs = strict.snapshot()["pixiebrix"]["jobs"]
    assert 0 < len(jobs) <= 20, "five a phase, and one of each check"


@pytest.mark.parametrize("rule", ["PI-IMP-11", "PI-ROLL-13"])
def test_what_a_wrong_import_has_lost_is_put_back(web: Start, judged: JudgedHere, rule: str) -> None:
    """A server whose imports replace what was there, and come through though they should fail."""
    own: dict[str, Any] = {name: [91, 49, 93] for name in REQUIRED_COLLECTIONS}
    state = {**own, "values": {"iterable": [{"id": "a", "raw": [1]}]}, "version": "9.0.0"}
    before = dict(state)

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.method == "POST":
            brought = json.loads(seen.body or b"{}")
            state.update({name: value for name, value in brought.items() if name in state})
            return 204, {}, b""
        return 200, JSON, json.dumps(state).encode()

    server = web(answer)
    hook = ("fail_next", HttpHook(f"{server.url}/hook", "GET"))
    target = Target("t", endpoints={"pieces": Endpoint(server.url)}, pace=PACE, hooks=(hook,))
    result = judged(target.with_capabilities("write", "destroy", "inject"), rule)
    assert "PI-IMP-11" not in told(result, Verdict.PASSED)
    assert {name: state[name] for name in own} == {name: before[name] for name in own}
    assert before["values"]["iterable"][0] in state["values"]["iterable"]
