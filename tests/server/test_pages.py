"""Pages of lists: numbers, sizes, `Link` and `X-Total-Count` (contract: PixieBrix, Conventions)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .asking import AT_2_0, AUTH
from .client import CSV, V1, PixieBrix, detail_of
from .mock import DAY
from .places import READS, Environments, make_places
from .raw import literal

COUNT = 7
SIZES = [1, 2, 3, 6, 7, 8, 1_000]
LISTS = ["listDatabases", "listRecords", "listRecordArchives", "listAssets"]
COUNTED = [name for name in LISTS if name != "listRecords"]


@pytest.fixture
def full(pb: PixieBrix) -> Environments:
    """A database in the second organization; every list of it has seven items."""
    pb.organization = pb.organizations[1]
    pb.at("2024-05-03T12:00:00Z")
    places = make_places(pb)
    for number in range(COUNT - len(pb.databases())):
        pb.new_database(f"Another {number}")
    for number in range(1, COUNT):
        pb.new_asset(places.database, f"{number}.png")
    for number in range(1, COUNT):
        pb.wait(DAY)
        pb.put(places.database, f"record {number}", number=number, of="all")
    pb.wait(DAY)
    state = state_of(pb.running.sandbox).database(places.database)
    # The clock was moved back first, so these nights are still behind the next one that is due.
    for day in state.records.days():
        if day not in state.archives:
            rows = ((row[0], row[2], row[3], row[4]) for row in state.records.updated_on(day))
            state.add_archive(day, rows, pb.running.sandbox.ids)
    return places


def key_of(item: dict[str, Any]) -> str:
    return str(item.get("date", item["id"]))


def walk(pb: PixieBrix, response: requests.Response, relation: str = "next") -> list[requests.Response]:
    """This page and those that its links lead to."""
    pages = [response]
    while relation in pages[-1].links:
        pages.append(pb.get(pages[-1].links[relation]["url"]))
        assert pages[-1].status_code == 200
        assert len(pages) <= 2 * COUNT
    return pages


def page_of(url: str) -> int:
    return int(dict(parse_qsl(urlsplit(url).query))["page"])


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize("size", SIZES)
def test_the_pages_partition_the_list(pb: PixieBrix, full: Environments, operation: str, size: int) -> None:
    path = full.path(READS[operation])
    everything = pb.get(path, params={"page_size": 1000}).json()
    assert len({key_of(item) for item in everything}) == COUNT
    pages = walk(pb, pb.get(path, params={"page_size": size}))
    assert len(pages) == -(-COUNT // size)
    assert [len(page.json()) for page in pages[:-1]] == [size] * (len(pages) - 1)
    listed = [item for page in pages for item in page.json()]
    assert [key_of(item) for item in listed] == [key_of(item) for item in everything]

    back = walk(pb, pages[-1], "prev")
    assert [[key_of(item) for item in page.json()] for page in reversed(back)] == [
        [key_of(item) for item in page.json()] for page in pages
    ]


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize("size", SIZES)
def test_the_links_of_every_page(pb: PixieBrix, full: Environments, operation: str, size: int) -> None:
    path = full.path(READS[operation])
    last = -(-COUNT // size)
    for number in range(1, last + 1):
        response = pb.get(path, params={"page_size": size, "page": number})
        expected: dict[str, int] = {}
        if number > 1:
            expected |= {"first": 1, "prev": number - 1}
        if number < last:
            expected["next"] = number + 1
            if operation != "listRecords":
                expected["last"] = last
        links = {name: page_of(link["url"]) for name, link in response.links.items()}
        assert links == expected
        assert ("Link" in response.headers) == bool(expected)
        for link in response.links.values():
            assert dict(parse_qsl(urlsplit(link["url"]).query))["page_size"] == str(size)
            assert link["url"].startswith(pb.base_url + path)
    detail_of(pb.get(path, params={"page_size": size, "page": last + 1}), 404)


@pytest.mark.parametrize("operation", COUNTED)
def test_the_total_is_counted_on_every_page(pb: PixieBrix, full: Environments, operation: str) -> None:
    for page in (1, 2, 3):
        response = pb.get(full.path(READS[operation]), params={"page_size": 3, "page": page})
        assert response.headers["X-Total-Count"] == str(COUNT)


def test_records_are_not_counted(pb: PixieBrix, full: Environments) -> None:
    for page in (1, 2, 3):
        response = pb.get(full.path(READS["listRecords"]), params={"page_size": 3, "page": page})
        assert "X-Total-Count" not in response.headers
        assert "last" not in response.links


def test_an_empty_list_is_one_page(pb: PixieBrix) -> None:
    database = pb.new_database()
    empty = Environments(pb.organization, database, "", "")
    for operation in ("listRecords", "listRecordArchives", "listAssets"):
        response = pb.get(empty.path(READS[operation]))
        assert (response.status_code, response.json()) == (200, [])
        assert "Link" not in response.headers
        assert response.headers.get("X-Total-Count") == (None if operation == "listRecords" else "0")
        detail_of(pb.get(empty.path(READS[operation]), params={"page": 2}), 404)
        assert pb.get(empty.path(READS[operation]), params={"page": 1}).status_code == 200


@pytest.mark.parametrize("operation", LISTS)
def test_the_size_of_a_page_without_a_wish_is_100(pb: PixieBrix, operation: str) -> None:
    places = crowd(pb, operation, 101)
    response = pb.get(places.path(READS[operation]))
    assert len(response.json()) == 100
    assert page_of(response.links["next"]["url"]) == 2
    assert len(pb.get(response.links["next"]["url"]).json()) == 1


@pytest.mark.parametrize("operation", COUNTED)
def test_a_page_has_at_most_1000_items(pb: PixieBrix, operation: str) -> None:
    places = crowd(pb, operation, 1_001)
    for size in (1_000, 1_001, 10_000, 10**11):
        response = pb.get(places.path(READS[operation]), params={"page_size": size})
        assert len(response.json()) == 1_000
        assert response.headers["X-Total-Count"] == "1001"
        assert page_of(response.links["last"]["url"]) == 2
        assert len(pb.get(response.links["next"]["url"]).json()) == 1


def test_a_page_of_records_has_at_most_10000(pb: PixieBrix) -> None:
    places = crowd(pb, "listRecords", 10_001)
    path = places.path(READS["listRecords"])
    for size in (10_000, 10_001, 10**11):
        response = pb.get(path, params={"page_size": size})
        assert len(response.json()) == 10_000
        assert [item["id"] for item in pb.get(response.links["next"]["url"]).json()] == ["10000"]
    assert len(pb.get(path, params={"page_size": 9_999}).json()) == 9_999
    assert len(pb.get(path, params={"page_size": 10_000}, headers=CSV).text.splitlines()) == 10_001


def test_records_at_version_1_come_at_once_up_to_10000(pb: PixieBrix) -> None:
    path = crowd(pb, "listRecords", 10_001).path(READS["listRecords"])
    for params in ({}, {"page": "2"}, {"page_size": "5"}, {"page": "x", "page_size": "20000"}):
        response = pb.get(path, params=params, headers=V1)
        assert [item["id"] for item in response.json()] == [str(n) for n in range(10_000)]
        assert "Link" not in response.headers
        assert "X-Total-Count" not in response.headers
    assert len(pb.get(path, headers={"Accept": "text/csv; version=1.0"}).text.splitlines()) == 10_001


def crowd(pb: PixieBrix, operation: str, count: int) -> Environments:
    """Make one of the lists long; straight in the state where the API takes one item a request."""
    sandbox, state = pb.running.sandbox, state_of(pb.running.sandbox)
    database, now = pb.new_database(), pb.running.sandbox.now()
    if operation == "listRecords":
        pb.write(database, *({"id": str(n), "data": {}} for n in range(count)))
    for n in range(count):
        if operation == "listAssets":
            state.create_asset(database, f"{n}.png", now, sandbox.ids)
        elif operation == "listRecordArchives":
            state.database(database).add_archive(n, [(n * DAY, "x", n * DAY, b"{}")], sandbox.ids)
        elif operation == "listDatabases" and n < count - 4:
            state.create_database(
                pb.organization, f"{n}", "Asset", enforce_schema=False, now=now, new_id=sandbox.ids
            )
    return Environments(pb.organization, database, "", "")


# Links repeat the request


@pytest.mark.parametrize(
    "query",
    [
        "data__of=all",
        "data__of%3Dall",
        "data__of=all&data__number__isnull=false",
        "start_date=2024-05-01&end_date=2024-05-31&data__of=all",
        "unknown=%20x+y&data__of=all&empty=&flag",
        "data__of=%61ll",
    ],
)
def test_the_links_keep_the_filters_to_the_letter(pb: PixieBrix, full: Environments, query: str) -> None:
    path = full.path(READS["listRecords"])
    expected = pb.keys(full.database, data__of="all")
    assert len(expected) == COUNT - 1
    first = literal(pb.running.base_url, "GET", f"/api{path}?{query}&page_size=2", [AUTH, AT_2_0])
    assert f"?{query}&page_size=2&page=2>" in first.headers["Link"]
    pages = walk(pb, pb.get(f"{path}?{query}&page_size=2"))
    assert [item["id"] for page in pages for item in page.json()] == expected


def test_the_links_keep_the_order(pb: PixieBrix, full: Environments) -> None:
    pages = walk(pb, pb.get(full.path(READS["listRecordArchives"]) + "?ordering=date&page_size=2"))
    dates = [item["date"] for page in pages for item in page.json()]
    assert dates == sorted(dates)
    assert len(dates) == COUNT


@pytest.mark.parametrize("slash", ["/", ""])
@pytest.mark.parametrize("host", ["localhost:{port}", "mock.example.com", "[::1]:8080"])
def test_the_links_name_the_host_and_path_that_were_asked(
    pb: PixieBrix, full: Environments, host: str, slash: str
) -> None:
    host = host.format(port=urlsplit(pb.base_url).port)
    path = "/api" + full.path(READS["listAssets"]).rstrip("/") + slash
    headers = [AUTH, AT_2_0, ("Host", host)]
    answer = literal(pb.running.base_url, "GET", f"{path}?page_size=3&page=2", headers)
    urls = re.findall(r"<([^>]*)>", answer.headers["Link"])
    assert len(urls) == 4
    assert all(url.startswith(f"http://{host}{path}?page_size=3&page=") for url in urls)


def test_a_list_that_shrinks_while_it_is_walked(pb: PixieBrix, full: Environments) -> None:
    path = full.path(READS["listRecords"])
    last = pb.get(path, params={"page_size": 3, "page": 3})
    assert len(last.json()) == 1
    pb.request("DELETE", f"/databases/{full.database}/records/kept/")
    assert pb.get(path, params={"page_size": 3, "page": 2}).links.keys() == {"first", "prev"}
    detail_of(pb.get(path, params={"page_size": 3, "page": 3}), 404)
