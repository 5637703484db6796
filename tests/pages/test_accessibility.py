"""axe-core finds nothing on any page, in both colour schemes and at the width of a phone."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import requests

from dbcontract.mockserver.client import MockClient

from .conftest import Page

AXE = "axe-core@4.14.1"
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")
TABS = ("", "#state", "#faults", "#settings", "#sandboxes")
RUN = "const [options, done] = arguments; axe.run(document, options).then((found) => done(found.violations))"


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("axe")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), AXE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    if done.returncode and any(sign in done.stdout + done.stderr for sign in OFFLINE):
        pytest.skip("npm cannot reach its registry")
    assert done.returncode == 0, done.stderr
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


def violations(page: Page, axe: str) -> list[str]:
    page.driver.execute_script(axe)
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}
    found = page.driver.execute_async_script(RUN, options)
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_keeps_anybody_out(page: Page, mock: MockClient, axe: str, scheme: str, width: int) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    requests.get(f"{mock.pieces_url}/database/export", timeout=10)
    found = []
    try:
        page.open(f"{mock.base_url}/")
        page.sees("First calls")
        found += violations(page, axe)
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width
        for tab in TABS:
            page.open(f"{mock.base_url}/_mock/{tab}")
            page.sees("live" if not tab else "", "body")
            page.wait(lambda: page.css("#now")[0].text, "the clock is not shown")
            if not tab:
                page.click("/database/export")
                page.sees("What the contract says")
            found += violations(page, axe)
            assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width, tab
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert not found, "\n".join(found)
