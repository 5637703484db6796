"""axe-core on the page that a browser shows, and the widths and colours to look at it in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Page

AXE = "axe-core@4.14.1"
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")
RUN = "const [options, done] = arguments; axe.run(document, options).then((found) => done(found.violations))"


def script(folder: Path) -> str:
    """The code of axe-core, which npm installs into `folder`; the test is skipped where npm cannot."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    options = ["--silent", "--prefer-offline", "--no-audit", "--no-fund"]
    command = [npm, "install", *options, "--prefix", str(folder), AXE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    if done.returncode and any(sign in done.stdout + done.stderr for sign in OFFLINE):
        pytest.skip("npm cannot reach its registry")
    assert done.returncode == 0, done.stderr
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


ALL = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}
OF_LOOKS = {"runOnly": ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]}
"""The rules whose outcome another width or colour scheme changes, of what is the same in both."""


def violations(page: Page, axe: str, options: dict[str, list[str]] = ALL) -> list[str]:
    """What axe-core has against the page that is shown."""
    page.driver.execute_script(axe)
    found = page.driver.execute_async_script(RUN, options)
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


@contextmanager
def emulated(page: Page, *, width: int, scheme: str) -> Iterator[None]:
    """Let the browser have that width, in pixels, and that colour scheme, until the block ends."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        yield
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
