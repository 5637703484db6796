"""Clients generated from the descriptions: a Python package and TypeScript types."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest

NODE_FILES = Path(__file__).parent / "node"
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")


def generate_python_client(name: str, folder: Path) -> str:
    """Generates the package `<name>_client` into the folder, and returns what the generator printed.

    A warning of the generator, such as an endpoint that it leaves out, is an error.
    """
    config = folder / f"{name}.config.yaml"
    config.write_text("post_hooks: []\n")  # no formatting, the code is not read
    description = folder / f"{name}.yaml"
    description.write_bytes(files("dbcontract.openapi").joinpath(f"{name}.yaml").read_bytes())
    command = [
        sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none",
        "--path", str(description), "--config", str(config), "--output-path", str(folder / f"{name}_client"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return printed


@pytest.fixture(scope="session")
def generated_python_client(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], ModuleType]]:
    """`generated_python_client("pixiebrix")` is the package of a Python client, generated once a session.

    Its operations are modules, `importlib.import_module("pixiebrix_client.api.records.list_records")`, each
    with `sync_detailed(…, client=…)`; `package.AuthenticatedClient(base_url=…, token=…, prefix="Token")`.
    """
    folder = tmp_path_factory.mktemp("clients")
    made: dict[str, ModuleType] = {}

    def client(name: str) -> ModuleType:
        if name not in made:
            generate_python_client(name, folder)
            importlib.invalidate_caches()
            made[name] = importlib.import_module(f"{name}_client")
        return made[name]

    sys.path.insert(0, str(folder))
    yield client
    sys.path.remove(str(folder))
    packages = {f"{name}_client" for name in made}
    for module in [one for one in sys.modules if one.partition(".")[0] in packages]:
        del sys.modules[module]


@pytest.fixture(scope="session")
def node_tools(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a tool of node/package.json in a folder with that folder's files and the two descriptions.

    Skips where there is no Node, or no way to the packages (except in CI, where that is a failure).
    """
    npm = shutil.which("npm")
    npx = shutil.which("npx")
    if npm is None or npx is None:
        pytest.skip("needs Node (npm and npx)")
    folder = tmp_path_factory.mktemp("node")
    shutil.copytree(NODE_FILES, folder, dirs_exist_ok=True)
    for name in ("pieces", "pixiebrix"):
        content = files("dbcontract.openapi").joinpath(f"{name}.yaml").read_bytes()
        (folder / f"{name}.yaml").write_bytes(content)
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=100
        )

    installed = run(
        npm, "install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"
    )
    offline = any(sign in installed.stderr for sign in OFFLINE)
    if installed.returncode and offline and not os.environ.get("CI"):
        pytest.skip("needs the packages of tests/openapi/node/package.json, and npm cannot reach them")
    assert installed.returncode == 0, installed.stderr
    return lambda *command: run(npx, "--no-install", *command)
