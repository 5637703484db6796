"""An API that another package brings is found through its entry point and served like the built-in ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

INVENTED = """
from starlette.responses import Response

from dbcontract.mockserver.apis.base import ServedApi
from dbcontract.mockserver.web.errors import refusal_of, refuse


class Handlers:
    async def readThing(self, call):
        return Response("a thing: " + call.path["thing"], media_type="text/plain")


API = ServedApi(
    name="{name}",
    base_path="{base_path}",
    handlers=lambda sandbox: Handlers(),
    error=lambda sandbox, error, answer: refuse(refusal_of(error), answer),
    description_package="invented",
)
"""
DESCRIPTION = """
openapi: 3.0.3
info: {title: Invented Things, version: "1"}
paths:
  /things/{thing}:
    get:
      operationId: readThing
      parameters: [{name: thing, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: A thing., content: {text/plain: {schema: {type: string}}}}}
"""
ASK = """
import json
from urllib.request import urlopen
from dbcontract.mockserver.server.run import ServerThread
from dbcontract.mockserver.sandbox.settings import Settings

with ServerThread(Settings(port=0)) as running:
    print(urlopen(running.base_url + "/invented/things/one", timeout=10).read().decode())
    shown = json.load(urlopen(running.base_url + "/", timeout=10))["apis"]
    print(*(f'{one["name"]}={one["title"]}' for one in shown if one["name"] == "invented"))
    print(urlopen(running.base_url + "/database/export", timeout=10).status)
"""


def ask(folder: Path, *, name: str = "invented", base_path: str = "/invented") -> str:
    """Ask a mock in another process, which has this package beside the installed ones."""
    package, info = folder / "invented", folder / "invented-1.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text(INVENTED.format(name=name, base_path=base_path))
    (package / "invented.yaml").write_text(DESCRIPTION)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: invented\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[dbcontract.mockserver.apis]\ninvented = invented:API\n")
    done = subprocess.run(
        [sys.executable, "-P", "-c", ASK],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_an_api_of_another_package_is_served(tmp_path: Path) -> None:
    assert ask(tmp_path).splitlines() == ["a thing: one", "invented=Invented Things", "200"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"name": "other"}, "must be one ServedApi of that name"), ({"base_path": "/api"}, "at one base path")],
)
def test_an_api_that_cannot_be_served_says_why(tmp_path: Path, wrong: dict[str, str], words: str) -> None:
    assert words in ask(tmp_path, **wrong)
