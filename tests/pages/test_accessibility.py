"""axe-core finds nothing on any page, in both colour schemes and at the width of a phone."""

from __future__ import annotations

import pytest
import requests

from dbcontract.mockserver.client import MockClient

from .axe import emulated, violations
from .conftest import Page

TABS = ("", "#state", "#faults", "#settings", "#sandboxes")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_keeps_anybody_out(page: Page, mock: MockClient, axe: str, scheme: str, width: int) -> None:
    requests.get(f"{mock.pieces_url}/database/export", timeout=10)
    found = []
    with emulated(page, width=width, scheme=scheme):
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
    assert not found, "\n".join(found)
