"""A run that is shared out among machines, and the one report of all its parts."""

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.catalogue.findings import schema_rules
from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.http.evidence import Evidence
from dbcontract.conformance.report.document import from_document
from dbcontract.conformance.report.text import headline
from dbcontract.conformance.results.results import (
    CheckResult,
    RuleResult,
    RunResult,
    ShardSummary,
    TargetSummary,
    Verdict,
    exit_code,
)
from dbcontract.conformance.runner.merging import MergeError, merge
from dbcontract.conformance.runner.shards import Shard, ShardError, shard_of, share
from dbcontract.conformance.target.target import Endpoint, Target
from dbcontract.mockserver.sandbox.settings import Settings
from dbcontract.mockserver.server.run import ServerThread

P, F, N = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_VERIFIED
BOTH = {name: Endpoint(f"http://{name}.example") for name in ("pieces", "pixiebrix")}
ALL = frozenset({"read", "write", "destroy", "storage", "clock", "inject", "second"})


def target(*capabilities: str, apis: Mapping[str, Endpoint] = BOTH) -> Target:
    return Target("it", apis, capabilities=frozenset(capabilities) or ALL, kind="mock")


# Sharing out


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "1/0", "-1/4", "1/4/2", "a/b", "1 / 4", "\u0661/4"])
def test_what_is_no_shard_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ShardError, match=r"is not a shard; write I/N, .*1/4"):
        shard_of(text)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("capabilities", [(), ("read",)])
def test_every_rule_is_in_one_shard_and_what_rests_on_one_arrangement_stays_together(
    catalogue: Catalogue, checks: Checks, count: int, capabilities: tuple[str, ...]
) -> None:
    rules = [rule for rule in catalogue if rule.testable]
    shares = [
        share(Shard(index, count), rules, checks, target(*capabilities), fuzzing=True)
        for index in range(1, count + 1)
    ]
    places = {rule.id: one.summary.index for one in shares for rule in one.rules}
    assert Counter(rule.id for one in shares for rule in one.rules) == Counter(rule.id for rule in rules)
    assert {(one.summary.rules, one.summary.division) for one in shares} == {
        (len(rules), shares[0].summary.division)
    }
    for api in BOTH:
        assert len({places[rule.id] for rule in rules if rule.id in schema_rules() and rule.api == api}) == 1
    for check in checks:
        assert len({places[rule_id] for rule_id in check.rules}) == 1
    for one in shares:
        assert {rule.id for rule in one.watched} == {
            rule.id for rule in rules if rule.id in schema_rules() and places[rule.id] != one.summary.index
        }


def test_the_division_depends_on_the_rules_and_not_on_their_order(
    catalogue: Catalogue, checks: Checks
) -> None:
    rules = [rule for rule in catalogue if rule.testable]
    mixed = random.Random(7).sample(rules, len(rules))
    one, other = (share(Shard(2, 5), some, checks, target(), fuzzing=True) for some in (rules, mixed))
    assert one.summary == other.summary
    assert set(one.rules) == set(other.rules)


@pytest.mark.parametrize("capabilities", [(), ("read",), ("read", "write")])
def test_the_shards_cost_about_the_same(
    catalogue: Catalogue, checks: Checks, capabilities: tuple[str, ...]
) -> None:
    folder = Path(__file__).parents[2] / "conformance" / "apis"
    costs = {name: json.loads((folder / name / "costs.json").read_text()) for name in BOTH}
    offered = capabilities or (*ALL, "wait")
    rules = [rule for rule in catalogue if rule.testable]
    loads = []
    for index in range(1, 5):
        found = share(Shard(index, 4), rules, checks, target(*capabilities), fuzzing=True).rules
        able = [rule for rule in found if set(rule.needs) <= set(offered)]
        fuzzed = {rule.api for rule in able if rule.id in schema_rules()}
        loads.append(
            sum(costs[rule.api].get(rule.id, 5) for rule in able)
            + sum(costs[api]["fuzzing"] for api in fuzzed)
        )
    # Generated calls cannot be divided: where little else may be done, they are the longest part.
    longest = max(costs[api]["fuzzing"] for api in BOTH)
    assert max(loads) <= max(1.1 * sum(loads) / 4, 1.15 * longest)


def test_only_what_the_target_serves_is_shared_out_and_no_shard_is_empty(
    catalogue: Catalogue, checks: Checks
) -> None:
    rules = catalogue.select(("PI-EXP-01", "PI-EXP-02", "PB-PAGE-01"))
    pieces = target(apis={"pieces": BOTH["pieces"]})
    found = [share(Shard(index, 2), rules, checks, pieces, fuzzing=False).rules for index in (1, 2)]
    assert sorted(rule.id for one in found for rule in one) == ["PI-EXP-01", "PI-EXP-02"]
    with pytest.raises(
        ShardError, match="3/3: what is asked for falls into 2 parts at most; write N up to 2"
    ):
        share(Shard(3, 3), rules, checks, pieces, fuzzing=False)


