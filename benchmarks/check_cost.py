"""What a run of `dbcontract check` costs a target: requests, bytes, and CPU time of the kit.

`python -m benchmarks.check_cost`. The target is a mock that does not say that it is one, so that it is
treated like any server of a vendor's; a forwarder in front of it counts. With `--python` kit and mock of
another environment, of an older version for example, are measured the same way and shown beside; with
`--same-rules` each kit judges by those rules only that all of them know.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from .counted import counting
from .processes import BenchmarkError, Process, free_port
from .report import machine, median, say, show

TARGET = """\
[target]
name = "a mock"
allow = {allow}

[pieces]
url = "http://127.0.0.1:{port}"

[pixiebrix]
url = "http://127.0.0.1:{port}/api"
token_env = "DBCONTRACT_TOKEN"
organization = "{organization}"
databases = {databases}
create_databases = {create}
"""
ENDED = frozenset({0, 1})
"""What `dbcontract check` exits with when every rule had its turn."""


@dataclass(frozen=True)
class Way:
    """A way to run the check: what is allowed, and whether calls are generated."""

    name: str
    allow: tuple[str, ...]
    fuzzing: bool = True


@dataclass(frozen=True)
class Kit:
    """A version of the kit: the Python of its environment, and what its rules are."""

    python: str
    rules: frozenset[str]
    no_fuzzing: str

    @classmethod
    def of(cls, python: str) -> Kit:
        """Ask a version what it knows.

        Raises:
            BenchmarkError: it is not one.
        """
        rules = {str(one["id"]) for one in json.loads(_said(python, "rules", "--json"))}
        # Earlier versions had another word for it.
        known = _said(python, "check", "--help")
        return cls(python, frozenset(rules), "--no-fuzzing" if "--no-fuzzing" in known else "--no-sweep")


def _said(python: str, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own
        [python, "-m", "dbcontract", *words], capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode:
        raise BenchmarkError(f"{python} -m dbcontract {' '.join(words)}: {done.stderr[-500:]}")
    return done.stdout


@dataclass(frozen=True)
class Cost:
    """One run: what went over the wire, the kit's process in seconds, and what the rules came to."""

    requests: int
    sent: int
    received: int
    cpu: float
    wall: float
    verdicts: Counter[str]


ALLOWED = {"read-only": (), "write": ("write",), "write and destroy": ("write", "destroy")}
WAYS = tuple(
    Way(name + more, allow, fuzzing)
    for name, allow in ALLOWED.items()
    for more, fuzzing in (("", True), (", no fuzzing", False))
)


def check(asked: Kit, way: Way, only: Sequence[str] = ()) -> Cost:
    """Start a mock with new data, check it once by some rules or all, and count.

    Raises:
        BenchmarkError: the mock does not start, or the check does not get to its end.
    """
    with tempfile.TemporaryDirectory(prefix="cost-") as name:
        folder = Path(name)
        data = folder / "sandbox.jsonl"
        kit = [asked.python, "-m", "dbcontract"]
        subprocess.run([*kit, "data", "small", "--output", str(data)], check=True, cwd=folder)  # noqa: S603
        port = free_port()
        serve = [*kit, "serve", "--port", str(port), "--no-control", "--data", str(data)]
        with Process(serve) as mock, counting(port) as (counted, traffic):
            mock.wait_for(f"http://127.0.0.1:{port}/database/export")
            target, report = folder / "target.toml", folder / "report.json"
            target.write_text(described(data, way, counted), encoding="utf-8")
            command = [*kit, "check", "--target", str(target), "--report", f"json={report}"]
            command += [] if way.fuzzing else [asked.no_fuzzing]
            command += [word for rule in only for word in ("--only", rule)]
            with (folder / "log.txt").open("wb") as log:
                began = time.perf_counter()
                child = subprocess.Popen(  # noqa: S603 - our own
                    command, stdout=log, stderr=log, cwd=folder, env={**os.environ, "DBCONTRACT_TOKEN": "any"}
                )
                _, status, usage = os.wait4(child.pid, 0)
                wall = time.perf_counter() - began
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode not in ENDED:
                said = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")[-2_000:]
                raise BenchmarkError(f"{' '.join(command[:9])} … ended with {child.returncode}:\n{said}")
        results = json.loads(report.read_text(encoding="utf-8"))["results"]
    verdicts = Counter(str(one["verdict"]) for one in results)
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(traffic.requests, traffic.sent, traffic.received, cpu, wall, verdicts)


