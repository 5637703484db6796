"""Three servers behind HAProxy, with the configuration that is shipped, beside one: throughput by CPU.

`python -m benchmarks.cluster`.

On a machine with few CPUs three servers answer no more requests a second than one. What counts is the CPU
time that each server spends on a request: with a CPU for each, three answer as many as that allows.
So that each has enough to do, they are asked one after the other, each as often as its part of the sandboxes
says.
"""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path

import click

from .processes import BenchmarkError, Mock, Process, free_port, new_folder
from .report import judged, machine, say, show

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "haproxy.cfg"
NAMES = ("one", "two", "three")
GOAL = 2.7
CLIENTS = 12
PATH = "/api/organizations/"
HEADERS = {"Authorization": "Token any"}


@dataclass(frozen=True)
class Measured:
    """What servers did: the requests that all answered together, and the CPU time of each server."""

    requests: int
    seconds: float
    cpu: list[float]

    @property
    def possible(self) -> float:
        """Requests a second with a CPU for each server: the one that has most to do decides."""
        return self.requests / max(self.cpu)


def measure(address: tuple[str, int], servers: list[Mock], sandboxes: int, requests: int) -> Measured:
    """Ask all sandboxes equally often, with several clients at a time; the servers take turns.

    Raises:
        BenchmarkError: an answer is not 200.
    """
    names = [f"load-{number}" for number in range(sandboxes)]
    _ask(address, names, sandboxes)  # all are made
    before, began = [server.cpu_seconds() for server in servers], time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for server in servers:
            held = [name for name in _held(server) if name in names]
            each = requests * len(held) // sandboxes // CLIENTS
            for done in [pool.submit(_ask, address, held, each) for _ in range(CLIENTS)]:
                done.result()
    seconds = time.perf_counter() - began
    used = [server.cpu_seconds() - cpu for server, cpu in zip(servers, before, strict=True)]
    return Measured(requests, seconds, used)


def _ask(address: tuple[str, int], names: list[str], count: int) -> None:
    connection = HTTPConnection(*address, timeout=60)
    for name in islice(cycle(names), count):
        connection.request("GET", f"/~{name}{PATH}", headers=HEADERS)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise BenchmarkError(f"{PATH} answers {answer.status}")
    connection.close()


def _held(server: Mock) -> list[str]:
    return [one["name"] for one in json.loads(server.wait_for(f"{server.base_url}/_mock/sandboxes"))]


def balanced(stack: ExitStack, servers: list[Mock]) -> tuple[str, int]:
    """Start HAProxy before servers; where it listens.

    Raises:
        BenchmarkError: it is not installed.
    """
    binary = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if binary is None:
        raise BenchmarkError("haproxy is not installed; on Debian: apt-get install haproxy")
    port, folder = free_port(), new_folder()
    text = CONFIGURATION.read_text(encoding="utf-8").replace("8080", str(port))
    places = dict(zip(NAMES, (server.base_url.removeprefix("http://") for server in servers), strict=False))
    lines = [
        line for line in text.splitlines() if not any(f" {name}:" in line for name in NAMES[len(servers) :])
    ]
    text = "".join(f"{line}\n" for line in lines)
    for name, place in places.items():
        text = text.replace(f" {name}:5323", f" {place}")
    (folder / "haproxy.cfg").write_text(text, encoding="utf-8")
    command = [binary, "-db", "-f", str(folder / "haproxy.cfg")]
    balancer = stack.enter_context(Process(command, folder=folder))
    balancer.wait_for(f"http://127.0.0.1:{port}/.well-known/health")
    return "127.0.0.1", port


@click.command()
@click.option("--requests", default=30_000, show_default=True, help="How many, in all.")
@click.option("--sandboxes", default=300, show_default=True, help="That they go to.")
def main(*, requests: int, sandboxes: int) -> None:
    """Three servers beside one (goal: 2.7 times as many requests a second, by CPU)."""
    say(machine("uvicorn"))
    try:
        with ExitStack() as stack:
            alone = stack.enter_context(Mock())
            place = ("127.0.0.1", int(alone.base_url.rpartition(":")[2]))
            one = measure(place, [alone], sandboxes, requests)
            one_behind = measure(balanced(stack, [alone]), [alone], sandboxes, requests)
            servers = [stack.enter_context(Mock()) for _ in NAMES]
            three = measure(balanced(stack, servers), servers, sandboxes, requests)
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from error
    rows = [
        (
            name,
            f"{measured.requests / measured.seconds:,.0f}",
            ", ".join(f"{cpu:.2f}" for cpu in measured.cpu),
            f"{sum(measured.cpu) / measured.requests * 1e6:.0f}",
            f"{measured.possible:,.0f}",
        )
        for name, measured in (
            ("one server", one),
            ("one behind HAProxy", one_behind),
            ("three behind HAProxy", three),
        )
    ]
    columns = ("", "requests/s here", "CPU s of each", "CPU µs a request", "requests/s, a CPU each")
    show(f"{requests:,} requests to {sandboxes} sandboxes", columns, rows)
    ratio = three.possible / one_behind.possible
    told = judged(f"{ratio:.2f}", (f"{GOAL} or more", ratio >= GOAL))
    say(f"three beside one behind HAProxy, by CPU: {told}")


if __name__ == "__main__":
    main()
