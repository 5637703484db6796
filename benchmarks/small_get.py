"""The validated small GET (an asset's metadata: a token, two UUIDs, one boolean) against bare Starlette.

`python -m benchmarks.small_get`, with `--peers` also against other mock servers. Needs wrk.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from .peers import Peer, bare_starlette, from_npm, ours, stock_connexion, wiremock
from .processes import BenchmarkError, Process, get
from .report import judged, machine, median, say, show

GOAL = 0.65
STRICT_GOAL = 0.5
"""By CPU, of bare Starlette; the second with responses held against their description."""
CONNECTIONS = 16


@dataclass
class Measured:
    """A running peer and its rounds.

    Attributes:
        rates: requests a second, by round.
        cpu: CPU seconds a request, by round.
    """

    peer: Peer
    process: Process
    url: str
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def run(self, wrk: str, seconds: float, cpus: set[int] | None) -> None:
        """One round."""
        before = self.process.cpu_seconds()
        count, rate = load(wrk, self.url, self.peer.headers, seconds, cpus)
        self.rates.append(rate)
        self.cpu.append((self.process.cpu_seconds() - before) / count)


def load(
    wrk: str, url: str, sent: Mapping[str, str], seconds: float, cpus: set[int] | None
) -> tuple[int, float]:
    """Ask for the URL as fast as it is answered: how many answers, and how many a second.

    Raises:
        BenchmarkError: not every answer was a success.
    """
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s"]
    headers = [part for name, value in sent.items() for part in ("-H", f"{name}: {value}")]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, *headers, url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        if cpus is not None:
            os.sched_setaffinity(running.pid, cpus)
        output, _ = running.communicate()
    count = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    failed = running.returncode or "Non-2xx" in output or "Socket errors" in output
    if failed or count is None or rate is None:
        raise BenchmarkError(f"wrk on {url}:\n{output}")
    return int(count[1]), float(rate[1])


@click.command()
@click.option("--rounds", default=7, show_default=True, help="How often each server has its turn.")
@click.option("--seconds", default=3, show_default=True, help="How long a turn is.")
@click.option(
    "--peers", is_flag=True, help="Measure Prism and Mockoon, too (npm installs them for this run)."
)
@click.option("--wiremock", "jar", type=click.Path(path_type=Path), help="Measure this jar of WireMock, too.")
@click.option(
    "--pin/--no-pin", default=True, help="Servers on one CPU and wrk on another, where there are two."
)
def main(*, rounds: int, seconds: int, peers: bool, jar: Path | None, pin: bool) -> None:
    """Requests a second, CPU a request, and the ratio to bare Starlette by CPU (goals: 0.65, strict 0.5)."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise click.ClickException("wrk is missing; install it (Debian and Ubuntu: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as folder:
        try:
            contenders = [
                bare_starlette(),
                ours("--quiet"),
                ours("--quiet", "--validate-responses", name="dbcontract, strict"),
                ours(name="dbcontract, logging"),
                stock_connexion(),
                *(from_npm(Path(folder)) if peers else []),
                *([wiremock(jar)] if jar is not None else []),
            ]
            say(machine("uvicorn", "uvloop", "httptools", "starlette", "connexion"))
            measure(wrk, contenders, rounds, seconds, pin=pin)
        except BenchmarkError as error:
            raise click.ClickException(str(error)) from error


def measure(wrk: str, peers: list[Peer], rounds: int, seconds: float, *, pin: bool) -> None:
    """Start every server, let them take turns, and print the table."""
    available = sorted(os.sched_getaffinity(0))
    pinned = pin and len(available) > 1
    server_cpus = {available[0]} if pinned else None
    wrk_cpus = {available[1]} if pinned else None
    with contextlib.ExitStack() as running:
        contenders = []
        for peer in peers:
            process, url = peer.start(server_cpus)
            running.enter_context(process)
            body = process.wait_for(url, peer.headers)
            if b"is_uploaded" not in body:
                raise BenchmarkError(f"{peer.name} answers {url} with something else: {body[:300]!r}")
            contenders.append(Measured(peer, process, url))
        ignored = {one.peer.name for one in contenders if get(one.url)[0] == 200}
        for one in contenders:
            load(wrk, one.url, one.peer.headers, 1, wrk_cpus)
        # In turn, so that whatever else the machine does in between is shared by all.
        for _ in range(rounds):
            for one in contenders:
                one.run(wrk, seconds, wrk_cpus)
    report(contenders, ignored)


def report(contenders: list[Measured], ignored: set[str]) -> None:
    """Print the table; the first one is what the others are compared to."""
    base = contenders[0]
    rows = []
    for one in contenders:
        by_rate = median(one.rates) / median(base.rates)
        by_cpu = median(base.cpu) / median(one.cpu)
        rows.append(
            (
                one.peer.name,
                one.peer.validates,
                "no" if one.peer.name in ignored else "yes",
                f"{median(one.rates):,.0f}",
                f"{min(one.rates):,.0f}-{max(one.rates):,.0f}",
                f"{median(one.cpu) * 1e6:.0f}",
                f"{by_rate:.2f}",
                f"{by_cpu:.2f}",
            )
        )
    columns = ("server", "validates", "token", "requests/s", "range", "CPU µs", "ratio", "ratio by CPU")
    show(f"GET an asset's metadata, {CONNECTIONS} connections, medians", columns, rows)
    for mock, goal in zip(contenders[1:3], (GOAL, STRICT_GOAL), strict=True):
        ratio = median(base.cpu) / median(mock.cpu)
        reached = (f"{goal} or more of bare Starlette", ratio >= goal)
        say(f"{mock.peer.name}, by CPU: {judged(f'{ratio:.2f}', reached)}")


if __name__ == "__main__":
    main()