def described(data: Path, way: Way, port: int) -> str:
    """The target file for a mock that serves a data set: its first organization, with the databases in it."""
    entries = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    organization = next(one["id"] for one in entries if one["kind"] == "organization")
    databases = [
        one["id"] for one in entries if one["kind"] == "database" and one["organization_id"] == organization
    ]
    return TARGET.format(
        allow=json.dumps(way.allow),
        port=port,
        organization=organization,
        databases=json.dumps(databases),
        create=json.dumps("write" in way.allow),
    )


def row(way: Way, kit: str, costs: Sequence[Cost]) -> tuple[str, ...]:
    """A line of the table: medians."""
    verdicts = costs[0].verdicts
    passed, failed = verdicts["passed"], verdicts["failed"] + verdicts["error"]
    return (
        way.name,
        kit,
        f"{median(one.requests for one in costs):,.0f}",
        f"{median(one.sent for one in costs) / 1e6:.2f}",
        f"{median(one.received for one in costs) / 1e6:.2f}",
        f"{median(one.cpu for one in costs):.1f}",
        f"{median(one.wall for one in costs):.1f}",
        " / ".join(str(count) for count in (passed, verdicts["warned"], failed, verdicts["not verified"])),
    )


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each way is run.")
@click.option(
    "--python", "others", multiple=True, metavar="NAME=PATH", help="The Python of another environment."
)
@click.option("--only", default="", metavar="TEXT", help="Only the ways whose name has this in it.")
@click.option("--same-rules", is_flag=True, help="Only the rules that all versions know.")
def main(*, rounds: int, others: tuple[str, ...], only: str, same_rules: bool) -> None:
    """What a run costs its target, by what is allowed, with and without generated calls."""
    kits = {"this one": sys.executable}
    for other in others:
        name, equals, path = other.partition("=")
        if not equals:
            raise click.BadParameter(f"{other!r}: write NAME=PATH", param_hint="--python")
        kits = {name: path, **kits}
    ways = [way for way in WAYS if only in way.name]
    if not ways:
        known = ", ".join(repr(way.name) for way in WAYS)
        raise click.BadParameter(f"{only!r} is in none of {known}", param_hint="--only")
    say(machine("schemathesis", "hypothesis"))
    costs: dict[tuple[str, str], list[Cost]] = {}
    try:
        asked = {name: Kit.of(python) for name, python in kits.items()}
        common = sorted(frozenset.intersection(*(kit.rules for kit in asked.values())))
        rules = common if same_rules else []
        for _ in range(rounds):
            for way in ways:
                for kit in kits:
                    cost = check(asked[kit], way, rules)
                    costs.setdefault((way.name, kit), []).append(cost)
                    # A round takes minutes: what is known by then is not lost when it is broken off.
                    say(" · ".join(row(way, kit, [cost])))
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from error
    rows = [row(way, kit, costs[way.name, kit]) for way in ways for kit in kits]
    columns = ("allowed", "kit", "requests", "MB sent", "MB received", "CPU s", "wall s")
    judged_by = f"the {len(rules)} rules that all know" if same_rules else "all its rules"
    show(
        f"one run by {judged_by}, medians of {rounds}",
        (*columns, "passed / warned / failed / not verified"),
        rows,
    )


if __name__ == "__main__":
    main()
