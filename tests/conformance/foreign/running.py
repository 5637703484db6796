"""Servers that share no code with the mock, each a process of its own with data of a user's."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVERS = Path(__file__).parent / "servers"
RECORD_LIMIT = 400
"""How many records a database of these servers may hold before the night archives."""


@dataclass(frozen=True)
class Judged:
    """What a run of the kit said: its exit status, what it printed, and its JSON report."""

    status: int
    output: str
    document: dict[str, Any]

    def rules(self, *verdicts: str) -> dict[str, str]:
        """The rules with one of these verdicts, and what the report says of each."""
        return {one["rule"]: one["reason"] for one in self.document["results"] if one["verdict"] in verdicts}


@dataclass(frozen=True)
class Foreign:
    """A server that is up. `facts` is its start-up line: addresses, tokens, ids."""

    name: str
    facts: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.facts[name]
        except KeyError:
            raise AttributeError(name) from None

    def administer(self, path: str) -> Any:
        """The answer of the administration: `snapshot`, `journal`, `reset`, `advance?seconds=60`, …"""
        with urllib.request.urlopen(f"{self.facts['admin']}/{path}", timeout=20) as answer:  # loopback
            return json.loads(answer.read())

    def snapshot(self) -> Any:
        """The whole state as JSON: `pieces`, `second` and `pixiebrix`."""
        return self.administer("snapshot")

    def target_file(
        self, path: Path, *, allow: Sequence[str] = (), hooks: Sequence[str] = (), more: str = ""
    ) -> Path:
        """A target file for this server, which allows that much and knows those hooks."""
        facts = self.facts
        orders = {
            "advance_clock": "advance?seconds={seconds}",
            "run_nightly": "nightly",
            "fail_next": "fail?operation={operation}&status={status}&after={after}&message={message}",
            "reset": "reset",
        }
        tables = "".join(f'[hooks.{name}]\nurl = "{facts["admin"]}/{orders[name]}"\n\n' for name in hooks)
        path.write_text(
            f"""
[target]
name = "{self.name}"
allow = {json.dumps(list(allow))}

[pieces]
url = "{facts["pieces"]}"
second_url = "{facts["second"]}"

[pixiebrix]
url = "{facts["pixiebrix"]}"
token_env = "FOREIGN_TOKEN"
read_only_token_env = "FOREIGN_READ_ONLY_TOKEN"
organization = "{facts["organization"]}"
databases = {json.dumps(facts["databases"])}
create_databases = {json.dumps("write" in allow)}
foreign_organization = "{facts["foreign_organization"]}"
foreign_database = "{facts["foreign_database"]}"

[limits]
record_limit = {facts["record_limit"]}
records_cap = {facts["records_cap"]}

[pace]
job_poll_seconds = 0.02

{tables}{more}""",
            encoding="utf-8",
        )
        return path

    def check(self, target_file: Path, *options: str, seconds: float = 110) -> Judged:
        """Run `dbcontract check` against a target file, as a process of its own, for so long at most."""
        report = target_file.with_suffix(".json")
        tokens = {
            "FOREIGN_TOKEN": self.facts["token"],
            "FOREIGN_READ_ONLY_TOKEN": self.facts["read_only_token"],
        }
        command = [sys.executable, "-m", "dbcontract", "check", "--target", str(target_file)]
        done = subprocess.run(
            [*command, "--report", f"json={report}", *options],
            env={**os.environ, **tokens, "COLUMNS": "150"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )
        output = done.stdout + done.stderr
        document = json.loads(report.read_text("utf-8")) if report.exists() else {}
        return Judged(done.returncode, output, document)


@contextlib.contextmanager
def started(name: str, command: list[str], *, record_limit: int = RECORD_LIMIT) -> Iterator[Foreign]:
    """A server process, ended by the end of its standard input; it must not have complained of anything."""
    with subprocess.Popen(
        [*command, "--record-limit", str(record_limit)],
        cwd=SERVERS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        try:
            yield Foreign(name, {**json.loads(process.stdout.readline()), "record_limit": record_limit})
        finally:
            process.stdin.close()
            complaints = process.stderr.read()
            process.wait(timeout=10)
    assert not complaints, complaints
