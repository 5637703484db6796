"""Hooks of a target do what the documentation says of them."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.catalogue.rules import Catalogue, load_all
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.runner.order import waves_of
from dbcontract.conformance.runner.rule_runner import RuleRunner
from dbcontract.conformance.target.options import TargetOptions
from dbcontract.conformance.target.target import CommandHook, Endpoint, HttpHook, Target

from .running import RECORD_LIMIT, Foreign
from .small import PACE, JudgedHere, Start, told

NIGHTS = ("PB-ARCH-1[1-4]", "PB-RET-0[4-7]")


def of(server: Foreign, folder: Path, **allowed: Any) -> Target:
    file = server.target_file(folder / "dbcontract.toml", **allowed)
    environment = {"FOREIGN_TOKEN": server.token, "FOREIGN_READ_ONLY_TOKEN": server.read_only_token}
    return TargetOptions(target_file=file).resolve(environment)


def test_a_nightly_hook_may_move_the_clock_itself(
    strict: Foreign, tmp_path: Path, judged: JudgedHere
) -> None:
    """As "go on to the next midnight, and archive" does: the kit looks at the clock after each hook."""
    target = of(strict, tmp_path, allow=["write", "destroy"], hooks=["advance_clock"])
    code = "import sys, urllib.request as u; [u.urlopen(one) for one in sys.argv[1:]]"
    orders = [f"{strict.admin}/advance?seconds=86400", f"{strict.admin}/nightly"]
    nightly = CommandHook((sys.executable, "-c", code, *orders))
    result = judged(replace(target, hooks=(*target.hooks, ("run_nightly", nightly))), *NIGHTS)
    assert told(result, Verdict.FAILED, Verdict.WARNED, Verdict.ERROR) == {}
    passed = told(result, Verdict.PASSED)
    assert {"PB-ARCH-11", "PB-ARCH-13", "PB-RET-05", "PB-RET-06"} <= passed.keys()


def test_a_second_instance_of_one_api_is_none_of_the_other(
    strict: Foreign, catalogue: Catalogue, checks: Checks
) -> None:
    second = Endpoint(strict.pixiebrix, strict.token, second_url=f"{strict.second}/api")
    target = Target("t", endpoints={"pieces": Endpoint(strict.pieces), "pixiebrix": second}, pace=PACE)
    target = target.with_capabilities("write", "destroy", "second")
    rule_runner = RuleRunner(target, {rule.id: rule for rule in catalogue}, checks)
    moving = next(rule for rule in catalogue if rule.api == "pieces" and "second" in map(str, rule.needs))
    skip_reason = rule_runner.skip_reason(moving)
    assert skip_reason is not None
    assert skip_reason.missing == ("second",)


# Reset


def test_the_data_are_put_back_before_each_group(
    web: Start, strict: Foreign, judged: JudgedHere, catalogue: Catalogue
) -> None:
    resetting = web(lambda _: (204, {}, b""))
    target = Target(
        "t",
        endpoints={"pieces": Endpoint(strict.pieces)},
        pace=PACE,
        hooks=(("reset", HttpHook(f"{resetting.url}/{{run}}")),),
    )
    result = judged(target, "PI-EXP-*")
    rules = {rule.id: rule.depends_on for rule in catalogue.select(["PI-EXP-*"]) if rule.testable}
    judgeable = set(rules) - told(result, Verdict.NOT_VERIFIED).keys()
    groups = [wave for wave in waves_of(list(rules), rules) if judgeable & set(wave)]
    assert len(resetting.seen) == len(groups) > 1
    assert told(result, Verdict.FAILED, Verdict.ERROR) == {}


def test_what_is_put_back_into_an_empty_database_stays(
    web: Start, strict: Foreign, tmp_path: Path, judged: JudgedHere
) -> None:
    """What was seen to be empty holds the user's records again after a reset."""
    target = of(strict, tmp_path, allow=["write"])
    database = target.of(Scratch).databases[1]
    records = f"{target.endpoints['pixiebrix'].url}/databases/{database}/records/"
    headers = {"Authorization": f"Token {strict.token}"}
    assert requests.get(records, headers=headers, timeout=20).json() == []
    target = replace(target, own=(replace(target.of(Scratch), databases=(database,)),))

    def put_back(_: object) -> tuple[int, dict[str, str], bytes]:
        record = {"id": "of-the-user", "data": {"kept": True}}
        assert requests.post(records, json=record, headers=headers, timeout=20).ok
        return 204, {}, b""

    hook = HttpHook(web(put_back).url)
    result = judged(replace(target, hooks=(("reset", hook),)), "PB-REC-*")
    assert told(result, Verdict.PASSED)
    kept = [one["id"] for one in requests.get(records, headers=headers, timeout=20).json()]
    assert kept == ["of-the-user"]


