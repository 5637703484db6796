"""What is left at a server that is not ours; of whole runs test_fair.py tells it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.exports import REQUIRED_COLLECTIONS
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.target.options import TargetOptions
from dbcontract.conformance.target.target import Endpoint, HttpHook, Target

from .comparing import compared, mark_of, untold
from .running import Foreign, Judged
from .small import JSON, PACE, JudgedHere, Seen, Start, told

Judge = Callable[..., Judged]
FUZZED = ("--only", "PB-DESC-12", "--only", "PI-DESC-09")


def test_what_generated_calls_leave_is_told_and_little(foreign: Foreign, judge: Judge) -> None:
    before = foreign.snapshot()
    judged = judge(foreign, *FUZZED, allow=["write"])
    after = foreign.snapshot()
    gone, new = compared(before, after)
    assert judged.rules("failed", "error") == {}
    assert gone == []
    assert new
    assert untold(new, judged.document["notes"], mark_of(judged)) == []
    assert set(after["pixiebrix"]["databases"]) == set(before["pixiebrix"]["databases"])
    jobs = after["pixiebrix"]["jobs"]
    assert 0 < len(jobs) <= 20, "five a phase, and one of each check"


def test_without_create_databases_none_is_asked_for(
    strict: Foreign, tmp_path: Path, examine: Callable[..., RunResult]
) -> None:
    file = strict.target_file(tmp_path / "target.toml", allow=["write"])
    text = file.read_text("utf-8").replace("create_databases = true", "create_databases = false")
    file.write_text(text, "utf-8")
    tokens = {"FOREIGN_TOKEN": strict.token, "FOREIGN_READ_ONLY_TOKEN": strict.read_only_token}
    target = TargetOptions(target_file=file).resolve(tokens)
    result = examine(target, "PB-DESC-12", "PB-DB-06")
    assert told(result, Verdict.ERROR) == {}
    journal = [str(entry) for entry in strict.administer("journal")]
    assert any("/records/" in entry and "POST" in entry for entry in journal)
    own = f"/organizations/{strict.organization}/databases/"
    assert [one for one in journal if "POST" in one and one.rstrip("\"'} ").endswith(own)] == []


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
