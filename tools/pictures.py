"""Makes the pictures of the README: runs the real commands and takes what they show.

`python tools/pictures.py` writes docs/pictures/*.svg (terminals) and *.png (pages; needs Chromium).
"""

from __future__ import annotations

import json
import os
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

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
WIDTH = 116
SERVE_LINES = 46
PROOF_SIZE = "1120,1850"
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


def main() -> int:
    """Make all pictures; 1 when there is no browser for the pages."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (url, banner):
        terminal("serve", "dbcontract serve", "\n".join([*banner.splitlines()[:SERVE_LINES], "  …"]))
        report = Path(folder) / "report.html"
        done = subprocess.run(
            [*COMMAND, "check", "--report", f"html={report}"],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        terminal("check", "dbcontract check", done.stdout.partition("\nhtml report")[0])
        rule = subprocess.run(
            [*COMMAND, "rules", "PB-ASSET-03"], env=ENVIRONMENT, capture_output=True, text=True, check=True
        )
        terminal("rule", "dbcontract rules PB-ASSET-03", rule.stdout)
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        if browser is None:
            print("no Chromium: the pictures of pages stay as they are", file=sys.stderr)
            return 1
        page(browser, "swagger", f"{url}/api/ui/", Path(folder))
        page(browser, "report", report.as_uri(), Path(folder))
        proof = Path(folder) / "proof.html"
        subprocess.run([*COMMAND, "prove", "--report", f"html={proof}"], capture_output=True, check=True)
        page(browser, "proof", proof.as_uri(), Path(folder), PROOF_SIZE)
    return 0


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """A mock at its usual port, with its base URL and its banner."""
    ready, printed = folder / "ready.json", folder / "banner.txt"
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--ready-file", str(ready)], env=ENVIRONMENT, stdout=output
        )
        try:
            until = time.monotonic() + 30
            while "Ctrl-C" not in printed.read_text() and process.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            yield json.loads(ready.read_text())["base_url"], printed.read_text()
        finally:
            process.terminate()
            process.wait(10)


def terminal(name: str, title: str, output: str) -> None:
    """Draw what a command printed, colours and all."""
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123 - thrown away
    console.print(Text.from_ansi(f"$ {title}\n{output.rstrip()}"), no_wrap=True, overflow="ellipsis")
    console.save_svg(str(PICTURES / f"{name}.svg"), title="dbcontract")


def page(browser: str, name: str, url: str, folder: Path, size: str = "1200,900") -> None:
    """Take a picture of a page in a browser with a profile of its own."""
    target = PICTURES / f"{name}.png"
    options = [
        f"--user-data-dir={folder / name}",
        "--virtual-time-budget=8000",
        f"--window-size={size}",
        f"--screenshot={target}",
    ]
    subprocess.run([browser, *CHROMIUM_FLAGS, *options, url], capture_output=True, check=True, timeout=60)


if __name__ == "__main__":
    sys.exit(main())
