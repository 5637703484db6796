"""Bad headers: the documented kind of refusal, and nothing changed."""

from __future__ import annotations

import json

import pytest

from .asking import AUTH, ask, refused
from .client import PixieBrix
from .places import OPERATIONS, READS, Environments
from .raw import literal

LISTS = ["listDatabases", "listRecords", "listRecordArchives", "listAssets"]

pytestmark = pytest.mark.usefixtures("untouched")

SECURED = [call for operation, call in OPERATIONS.items() if operation != "getHealth"]
"""Whether the server is up, anybody may ask."""


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "Token",
        "Token ",
        "Token a b",
        "Token  ",
        "Bearer x",
        "Basic eDp5",
        "x",
        "Tokenx",
        ",",
        "é",
        b"Token \xff",
    ],
)
def test_an_authorization_that_is_none(pb: PixieBrix, places: Environments, value: str | bytes) -> None:
    for method, template in SECURED:
        target = "/api" + places.path(template)
        answer = literal(pb.running.base_url, method, target, [("Authorization", value)])
        refused(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Token"


def test_no_authorization_at_all(pb: PixieBrix, places: Environments) -> None:
    for method, template in SECURED:
        answer = literal(pb.running.base_url, method, "/api" + places.path(template))
        refused(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(
    "value",
    [
        "image/png",
        "text/html",
        "text/csv2",
        "garbage",
        "application/xml;q=0.9",
        "application/json;q=0",
        "*/*;q=0",
        "application/json; version=9.9",
        'application/json; version="9.9"',
        "application/json; version=",
        "application/json; version=2",
        "application/json; version=2.00",
        "application/json;version=two",
        "*/*; version=9.9",
        ", ".join(f"image/x{n}" for n in range(1_000)),
        "ä/ö",
        b"\xff/\xff",
        "x" * 50_000,
    ],
)
def test_an_accept_that_cannot_be_met(pb: PixieBrix, places: Environments, value: str | bytes) -> None:
    for operation, (method, template) in OPERATIONS.items():
        version = isinstance(value, bytes) or "version" not in value
        if operation == "getAsset" and version:
            continue  # a file may be of any type
        refused(ask(pb, "/api" + places.path(template), method, ("Accept", value)), 406)


@pytest.mark.parametrize(
    "name", ["Accept", "Accept-Language", "Cookie", "Origin", "Referer", "User-Agent", "X-Forwarded-For"]
)
def test_empty_header_values_mean_nothing(pb: PixieBrix, places: Environments, name: str) -> None:
    for operation in LISTS:
        # An empty Accept asks for no version, and archives are served at 2.0 only.
        version = [] if name == "Accept" else [("Accept", "application/json; version=2.0")]
        wanted = 406 if name == "Accept" and operation == "listRecordArchives" else 200
        path = "/api" + places.path(READS[operation])
        assert ask(pb, path, "GET", (name, ""), *version).status == wanted


@pytest.mark.parametrize(
    "host", ["", " ", "a/b", "<script>", "x@y", "é", "a b", '"', "localhost:99999", "[::1]:80", "x" * 5_000]
)
def test_a_host_of_any_kind(pb: PixieBrix, places: Environments, host: str) -> None:
    path = "/api" + places.path(READS["listAssets"])
    answer = literal(pb.running.base_url, "GET", path, [AUTH, ("Host", host)])
    assert answer.status in {200, 400}
    assert b"Traceback" not in answer.body
    if answer.status == 200:
        assert json.loads(answer.body)[0]["download_url"].startswith("http://")


def test_hundreds_of_headers(pb: PixieBrix, places: Environments) -> None:
    many = [(f"X-Header-{n}", "x" * 50) for n in range(500)]
    path = "/api" + places.path(READS["listRecords"])
    assert literal(pb.running.base_url, "GET", path, [AUTH, *many]).status == 200


def test_a_websocket_is_not_spoken(pb: PixieBrix) -> None:
    upgrade = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    assert literal(pb.running.base_url, "GET", "/database/export", upgrade).status == 200


def test_a_storage_that_is_asked_without_a_signature(pb: PixieBrix) -> None:
    for path in (
        "/_storage/",
        "/_storage",
        "/_storage/x",
        "/_storage/%ff",
        "/_storage/../api/",
        "/_storage/%00",
    ):
        for method in ("GET", "PUT", "DELETE", "POST"):
            answer = ask(pb, path, method)
            assert answer.status in {403, 405, 412, 404}, (path, method, answer)
            assert answer.media_type in {"application/xml", "text/plain"}
