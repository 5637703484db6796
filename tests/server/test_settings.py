"""What a server is started with: APIs, CORS, addresses; and its pages for people."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from urllib.parse import urljoin

import pytest
import requests
import yaml

from dbcontract import openapi
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .client import TOKEN, UNKNOWN, V2, Client, PixieBrix, media_type
from .mock import Running, ServerThread, StartError, settings

AUTH = {"Authorization": f"Token {TOKEN}"}
ORIGIN = "https://app.example.com"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}
PATHS = [
    "/database/export",
    "/database/import",
    f"/api/databases/{UNKNOWN}/records/",
    "/api/databases/records/jobs/",
]


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers={**AUTH, **headers}, timeout=10, allow_redirects=False)


# CORS


@pytest.mark.parametrize("path", PATHS)
def test_by_default_no_origin_may_call(server: Running, path: str) -> None:
    response = get(server.base_url + path, Origin=ORIGIN)
    preflight = requests.options(server.base_url + path, headers=PREFLIGHT, timeout=10)
    assert preflight.status_code == 405
    for answer in (response, preflight):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.fixture(scope="module")
def opened(module_start: Callable[..., Running]) -> Running:
    return module_start(cors=(ORIGIN, "http://localhost:3000"))


@pytest.mark.parametrize("path", PATHS)
def test_named_origins_may_call(opened: Running, path: str) -> None:
    response = get(opened.base_url + path, Origin=ORIGIN)
    assert response.status_code in {200, 404, 405}
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    exposed = {name.strip() for name in response.headers["Access-Control-Expose-Headers"].split(",")}
    assert {"Link", "X-Total-Count"} <= exposed
    preflight = requests.options(opened.base_url + path, headers=PREFLIGHT, timeout=10)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert method in preflight.headers["Access-Control-Allow-Methods"]
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("path", PATHS)
def test_other_origins_may_not(opened: Running, path: str) -> None:
    response = get(opened.base_url + path, Origin="https://evil.example.com")
    assert "Access-Control-Allow-Origin" not in response.headers
    headers = {**PREFLIGHT, "Origin": "https://evil.example.com"}
    preflight = requests.options(opened.base_url + path, headers=headers, timeout=10)
    assert preflight.status_code == 400
    assert "Access-Control-Allow-Origin" not in preflight.headers


def test_a_browser_may_download_and_upload_too(opened: Running) -> None:
    response = get(f"{opened.base_url}/_storage/x", Origin=ORIGIN)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_every_origin_may_call_where_that_is_asked_for(start: Callable[..., Running]) -> None:
    running = start(cors=("*",))
    response = get(running.base_url + PATHS[0], Origin="https://any.example.com")
    assert response.headers["Access-Control-Allow-Origin"] == "*"


# Swagger UI and descriptions


@pytest.mark.parametrize(("base", "name"), [("", "pieces"), ("/api", "pixiebrix")])
def test_the_description_is_served(server: Running, base: str, name: str) -> None:
    response = get(f"{server.base_url}{base}/openapi.json")
    assert response.status_code == 200
    assert media_type(response) == "application/json"
    servers = [{"url": server.base_url + base}]
    assert response.json() == {**openapi.load(name), "servers": servers}
    as_yaml = get(f"{server.base_url}{base}/openapi.yaml")
    assert yaml.safe_load(as_yaml.content) == response.json()


@pytest.mark.parametrize("sandbox", ["", "/~box", "/%7Ebox"])
@pytest.mark.parametrize(
    ("base", "path"), [("", "/database/export"), ("/api", "/organizations/{}/databases/")]
)
def test_the_description_leads_to_this_sandbox(server: Running, base: str, path: str, sandbox: str) -> None:
    url = f"{server.base_url}{sandbox}{base}/openapi.json"
    root = urljoin(url, get(url).json()["servers"][0]["url"]).rstrip("/")
    organization = next(iter(state_of(server.sandbox).organizations))
    assert get(root + path.format(organization)).status_code == 200


@pytest.mark.parametrize("base", ["", "/api", "/~box", "/~box/api"])
def test_the_swagger_ui_is_complete(server: Running, base: str) -> None:
    page = get(f"{server.base_url}{base}/ui/")
    assert page.status_code == 200
    assert media_type(page) == "text/html"
    assert get(f"{server.base_url}{base}/ui/openapi.json").status_code == 200
    parts = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert len(parts) >= 4
    assert any(part.endswith(".js") for part in parts)
    for part in parts:
        assert "://" not in part, "nothing is loaded from elsewhere"
        assert get(urljoin(page.url, part)).status_code == 200, part


def test_the_links_of_a_sandbox_lead_into_it(server: Running) -> None:
    organization = next(iter(state_of(server.sandbox).organizations))
    for sandbox in ("/~box", "/%7Ebox"):
        path = f"/api/organizations/{organization}/databases/?page_size=1"
        response = get(server.base_url + sandbox + path, **V2)
        assert response.links["next"]["url"] == f"{server.base_url}/~box{path}&page=2"


@pytest.mark.parametrize("base", ["", "/api"])
def test_the_swagger_ui_is_found_without_its_slash(server: Running, base: str) -> None:
    page = requests.get(f"{server.base_url}{base}/ui", timeout=10)
    assert page.status_code == 200
    assert page.url == f"{server.base_url}{base}/ui/"


@pytest.mark.parametrize("base", ["", "/api"])
def test_what_the_swagger_ui_does_not_have(server: Running, base: str) -> None:
    for path in ("/ui/nothing.js", "/ui/../../etc/passwd", "/ui/%2e%2e/%2e%2e/app.py"):
        assert get(f"{server.base_url}{base}{path}").status_code == 404
    for path in ("/ui/", "/ui/openapi.json", "/openapi.json"):
        refused = requests.post(f"{server.base_url}{base}{path}", timeout=10)
        assert (refused.status_code, set(refused.headers["Allow"].split(", "))) == (405, {"GET", "HEAD"})


# Which APIs


def test_pieces_alone(start: Callable[..., Running]) -> None:
    running = start(apis=frozenset({"pieces"}))
    assert running.urls == {"pieces": running.base_url}
    assert get(f"{running.base_url}/database/export").status_code == 200
    assert get(f"{running.base_url}/ui/").status_code == 200
    for path in (
        "/api/ui/",
        "/api/openapi.json",
        "/api/databases/records/jobs/",
        f"/api/databases/{UNKNOWN}/records/",
    ):
        response = get(running.base_url + path)
        assert (response.status_code, media_type(response)) == (404, "text/plain"), path


def test_pixiebrix_alone(start: Callable[..., Running], connect: Callable[[Running], PixieBrix]) -> None:
    running = start(apis=frozenset({"pixiebrix"}))
    assert running.urls == {"pixiebrix": f"{running.base_url}/api"}
    assert connect(running).databases()
    assert get(f"{running.base_url}/api/ui/").status_code == 200
    for path in ("/database/export", "/ui/", "/openapi.json"):
        assert get(running.base_url + path).status_code == 404, path


# Several servers


def test_two_servers_in_one_process_know_nothing_of_each_other(
    server: Running, start: Callable[..., Running], connect: Callable[[Running], PixieBrix]
) -> None:
    first, second = connect(server), connect(start())
    before = second.databases()
    first.new_database("Only here")
    assert second.databases() == before
    assert requests.post(f"{server.base_url}/database/import", timeout=10).status_code == 204


def test_two_servers_of_one_seed_answer_alike(
    server: Running, start: Callable[..., Running], connect: Callable[[Running], PixieBrix]
) -> None:
    first, second = connect(server), connect(start())
    for pb in (first, second):
        pb.new_job(pb.new_database())
        pb.new_asset(pb.databases()[-1]["id"])
    database = first.databases()[-1]["id"]
    paths = [
        first.databases_path(),
        f"/databases/{database}/records/",
        f"/databases/{first.databases()[0]['id']}/records/",
    ]
    for path in paths:
        assert first.get(path).content == second.get(path).content
    assert (
        get(f"{first.running.base_url}/database/export").content
        == get(f"{second.running.base_url}/database/export").content
    )


def test_another_seed_is_another_sandbox(
    server: Running, start: Callable[..., Running], connect: Callable[[Running], PixieBrix]
) -> None:
    first, second = connect(server), connect(start(seed=2))
    assert {item["id"] for item in first.databases()}.isdisjoint(item["id"] for item in second.databases())


def test_a_port_that_is_taken_is_told(server: Running) -> None:
    port = int(server.base_url.rpartition(":")[2])
    with pytest.raises(StartError, match=str(port)), ServerThread(settings(port=port)):
        pass


def test_the_port_is_free_again_afterwards() -> None:
    with ServerThread(settings(data="empty")) as running:
        client = Client(running.base_url)
        assert client.get("/database/export").status_code == 200
        client.close()
        port = int(running.base_url.rpartition(":")[2])
    with socket.socket() as sock:
        assert sock.connect_ex(("127.0.0.1", port)) != 0
