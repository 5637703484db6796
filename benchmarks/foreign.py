"""`dbcontract check` against mocks that others wrote: Prism and Mockoon, each with our own descriptions.

`python -m benchmarks.foreign` needs npm. Both answer what a description says of one request, and keep
nothing: rules of form should pass, rules of behaviour fail, and no verdict be an error of the kit.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from .peers import PACKAGES, ROOT
from .processes import BenchmarkError, Process, free_port, get
from .report import machine, say, show

EXAMPLES = ROOT / "docs" / "examples"
SERVERS = {"prism": 4010, "mockoon": 3000}
"""The servers, and the port that each has by default: the reports show it instead of one that was free."""
APIS = ("pieces", "pixiebrix")
VERDICTS = ("passed", "failed", "warned", "not verified", "error")
COMPLETE = frozenset({0, 1, 4})
"""What `dbcontract check` exits with when every rule had its turn."""
LONGEST_HTML = 300_000
DATABASES = (
    "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60",
    "1a4d6e80-5b2c-4f9e-8c3d-7e6f5a4b3c2d",
    "2b5e7f91-6c3d-4a0f-9d4e-8f7a6b5c4d3e",
)
TARGET = """\
[target]
name = "{name}"
allow = ["write", "destroy"]

[{api}]
url = "{url}"
{more}
[pace]
read_seconds = 5
total_seconds = 10
check_seconds = 20
job_poll_seconds = 0.2
job_wait_seconds = 2
"""
PIXIEBRIX = f"""\
token_env = "DBCONTRACT_TOKEN"
organization = "9c1d2e3f-4a5b-4c6d-8e7f-0a1b2c3d4e5f"
databases = {json.dumps(DATABASES)}
"""


@dataclass(frozen=True)
class Outcome:
    """What one check came to: the exit status, the verdicts by kind, and the rules that ended in `error`."""

    name: str
    status: int
    verdicts: Counter[str]
    errors: tuple[str, ...]
    seconds: float


def install(folder: Path) -> None:
    """Install the servers into the folder, unless they are there.

    Raises:
        BenchmarkError: npm is missing or cannot install them.
    """
    if all((program(folder, server)).exists() for server in SERVERS):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise BenchmarkError("this needs npm on the path")
    command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", *PACKAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise BenchmarkError(f"npm cannot install {' and '.join(PACKAGES)}:\n{done.stderr[-2_000:]}")


def program(folder: Path, server: str) -> Path:
    """Where npm puts the command of a server."""
    return folder / "node_modules" / ".bin" / {"prism": "prism", "mockoon": "mockoon-cli"}[server]


@contextmanager
def serving(folder: Path, server: str, api: str) -> Iterator[str]:
    """Serve the description of an API as long as the block lasts: its base URL."""
    port = free_port()
    command = {
        "prism": ["mock", "--port", str(port), "--verboseLevel", "error"],
        "mockoon": ["start", "--port", str(port), "--disable-log-to-file", "--data"],
    }[server]
    # Mockoon serves below the path of the description's server, Prism does not.
    path = "/api" if (server, api) == ("mockoon", "pixiebrix") else ""
    url = f"http://127.0.0.1:{port}{path}"
    with tempfile.TemporaryDirectory(prefix="foreign-") as copies:
        description = Path(copies) / f"{api}.yaml"
        description.write_text(localized(api, url), encoding="utf-8")
        with Process([str(program(folder, server)), *command, str(description)]) as process:
            wait_for_any_answer(process, url)
            yield url


def localized(api: str, url: str) -> str:
    """A description whose examples link to the server itself: a check follows links, and must not leave."""
    text = (ROOT / "openapi" / f"{api}.yaml").read_text(encoding="utf-8")
    text = text.replace("https://storage.example.com", f"{url}/storage")
    return text.replace("https://app.pixiebrix.com/api", url)


def wait_for_any_answer(process: Process, url: str) -> None:
    """Wait until the server answers anything at all: what it answers is for the check to judge.

    Raises:
        BenchmarkError: the process ended, or does not answer within a minute.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        process.check()
        try:
            get(url, timeout=5)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise BenchmarkError(f"{url} does not answer within a minute")


