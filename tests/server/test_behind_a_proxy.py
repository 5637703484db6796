"""Where the server is, as its clients see it: every handed-out URL is right behind a proxy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
import requests

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.web.fields import FIELDS, fields_of
from dbcontract.mockserver.web.origin import PublicOrigin

from .client import PixieBrix
from .mock import Running, Settings
from .raw import literal

AUTH = ("Authorization", "Token any")
V2 = ("Accept", "application/json; version=2.0")
NGINX = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "mock.example.com",
    "X-Forwarded-Prefix": "/tools/mock",
}
OUTSIDE = "https://mock.example.com/tools/mock"

Start = Callable[..., Running]


def root_of(running: Running, headers: dict[str, str], host: str = "inside:1") -> str:
    """The root of the URLs that this client is given."""
    sent = [AUTH, V2, ("Host", host), *headers.items()]
    organization = next(iter(state_of(running.sandbox).organizations))
    path = f"/api/organizations/{organization}/databases/?page_size=1"
    link = literal(running.base_url, "GET", path, sent).headers["Link"]
    return link.partition("/api/")[0].lstrip("<")


@pytest.mark.parametrize(
    ("headers", "root"),
    [
        ({}, "http://inside:1"),
        (NGINX, OUTSIDE),
        ({"X-Forwarded-Proto": "https"}, "https://inside:1"),
        ({"X-Forwarded-Proto": "HTTPS, http", "X-Forwarded-Host": "a.example, b"}, "https://a.example"),
        ({"X-Forwarded-Host": "a.example", "X-Forwarded-Port": "8443"}, "http://a.example:8443"),
        ({"X-Forwarded-Host": "a.example:1", "X-Forwarded-Port": "8443"}, "http://a.example:1"),
        ({"X-Forwarded-Host": "[::1]", "X-Forwarded-Port": "81"}, "http://[::1]:81"),
        (
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example", "X-Forwarded-Port": "443"},
            "https://a.example",
        ),
        ({"X-Forwarded-Prefix": "/deep/er/"}, "http://inside:1/deep/er"),
        ({"Forwarded": "for=1.2.3.4;proto=https;host=a.example"}, "https://a.example"),
        ({"Forwarded": 'host="a.example:8443"; proto=https, host=b.example'}, "https://a.example:8443"),
        ({"Forwarded": 'for="[2001:db8::1]:80";Host="[::1]:81"'}, "http://[::1]:81"),
        ({"Forwarded": "host=a.example", "X-Forwarded-Host": "b.example"}, "http://a.example"),
        # what is not a host, scheme, port or path is not believed
        ({"X-Forwarded-Proto": "javascript"}, "http://inside:1"),
        ({"X-Forwarded-Host": 'a.example/x"><b>'}, "http://inside:1"),
        ({"X-Forwarded-Port": "x"}, "http://inside:1"),
        ({"X-Forwarded-Prefix": '/a"><script>'}, "http://inside:1"),
        ({"X-Forwarded-Prefix": "//evil.example"}, "http://inside:1"),
        ({"Forwarded": ";;;=,"}, "http://inside:1"),
    ],
)
def test_what_a_proxy_on_this_machine_says_counts(
    server: Running, headers: dict[str, str], root: str
) -> None:
    assert root_of(server, headers) == root


@pytest.mark.parametrize(
    ("allowed", "believed"),
    [
        (("10.0.0.0/8",), False),
        ((), False),
        (("127.0.0.1",), True),
        (("*",), True),
        (("::1", "127.0.0.0/8"), True),
    ],
)
def test_only_trusted_proxies_are_believed(start: Start, allowed: tuple[str, ...], believed: bool) -> None:
    running = start(forwarded_allow_ips=allowed)
    assert (root_of(running, NGINX) == OUTSIDE) is believed


def test_a_public_url_settles_it(start: Start) -> None:
    running = start(public_url="https://fixed.example/mock")
    assert root_of(running, {}) == root_of(running, NGINX) == "https://fixed.example/mock"


@pytest.mark.parametrize(
    "url",
    ["mock.example.com", "ftp://a.example", "https://", "https://a.example/?x", "https://u@a.example", ""],
)
def test_what_is_not_a_public_url(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f'public url "{url}": write an absolute URL')):
        Settings(public_url=url)


@pytest.mark.parametrize("word", ["localhost", "1.2.3", "10.0.0.1/8"])
def test_what_is_not_a_proxy(word: str) -> None:
    with pytest.raises(ValueError, match=f'"{word}" is not an address'):
        Settings(forwarded_allow_ips=(word,))


def test_every_handed_out_url_is_right(pb: PixieBrix) -> None:
    """Also in a sandbox, whose name comes after what the proxy puts before."""
    base = pb.running.base_url
    for prefix in ("", "/~one"):
        root = OUTSIDE + prefix
        session = requests.Session()
        session.headers.update({"Authorization": "Token any", **NGINX})
        api = f"{base}{prefix}/api"
        database = session.post(f"{api}/databases/", json={"name": "x"}, timeout=10).json()["id"]
        made = session.post(f"{api}/databases/{database}/assets/", json={"filename": "f"}, timeout=10).json()
        assert made["asset"]["download_url"].startswith(f"{root}/api/databases/")
        assert made["upload_url"] == f"{root}/_storage/"
        upload = made["upload_url"].replace(OUTSIDE, base)
        stored = requests.post(upload, data=made["fields"], files={"file": b"x"}, headers=NGINX, timeout=10)
        assert stored.headers["Location"].startswith(f"{root}/_storage/assets/")
        asset = f"{api}/databases/{database}/assets/{made['asset']['id']}"
        session.patch(asset, json={"is_uploaded": True}, timeout=10)
        location = session.get(asset, allow_redirects=False, timeout=10).headers["Location"]
        assert location.startswith(f"{root}/_storage/assets/")
        assert requests.get(location.replace(OUTSIDE, base), timeout=10).content == b"x"
        described = session.get(f"{api}/openapi.json", timeout=10).json()
        assert described["servers"] == [{"url": f"{root}/api"}]
        for_ui = session.get(f"{api}/ui/openapi.json", timeout=10).json()
        assert for_ui["servers"] == described["servers"]
        landing = session.get(f"{base}{prefix}/", headers={"Accept": "application/json"}, timeout=10).json()
        assert json.dumps(landing).count(base) == 0
    job = pb.new_job(database := pb.new_database())
    pb.wait(60_000_000)
    pb.session.headers.update(NGINX)
    assert pb.job(job)["data"].startswith(f"{OUTSIDE}/_storage/exports/")
    pb.put(database, "a")
    pb.wait(86_400_000_000)
    assert all(one["file"].startswith(f"{OUTSIDE}/_storage/archives/") for one in pb.archives(database))


@pytest.mark.parametrize("value", ["for=1,", 'for="",', "a=b;", 'a="'])
def test_a_long_forwarded_is_read_once(value: str) -> None:
    """Looking ahead to its end at every sign would take hours."""
    origin = PublicOrigin(Settings())
    fields = fields_of([(b"host", b"inside:1"), (b"forwarded", (value * 200_000 + '"').encode())])
    assert origin.of({FIELDS: fields, "client": ("127.0.0.1", 1)}) == "http://inside:1"
