from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import openpyxl
import pandas as pd  # type: ignore[import-untyped]
import pytest

from dbcontract.mockserver.apis.pixiebrix.keys import archive_key, asset_key, export_key
from dbcontract.mockserver.artifacts import CHUNK_ROWS
from dbcontract.mockserver.state.instants import DAY, HOUR, SECOND
from dbcontract.mockserver.state.objects import StoredObject
from dbcontract.mockserver.storage.app import Storage

if TYPE_CHECKING:
    from tests.storage.conftest import MiniSandbox

ErrorOf = Callable[[httpx.Response], dict[str, str]]
CONTENT = bytes(range(256)) * 3
KEY = asset_key("db", "asset", "täst.bin")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def stored(sandbox: MiniSandbox) -> MiniSandbox:
    sandbox.objects.put(KEY, StoredObject.of(CONTENT, "image/png", "täst.bin", sandbox.time))
    return sandbox


def test_the_bytes_come_back_with_type_name_and_etag(stored: MiniSandbox, client: httpx.Client) -> None:
    response = client.get(stored.link(KEY))
    assert (response.status_code, response.content) == (200, CONTENT)
    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-length"] == str(len(CONTENT))
    assert response.headers["content-disposition"].endswith("filename*=UTF-8''t%C3%A4st.bin")
    assert response.headers["etag"] == f'"{hashlib.md5(CONTENT).hexdigest()}"'
    assert response.headers["last-modified"] == "Fri, 15 Nov 2024 20:42:47 GMT"
    assert response.headers["accept-ranges"] == "bytes"


def test_a_link_may_choose_name_and_type(stored: MiniSandbox, client: httpx.Client) -> None:
    response = client.get(stored.link(KEY, filename="other.txt", content_type="text/plain; charset=utf-8"))
    assert response.headers["content-disposition"] == 'attachment; filename="other.txt"'
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_type_that_is_none_never_reaches_the_header(stored: MiniSandbox, client: httpx.Client) -> None:
    response = client.get(stored.link(KEY, content_type="text/plain\r\nX-Injected: 1"))
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/octet-stream"
    assert "x-injected" not in response.headers


def test_head_of_a_link_is_refused_for_it_is_signed_for_get(
    stored: MiniSandbox, client: httpx.Client
) -> None:
    headed = client.head(stored.link(KEY))
    assert (headed.status_code, headed.content) == (403, b"")
    assert headed.headers["content-type"] == "application/xml"


def test_a_link_below_a_prefix_works_at_that_prefix_and_the_signature_at_any(
    stored: MiniSandbox, client: httpx.Client
) -> None:
    below = stored.signer.presigned_get(f"{stored.base}/~one", KEY, stored.time)
    assert "/~one/_storage/" in below
    assert client.get(below).content == CONTENT
    assert client.get(below.replace("/~one", "")).content == CONTENT


def test_a_link_dies_exactly_at_its_hour_and_a_fresh_one_works(
    stored: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    url = stored.link(KEY)
    stored.time += HOUR - 1
    assert client.get(url).status_code == 200
    stored.time += 1
    response = client.get(url)
    assert response.status_code == 403
    error = error_of(response)
    assert (error["Code"], error["Message"]) == ("AccessDenied", "Request has expired")
    assert (error["X-Amz-Expires"], error["Expires"]) == ("3600", "2024-11-15T21:42:47.670046Z")
    assert client.head(url).status_code == 403
    assert client.get(stored.link(KEY)).content == CONTENT


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.partition("?")[0],
        lambda url: url.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000"),
        lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        lambda url: url + "&extra=1",
        lambda url: url.replace("/asset/", "/other/"),
        lambda url: url.replace("X-Amz-Signature", "x-amz-signature"),
        lambda url: url + "&X-Amz-Signature=%ff%00",
    ],
)
def test_no_link_but_ours_opens_anything(
    stored: MiniSandbox, client: httpx.Client, error_of: ErrorOf, change: Callable[[str], str]
) -> None:
    response = client.get(change(stored.link(KEY)))
    assert response.status_code == 403
    assert error_of(response) == {"Code": "AccessDenied", "Message": "Access Denied"}


@pytest.mark.parametrize(
    "path", ["/_storage", "/_storage/", "/_storage/%ff%fe", "/_storage/..%2f..", "/_storage//"]
)
def test_unsigned_paths_are_refused_alike(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf, path: str
) -> None:
    assert error_of(client.get(sandbox.base + path))["Code"] == "AccessDenied"


@pytest.mark.parametrize(
    "key", ["assets/db/asset/gone", "exports/none/x.json", "archives/none/2024-11-15.jsonl", "é & <b>"]
)
def test_an_unknown_key_is_not_found_by_name(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf, key: str
) -> None:
    response = client.get(sandbox.link(key))
    assert response.status_code == 404
    error = error_of(response)
    assert (error["Code"], error["Key"]) == ("NoSuchKey", key)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST", "PROPFIND"])
