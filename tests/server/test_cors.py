"""Pages of other origins: what they may read, which can be named, and an asset in an `<img>`."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from .client import PixieBrix
from .mock import Running, Settings

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f0005000"
    "1ff89993d1d0000000049454e44ae426082"
)
PAGE = """<!doctype html><body><script type="module">
const { url, records, range } = %s;
const headers = { Authorization: "Token any", Accept: "application/json; version=2.0" };
const seen = {};
const names = ["Link", "X-Total-Count", "Content-Disposition", "ETag", "Content-Range", "Location"];
for (const [name, target] of Object.entries({ records, url })) {
  const answer = await fetch(target, { headers });
  seen[name] = names.filter((one) => answer.headers.get(one) !== null);
  if (name === "url") {
    const part = await fetch(answer.url, { headers: { Range: "bytes=0-3" } });
    seen.range = part.headers.get("Content-Range");
    const image = new Image();
    image.src = answer.url;
    await image.decode();
    seen.width = image.naturalWidth;
  }
}
document.body.textContent = JSON.stringify(seen);
</script></body>"""


@pytest.mark.parametrize(
    ("origin", "right"),
    [
        ("http://localhost:3000/", "write http://localhost:3000"),
        ("https://a.example/app", "write https://a.example"),
        ("https://A.example", "write https://a.example"),
        ("https://a.example:443", "write https://a.example"),
        ("http://a.example:80", "write http://a.example"),
        ("localhost:3000", "such as http://localhost:3000"),
        ("a.example", "such as http://a.example"),
        ("ftp://a.example", "begins with http:// or https://"),
        ("http://a.example,http://b.example", "--cors http://a.example --cors http://b.example"),
        ("http://a.example http://b.example", "--cors http://a.example --cors http://b.example"),
        ("", "such as http://localhost:3000"),
    ],
)
def test_an_origin_that_can_never_match_is_refused_with_the_right_form(origin: str, right: str) -> None:
    with pytest.raises(ValueError, match="cors origin") as caught:
        Settings(cors=(origin,))
    assert right in str(caught.value)
    assert f'"{origin}"' in str(caught.value)


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "http://localhost:3000", "https://a.example", "http://[::1]:8080", "http://10.0.0.1"],
)
def test_an_origin_as_browsers_send_it(start: Callable[..., Running], origin: str) -> None:
    running = start(cors=(origin,))
    sent = "http://any.example" if origin == "*" else origin
    answer = requests.get(f"{running.base_url}/database/export", headers={"Origin": sent}, timeout=10)
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    exposed = {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
    assert exposed >= {
        "Link", "X-Total-Count", "Content-Disposition", "ETag", "Content-Range", "Retry-After", "Location",
        "X-Request-Id",
    }  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Another origin, and the folder that it serves."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *rest: object) -> None:
            super().__init__(*rest, directory=str(tmp_path))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", tmp_path
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_reads_the_headers_and_shows_an_asset(
    start: Callable[..., Running],
    connect: Callable[[Running], PixieBrix],
    site: tuple[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    origin, folder = site
    pb = connect(start(cors=(origin,), validate_responses=False))
    database = pb.new_database()
    pb.write(database, {"id": "a", "data": {}}, {"id": "b", "data": {}})
    made = pb.new_asset(database)
    files = {"file": ("a.png", PNG, "image/png")}
    assert requests.post(made["upload_url"], data=made["fields"], files=files, timeout=10).status_code == 204
    url = made["asset"]["download_url"]
    pb.request("PATCH", url, json={"is_uploaded": True})
    records = f"{pb.base_url}/databases/{database}/records/?page_size=1"
    (folder / "page.html").write_text(PAGE % json.dumps({"url": url, "records": records, "range": 1}))
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path_factory.mktemp('profile')}", "--virtual-time-budget=8000"]
    shown = subprocess.run(
        [*command, f"{origin}/page.html"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    seen = json.loads(shown.partition("<body>")[2].partition("</body>")[0])
    assert seen["records"] == ["Link"]
    assert seen["url"] == ["Content-Disposition", "ETag"]
    assert (seen["range"], seen["width"]) == (f"bytes 0-3/{len(PNG)}", 1)
