"""The Dockerfile, the compose file and the documented workflows, as far as they show without an engine."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def tool(name: str) -> str:
    """A command that is installed beside this Python or on the path; the test is skipped without it."""
    found = shutil.which(str(Path(sys.executable).with_name(name))) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def passes(*command: str | Path) -> None:
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def instructions(stage: int = -1) -> list[tuple[str, str]]:
    """The instructions of one stage of the Dockerfile, each as its name and the rest."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE)).splitlines()
    stages: list[list[tuple[str, str]]] = []
    for line in filter(str.strip, lines):
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append((name, rest.strip()))
    return stages[stage]


def argument(name: str, stage: int = -1) -> str:
    (found,) = [rest for instruction, rest in instructions(stage) if instruction == name]
    return found


def snippets(kind: str) -> list[Any]:
    """The YAML examples of the documentation that are workflows (`jobs`) or compose files (`services`)."""
    found = []
    for page in ("ci.md", "containers.md"):
        text = (ROOT / "docs" / page).read_text()
        for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)):
            if kind in yaml.safe_load(block):
                found.append(pytest.param(block, id=f"{page}-{number}"))
    return found


# Linted, where the linters are


def test_hadolint_has_nothing_to_say() -> None:
    passes(tool("hadolint"), "Dockerfile")


def test_the_compose_file_is_one() -> None:
    passes(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


@pytest.mark.parametrize("snippet", snippets("services"))
def test_the_documented_compose_files_are_some(tmp_path: Path, snippet: str) -> None:
    (tmp_path / "compose.yml").write_text(snippet)
    passes(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", tmp_path / "compose.yml")


@pytest.mark.parametrize("snippet", snippets("jobs"))
@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_the_documented_workflows_are_some(tmp_path: Path, snippet: str, schema: str) -> None:
    (tmp_path / "workflow.yml").write_text(snippet)
    passes(tool("check-jsonschema"), "--builtin-schema", schema, tmp_path / "workflow.yml")


def test_a_wrong_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {mock: {ports: 5}}")
    with pytest.raises(AssertionError):
        passes(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", tmp_path / "compose.yml")


# The image


def test_it_is_built_in_stages_on_a_small_image() -> None:
    assert instructions(0)[0][1] == "python:3.13-slim AS build"
    assert instructions(1)[0][1] == "python:3.13-slim"
    assert argument("COPY").startswith("--from=build /opt/dbcontract")


def test_it_runs_as_nobody_special() -> None:
    assert argument("USER") == "10001:10001"
    assert argument("WORKDIR") == "/data"
    made = next(rest for name, rest in instructions() if name == "RUN")
    assert "--owner dbcontract" in made
    assert made.rstrip().endswith("/data")


def left_by_dockerignore() -> set[str]:
    """What of the root the build sees: the last pattern that fits decides."""
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    left = set()
    for path in ROOT.iterdir():
        kept = True
        for rule in rules:
            if fnmatch.fnmatch(path.name, rule.removeprefix("!")):
                kept = rule.startswith("!")
        if kept:
            left.add(path.name)
    return left


def test_the_build_sees_all_that_the_wheel_is_made_of_and_nothing_else() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = {folder.partition("/")[0] for folder in project["tool"]["setuptools"]["package-dir"].values()}
    files = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    assert left_by_dockerignore() == folders | files


def test_what_it_starts_is_a_command_line_that_works() -> None:
    (entry,), default = json.loads(argument("ENTRYPOINT")), json.loads(argument("CMD"))
    for command in (default, COMPOSE["services"]["mock"]["command"]):
        # --help comes after the others are read, and before anything is done
        done = subprocess.run(
            [Path(sys.executable).with_name(entry), *command, "--help"],
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0
        assert command[command.index("--host") + 1] == "0.0.0.0"


def test_the_health_check_tells_a_server_that_answers_from_none() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dbcontract.mockserver.server.run import ServerThread

    from dbcontract.mockserver.sandbox.settings import Settings

    options, _, command = argument("HEALTHCHECK").partition("CMD")
    assert {"--interval", "--timeout", "--start-period", "--retries"} <= {
        option.partition("=")[0] for option in shlex.split(options)
    }
    program, flag, script = json.loads(command)
    assert program == "python"
    exposed = f":{argument('EXPOSE')}/"
    assert exposed in script

    def status(port: str) -> int:
        asked = script.replace(exposed, f":{port}/")
        done = subprocess.run([sys.executable, flag, asked], capture_output=True, check=False, timeout=30)
        return done.returncode

    with ServerThread(Settings(port=0, data="empty", control_token="secret")) as running:
        port = running.base_url.rpartition(":")[2]
        assert status(port) == 0
    assert status(port) != 0
    with ServerThread(Settings(port=0, data="empty", control=False)) as running:
        assert status(running.base_url.rpartition(":")[2]) != 0


# The service


def test_the_service_is_published_to_this_machine_alone_and_has_a_control_token() -> None:
    (service,) = COMPOSE["services"].values()
    assert all(str(port).startswith("127.0.0.1:") for port in service["ports"])
    assert service["ports"][0].endswith(f":{argument('EXPOSE')}")
    assert service["environment"]["DBCONTRACT_CONTROL_TOKEN"]
    assert service["read_only"] is True


def test_the_sandbox_is_kept_where_the_user_of_the_image_may_write() -> None:
    (service,) = COMPOSE["services"].values()
    state = Path(service["command"][service["command"].index("--state") + 1])
    (volume,) = service["volumes"]
    assert str(state.parent) == volume.partition(":")[2] == argument("WORKDIR")
    assert set(COMPOSE["volumes"]) == {volume.partition(":")[0]}


@pytest.mark.parametrize("page", ["ci.md", "containers.md"])
def test_options_and_variables_of_the_documentation_exist(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    help_ = subprocess.run(
        [Path(sys.executable).with_name("dbcontract"), "exec", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    for line in re.findall(r"(?:dbcontract exec|serve) (--.*)$", text, re.MULTILINE):
        for option in re.findall(r"--[a-z-]+", line.partition(" -- ")[0]):
            assert option in help_, (page, option)
    known = {"DBCONTRACT_URL", "DBCONTRACT_TOKEN", "DBCONTRACT_CONTROL_TOKEN", "DBCONTRACT_PORT"}
    assert set(re.findall(r"DBCONTRACT_[A-Z_]+", text)) <= known
