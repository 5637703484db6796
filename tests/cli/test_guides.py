"""What the guides for clients, browsers and proxies tell to run does run, and does what they say."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = ("browsers.md", "clients.md", "pieces-clients.md", "proxies.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`(--[^`]+ [^`]+)`")


def guide(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def commands() -> list[str]:
    """The commands of the guides, and a command for each option with a value that a sentence names."""
    found = []
    for name in GUIDES:
        blocks = [text for language, text in BLOCK.findall(guide(name)) if language == "sh"]
        found += [line for text in blocks for line in text.splitlines() if line]
        found += [f"dbcontract serve {options}" for options in INLINE.findall(BLOCK.sub("", guide(name)))]
    return found


def test_commands_are_found() -> None:
    assert len(commands()) > 4


@pytest.mark.parametrize("line", commands())
def test_a_command_of_a_guide_starts_a_server(serve: Callable[..., Any], line: str) -> None:
    program, command, *arguments = shlex.split(line)
    assert (program, command) == ("dbcontract", "serve")
    # Last, so that two runs of the tests do not want the same port.
    server = serve(*arguments, "--port", "0")
    assert requests.get(f"{server.pieces}/.well-known/health", timeout=10).text.startswith("ok:")
    for origin in [value for option, value in pairwise(arguments) if option == "--cors"]:
        answer = requests.get(f"{server.pieces}/database/export", headers={"Origin": origin}, timeout=10)
        assert answer.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_guide_s_way_to_an_asset_in_an_img(serve: Callable[..., Any], tmp_path: Path) -> None:
    (snippet,) = [text for _, text in BLOCK.findall(guide("browsers.md")) if "image.src" in text]
    server = serve("--quiet")
    session = requests.Session()
    session.headers["Authorization"] = "Token any"
    database = session.get(f"{server.pixiebrix}/databases/", timeout=10).json()[0]["id"]
    assets = f"{server.pixiebrix}/databases/{database}/assets/"
    made = session.post(assets, json={"filename": "a.png"}, timeout=10).json()
    requests.post(made["upload_url"], data=made["fields"], files={"file": b"png"}, timeout=10)
    asset = session.patch(made["asset"]["download_url"], json={"is_uploaded": True}, timeout=10).json()
    program = tmp_path / "page.mjs"
    given = f"const asset = {json.dumps(asset)}, token = 'any', image = {{}};"
    program.write_text(f"{given}\n{snippet}\nconsole.log(image.src);\n")
    done = subprocess.run(["node", program], capture_output=True, text=True, check=True, timeout=60)
    shown = requests.get(done.stdout.strip(), timeout=10)  # as an `<img>` asks: without a token
    assert (shown.status_code, shown.content) == (200, b"png")