@pytest.mark.parametrize(
    ("name", "makes"), [("strict", "PB-ASSET-04"), ("strict", "PB-JOB-01"), ("permissive", "PI-IMP-01")]
)
def test_what_is_gone_with_a_reset_is_not_told_to_stay(
    request: pytest.FixtureRequest, tmp_path: Path, checks: Checks, name: str, makes: str
) -> None:
    server: Foreign = request.getfixturevalue(name)
    target = of(server, tmp_path, allow=["write"])
    rules = {rule.id: rule for rule in load_all()}
    code = "import sys, urllib.request as u; [u.urlopen(one) for one in sys.argv[1:]]"
    for urls in ([], [f"{server.admin}/reset"]):
        hook = CommandHook((sys.executable, "-c", code, *urls))
        rule_runner = RuleRunner(replace(target, hooks=(("reset", hook),)), rules, checks)
        rule_runner.examine(makes)
        made = rule_runner.left()
        assert made
        rule_runner.examine("PI-EXP-01")  # of another group
        assert rule_runner.left() == ([] if urls else made)
        rule_runner.close()


def test_data_that_cannot_be_put_back_leave_the_rules_open(
    web: Start, strict: Foreign, judged: JudgedHere
) -> None:
    broken = web(lambda _: (500, {}, b"no disk"))
    target = Target(
        "t",
        endpoints={"pieces": Endpoint(strict.pieces)},
        pace=PACE,
        hooks=(("reset", HttpHook(broken.url)),),
    )
    result = judged(target, "PI-EXP-01")
    assert told(result, Verdict.NOT_VERIFIED) == {"PI-EXP-01": "the hook reset was answered 500: no disk"}


def test_two_runs_in_a_row_give_the_same(strict: Foreign, tmp_path: Path, judged: JudgedHere) -> None:
    target = of(strict, tmp_path, allow=["write", "destroy"], hooks=["reset"])
    only = ("PI-IMP-0*", "PB-DB-*", "PB-REC-0?")
    first, second = judged(target, *only), judged(target, *only)
    assert {one.rule.id: one.verdict for one in first.results} == {
        one.rule.id: one.verdict for one in second.results
    }


# Limits


def test_a_limit_of_the_targets_own_leaves_the_documented_one_open(
    strict: Foreign, tmp_path: Path, judged: JudgedHere
) -> None:
    target = of(strict, tmp_path, allow=["write", "destroy", "wait"], hooks=["advance_clock", "run_nightly"])
    reason = told(judged(target, "PB-RET-01"), Verdict.NOT_VERIFIED)["PB-RET-01"]
    assert f"{RECORD_LIMIT} records by its own account (limits.record_limit)" in reason


def test_the_documented_largest_page_is_reached_and_nothing_stays(
    strict: Foreign, tmp_path: Path, judged: JudgedHere
) -> None:
    target, before = of(strict, tmp_path, allow=["write"]), strict.snapshot()
    result = judged(target, "PB-PAGE-06")
    assert told(result, Verdict.PASSED).keys() == {"PB-PAGE-06"}
    assert len(strict.snapshot()["pixiebrix"]["databases"]) == len(before["pixiebrix"]["databases"])


def test_the_documented_largest_page_is_not_reached_at_the_cost_of_what_stays(
    strict: Foreign, tmp_path: Path, judged: JudgedHere
) -> None:
    target = of(strict, tmp_path, allow=["write"])
    kept = replace(target, own=(replace(target.of(Scratch), create_databases=False),))
    reason = told(judged(kept, "PB-PAGE-06"), Verdict.NOT_VERIFIED)["PB-PAGE-06"]
    assert "pixiebrix.create_databases" in reason
