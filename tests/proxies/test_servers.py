"""Three servers behind HAProxy and nginx, with the configurations that are shipped in `deploy`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from dbcontract.mockserver.client import MockClient, MockError, SandboxBeganAnew

from .balancers import command_of, free_port, started

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = {"haproxy": DEPLOY / "haproxy.cfg", "nginx": DEPLOY / "nginx.conf"}
SERVERS = ("one", "two", "three")
NAMES = [f"test-{number}" for number in range(500)]
LIFE = "Dbcontract-Sandbox-Life"
TOKEN = "token-of-the-tests"


@dataclass
class Cluster:
    """Three servers, and the address in front of them."""

    folder: Path
    address: str = ""
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in SERVERS})
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        ready = self.folder / f"{name}.json"
        ready.unlink(missing_ok=True)
        command = [str(tool("dbcontract")), "serve", "--port", str(self.ports[name])]
        command += ["--ready-file", str(ready), "--data", "empty", "--control-token", TOKEN]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)

    def wait(self, name: str) -> None:
        ready, until = self.folder / f"{name}.json", time.monotonic() + 60
        while not ready.exists():
            assert self.processes[name].poll() is None, (self.folder / f"{name}.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait(timeout=20)

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait(timeout=20)

    def held(self, name: str) -> set[str]:
        """The sandboxes of one server, which is asked itself."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.get(
            f"http://127.0.0.1:{self.ports[name]}/_mock/sandboxes", headers=headers, timeout=30
        )
        return {one["name"] for one in answer.json()}

    def lives(self, session: requests.Session) -> dict[str, str]:
        """One request to each sandbox; the life that each tells."""
        found = {}
        for name in NAMES:
            answer = session.get(f"{self.address}/~{name}/.well-known/health", timeout=30)
            assert answer.status_code == 200, answer.text
            found[name] = answer.headers[LIFE]
        return found

    def settled(self, session: requests.Session, *names: str) -> None:
        """Wait until the balancer knows which servers are there: each is asked for one of its sandboxes."""
        until = time.monotonic() + 30
        for name in names:
            before = self.held(name)
            while self.held(name) == before:
                assert time.monotonic() < until, f"{name} gets nothing"
                # the same ones each time: more and more of them would push others out of their servers
                for number in range(40):
                    session.get(f"{self.address}/~{name}-{number}/", timeout=30)


@pytest.fixture(params=["haproxy", "nginx"])
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    kind: str = request.param
    found, port = Cluster(tmp_path), free_port()
    found.address = f"http://127.0.0.1:{port}"
    # Only the addresses are replaced.
    text = FILES[kind].read_text().replace("8080", str(port))
    for name in SERVERS:
        assert f" {name}:5323" in text
        text = text.replace(f" {name}:5323", f" 127.0.0.1:{found.ports[name]}")
    command = command_of(kind, text, tmp_path)
    with ExitStack() as stack:
        stack.callback(found.stop)
        for name in SERVERS:
            found.start(name)
        for name in SERVERS:
            found.wait(name)
        stack.enter_context(started(command, port))
        yield found


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as found:
        found.trust_env = False
        yield found


def test_every_sandbox_has_a_server_and_only_those_of_one_that_was_replaced_begin_anew(
    cluster: Cluster, session: requests.Session
) -> None:
    before = cluster.lives(session)
    assert cluster.lives(session) == before
    held = {name: cluster.held(name) for name in SERVERS}
    assert Counter(one for several in held.values() for one in several) == Counter(NAMES)
    # Hashing shares out evenly, but not exactly.
    assert min(map(len, held.values())) > len(NAMES) / 6

    # A percent-encoded name is the same sandbox.
    assert session.get(f"{cluster.address}/%7Etest-%30/", timeout=30).headers[LIFE] == before["test-0"]
    # What names no sandbox goes to one server, and to another one only where that is gone.
    assert not session.get(f"{cluster.address}/database/export", timeout=30).headers.get(LIFE)

    with MockClient(f"{cluster.address}/~test-0", control_token=TOKEN) as mock:
        mock.clock.freeze()
        lost = next(name for name in SERVERS if "test-0" in held[name])
        others = [name for name in SERVERS if name != lost]
        cluster.kill(lost)
        without = cluster.lives(session)
        assert {name for name in NAMES if without[name] != before[name]} == held[lost]
        assert all(cluster.held(name) >= held[name] for name in others)

        cluster.start(lost)
        cluster.wait(lost)
        cluster.settled(session, lost)
        after = cluster.lives(session)
        assert {name for name in NAMES if after[name] != before[name]} == held[lost]
        assert cluster.held(lost) >= held[lost]
        assert cluster.lives(session) == after
        with pytest.warns(SandboxBeganAnew):
            assert not mock.clock.frozen


