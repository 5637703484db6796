"""The landing page in a real browser."""

from __future__ import annotations

import shlex
import subprocess

from dbcontract.mockserver.client import MockClient

from .conftest import Page


def test_it_shows_what_runs_here_and_every_command_works(page: Page, mock: MockClient) -> None:
    page.open(f"{mock.base_url}/")
    page.sees("First calls")
    assert mock.organization_id in page.text()
    for url in (mock.pieces_url, mock.pixiebrix_url, f"{mock.base_url}/_mock"):
        assert url in page.text("code")
    commands = [element.text for element in page.css("pre") if element.text.startswith("curl")]
    assert len(commands) == 7
    for command in commands:
        words = shlex.split(command)
        done = subprocess.run(
            [*words, "-sS", "--fail", "--noproxy", "*"],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout.startswith(("{", "["))


def test_it_leads_to_the_dashboard_and_the_swagger_uis(page: Page, mock: MockClient) -> None:
    page.open(f"{mock.base_url}/")
    page.click("Open the dashboard")
    page.sees("live")
    page.open(f"{mock.base_url}/")
    page.click("Swagger UI")
    page.sees("Pieces OS Database API")


def test_a_button_copies_the_text_beside_it(page: Page, mock: MockClient) -> None:
    page.driver.execute_cdp_cmd(
        "Browser.grantPermissions",
        {
            "origin": mock.base_url.rpartition("/")[0],
            "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
        },
    )
    page.open(f"{mock.base_url}/")
    page.sees("First calls")
    page.css("div.copy button")[0].click()
    page.sees("copied")
    copied = page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == mock.pieces_url
