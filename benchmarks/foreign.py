"""`dbcontract check` against mocks that others wrote: Prism, Mockoon and Scalar, and our own beside them.

`python -m benchmarks.foreign` needs npm. The others answer what a description says of one request, and keep
nothing: rules of form should pass, rules of behaviour fail, and no verdict be an error of the kit.
`--write` puts the comparison into docs/other-servers.md; `--reports FOLDER` keeps it, and the full reports.
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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from dbcontract.conformance.apis.base import apis

from .peers import PACKAGES, ROOT
from .processes import BenchmarkError, Mock, Process, free_port, get
from .report import machine, say, show

PAGE = ROOT / "docs" / "other-servers.md"
SERVERS = {"dbcontract": 5323, "prism": 4010, "mockoon": 3000, "scalar": 3001}
"""The servers, and the port that each has by default: the reports show it instead of one that was free."""
FROM_NPM = {
    "prism": ("Prism", "@stoplight/prism-cli"),
    "mockoon": ("Mockoon", "@mockoon/cli"),
    "scalar": ("Scalar CLI", "@scalar/cli"),
}
"""The title and the package of each of the others."""
OURS = "dbcontract"
SCALAR = "@scalar/cli@1.3.2"
COMMANDS = {"prism": "prism", "mockoon": "mockoon-cli", "scalar": "scalar"}
"""What npm installs of each of the others."""
APIS = ("pieces", "pixiebrix")
VERDICTS = ("passed", "failed", "warned", "not verified", "error")
COMPLETE = frozenset({0, 1, 4})
"""What `dbcontract check` exits with when every rule had its turn."""
ORGANIZATION = "9c1d2e3f-4a5b-4c6d-8e7f-0a1b2c3d4e5f"
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
PIXIEBRIX = """\
token_env = "DBCONTRACT_TOKEN"
organization = "{organization}"
databases = {databases}
"""
EVERYWHERE = "123e4567-e89b-12d3-a456-426614174000"
"""The id of everything that Scalar invents."""


@dataclass(frozen=True)
class Target:
    """A server that serves an API: its `title` in the reports, and the base URL."""

    server: str
    api: str
    title: str
    url: str


@dataclass(frozen=True)
class Outcome:
    """What one check came to.

    Attributes:
        name: `SERVER-API`.
        status: what `dbcontract check` exited with.
        report: its report, as `--report json` has it.
        seconds: how long it took.
    """

    name: str
    status: int
    report: Mapping[str, Any]
    seconds: float

    @property
    def results(self) -> Sequence[Mapping[str, Any]]:
        """One for each rule."""
        results: Sequence[Mapping[str, Any]] = self.report["results"]
        return results

    @property
    def verdicts(self) -> Counter[str]:
        """How many rules ended in each verdict."""
        return Counter(one["verdict"] for one in self.results)

    @property
    def errors(self) -> tuple[str, ...]:
        """The rules that ended in `error`, each with the reason."""
        return tuple(f"{one['rule']}: {one['reason']}" for one in self.results if one["verdict"] == "error")


def install(folder: Path) -> None:
    """Install the servers into the folder, unless they are there.

    Raises:
        BenchmarkError: npm is missing or cannot install them.
    """
    if all(program(folder, server).exists() for server in COMMANDS):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise BenchmarkError("this needs npm on the path")
    command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", *PACKAGES, SCALAR]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise BenchmarkError(f"npm cannot install {', '.join((*PACKAGES, SCALAR))}:\n{done.stderr[-2_000:]}")


def program(folder: Path, server: str) -> Path:
    """Where npm puts the command of a server."""
    return folder / "node_modules" / ".bin" / COMMANDS[server]


def title(folder: Path, server: str) -> str:
    """What the reports call a server: with its version, where npm has installed it."""
    if server == OURS:
        return OURS
    name, package = FROM_NPM[server]
    described = json.loads((folder / "node_modules" / package / "package.json").read_text(encoding="utf-8"))
    return f"{name} {described['version']}"


@contextmanager
def serving(folder: Path, server: str, api: str) -> Iterator[str]:
    """Serve the description of an API as long as the block lasts: its base URL."""
    if server == OURS:
        with Mock("--api", api) as mock:
            yield mock.base_url + ("/api" if api == "pixiebrix" else "")
        return
    port = free_port()
    command = {
        "prism": ["mock", "--port", str(port), "--verboseLevel", "error"],
        "mockoon": ["start", "--port", str(port), "--disable-log-to-file", "--data"],
        "scalar": ["document", "mock", "--port", str(port)],
    }[server]
    # Mockoon serves below the path of the description's server, the others do not.
    path = "/api" if (server, api) == ("mockoon", "pixiebrix") else ""
    url = f"http://127.0.0.1:{port}{path}"
    with tempfile.TemporaryDirectory(prefix="foreign-") as copies:
        description = Path(copies) / f"{api}.yaml"
        description.write_text(localized(api, url), encoding="utf-8")
        with Process([str(program(folder, server)), *command, str(description)]) as process:
            wait_for_any_answer(process, url)
            yield url


def localized(api: str, url: str) -> str:
    """A description whose examples link to the server itself: a check follows links, and must not leave.

    All databases belong to one organization: Mockoon would invent another for each, and the check refuses to
    judge databases of others.
    """
    text = (ROOT / "openapi" / f"{api}.yaml").read_text(encoding="utf-8")
    text = text.replace("https://storage.example.com", f"{url}/storage")
    organization = "organization_id:\n          type: string\n"
    text = text.replace(organization, f"{organization}          enum: [{ORGANIZATION}]\n")
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


def judge(target: Target, folder: Path, *, fuzzing: bool) -> Outcome:
    """Run the check; its reports are `SERVER-API.json`, `.md` and `.html` in the folder.

    Raises:
        BenchmarkError: it ended without a report.
    """
    name = f"{target.server}-{target.api}"
    (folder / f"{name}.toml").write_text(target_file(target), encoding="utf-8")
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
        report = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"the check of {name} ended with {done.returncode}:\n{done.stderr[-2_000:]}"
        raise BenchmarkError(message) from None
    return Outcome(name, done.returncode, report, seconds)


def target_file(target: Target) -> str:
    """What the check is told of a server; our own is recognized, and needs no ids."""
    more = ""
    if target.api == "pixiebrix" and target.server != OURS:
        invented = target.server == "scalar"
        more = PIXIEBRIX.format(
            organization=EVERYWHERE if invented else ORGANIZATION,
            databases=json.dumps([EVERYWHERE] if invented else DATABASES),
        )
    return TARGET.format(name=target.title, api=target.api, url=target.url, more=more)


def keep(outcome: Outcome, url: str, made: Path, kept: Path) -> list[Path]:
    """Copy reports and target file to where they are kept, with the usual port."""
    kept.mkdir(parents=True, exist_ok=True)
    server = outcome.name.partition("-")[0]
    port = url.removeprefix("http://127.0.0.1:").partition("/")[0]
    written = []
    for end in ("toml", "md", "html", "json"):
        text = (made / f"{outcome.name}.{end}").read_text(encoding="utf-8")
        text = re.sub(rf"(127\.0\.0\.1|localhost):{port}\b", f"127.0.0.1:{SERVERS[server]}", text)
        path = kept / f"{outcome.name}.{end}"
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def table(outcomes: Sequence[Outcome]) -> Iterable[Sequence[str]]:
    """A row for each check."""
    for one in outcomes:
        counts = (str(one.verdicts[verdict]) for verdict in VERDICTS)
        yield one.name, *counts, str(one.status), f"{one.seconds:.1f}"


def compare(api: str, folder: Path) -> dict[str, Any]:
    """Lay the reports of an API side by side: the comparison as `dbcontract compare --json` has it.

    `comparison-API.html` and `comparison-API.json` are written into the folder of the reports.

    Raises:
        BenchmarkError: the command failed.
    """
    name = f"comparison-{api}"
    command = [sys.executable, "-m", "dbcontract", "compare", "--side-by-side"]
    command += [f"{server}-{api}.json" for server in SERVERS]
    command += ["--html", f"{name}.html", "--json", f"{name}.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise BenchmarkError(f"the comparison of {api} failed:\n{done.stderr[-2_000:]}")
    made: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return made


def page(comparisons: Mapping[str, Mapping[str, Any]], about: str, *, fuzzing: bool) -> str:
    """The page of the documentation: for each API the verdicts by area and server, side by side."""
    generated = "with generated calls" if fuzzing else "without generated calls"
    lines = [
        "# Other servers, compared",
        "",
        "Mocks that answer from a description, fed with this project's own descriptions, beside this",
        "project's mock. The others keep nothing, so the rules of form mostly pass, those that need a memory",
        "fail, and what rests on these cannot be verified. That is not their fault: they do not set out to",
        "keep state. This project's mock has a clock and takes orders, so more can be verified there.",
        "",
        "`python -m benchmarks.foreign --write` makes this page, by `dbcontract check` and",
        "`dbcontract compare`; `--reports FOLDER` keeps the whole comparison, rule by rule, and the reports",
        "with their evidence.",
        "",
        "```text",
        about,
        "```",
        "",
        f"Each cell: rules passed, of those that could be verified, {generated}.",
    ]
    for api, comparison in comparisons.items():
        lines += ["", f"## {apis()[api].title}", "", *_compared(comparison)]
    return "\n".join(lines) + "\n"


def _compared(comparison: Mapping[str, Any]) -> Iterator[str]:
    labels = [report["label"] for report in comparison["reports"]]
    yield f"{comparison['summary'].capitalize()}."
    yield from ("", f"| area | {' | '.join(labels)} |", f"|---|{'---:|' * len(labels)}")
    areas: dict[str, list[Sequence[Mapping[str, Any]]]] = {}
    for rule in comparison["rules"]:
        areas.setdefault(rule["area"], []).append(rule["cells"])
    for area, rules in {
        **areas,
        "**all**": [cells for of_area in areas.values() for cells in of_area],
    }.items():
        columns = (Counter(cell["verdict"] for cell in column) for column in zip(*rules, strict=True))
        yield f"| {area} | {' | '.join(map(_cell, columns))} |"


def _cell(counts: Counter[str]) -> str:
    verified = counts["passed"] + counts["failed"] + counts["warned"]
    return f"{counts['passed']} of {verified}" if verified else ""


@click.command()
@click.option("--prefix", type=click.Path(path_type=Path), help="Where the servers are or get installed.")
@click.option("--only", type=click.Choice([f"{s}-{a}" for s in SERVERS for a in APIS]), multiple=True)
@click.option("--no-fuzzing", is_flag=True, help="Leave the generated calls out.")
@click.option(
    "--reports", type=click.Path(path_type=Path), help="Where the reports are kept; by default nowhere."
)
@click.option("--write", is_flag=True, help="Write docs/other-servers.md.")
def main(
    *, prefix: Path | None, only: Sequence[str], no_fuzzing: bool, reports: Path | None, write: bool
) -> None:
    """Check our mock, Prism, Mockoon and Scalar.

    Fails if a verdict is an error or a report is not complete.
    """
    if write and only:
        raise click.UsageError("--write: the page has all servers, so leave --only out")
    about = machine("schemathesis", "hypothesis")
    say(about)
    chosen = [(server, api) for server in SERVERS for api in APIS if not only or f"{server}-{api}" in only]
    with tempfile.TemporaryDirectory(prefix="reports-") as temporary:
        kept = reports or Path(temporary)
        try:
            outcomes = list(_judged(chosen, prefix, kept, fuzzing=not no_fuzzing))
            comparisons = {} if only else {api: compare(api, kept) for api in APIS}
        except BenchmarkError as error:
            raise click.ClickException(str(error)) from error
    show("rules by verdict", ("server and API", *VERDICTS, "exit", "seconds"), table(outcomes))
    for outcome in outcomes:
        for broken in outcome.errors:
            say(f"{outcome.name}: error: {broken}")
    if any(outcome.errors or outcome.status not in COMPLETE for outcome in outcomes):
        raise click.ClickException("a verdict is an error, or a report is not complete")
    if write:
        PAGE.write_text(page(comparisons, about, fuzzing=not no_fuzzing), encoding="utf-8")


def _judged(
    chosen: Sequence[tuple[str, str]], prefix: Path | None, reports: Path, *, fuzzing: bool
) -> Iterator[Outcome]:
    with tempfile.TemporaryDirectory(prefix="foreign-") as temporary:
        folder = Path(temporary)
        installed = (prefix or folder / "npm").resolve()
        install(installed)
        for server, api in chosen:
            with serving(installed, server, api) as url:
                target = Target(server, api, title(installed, server), url)
                outcome = judge(target, folder, fuzzing=fuzzing)
            for path in keep(outcome, url, folder, reports):
                say(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
            yield outcome


if __name__ == "__main__":
    main()