def judge(url: str, server: str, api: str, folder: Path, *, fuzzing: bool) -> Outcome:
    """Run the check; its reports are `SERVER-API.json`, `.md` and `.html` in the folder.

    Raises:
        BenchmarkError: it ended without a report.
    """
    name = f"{server}-{api}"
    more = PIXIEBRIX if api == "pixiebrix" else ""
    text = TARGET.format(name=f"{server.title()}, {api}", api=api, url=url, more=more)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    reports = [("json", "json"), ("markdown", "md"), ("html", "html")]
    command = [sys.executable, "-m", "dbcontract", "check", "--target", f"{name}.toml"]
    command += [word for form, end in reports for word in ("--report", f"{form}={name}.{end}")]
    environment = {**os.environ, "DBCONTRACT_TOKEN": "any"}
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, *([] if fuzzing else ["--no-fuzzing"])],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    (folder / f"{name}.txt").write_text(f"{done.stdout}\n{done.stderr}", encoding="utf-8")
    try:
        results = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["results"]
    except FileNotFoundError:
        message = f"the check of {name} ended with {done.returncode}:\n{done.stderr[-2_000:]}"
        raise BenchmarkError(message) from None
    errors = tuple(f"{one['rule']}: {one['reason']}" for one in results if one["verdict"] == "error")
    return Outcome(name, done.returncode, Counter(one["verdict"] for one in results), errors, seconds)


def keep(outcome: Outcome, url: str, made: Path, kept: Path) -> list[Path]:
    """Copy reports and target file to where they are kept, with the usual port; HTML only if it is small."""
    kept.mkdir(parents=True, exist_ok=True)
    server = outcome.name.partition("-")[0]
    port = url.removeprefix("http://127.0.0.1:").partition("/")[0]
    written = []
    for end in ("toml", "md", "html"):
        text = (made / f"{outcome.name}.{end}").read_text(encoding="utf-8")
        text = re.sub(rf"(127\.0\.0\.1|localhost):{port}\b", f"127.0.0.1:{SERVERS[server]}", text)
        if end == "html" and len(text.encode()) > LONGEST_HTML:
            continue
        path = kept / f"{outcome.name}.{end}"
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def table(outcomes: Sequence[Outcome]) -> Iterable[Sequence[str]]:
    """A row for each check."""
    for one in outcomes:
        counts = (str(one.verdicts[verdict]) for verdict in VERDICTS)
        yield one.name, *counts, str(one.status), f"{one.seconds:.1f}"


@click.command()
@click.option("--prefix", type=click.Path(path_type=Path), help="Where the servers are or get installed.")
@click.option("--only", type=click.Choice([f"{s}-{a}" for s in SERVERS for a in APIS]), multiple=True)
@click.option("--no-fuzzing", is_flag=True, help="Leave the generated calls out.")
@click.option(
    "--reports", type=click.Path(path_type=Path), default=EXAMPLES, help="Where the reports are kept."
)
def main(*, prefix: Path | None, only: Sequence[str], no_fuzzing: bool, reports: Path) -> None:
    """Check Prism and Mockoon; fails if a verdict is an error or a report is not complete."""
    say(machine("schemathesis", "hypothesis"))
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="foreign-") as temporary:
        folder = Path(temporary)
        installed = (prefix or folder / "npm").resolve()
        try:
            install(installed)
            for server in SERVERS:
                for api in APIS:
                    if only and f"{server}-{api}" not in only:
                        continue
                    with serving(installed, server, api) as url:
                        outcome = judge(url, server, api, folder, fuzzing=not no_fuzzing)
                    outcomes.append(outcome)
                    for path in keep(outcome, url, folder, reports):
                        say(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
        except BenchmarkError as error:
            raise click.ClickException(str(error)) from error
    show("rules by verdict", ("server and API", *VERDICTS, "exit", "seconds"), table(outcomes))
    for outcome in outcomes:
        for broken in outcome.errors:
            say(f"{outcome.name}: error: {broken}")
    if any(outcome.errors or outcome.status not in COMPLETE for outcome in outcomes):
        raise click.ClickException("a verdict is an error, or a report is not complete")


if __name__ == "__main__":
    main()
