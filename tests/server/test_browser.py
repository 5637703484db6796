"""The pages in a real browser: what a person sees, not what was sent."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dbcontract import openapi

from .mock import Running

# A fresh profile, and nothing that a browser does of its own accord.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found is not None:
            return found
    pytest.skip("no Chromium on this machine")


def rendered(chromium: str, url: str, profile: Path) -> str:
    """The page's elements after its scripts have run."""
    options = [f"--user-data-dir={profile}", "--virtual-time-budget=8000", "--dump-dom"]
    command = [chromium, *FLAGS, *options, url]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize(("name", "base"), [("pieces", ""), ("pixiebrix", "/api"), ("control", "/_mock")])
def test_the_swagger_ui_shows_every_operation(
    server: Running, chromium: str, tmp_path: Path, name: str, base: str
) -> None:
    page = rendered(chromium, f"{server.base_url}/~browser{base}/ui/", tmp_path)
    description = openapi.load(name)
    assert description["info"]["title"] in page
    assert "Failed to load" not in page
    for item in description["paths"].values():
        for method, operation in item.items():
            if method in {"get", "post", "put", "patch", "delete"}:
                tag = operation["tags"][0].replace(" ", "_")
                assert f"operations-{tag}-{operation['operationId']}" in page
