"""Makes the pictures of the README and the documentation: runs the real commands and takes what they show.

`python tools/pictures.py [NAME…]` writes docs/pictures/*.svg (terminals) and *.png (pages; needs Chromium).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from dbcontract.mockserver.client import MockClient

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
WIDTH = 116
PROOF = ("--only", "import*", "--only", "known-entries-stay")
ENVIRONMENT = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
COMMAND = [sys.executable, "-m", "dbcontract"]
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
)


def main(names: list[str]) -> int:
    """Make the pictures that are named, or all; 1 when there is no browser for the pages.

    Raises:
        KeyError: there is no picture of that name.
    """
    PICTURES.mkdir(exist_ok=True)
    browser = shutil.which("chromium")
    makers = {"check": check, "dashboard": dashboard, "report": report, "proof": proof}
    for name in names or makers:
        if (browser is None or shutil.which("chromedriver") is None) and name != "check":
            print(
                f"no chromium or no chromedriver: the picture of the {name} stays as it is", file=sys.stderr
            )
            return 1
        with tempfile.TemporaryDirectory() as folder:
            makers[name](browser or "", Path(folder))
    return 0


def check(_: str, __: Path) -> None:
    """What the first command prints."""
    terminal("check", "dbcontract check", run("check").partition("\nhtml report")[0])


def dashboard(browser: str, folder: Path) -> None:
    """The dashboard of a mock with which something has happened."""
    with served(folder) as url:
        with MockClient(url) as mock, mock.session() as session:
            databases = f"{mock.pixiebrix_url}/databases/"
            session.get(f"{mock.pixiebrix_url}/organizations/")
            session.get(f"{databases}{mock.database_ids[0]}/records/", params={"page_size": 5})
            session.post(f"{databases}records/jobs/", json={"name": "orders", "databases": mock.database_ids})
            mock.faults.add("importDatabase", status=505, times=1)
            exported = session.get(f"{mock.pieces_url}/database/export").json()
            session.post(f"{mock.pieces_url}/database/import", json=exported)
            mock.clock.freeze()
        page(browser, "dashboard", f"{url}/_mock/", folder, seen="importDatabase", opened="/database/import")


def report(browser: str, folder: Path) -> None:
    """The report on an implementation that has two faults."""
    made = folder / "report.html"
    with served(folder, "--defect", "last-byte-lost", "--defect", "links-work-for-a-day") as url:
        run("check", url, "--api", "pixiebrix", "--no-fuzzing", "--report", f"html={made}")
    page(browser, "report", made.as_uri(), folder)


def proof(browser: str, folder: Path) -> None:
    """A part of the proof, as all of it takes a quarter of an hour; `docs/proof.md` names the same part."""
    made = folder / "proof.html"
    run("prove", *PROOF, "--report", f"html={made}")
    page(browser, "proof", made.as_uri(), folder)


def run(*arguments: str) -> str:
    """What a command prints, whatever its verdict."""
    done = subprocess.run(
        [*COMMAND, *arguments], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    return done.stdout


@contextmanager
def served(folder: Path, *options: str) -> Iterator[str]:
    """The base URL of a mock at its usual port."""
    ready = folder / "ready.json"
    command = [*COMMAND, "serve", "--quiet", "--ready-file", str(ready), *options]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not ready.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        yield json.loads(ready.read_text())["base_url"]
    finally:
        process.terminate()
        process.wait(10)


def terminal(name: str, title: str, output: str) -> None:
    """Draw what a command printed, colours and all."""
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123 - thrown away
    console.print(Text.from_ansi(f"$ {title}\n{output.rstrip()}"), no_wrap=True, overflow="ellipsis")
    drawn = console.export_svg(title="dbcontract")
    # rich would have the reader's browser fetch a font from another host
    (PICTURES / f"{name}.svg").write_text(re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL))


def page(
    browser: str, name: str, url: str, folder: Path, *, seen: str = "", opened: str = "", height: int = 900
) -> None:
    """Take a picture of a page in a browser of its own, as soon as it shows the text `seen`.

    Where there is something to be `opened`, the summary that says so is clicked first.
    """
    options = ChromeOptions()
    options.binary_location = browser
    for flag in (*CHROMIUM_FLAGS, f"--window-size=1200,{height}", f"--user-data-dir={folder / name}"):
        options.add_argument(flag)
    driver = Chrome(options, Service(shutil.which("chromedriver")))
    try:
        driver.get(url)
        body = driver.find_element(By.TAG_NAME, "body")
        WebDriverWait(driver, 30).until(lambda _: seen in body.text)
        if opened:
            driver.find_element(By.XPATH, f"//summary[contains(., '{opened}')]").click()
            WebDriverWait(driver, 30).until(lambda _: "contract says" in body.text)
        (PICTURES / f"{name}.png").write_bytes(driver.get_screenshot_as_png())
    finally:
        driver.quit()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
