"""`requests`, as most scripts use it: links, forms, redirects."""

from __future__ import annotations

import requests

from dbcontract import fixtures
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.server.run import Running


def test_links_lead_through_all_pages_of_the_records(
    server: Running, api: requests.Session, customers: str
) -> None:
    url: str | None = f"{server.urls['pixiebrix']}/databases/{customers}/records/?page_size=7"
    pages = []
    while url is not None:
        answer = api.get(url)
        assert answer.status_code == 200
        assert "last" not in answer.links
        assert "X-Total-Count" not in answer.headers
        pages.append([record["id"] for record in answer.json()])
        url = answer.links.get("next", {}).get("url")
    keys = [key for page in pages for key in page]
    assert [len(page) for page in pages] == [7] * 8 + [4]
    assert len(set(keys)) == len(keys) == 60


def test_links_of_a_counted_list_go_both_ways(server: Running, api: requests.Session) -> None:
    organization = next(iter(state_of(server.sandbox).organizations))
    first = api.get(f"{server.urls['pixiebrix']}/organizations/{organization}/databases/?page_size=1")
    assert first.headers["X-Total-Count"] == "3"
    assert set(first.links) == {"next", "last"}
    last = api.get(first.links["last"]["url"])
    assert set(last.links) == {"first", "prev"}
    middle = api.get(last.links["prev"]["url"])
    assert middle.json() == api.get(first.links["next"]["url"]).json()
    assert api.get(last.links["first"]["url"]).json() == first.json()


def test_a_picture_goes_up_by_form_and_comes_back_byte_for_byte(
    server: Running, api: requests.Session
) -> None:
    database = next(item.id for item in state_of(server.sandbox).databases.values() if item.type == "Asset")
    filename, content_type, picture = fixtures.builders.asset_file("png", 5)
    made = api.post(f"{server.urls['pixiebrix']}/databases/{database}/assets/", json={"filename": filename})
    assert made.status_code == 201
    asset = made.json()["asset"]
    place = f"{server.urls['pixiebrix']}/databases/{database}/assets/{asset['id']}"

    # No token here: the form's own fields are what opens the storage.
    stored = requests.post(
        made.json()["upload_url"],
        data=made.json()["fields"],
        files={"file": (filename, picture, content_type)},
        timeout=10,
    )
    assert stored.status_code == 204, stored.text
    assert api.get(place).status_code == 404
    assert api.patch(place, json={"is_uploaded": True}).json()["is_uploaded"] is True

    file = api.get(place)
    assert [step.status_code for step in file.history] == [302]
    assert file.content == picture
    assert file.headers["content-type"] == content_type
    assert filename in file.headers["content-disposition"]