def test_other_methods_are_refused_and_told_which_work(
    stored: MiniSandbox, client: httpx.Client, error_of: ErrorOf, method: str
) -> None:
    response = client.request(method, stored.link(KEY))
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert error_of(response)["Code"] == "MethodNotAllowed"
    assert stored.objects.get(KEY) is not None


def test_the_root_takes_uploads_only(sandbox: MiniSandbox, client: httpx.Client) -> None:
    response = client.put(f"{sandbox.base}/_storage/", content=b"x")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("requested", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=700-", 700, 768),
        ("bytes=-5", 763, 768),
        ("bytes=-9999", 0, 768),
        ("bytes=767-99999", 767, 768),
        ("bytes=0-999999999999999999", 0, 768),
    ],
)
def test_one_range_is_cut_out(
    stored: MiniSandbox, client: httpx.Client, requested: str, start: int, stop: int
) -> None:
    response = client.get(stored.link(KEY), headers={"Range": requested})
    assert (response.status_code, response.content) == (206, CONTENT[start:stop])
    assert response.headers["content-range"] == f"bytes {start}-{stop - 1}/768"
    assert response.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize("requested", ["bytes=768-", "bytes=9999-99999", "bytes=-0"])
def test_a_range_past_the_end_cannot_be_satisfied(
    stored: MiniSandbox, client: httpx.Client, error_of: ErrorOf, requested: str
) -> None:
    response = client.get(stored.link(KEY), headers={"Range": requested})
    assert (response.status_code, response.headers["content-range"]) == (416, "bytes */768")
    assert error_of(response)["Code"] == "InvalidRange"


@pytest.mark.parametrize(
    "requested",
    ["bytes=0-1,3-4", "bytes=5-2", "bytes=-", "lines=1-2", "bytes", "bytes=a-b", "bytes=" + "9" * 5000 + "-"],
)
def test_what_is_not_a_single_range_is_ignored(
    stored: MiniSandbox, client: httpx.Client, requested: str
) -> None:
    response = client.get(stored.link(KEY), headers={"Range": requested})
    assert (response.status_code, response.content) == (200, CONTENT)
    assert "content-range" not in response.headers


def test_an_empty_object_is_whole(sandbox: MiniSandbox, client: httpx.Client) -> None:
    sandbox.objects.put("assets/d/a/e", StoredObject.of(b"", "text/plain", "e", sandbox.time))
    response = client.get(sandbox.link("assets/d/a/e"))
    assert (response.status_code, response.content, response.headers["content-length"]) == (200, b"", "0")


def test_an_object_larger_than_any_buffer_is_whole(sandbox: MiniSandbox, client: httpx.Client) -> None:
    content = bytes(range(256)) * 20_000
    sandbox.objects.put("assets/d/a/big", StoredObject.of(content, "text/plain", "big", sandbox.time))
    assert client.get(sandbox.link("assets/d/a/big")).content == content
    part = client.get(sandbox.link("assets/d/a/big"), headers={"Range": "bytes=300001-4000000"})
    assert part.content == content[300_001:4_000_001]


RECORDS = [(f"key {i}", {"n": i, "text": "a,b" if i % 2 else None}) for i in range(1201)]


def test_a_json_job_gives_all_records_of_its_databases(sandbox: MiniSandbox, client: httpx.Client) -> None:
    first, second = sandbox.database(*RECORDS), sandbox.database(("other", {"x": 1}))
    job = sandbox.job("Q4 Ü", "application/json", first, second)
    response = client.get(sandbox.link(export_key(job)))
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-disposition"].endswith("filename*=UTF-8''Q4%20%C3%9C.json")
    assert response.headers["etag"] == f'"{hashlib.md5(response.content).hexdigest()}"'
    items = response.json()
    assert [(item["database"], item["id"], item["data"]) for item in items] == [
        *((first.id, key, data) for key, data in RECORDS),
        (second.id, "other", {"x": 1}),
    ]
    assert items[0]["created_at"] == items[0]["updated_at"] == "2024-11-15T20:42:47.670046Z"


def test_a_csv_job_gives_a_table(sandbox: MiniSandbox, client: httpx.Client) -> None:
    job = sandbox.job("table", "text/csv", sandbox.database(*RECORDS))
    response = client.get(sandbox.link(export_key(job)))
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    frame = pd.read_csv(io.BytesIO(response.content))
    assert frame["data.n"].tolist() == list(range(1201))
    assert frame["id"].tolist() == [key for key, _ in RECORDS]


