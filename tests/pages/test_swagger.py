"""Swagger UI in a real browser: an operation can be tried at the first click."""

from __future__ import annotations

import pytest

from dbcontract.mockserver.client import MockClient

from .axe import emulated
from .conftest import Page

SHOWN = ".opblock.is-open"
OPENED = """
const [name, done] = arguments;
const operation = document.querySelector(`[id$='-${name}']`);
const states = new Set();
const look = () => {
  const read = operation.querySelector(".parameters-container") !== null;
  const offered = operation.querySelector("button.execute") !== null;
  const state = `${read ? "read" : "unread"}, ${offered ? "" : "not "}offered`;
  if (operation.classList.contains("is-open")) states.add(state);
  if (read && offered) { watch.disconnect(); done([...states]); }
};
const watch = new MutationObserver(look);
watch.observe(operation, { attributes: true, childList: true, subtree: true });
operation.querySelector(".opblock-summary-control").click();
"""
"""Opens an operation, and tells what was to be seen of it from then until it could be executed."""


@pytest.mark.parametrize(
    ("base", "operation"),
    [
        ("", "Export-exportDatabase"),
        ("/api", "Records-listRecords"),
        ("/api", "Export_jobs-createExportJob"),
        ("/_mock", "Clock-getClock"),
    ],
)
def test_an_operation_is_tried_at_first_click(
    page: Page, mock: MockClient, base: str, operation: str
) -> None:
    page.open(f"{mock.base_url}{base}/ui/")
    page.one("body[data-ready]")
    name = operation.rpartition("-")[2]
    page.wait(lambda: page.css(f"[id$='-{name}'] .opblock-summary-control"), "the operation is not there")
    page.css(f"[id$='-{name}'] .opblock-summary-control")[0].click()
    page.click("Execute", f"{SHOWN} button")
    page.sees("Server response", SHOWN)
    status = page.text(f"{SHOWN} .live-responses-table tbody .response-col_status")
    assert status.startswith("2"), page.text(f"{SHOWN} .live-responses-table")


def test_what_is_not_read_yet_is_not_offered(page: Page, mock: MockClient) -> None:
    page.open(f"{mock.base_url}/_mock/ui/")
    page.one("body[data-ready]")
    page.one("[id$='-getClock'] .opblock-summary-control")
    states = page.driver.execute_async_script(OPENED, "getClock")
    assert states == ["unread, not offered", "read, offered"]


def test_each_has_its_title_and_loads_nothing_from_elsewhere(page: Page, mock: MockClient) -> None:
    titles = set()
    for base in ("", "/api", "/_mock"):
        page.open(f"{mock.base_url}{base}/ui/")
        page.wait(lambda: "·" in page.driver.title, "no title")
        titles.add(page.driver.title)
        script = "return performance.getEntriesByType('resource').map((one) => new URL(one.name).host)"
        hosts = page.driver.execute_script(script)
        assert set(hosts) == {mock.base_url.split("/")[2]}
    assert len(titles) == 3


def test_an_authorization_is_kept_when_the_page_is_loaded_anew(page: Page, mock: MockClient) -> None:
    page.open(f"{mock.base_url}/api/ui/")
    page.click("Authorize", "button.authorize")
    page.sees("Logout", ".modal-ux")
    page.click("Logout", ".modal-ux button")
    page.one(".modal-ux input").send_keys("Token mine")
    page.click("Authorize", ".modal-ux button[type=submit]")
    page.driver.refresh()
    page.one("button.authorize")
    stored = page.driver.execute_script("return localStorage.getItem('authorized')")
    assert "Token mine" in stored
    page.driver.execute_script("localStorage.clear()")


def test_it_is_dark_where_the_reader_wants_it(page: Page, mock: MockClient) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        with emulated(page, width=1280, scheme=scheme):
            page.open(f"{mock.base_url}/ui/")
            page.one("body[data-ready]")
            script = "return getComputedStyle(document.documentElement).backgroundColor"
            grounds.append(page.driver.execute_script(script))
    assert grounds[0] != grounds[1]
