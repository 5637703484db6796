"""What `dbcontract proxy` costs between a client and a server: time of a request, and CPU of the proxy.

`python -m benchmarks.proxy`. The client sends one request after the other over one kept connection, in turns
to the mock and through the proxy, so that a disturbance hits both.
"""

from __future__ import annotations

import http.client
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import click

from dbcontract.mockserver.client import MockClient

from .processes import BenchmarkError, Mock, Process, free_port
from .report import machine, median, milliseconds, say, show

TOKEN = "benchmark"  # noqa: S105 (of a server of our own)
_ROUNDS = 5


@dataclass
class Way:
    """A way to the mock.

    Attributes:
        times: seconds of each request, by what was asked for.
    """

    name: str
    netloc: str
    times: dict[str, list[float]] = field(default_factory=dict)

    def ask(self, what: str, path: str, count: int) -> None:
        """Ask this many times over one connection.

        Raises:
            BenchmarkError: not every answer was a success.
        """
        headers = {"Authorization": f"Token {TOKEN}", "Accept": "application/json; version=2.0"}
        connection = http.client.HTTPConnection(self.netloc, timeout=60)
        for _ in range(count):
            began = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise BenchmarkError(f"{self.name}: GET {path} is answered {answer.status}")
            self.times.setdefault(what, []).append(time.perf_counter() - began)
        connection.close()


@click.command()
@click.option("--requests", default=300, show_default=True, help="Of each kind, in each of five rounds.")
def main(requests: int) -> None:
    """Compare the two ways."""
    say(machine("dbcontract", "httpcore", "h11", "uvicorn"))
    with Mock("--token", TOKEN, "--quiet") as mock:
        port = free_port()
        words = [sys.executable, "-m", "dbcontract", "proxy", mock.base_url, "--port", str(port), "--quiet"]
        with Process(words) as proxy:
            through = f"http://127.0.0.1:{port}"
            proxy.wait_for(f"{through}/_mock/health")
            paths = _paths(mock)
            direct, passed = (
                Way("direct", urlsplit(mock.base_url).netloc),
                Way("through the proxy", f"127.0.0.1:{port}"),
            )
            rows = []
            for what, path in paths.items():
                cpu = 0.0
                for _ in range(_ROUNDS):
                    direct.ask(what, path, requests)
                    before = proxy.cpu_seconds()
                    passed.ask(what, path, requests)
                    time.sleep(0.5)  # what was passed is judged a little later
                    cpu += proxy.cpu_seconds() - before
                one, other = median(direct.times[what]), median(passed.times[what])
                each = cpu / (_ROUNDS * requests)
                rows.append((what, *map(milliseconds, (one, other, other - one, each))))
            memory = f"{proxy.peak_memory() / 2**20:.0f} MiB"
    columns = ("GET", "p50 direct", "p50 through it", "more", "CPU of the proxy a request")
    show("A request at a time over a kept connection", columns, rows)
    say(f"largest memory of the proxy: {memory}")


def _paths(mock: Mock) -> dict[str, str]:
    """What is asked for: small, middling and large."""
    with MockClient(mock.base_url, token=TOKEN) as client:
        database = client.database_ids[0]
        assets = next(one.id for one in client.databases if one.type == "Asset")
    records = f"/api/databases/{database}/records/"
    return {
        "an empty list of records": f"{records}?data__none=x",
        "60 records": records,
        "a list of assets": f"/api/databases/{assets}/assets/",
        "an export of Pieces OS, 46 KB": "/database/export",
    }


if __name__ == "__main__":
    main()