# Merging


def part(
    catalogue: Catalogue, index: int, verdicts: Mapping[str, Verdict | CheckResult], **changes: Any
) -> RunResult:
    """The result of one of two shards over three rules."""
    made = RunResult(
        kit_version="1.2.3",
        catalogues={"pieces": "1.0.0"},
        target=TargetSummary("it", "other", {"pieces": "http://it.example"}, ("read",)),
        seed=1,
        started_at=f"2026-01-31T12:00:0{index}Z",
        seconds=10.0,
        results=tuple(
            RuleResult(
                catalogue[rule_id], given if isinstance(given, CheckResult) else CheckResult(given, "so")
            )
            for rule_id, given in verdicts.items()
        ),
        notes=("as ever", f"note of {index}"),
        command=f"dbcontract check URL --seed 1 --shard {index}/2",
        requests=index,
        shard=ShardSummary(index, 2, 3, "d"),
    )
    return replace(made, **changes)


def test_all_shards_together_are_the_whole_run(catalogue: Catalogue) -> None:
    first = part(catalogue, 1, {"PI-EXP-02": P, "PI-DESC-01": P})
    second = part(catalogue, 2, {"PI-EXP-01": P, "PI-DESC-01": F}, stopped="late")
    merged = merge({"b": second, "a": first}, catalogue)
    assert [(one.rule.id, one.verdict) for one in merged.results] == [
        ("PI-DESC-01", F),
        ("PI-EXP-01", P),
        ("PI-EXP-02", P),
    ]
    assert (merged.shard, merged.command) == (None, "dbcontract check URL --seed 1")
    assert (merged.started_at, merged.seconds, merged.requests) == ("2026-01-31T12:00:01Z", 11.0, 3)
    assert merged.notes == ("as ever", "note of 1", "note of 2")
    assert merged.stopped == "late"
    assert exit_code(merged) == 1
    assert headline(first).startswith("shard 1 of 2 alone: conformant")
    assert "shard" not in headline(merged)


def test_a_failure_is_explained_by_one_of_another_shard(catalogue: Catalogue) -> None:
    rule = next(rule for rule in catalogue if "PI-EXP-01" in rule.depends_on)

    def bad(*operations: str) -> CheckResult:
        shown = tuple(
            Evidence(
                number, operation, "", "GET", "/", (), None, 0, 200, "OK", (), None, 0, 0.0, None, "curl"
            )
            for number, operation in enumerate(operations, 1)
        )
        return CheckResult(F, "so", evidence=shown)

    def because(own: CheckResult, theirs: CheckResult) -> str | None:
        first = part(catalogue, 1, {"PI-EXP-01": theirs, "PI-DESC-01": P})
        merged = merge({"a": first, "b": part(catalogue, 2, {rule.id: own})}, catalogue)
        return next(one.because_of for one in merged.results if one.rule.id == rule.id)

    assert because(bad("exportDatabase"), bad("exportDatabase")) == "PI-EXP-01"
    assert because(bad("importDatabase"), bad("exportDatabase")) is None
    assert because(bad("exportDatabase"), CheckResult(P)) is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shard": None}, "b: it is a whole run, and not a shard"),
        ({"shard": ShardSummary(1, 2, 3, "d")}, "shard 1 is given twice: a and b"),
        ({"shard": ShardSummary(2, 3, 3, "d")}, "the numbers of shards differ: a has 2, b has 3"),
        ({"shard": ShardSummary(2, 2, 3, "e")}, "the divisions of the rules differ"),
        ({"seed": 2}, "the seeds differ: a has 1, b has 2; give the shards of one run"),
        ({"kit_version": "2"}, "the versions of the kit differ"),
        (
            {"catalogues": {"pieces": "1.1.0"}},
            "the catalogues differ: a has pieces 1.0.0, b has pieces 1.1.0",
        ),
        ({"selection": "--only PI-*"}, "the selections of rules differ: a has all, b has --only PI-*"),
        ({"fuzzed": False}, "the generated calls differ"),
        ({"target": TargetSummary("that", "other", {}, ("read",))}, "the targets differ"),
        (
            {"target": TargetSummary("it", "other", {"pieces": "http://x.example"}, ("read",))},
            "the URLs of the targets differ: a has pieces http://it.example, b has pieces http://x.example",
        ),
        (
            {"target": TargetSummary("it", "other", {"pieces": "http://it.example"}, ("read", "write"))},
            "what is allowed differ: a has read, b has read write",
        ),
        ({"results": ()}, "the shards have 2 rules together, and not 3: one is damaged"),
    ],
)
def test_what_is_not_of_one_run_is_refused(
    catalogue: Catalogue, changes: Mapping[str, Any], says: str
) -> None:
    first = part(catalogue, 1, {"PI-EXP-02": P, "PI-DESC-01": P})
    second = part(catalogue, 2, {"PI-EXP-01": P}, **changes)
    with pytest.raises(MergeError) as error:
        merge({"a": first, "b": second}, catalogue)
    assert says in str(error.value)


