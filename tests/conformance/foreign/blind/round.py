"""Run the whole kit against the right server and against each fault, and say which rules noticed it.

python -m tests.conformance.foreign.blind.round RESULTS [--round N] [--only PATTERN] [--jobs N]
    [--without-fuzzing] [--known-ids]

What stands in the results already is not run again, so that an interrupted round goes on where it was.
"""

import argparse
import fnmatch
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from ..running import started
from .faults import ROUNDS, command, faults
from .registry import Fault

ALLOWED = ["write", "destroy"]
HOOKS = ["advance_clock", "run_nightly", "fail_next"]
RED = ("failed", "warned")


@dataclass(frozen=True)
class Run:
    """One run of the kit: against a fault or, without, the right server; with generated calls or without."""

    api: str
    fault: Fault | None
    fuzzing: bool
    any_id: bool

    @property
    def key(self) -> str:
        name = self.fault.name if self.fault else f"right {self.api}"
        return name + (" with fuzzing" if self.fuzzing else "") + (" any id" if self.any_id else "")

    def verdicts(self, seconds: float) -> dict[str, list[str]]:
        """The rules with each verdict that says something."""
        start = command(self.fault.name if self.fault else None, any_id=self.any_id)
        options = ["--api", self.api, *([] if self.fuzzing else ["--no-fuzzing"])]
        with tempfile.TemporaryDirectory() as folder, started(self.key, start) as server:
            file = server.target_file(Path(folder) / "target.toml", allow=ALLOWED, hooks=HOOKS)
            judged = server.check(file, *options, seconds=seconds)
        return {
            verdict: sorted(judged.rules(verdict))
            for verdict in ("failed", "warned", "error", "not verified", "passed")
        }


class Runs:
    """The runs of the kit, and what is known of them."""

    def __init__(self, file: Path, seconds: float) -> None:
        self.file, self.seconds = file, seconds
        self.known: dict[str, dict[str, list[str]]] = json.loads(file.read_text()) if file.exists() else {}
        self._lock = Lock()

    def do(self, run: Run) -> None:
        """Run it, if it is not known, and write down what came."""
        if run.key in self.known:
            return
        try:
            found = run.verdicts(self.seconds)
        except (AssertionError, subprocess.TimeoutExpired) as broken:
            found = {"broken": [str(broken)[:500]]}
        with self._lock:
            self.known[run.key] = found
            self.file.write_text(json.dumps(self.known, indent=1) + "\n", "utf-8")
            sys.stderr.write(f"{run.key}: {self.caught(run) or 'nothing'}\n")

    def caught(self, run: Run) -> list[str]:
        """The rules that are red for a fault, and not for the right server."""
        right = self.known[Run(run.api, None, run.fuzzing, run.any_id).key]
        found, usual = self.known.get(run.key, {}), {one for verdict in RED for one in right.get(verdict, ())}
        return [
            rule if verdict == "failed" else f"{rule} (warned)"
            for verdict in RED
            for rule in found.get(verdict, ())
            if rule not in usual
        ]


def table(rows: Iterable[tuple[Fault, list[str]]]) -> str:
    """The outcome in Markdown."""
    lines = ["| fault | kind | level | noticed by |", "|---|---|---|---|"]
    for fault, rules in rows:
        shown = ", ".join(rules[:6]) + (f" and {len(rules) - 6} more" if len(rules) > 6 else "")
        lines.append(f"| {fault.name} | {fault.kind} | {fault.level} | {shown or '**missed**'} |")
    return "\n".join(lines)


def shares(rows: list[tuple[Fault, list[str]]]) -> str:
    """How many were noticed: of all, of those that a text of the vendor forbids, and of each kind."""

    def share(name: str, some: list[tuple[Fault, list[str]]]) -> str:
        return f"| {name} | {len(some)} | {sum(bool(rules) for _, rules in some)} |"

    vendor = [row for row in rows if row[0].level != "inferred"]
    lines = ["| faults | number | noticed |", "|---|---:|---:|", share("all", rows)]
    lines.append(share("documented and published", vendor))
    kinds = dict.fromkeys(fault.kind for fault, _ in rows)
    lines += [share(kind, [row for row in rows if row[0].kind == kind]) for kind in kinds]
    return "\n".join(lines)


def main() -> int:
    """Exit with 1 where the right server is blamed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("results", type=Path)
    options.add_argument("--round", type=int, choices=ROUNDS, help="the faults of that round alone")
    options.add_argument("--only", default="*", help="faults whose names fit this pattern")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--seconds", type=float, default=300, help="the longest run of the kit")
    options.add_argument(
        "--without-fuzzing", action="store_true", help="no generated calls for what was missed"
    )
    options.add_argument("--known-ids", action="store_true", help="entries of unknown formats are dropped")
    given: Any = options.parse_args()
    chosen = [one for name, one in faults(given.round).items() if fnmatch.fnmatch(name, given.only)]
    keeps = {"pieces": not given.known_ids, "pixiebrix": False}
    plain = {one: Run(one.api, one, fuzzing=False, any_id=keeps[one.api]) for one in chosen}
    fuzzed = {one: Run(one.api, one, fuzzing=True, any_id=keeps[one.api]) for one in chosen}
    done = Runs(given.results, given.seconds)

    def right(runs: Iterable[Run]) -> list[Run]:
        kinds = {(run.api, run.fuzzing, run.any_id) for run in runs}
        return [Run(api, None, fuzzing, any_id) for api, fuzzing, any_id in sorted(kinds)]

    with ThreadPoolExecutor(given.jobs) as pool:
        list(pool.map(done.do, right(plain.values())))
        list(pool.map(done.do, plain.values()))
        missed = (
            [] if given.without_fuzzing else [fuzzed[one] for one in chosen if not done.caught(plain[one])]
        )
        list(pool.map(done.do, right(missed)))
        list(pool.map(done.do, missed))
    rows = [
        (one, done.caught(plain[one]) or (done.caught(fuzzed[one]) if fuzzed[one].key in done.known else []))
        for one in chosen
    ]
    blamed = [
        f"{run.key}: {done.known[run.key]}"
        for run in right([*plain.values(), *missed])
        if {"failed", "error", "broken"} & {name for name, rules in done.known[run.key].items() if rules}
    ]
    sys.stdout.write("\n\n".join([table(rows), shares(rows), *blamed]) + "\n")
    return 1 if blamed else 0


if __name__ == "__main__":
    sys.exit(main())