def test_an_xlsx_job_gives_a_workbook_that_can_be_fetched_in_parts(
    sandbox: MiniSandbox, client: httpx.Client
) -> None:
    job = sandbox.job("book", "application/xlsx", sandbox.database(*RECORDS))
    url = sandbox.link(export_key(job))
    response = client.get(url)
    assert response.headers["content-type"] == XLSX
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    assert book["records"].max_row == 1202
    assert client.get(url, headers={"Range": "bytes=100-199"}).content == response.content[100:200]


def test_an_artifact_holds_the_records_as_they_were_when_the_job_was_created(
    sandbox: MiniSandbox, client: httpx.Client
) -> None:
    database = sandbox.database(("kept", {"v": 1}))
    job = sandbox.job("snapshot", "application/json", database)
    sandbox.pixiebrix.clear_records(database.id, sandbox.time)
    assert [item["id"] for item in client.get(sandbox.link(export_key(job))).json()] == ["kept"]


def test_a_job_has_no_artifact_before_it_ends_nor_when_it_fails(
    sandbox: MiniSandbox, client: httpx.Client
) -> None:
    database = sandbox.database(("a", {}))
    job = sandbox.job("later", "application/json", database, duration_us=5 * SECOND)
    assert client.get(sandbox.link(export_key(job))).status_code == 404
    sandbox.time += 5 * SECOND
    assert client.get(sandbox.link(export_key(job))).status_code == 200
    job.error_message = "broken"
    assert client.get(sandbox.link(export_key(job))).status_code == 404
    job.error_message, job.finishes_at = None, None
    assert client.get(sandbox.link(export_key(job))).status_code == 404


def test_an_artifact_is_found_under_its_own_name_only(sandbox: MiniSandbox, client: httpx.Client) -> None:
    job = sandbox.job("mine", "application/json", sandbox.database(("a", {})))
    for key in (
        f"exports/{job.id}/other.json",
        f"exports/{job.id}/mine.csv",
        f"exports/{job.id}/",
        f"exports/{job.id}",
    ):
        assert client.get(sandbox.link(key)).status_code == 404


def test_a_workbook_that_cannot_be_made_is_not_an_artifact(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    job = sandbox.job("large", "application/xlsx", sandbox.database(("a", {"f": "x" * 40_000})))
    assert error_of(client.get(sandbox.link(export_key(job))))["Code"] == "NoSuchKey"


def test_an_archive_holds_the_last_version_of_each_record_of_its_day(
    sandbox: MiniSandbox, client: httpx.Client
) -> None:
    database = sandbox.database(("a", {"v": 1}), ("b", {"v": 1}))
    sandbox.pixiebrix.put_records(database.id, [("a", {"v": 2}, sandbox.replace)], sandbox.time + 1)
    day = sandbox.time // DAY
    key = archive_key(database.id, day)
    assert client.get(sandbox.link(key)).status_code == 404
    sandbox.time = (day + 1) * DAY
    response = client.get(sandbox.link(key))
    assert urlsplit(str(response.url)).path.endswith("/2024-11-15.jsonl")
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["content-disposition"] == 'attachment; filename="2024-11-15.jsonl"'
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert {line["id"]: line["data"]["v"] for line in lines} == {"a": 2, "b": 1}
    assert {line["database"] for line in lines} == {database.id}


@pytest.mark.parametrize(
    "name", ["2024-11-15", "2024-11-15.jsonl.jsonl", "2024-1-15.jsonl", "x.jsonl", "", "2024-11-15.json"]
)
def test_only_the_exact_name_of_an_archive_is_known(
    sandbox: MiniSandbox, client: httpx.Client, name: str
) -> None:
    database = sandbox.database(("a", {}))
    sandbox.time += DAY
    sandbox.now()
    assert list(database.archives)
    assert client.get(sandbox.link(f"archives/{database.id}/{name}")).status_code == 404


@pytest.mark.parametrize("media_type", ["application/json", "text/csv", "application/xlsx"])
def test_others_run_while_an_artifact_is_rendered(sandbox: MiniSandbox, media_type: str) -> None:
    job = sandbox.job("slow", media_type, sandbox.database(*RECORDS))

    async def scenario() -> int:
        turns = 0
        rendering = asyncio.ensure_future(Storage().find(sandbox, export_key(job), sandbox.time))
        while not rendering.done():
            turns += 1
            await asyncio.sleep(0)
        (await rendering).file.close()
        return turns

    assert asyncio.run(scenario()) > 1201 // CHUNK_ROWS


def test_an_artifact_larger_than_the_memory_set_aside_is_whole(
    sandbox: MiniSandbox, client: httpx.Client
) -> None:
    text = "x" * 1000
    database = sandbox.database(*((f"k{i}", {"text": text}) for i in range(20_000)))
    response = client.get(sandbox.link(export_key(sandbox.job("large", "application/json", database))))
    assert len(response.content) > 20_000_000
    assert [item["id"] for item in response.json()] == [f"k{i}" for i in range(20_000)]