def test_missing_shards_are_named(catalogue: Catalogue) -> None:
    some = part(catalogue, 1, {"PI-EXP-01": P}, shard=ShardSummary(2, 4, 3, "d"))
    with pytest.raises(MergeError, match="of 4 shards these are missing: 1, 3, 4"):
        merge({"a": some}, catalogue)


# The commands


def command(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [Path(sys.executable).with_name("dbcontract"), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    return done.returncode, done.stdout + done.stderr


def test_shards_of_a_wrong_server_make_the_report_of_one_run(tmp_path: Path) -> None:
    def judged(file: str) -> dict[str, tuple[str, str | None]]:
        document = json.loads((tmp_path / file).read_text())
        return {one["rule"]: (one["verdict"], one["because_of"]) for one in document["results"]}

    rules = ["--only", "PI-EXP-0[1-5]", "--only", "PI-DESC-*", "--no-fuzzing"]
    with ServerThread(Settings(port=0, variants=("export-wrapped",))) as running:
        check = ["check", running.base_url, *rules]
        assert command(tmp_path, *check, "--report", "json=whole.json")[0] == 1
        for index in ("1", "2"):
            status, said = command(
                tmp_path, *check, "--shard", f"{index}/2", "--report", f"json={index}.json"
            )
            # Whichever shard has the rules on descriptions: the answer that violates them, both have seen.
            assert status == 1, said
            assert f"shard {index} of 2 alone: not conformant" in said
    assert judged("1.json").keys() & judged("2.json").keys() == {"PI-DESC-07"}
    status, said = command(tmp_path, "report", "merge", "2.json", "1.json", "--report", "json=merged.json")
    assert status == 1, said
    assert judged("merged.json") == judged("whole.json")
    status, said = command(tmp_path, "report", "merge", "2.json", "2.json")
    assert (status, said) == (2, "Error: 2.json: it is given twice; give each report once\n")
    status, said = command(tmp_path, "report", "merge", "2.json")
    assert (status, said) == (2, "Error: of 2 shards these are missing: 1\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--shard", "3/2"], "--shard: '3/2' is not a shard"),
        (["--only", "PI-EXP-01", "--shard", "1/2"], "--shard 1/2: what is asked for falls into 1 parts"),
        (["--shard", "1/2", "--plan"], "--plan, --shard: give one of the two"),
    ],
)
def test_a_wrong_shard_is_told_in_a_sentence(tmp_path: Path, arguments: list[str], says: str) -> None:
    status, said = command(tmp_path, "check", *arguments)
    assert status == 2
    assert said.startswith(f"Error: {says}")
    assert said.count("\n") == 1


pytest_plugins = ["pytester"]


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_pytest_shares_out_too(pytester: pytest.Pytester, catalogue: Catalogue, workers: list[str]) -> None:
    rules = [word for rule in ("PI-EXP-0[1-4]", "PI-DESC-0[47]") for word in ("--dbcontract-only", rule)]
    asked = {rule.id for rule in catalogue.select(("PI-EXP-0[1-4]", "PI-DESC-0[47]")) if rule.testable}
    found: dict[str, RunResult] = {}
    with ServerThread(Settings(port=0, variants=("export-wrapped",))) as running:
        for index in ("1", "2"):
            pytester.runpytest_subprocess(
                *("conformance", "--dbcontract-url", running.base_url, "--dbcontract-no-fuzzing", *rules),
                *("--dbcontract-shard", f"{index}/2", "--dbcontract-report", f"json={index}.json", *workers),
            )
            found[index] = from_document(json.loads((pytester.path / f"{index}.json").read_text()))
    merged = merge(found, catalogue)
    assert {one.rule.id for one in merged.results} == asked
    assert {one.rule.id for one in found["1"].results} != asked
    assert next(one.verdict for one in merged.results if one.rule.id == "PI-DESC-07") is F


def test_pytest_refuses_a_wrong_shard(pytester: pytest.Pytester) -> None:
    with ServerThread(Settings(port=0)) as running:
        result = pytester.runpytest_subprocess(
            "conformance", "--dbcontract-url", running.base_url, "--dbcontract-shard", "5/4"
        )
    result.stderr.fnmatch_lines(["*--dbcontract-shard*'5/4' is not a shard*"])
