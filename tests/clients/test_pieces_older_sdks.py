"""The older SDKs of Pieces OS, unmodified, against the mock: Python 1, 3 and 4, and TypeScript."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dbcontract.mockserver.server.run import Running

PYTHON = """
import json, sys
from pieces_os_client.api.database_api import DatabaseApi
from pieces_os_client.api_client import ApiClient
from pieces_os_client.configuration import Configuration
from pieces_os_client.exceptions import ApiException
from pieces_os_client.models.exported_database_format import ExportedDatabaseFormat

with ApiClient(Configuration(host=sys.argv[1])) as client:
    database = DatabaseApi(client)
    export = database.database_export()
    before = len(export.values.iterable)
    export.values.iterable = [ExportedDatabaseFormat(id=sys.argv[2], raw=[0, 127, 255])]
    database.database_import(exported_database=export)
    values = {item.id: item.raw for item in database.database_export().values.iterable}
    export.version = "99.0.0"
    try:
        database.database_import(exported_database=export)
        newer = 204
    except ApiException as error:
        newer = error.status
print(json.dumps({"new": values[sys.argv[2]], "more": len(values) - before, "newer": newer}))
"""

NODE = """
const { Configuration, DatabaseApi } = require("@pieces.app/pieces-os-client");
const database = new DatabaseApi(new Configuration({ basePath: process.argv[2] }));
(async () => {
  const exported = await database.databaseExport();
  const before = exported.values.iterable.length;
  exported.values.iterable = [{ id: "from-node", raw: [0, 127, 255] }];
  await database.databaseImport({ exportedDatabase: exported });
  const values = (await database.databaseExport()).values.iterable;
  exported.version = "99.0.0";
  const newer = await database.databaseImport({ exportedDatabase: exported }).then(
    () => 204,
    (error) => error.response.status,
  );
  const found = values.find((one) => one.id === "from-node");
  console.log(JSON.stringify({ new: found.raw, more: values.length - before, newer }));
})();
"""


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def pip_install() -> tuple[str, ...]:
    """What installs packages for this Python: an environment need not have a pip of its own."""
    if (uv := shutil.which("uv")) is not None:
        return uv, "pip", "install", "--python", sys.executable
    if (pip := shutil.which("pip")) is not None:
        return pip, "--python", sys.executable, "install"
    return sys.executable, "-m", "pip", "install"


def had(installed: subprocess.CompletedProcess[str], what: str) -> None:
    """Go on if something could be installed; without the registry it is skipped, but not in CI."""
    if installed.returncode and not os.environ.get("CI"):
        pytest.skip(f"needs {what}: {installed.stderr.strip()[-200:]}")
    assert installed.returncode == 0, installed.stderr


def expect_worked(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told == {"new": [0, 127, 255], "more": 1, "newer": 505}


@pytest.fixture(scope="module")
def pydantic(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of the Pydantic that all three need; the rest of it is here, as SDK 5 needs it, too."""
    folder, wanted = str(tmp_path_factory.mktemp("pydantic")), "pydantic==1.10.13"
    had(run(*pip_install(), "--quiet", "--no-compile", "--target", folder, wanted), wanted)
    return folder


@pytest.mark.parametrize("major", [1, 3, 4])
def test_an_older_python_sdk_works(server: Running, tmp_path: Path, pydantic: str, major: int) -> None:
    wanted = f"pieces-os-client>={major},<{major + 1}"
    options = ("--quiet", "--no-compile", "--no-deps", "--target", str(tmp_path))
    had(run(*pip_install(), *options, wanted), wanted)
    program = tmp_path / "program.py"
    program.write_text(PYTHON, encoding="utf-8")
    path = os.pathsep.join((str(tmp_path), pydantic))
    expect_worked(run(sys.executable, str(program), server.base_url, f"python-{major}", PYTHONPATH=path))


def test_the_typescript_sdk_works(server: Running, tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("needs Node (node and npm)")
    wanted = "@pieces.app/pieces-os-client@4.1.0"
    options = ("--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(tmp_path))
    had(run(npm, "install", "--silent", *options, wanted), wanted)
    program = tmp_path / "program.cjs"
    program.write_text(NODE, encoding="utf-8")
    expect_worked(run(node, str(program), server.base_url))