def test_the_control_api_asks_for_the_token_and_a_sandbox_is_deleted_where_it_is(cluster: Cluster) -> None:
    with MockClient(cluster.address) as stranger, pytest.raises(MockError) as error:
        stranger.clock.now()
    assert error.value.status == 403
    with MockClient(cluster.address, control_token=TOKEN) as mock:
        for number in range(12):
            with mock.sandbox(f"gone-{number}") as sandbox:
                sandbox.clock.freeze()
    assert not [one for name in SERVERS for one in cluster.held(name)]


def test_what_names_no_sandbox_stays_on_one_server(cluster: Cluster, session: requests.Session) -> None:
    for _ in range(6):
        session.post(f"{cluster.address}/database/import", timeout=30).raise_for_status()
    counts = []
    for name in SERVERS:
        mock = MockClient(f"http://127.0.0.1:{cluster.ports[name]}", control_token=TOKEN)
        with mock:
            counts.append(mock.count_requests(operation="importDatabase"))
    assert counts == [6, 0, 0]


# The manifests


def tool(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def passes(*command: str | Path) -> None:
    done = subprocess.run(
        list(map(str, command)), cwd=DEPLOY, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def manifests() -> dict[tuple[str, str], Any]:
    found = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def test_the_manifests_are_valid(tmp_path: Path) -> None:
    passes(tool("kubernetes-validate"), "--strict", "kubernetes.yaml")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((DEPLOY / "kubernetes.yaml").read_text().replace("replicas: 3", "replicaz: 3"))
    with pytest.raises(AssertionError, match="replicaz"):
        passes(tool("kubernetes-validate"), "--strict", wrong)


def test_the_compose_file_is_valid_and_has_the_servers_of_the_configuration() -> None:
    passes(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", DEPLOY / "docker-compose.yml")
    compose = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
    assert set(compose["services"]) == {*SERVERS, "balancer"}
    balancer = compose["services"]["balancer"]
    assert set(balancer["depends_on"]) == set(SERVERS)
    assert balancer["volumes"] == ["./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro"]
    assert all(port.startswith("127.0.0.1:") for port in balancer["ports"])


def test_the_manifests_fit_together() -> None:
    found = manifests()
    pods = found["StatefulSet", "mock"]["spec"]
    assert pods["replicas"] == len(SERVERS)
    container = pods["template"]["spec"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for number, name in enumerate(SERVERS):
        service = found["Service", name]["spec"]
        assert service["selector"] == {"statefulset.kubernetes.io/pod-name": f"mock-{number}"}
        assert [(port["port"], ports[port["targetPort"]]) for port in service["ports"]] == [(5323, 5323)]
    for kind, name in (("StatefulSet", "mock"), ("Deployment", "balancer")):
        (one,) = found[kind, name]["spec"]["template"]["spec"]["containers"]
        assert {"readinessProbe", "livenessProbe"} <= one.keys()
        assert {"requests", "limits"} == one["resources"].keys()
    rule = found["Ingress", "mock"]["spec"]["rules"][0]["http"]["paths"][0]
    assert rule["backend"]["service"]["name"] == "balancer"
    kustomization = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())
    assert kustomization["configMapGenerator"] == [{"name": "balancer", "files": ["haproxy.cfg"]}]
    assert "DBCONTRACT_CONTROL_TOKEN" in json.dumps(container["env"])


def test_there_is_no_option_for_workers_whose_sandboxes_would_be_apart() -> None:
    done = subprocess.run(
        [tool("dbcontract"), "serve", "--workers", "3"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "--workers" in done.stderr
