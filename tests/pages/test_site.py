"""The documentation as a site: built without a warning, complete in itself, and open to everybody."""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from .axe import ALL, OF_LOOKS, emulated, violations
from .conftest import Page
from .served import serving

ROOT = Path(__file__).resolve().parents[2]
LOADED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
pytestmark = pytest.mark.timeout(600)  # the first test builds the site, all of it
LOOKS = ((390, "light"), (1280, "dark"))
"""Both widths and both colour schemes, but not each with each: all pages have one style."""

LARGE = 400_000
"""Bytes of a page beyond which it is long alone, of what smaller pages have, and axe-core needs a minute."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the built site; parallel workers build it once."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "site"
    with (folder.parent / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "index.html").is_file():
            command = [sys.executable, "-P", "-m", "sphinx", "-W", "--keep-going", "-q"]
            command += ["-d", str(folder.parent / "doctrees"), str(ROOT / "docs"), str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    """Where the site is served."""
    with serving(site) as base:
        yield base


def pages_of(site: Path) -> list[str]:
    return sorted(str(page.relative_to(site)) for page in site.rglob("*.html"))


class Loading(HTMLParser):
    """Collects what a page loads by itself; what a reader may follow is not meant."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        name = LOADED.get(tag)
        if tag == "link" and values.get("rel") not in {"next", "prev", "canonical", "index", "search"}:
            name = "href"
        if name and values.get(name):
            self.found.append(str(values[name]))


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    loaded = {}
    for name in pages_of(site):
        parser = Loading()
        parser.feed((site / name).read_text(encoding="utf-8"))
        assert parser.found, name
        loaded[name] = [one for one in parser.found if re.match(r"[a-z]+:|//", one)]
    for style in site.rglob("*.css"):
        found = re.findall(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")]+)", style.read_text("utf-8"))
        loaded[str(style.relative_to(site))] = found
    assert {name: found for name, found in loaded.items() if found} == {}


def test_no_page_asks_another_host_when_it_runs(page: Page, url: str) -> None:
    asked = set()
    for name in ("index.html", "search.html?q=archive", "cli.html"):
        page.open(f"{url}/{name}")
        page.sees("archive" if "search" in name else "dbcontract")
        script = "return performance.getEntriesByType('resource').map((one) => one.name)"
        asked |= set(page.driver.execute_script(script))
    assert asked
    assert {one for one in asked if not one.startswith((url, "data:"))} == set()


def test_the_search_finds_a_rule_by_its_id_and_a_page_by_a_word(page: Page, url: str) -> None:
    page.open(f"{url}/search.html?q=PB-ASSET-03")
    page.sees("Rules of PixieBrix", "#search-results")
    assert "not conformant:" not in page.text("#search-results")  # no report that stands as an example
    page.open(f"{url}/search.html?q=haproxy")
    page.sees("Behind a proxy", "#search-results")


def test_a_keyboard_is_enough(page: Page, url: str) -> None:
    def focused(script: str = "document.activeElement.className") -> str:
        return str(page.driver.execute_script(f"return {script}"))

    def press(*keys: str) -> None:
        page.driver.switch_to.active_element.send_keys(*keys)

    page.open(f"{url}/index.html")
    press(Keys.TAB)
    assert "skip-to-content" in focused()
    press(Keys.ENTER)
    assert focused("location.hash") == "#furo-main-content"
    page.open(f"{url}/index.html")
    for _ in range(40):
        press(Keys.TAB)
        if "sidebar-search" in focused():
            break
    press("freeze", Keys.ENTER)
    page.sees("Control API", "#search-results")
    page.open(f"{url}/index.html")
    before = focused("document.body.dataset.theme")
    for _ in range(200):
        press(Keys.TAB)
        if "theme-toggle" in focused() and page.driver.switch_to.active_element.is_displayed():
            break
    press(Keys.ENTER)
    assert focused("document.body.dataset.theme") != before


@pytest.mark.parametrize("part", range(4))
def test_nothing_keeps_anybody_out(page: Page, site: Path, url: str, axe: str, part: int) -> None:
    found = []
    for number, name in enumerate(pages_of(site)[part::4]):
        page.open(f"{url}/{name}")
        # each page as a whole in one look, in turns; in the other what that can change
        for place, (width, scheme) in enumerate(LOOKS):
            whole = (number + place) % 2 == 0
            with emulated(page, width=width, scheme=scheme):
                if whole or (site / name).stat().st_size < LARGE:
                    options = ALL if whole else OF_LOOKS
                    found += [f"{name} {width} {scheme}: {one}" for one in violations(page, axe, options)]
                wide = page.driver.execute_script("return document.documentElement.scrollWidth")
                assert wide <= width, name
    assert not found, "\n".join(found)
