"""A real browser, and a sandbox of a real server for it to look at."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from selenium.common.exceptions import TimeoutException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import Running, ServerThread

PATIENCE = 60
"""Seconds until what a page shows has to be there, on a machine that has a lot else to do."""


TEXT = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText).join('\\n')"
CLICK = """
const [selector, name] = arguments;
const shown = [...document.querySelectorAll(selector)].find((one) =>
  one.checkVisibility() && !one.disabled && one.innerText.includes(name));
shown?.click();
return shown !== undefined;
"""


@dataclass(frozen=True)
class Page:
    """A browser on a page: finds things as people do, and waits for what has to appear."""

    driver: Chrome
    downloads: Path

    def open(self, url: str) -> None:
        self.driver.get("about:blank")
        self.driver.get(url)

    def wait(self, what: Callable[[], object], message: str) -> None:
        WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(lambda _: what(), message)

    def css(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        self.wait(lambda: self.css(selector), f"{selector} is not there")
        return self.css(selector)[0]

    def text(self, selector: str = "body") -> str:
        # In one step: an element that is replaced meanwhile would be stale.
        return str(self.driver.execute_script(TEXT, selector))

    def sees(self, text: str, selector: str = "body") -> None:
        try:
            self.wait(lambda: text in self.text(selector), "")
        except TimeoutException:
            pytest.fail(f"{text!r} is not to be seen in {selector}, but: {self.text(selector)[:2_000]!r}")

    def click(self, name: str, selector: str = "button, [role=tab], a, summary") -> None:
        found = partial(self.driver.execute_script, CLICK, selector, name)
        self.wait(found, f"there is nothing called {name!r} to click")


@pytest.fixture(scope="session")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The browser and its downloads folder; one for all tests, as each has a sandbox of its own."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("chromium or chromedriver is not installed (Debian: chromium, chromium-driver)")
    downloads = tmp_path_factory.mktemp("downloads")
    options = ChromeOptions()
    options.binary_location = browser
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-sync",
        "--no-first-run",
        "--disable-component-update",
        "--window-size=1280,1000",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    page = Page(Chrome(options, Service(driver)), downloads)
    yield page
    page.driver.quit()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The code of axe-core."""
    from .axe import script

    return script(tmp_path_factory.mktemp("axe"))


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    with ServerThread(Settings(port=0, clock=ClockSetting.parse("frozen@2024-05-10T12:00:00Z"))) as running:
        yield running


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def mock(server: Running, numbers: Iterator[int]) -> Iterator[MockClient]:
    """A sandbox that no other test has touched."""
    with MockClient(f"{server.base_url}/~page-{next(numbers)}") as client:
        yield client


@pytest.fixture
def page(chrome: Page) -> Iterator[Page]:
    """The browser; whatever a page writes to the console as an error fails the test."""
    chrome.driver.get_log("browser")  # type: ignore[no-untyped-call]  # selenium has no types here
    yield chrome
    entries = chrome.driver.get_log("browser")  # type: ignore[no-untyped-call]
    # That an answer was an error is what some tests are about.
    errors = [
        one["message"] for one in entries if one["level"] == "SEVERE" and "status of 4" not in one["message"]
    ]
    assert not errors, errors
