"""axe-core finds nothing on any page, in both colour schemes and at the width of a phone."""

from __future__ import annotations

import pytest
import requests
from selenium.webdriver.common.keys import Keys

from dbcontract.mockserver.client import MockClient

from .axe import emulated, violations
from .conftest import Page

UIS = {
    "": ["exportDatabase", "importDatabase"],
    "/api": ["createExportJob", "listRecords", "createAsset"],
    "/_mock": ["getClock", "listRequests", "addFault"],
}
LOOKS = [(1280, "light"), (390, "dark")]
TABS = ("", "#state", "#faults", "#coverage", "#settings", "#sandboxes")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_nothing_keeps_anybody_out(page: Page, mock: MockClient, axe: str, scheme: str, width: int) -> None:
    requests.get(f"{mock.pieces_url}/database/export", timeout=10)
    found = []
    with emulated(page, width=width, scheme=scheme):
        page.open(f"{mock.base_url}/")
        page.sees("First calls")
        found += violations(page, axe)
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width
        requests.get(f"{mock.pixiebrix_url}/me/?wrong=1", headers={"Authorization": "Token a"}, timeout=10)
        for tab in TABS:
            page.open(f"{mock.base_url}/_mock/{tab}")
            page.sees("live" if not tab else "", "body")
            page.wait(lambda: page.css("#now")[0].text, "the clock is not shown")
            if not tab:
                page.click("/database/export")
                page.sees("What the contract says")
            if tab == "#coverage":
                page.click("import-without-a-body", "summary")
                page.sees("What brings it about")
            found += violations(page, axe)
            assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width, tab
    assert not found, "\n".join(found)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("base", UIS)
def test_swagger_ui_keeps_nobody_out(
    page: Page, mock: MockClient, axe: str, base: str, look: tuple[int, str]
) -> None:
    operations, (width, scheme) = UIS[base], look
    if not base:
        mock.reset(data="empty")  # axe-core needs minutes for an answer of thousands of coloured bytes
    with emulated(page, width=width, scheme=scheme):
        page.open(f"{mock.base_url}{base}/ui/")
        page.one("body[data-ready]")
        page.one(f"[id$='-{operations[0]}'] .opblock-summary-control")
        found = violations(page, axe)
        for operation in operations:
            page.one(f"[id$='-{operation}'] .opblock-summary-control").click()
            page.click("Execute", f"[id$='-{operation}'] button")
            page.sees("Server response", f"[id$='-{operation}']")
        found += violations(page, axe)
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width
        if page.css("button.authorize"):
            page.click("Authorize", "button.authorize")
            page.one("[role=dialog]")
            found += violations(page, axe)
    assert not found, "\n".join(found)


def test_the_authorization_of_swagger_ui_needs_no_mouse(page: Page, mock: MockClient) -> None:
    def focused() -> str:
        return str(page.driver.execute_script("return document.activeElement.className"))

    page.open(f"{mock.base_url}/api/ui/")
    page.one("body[data-ready]")
    page.one("button.authorize").send_keys(Keys.ENTER)
    page.wait(lambda: focused() == "close-modal", "the keyboard is not in the dialog")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.wait(lambda: not page.css("[role=dialog]"), "Escape does not close the dialog")
    assert "authorize" in focused()
