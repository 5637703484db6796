"""What is stored is from anybody: links that nobody can sign, and files that run nothing in a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest
import requests

from dbcontract.mockserver.storage.signing import Signer

from .client import PixieBrix
from .mock import Running
from .test_assets import download, mark, ready, upload

KEY = "a key that is asked for"
SCRIPT = b"<script>fetch('/_mock/reset', {method: 'POST'})</script>"


class Holder(Signer):
    """Somebody who has the key, and signs what the APIs never would."""

    def signature(self, path: str, query: dict[str, str]) -> str:
        return self._sign_get(path, query.items())


def new_asset(running: Running, connect: Callable[[Running], PixieBrix]) -> dict[str, Any]:
    client = connect(running)
    created: dict[str, Any] = client.new_asset(client.new_database("Files"))
    return created


def test_the_seed_does_not_tell_the_key(
    start: Callable[..., Running], connect: Callable[[Running], PixieBrix]
) -> None:
    one, other = start(), start()
    ours, theirs = new_asset(one, connect), new_asset(other, connect)
    for server in (one, other):
        assert server.settings.seed == 1
    assert ours["fields"]["policy"] == theirs["fields"]["policy"]
    assert ours["fields"]["x-amz-signature"] != theirs["fields"]["x-amz-signature"]
    forged = {**ours, "upload_url": theirs["upload_url"]}
    assert upload(forged, b"x").status_code == 403
    assert upload(theirs, b"x").status_code == 204


def test_a_key_that_is_asked_for_makes_the_same_links(
    start: Callable[..., Running], connect: Callable[[Running], PixieBrix]
) -> None:
    one, other = start(signing_key=KEY), start(signing_key=KEY)
    ours, theirs = new_asset(one, connect), new_asset(other, connect)
    assert ours["fields"] == theirs["fields"]
    for server in (one, other):
        assert KEY not in repr(server.settings)
    assert one.sandbox.signer.secret != one.sandboxes.sandbox("another").signer.secret


def test_a_reset_leaves_links_valid(pb: PixieBrix, server: Running) -> None:
    created = pb.new_asset(pb.new_database("Files"))
    assert requests.post(f"{server.base_url}/_mock/reset", timeout=10).status_code == 200
    assert upload(created, b"x").status_code == 204


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("page.html", "text/html"),
        ("page.xhtml", "application/xhtml+xml"),
        ("picture.svg", "image/svg+xml"),
        ("data.xml", "text/xml"),
        ("module.js", "text/javascript"),
        ("picture.png", "image/png"),
        ("notes.txt", "text/html; charset=utf-8"),
    ],
)
def test_what_is_stored_runs_nothing(pb: PixieBrix, filename: str, content_type: str) -> None:
    created = pb.new_asset(pb.new_database("Files"), filename)
    assert upload(created, SCRIPT, **{"Content-Type": content_type}).status_code == 204
    mark(pb, created)
    response = download(pb, created)
    assert response.content == SCRIPT
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Content-Disposition"] == f'attachment; filename="{filename}"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"].split("; ")


@pytest.mark.parametrize(
    ("content_type", "asked", "given"),
    [
        ("text/html", "inline", "attachment"),
        ("TEXT/HTML", 'inline; filename="a.html"', 'attachment; filename="a.html"'),
        ("image/svg+xml", "", "attachment"),
        ("application/x-unknown", "Inline", "attachment"),
        ("image/png", "inline", "inline"),
        ("text/plain", "inline", "inline"),
        ("text/html", "attachment", "attachment"),
    ],
)
def test_who_has_the_key_signs_no_page_of_ours(
    server: Running, pb: PixieBrix, content_type: str, asked: str, given: str
) -> None:
    created = ready(pb, pb.new_database("Files"), SCRIPT)
    link = pb.get(created["asset"]["download_url"]).headers["Location"]
    path, _, query = link.removeprefix(server.base_url).partition("?")
    pairs = [pair.split("=") for pair in query.split("&") if not pair.startswith("X-Amz-Signature")]
    wanted = {name: unquote(value) for name, value in pairs}
    wanted |= {"response-content-type": content_type, "response-content-disposition": asked}
    signature = Holder(server.sandbox.signer.secret).signature(unquote(path), wanted)
    text = urlencode({**wanted, "X-Amz-Signature": signature}, quote_via=quote, safe="~")
    response = requests.get(f"{server.base_url}{path}?{text}", timeout=10)
    assert (response.status_code, response.content) == (200, SCRIPT)
    assert response.headers["Content-Disposition"] == given


@pytest.mark.parametrize("path", ["/_storage/x", "/_storage/", "/_storage/%3Cscript%3E"])
def test_refusals_of_storage_run_nothing_either(server: Running, path: str) -> None:
    response = requests.get(server.base_url + path, timeout=10)
    assert response.status_code in {403, 405}
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/_mock/", "/api/ui/", "/_mock/ui/", "/_pages/ui.js"])
def test_our_own_pages_load_nothing_from_elsewhere(server: Running, path: str) -> None:
    response = requests.get(server.base_url + path, headers={"Accept": "text/html"}, timeout=10)
    assert response.status_code == 200
    policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_snapshot_carries_the_key(start: Callable[..., Running]) -> None:
    one, other = start(), start()
    state = requests.get(f"{one.base_url}/_mock/state", timeout=10).content
    assert (
        json.loads(state)["signing_key"]
        != json.loads(requests.get(f"{other.base_url}/_mock/state", timeout=10).content)["signing_key"]
    )
    assert requests.put(f"{other.base_url}/_mock/state", data=state, timeout=10).status_code == 204
    assert one.sandbox.signer.secret == other.sandbox.signer.secret
