"""The page of coverage, opened by a real browser: readable for all, and whatever was exchanged is text."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.coverage import report

from .axe import emulated, violations
from .conftest import Page

HOSTILE = "<img src=x onerror=document.title=1>"


@pytest.mark.parametrize("look", [(1280, "light"), (390, "dark")])
def test_it_keeps_nobody_out_and_obeys_nothing_that_was_exchanged(
    page: Page, mock: MockClient, axe: str, tmp_path: Path, look: tuple[int, str]
) -> None:
    width, scheme = look
    requests.get(f"{mock.pieces_url}/database/export", params={HOSTILE: "\u202e"}, timeout=10)
    requests.post(f"{mock.pieces_url}/database/import", data=HOSTILE, timeout=10)
    path = tmp_path / "coverage.html"
    path.write_text(report.as_html(mock.coverage.document()))
    with emulated(page, width=width, scheme=scheme):
        page.open(path.as_uri())
        page.sees("by 2 requests")
        page.click("unknown-parameter", "summary")
        page.sees(f'exportDatabase has no parameter "{HOSTILE}"', "h3")
        page.sees('mock.faults.add("exportDatabase", status=500, times=1)', "pre")
        assert not violations(page, axe)
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert page.driver.title == "Coverage of the contract"
