"""The servers do what the documents say: seen with plain requests, without the kit."""

import io
import json
import re
from urllib.parse import urljoin

import openpyxl
import pytest

from .asking import Client, ask
from .running import RECORD_LIMIT, Foreign


@pytest.fixture
def call(foreign: Foreign) -> Client:
    return Client(foreign)


def test_a_full_export_fills_an_empty_instance(foreign: Foreign) -> None:
    status, export, _ = ask(f"{foreign.pieces}/database/export")
    assert status == 200
    assert ask(f"{foreign.second}/database/import", export, "POST", Content_Type="application/json")[0] == 204
    state = foreign.snapshot()
    assert state["second"] == state["pieces"]


def test_an_export_of_a_newer_server_changes_nothing(foreign: Foreign) -> None:
    before = foreign.snapshot()
    export = json.loads(ask(f"{foreign.pieces}/database/export")[1])
    assert ask(f"{foreign.pieces}/database/import", export | {"version": "999.0.0"})[0] == 505
    assert foreign.snapshot() == before


def test_every_format_exports_the_same_records(call: Client) -> None:
    ids = {item["id"] for item in json.loads(call.exported("application/json"))}
    assert len(ids) == 90
    table = call.exported("text/csv").decode().split("\r\n")
    assert len([line for line in table if line]) == 91
    sheet = openpyxl.load_workbook(io.BytesIO(call.exported("application/xlsx")), read_only=True).worksheets[
        0
    ]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert {row[rows[0].index("id")] for row in rows[1:]} == ids


def test_links_lead_through_all_records_once(call: Client) -> None:
    url, seen = f"/databases/{call.server.kept[0]}/records/?page_size=40", []
    for _ in range(3):
        _, body, headers = call(url)
        seen += [record["id"] for record in json.loads(body)]
        following = re.search(r'<([^>]*)>[^<]*rel="?next\b', ", ".join(headers.get_all("Link", [])))
        if following:
            url = urljoin(call.server.pixiebrix + url, following[1]).removeprefix(call.server.pixiebrix)
    assert following is None
    assert len(seen) == len(set(seen)) == 90


def test_a_file_goes_up_through_the_form_and_comes_back(call: Client) -> None:
    made = call.json(f"/databases/{call.server.databases[-1]}/assets/", {"filename": "it's ümlaut.bin"})
    content = bytes(range(256)) + b"\r\n--x\r\n"
    form = b"".join(
        f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in made["fields"].items()
    )
    file = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n' + content
    kind = "multipart/form-data; boundary=limit"
    assert ask(made["upload_url"], form + file + b"\r\n--limit--\r\n", Content_Type=kind)[0] in {201, 204}
    address = f"/databases/{call.server.databases[-1]}/assets/{made['asset']['id']}"
    assert call(address)[0] == 404
    assert call(address, {"is_uploaded": True}, "PATCH")[0] == 200
    status, body, headers = call(address)
    if status == 302:
        assert (
            ask(headers["Location"], Authorization="Token x")[0] == 400
        )  # the storage takes one proof, not two
        status, body, headers = ask(headers["Location"])
    assert (status, body) == (200, content)


def test_the_night_archives_the_oldest_dates_of_a_database_that_is_too_full(call: Client) -> None:
    more = [{"data": {"number": number}} for number in range(RECORD_LIMIT - 80)]
    assert call(f"/databases/{call.server.kept[0]}/records/", more)[0] == 201
    before = call.json(f"/databases/{call.server.kept[0]}/records/?page_size=1000")
    call.server.administer("advance?seconds=86400")
    call.server.administer("nightly")
    after = call.json(f"/databases/{call.server.kept[0]}/records/?page_size=1000")
    gone = {record["id"] for record in before} - {record["id"] for record in after}
    assert gone
    assert len(after) <= RECORD_LIMIT
    assert {record["created_at"][:10] for record in before if record["id"] in gone}.isdisjoint(
        record["created_at"][:10] for record in after
    )
    path = f"/organizations/{call.server.organization}/databases/{call.server.kept[0]}/record-archives/"
    archives = call.json(f"{path}?ordering=date")
    assert [each["date"] for each in archives] == sorted(each["date"] for each in archives)


def test_tokens_bound_what_may_be_done(foreign: Foreign) -> None:
    url = f"{foreign.pixiebrix}/databases/{foreign.databases[0]}/records/"
    assert ask(url)[0] == 401
    assert ask(url, Authorization="Token wrong")[0] == 401
    reader = f"Token {foreign.read_only_token}"
    assert ask(url, Authorization=reader)[0] == 200
    assert ask(url, {"data": {}}, Authorization=reader)[0] == 403
    foreign_url = f"{foreign.pixiebrix}/databases/{foreign.foreign_database}/records/"
    assert ask(foreign_url, Authorization=f"Token {foreign.token}")[0] == 404
