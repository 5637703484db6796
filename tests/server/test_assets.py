"""Assets from their creation to their download (contract: PixieBrix, Assets)."""

from __future__ import annotations

import struct
import zlib
from typing import Any
from urllib.parse import unquote

import pytest
import requests

from .client import UNKNOWN, PixieBrix, detail_of, errors_at, media_type
from .mock import HOUR, SECOND


def png(width: int = 3, height: int = 2) -> bytes:
    """A real, small picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + bytes(range(3 * width)) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


CONTENTS = {
    "png": png(),
    "every byte": bytes(range(256)) * 3,
    "empty": b"",
    "looks like a form": b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\ny\r\n--x--\r\n',
    "line ends": b"\r\n\r\n\n\r",
    "two megabytes": b"0123456789abcdef" * 131_072,
}


@pytest.fixture
def database(pb: PixieBrix) -> str:
    return pb.new_database("Pictures")


def path_of(created: dict[str, Any]) -> str:
    path: str = created["asset"]["download_url"].partition("/api")[2]
    return path


def upload(created: dict[str, Any], content: bytes, **fields: str) -> requests.Response:
    """Send the form that a creation described; without a token, as it goes to the storage."""
    files = {"file": (created["asset"]["filename"], content)}
    return requests.post(created["upload_url"], {**created["fields"], **fields}, files=files, timeout=30)


def mark(pb: PixieBrix, created: dict[str, Any], *, is_uploaded: bool = True) -> dict[str, Any]:
    response = pb.request("PATCH", path_of(created), json={"is_uploaded": is_uploaded})
    assert response.status_code == 200, response.text
    asset: dict[str, Any] = response.json()
    return asset


def download(pb: PixieBrix, created: dict[str, Any]) -> requests.Response:
    """Follow the redirect to the storage."""
    redirect = pb.get(path_of(created))
    assert redirect.status_code == 302
    assert redirect.content == b""
    response = requests.get(redirect.headers["Location"], timeout=30)
    assert response.status_code == 200, response.text
    return response


def ready(pb: PixieBrix, database: str, content: bytes, filename: str = "my-file.png") -> dict[str, Any]:
    """An asset that has been uploaded and marked so."""
    created = pb.new_asset(database, filename)
    assert upload(created, content).status_code == 204
    mark(pb, created)
    return created


# Metadata


def test_a_new_asset_is_not_uploaded(pb: PixieBrix, database: str) -> None:
    response = pb.post(f"/databases/{database}/assets/", json={"filename": "my-file.png"})
    assert response.status_code == 201
    created = response.json()
    assert set(created) == {"asset", "upload_url", "fields"}
    asset = created["asset"]
    assert asset == {
        "id": asset["id"],
        "download_url": f"{pb.base_url}/databases/{database}/assets/{asset['id']}/",
        "filename": "my-file.png",
        "is_uploaded": False,
        "created_at": "2024-05-10T12:00:00.000000Z",
        "updated_at": "2024-05-10T12:00:00.000000Z",
    }
    assert created["upload_url"].startswith("http://")
    assert all(isinstance(value, str) for value in created["fields"].values())
    assert pb.assets(database) == [asset]
    detail_of(pb.get(path_of(created)), 404)


def test_assets_are_listed_in_order_of_creation(pb: PixieBrix, database: str) -> None:
    created = [pb.new_asset(database, f"{n}.png") for n in range(5)]
    mark(pb, created[1])
    assert [item["filename"] for item in pb.assets(database)] == [f"{n}.png" for n in range(5)]
    assert [item["is_uploaded"] for item in pb.assets(database)] == [False, True, False, False, False]
    assert len({item["id"] for item in pb.assets(database)}) == 5


def test_read_only_fields_of_a_new_asset_are_ignored(pb: PixieBrix, database: str) -> None:
    body = {"filename": "x", "id": UNKNOWN, "is_uploaded": True, "created_at": 7, "download_url": "http://x"}
    asset = pb.post(f"/databases/{database}/assets/", json=body).json()["asset"]
    assert asset["id"] != UNKNOWN
    assert asset["is_uploaded"] is False
    assert asset["created_at"] == "2024-05-10T12:00:00.000000Z"


@pytest.mark.parametrize("value", ["true", "True", "1"])
def test_meta_is_the_metadata_whatever_the_state(pb: PixieBrix, database: str, value: str) -> None:
    created = pb.new_asset(database)
    url = f"{path_of(created)}?meta={value}"
    assert pb.get(url).json() == created["asset"]
    upload(created, b"x")
    assert pb.get(url).json() == created["asset"]
    marked = mark(pb, created)
    response = pb.get(url)
    assert (response.status_code, response.json()) == (200, marked)
    assert media_type(response) == "application/json"


@pytest.mark.parametrize("query", ["", "?meta=false", "?meta=0", "?meta=False", "?meta=true&meta=false"])
def test_without_meta_it_is_the_file(pb: PixieBrix, database: str, query: str) -> None:
    created = ready(pb, database, b"content")
    response = pb.get(path_of(created) + query, allow_redirects=True)
    assert response.content == b"content"


# Transitions


def test_only_a_marked_asset_can_be_downloaded(pb: PixieBrix, database: str) -> None:
    created = pb.new_asset(database)
    detail_of(pb.get(path_of(created)), 404)
    assert upload(created, b"content").status_code == 204
    detail_of(pb.get(path_of(created)), 404)
    mark(pb, created)
    assert download(pb, created).content == b"content"
    mark(pb, created, is_uploaded=False)
    detail_of(pb.get(path_of(created)), 404)
    mark(pb, created)
    assert download(pb, created).content == b"content"


def test_marking_moves_updated_at_alone(pb: PixieBrix, database: str) -> None:
    created = pb.new_asset(database)
    other = pb.new_asset(database, "other.png")["asset"]
    expected = created["asset"]
    for second, is_uploaded in enumerate((True, True, False), start=1):
        pb.wait(SECOND)
        expected |= {"is_uploaded": is_uploaded, "updated_at": f"2024-05-10T12:00:{second:02}.000000Z"}
        assert mark(pb, created, is_uploaded=is_uploaded) == expected
        assert pb.get(f"{path_of(created)}?meta=true").json() == expected
        assert pb.assets(database) == [expected, other]


def test_a_patch_ignores_read_only_fields(pb: PixieBrix, database: str) -> None:
    created = pb.new_asset(database)
    body = {
        "is_uploaded": True,
        "id": UNKNOWN,
        "filename": "other.png",
        "created_at": "2001-01-01T00:00:00Z",
        "updated_at": None,
        "download_url": 7,
    }
    response = pb.request("PATCH", path_of(created), json=body)
    assert response.json() == {**created["asset"], "is_uploaded": True}
    empty = pb.request("PATCH", path_of(created), json={})
    assert (empty.status_code, empty.json()) == (200, response.json())


def test_a_wrong_type_changes_nothing(pb: PixieBrix, database: str) -> None:
    created = pb.new_asset(database)
    pb.wait(SECOND)
    errors_at(pb.request("PATCH", path_of(created), json={"is_uploaded": "true"}), "is_uploaded")
    assert pb.assets(database) == [created["asset"]]


def test_marked_but_never_uploaded(pb: PixieBrix, database: str) -> None:
    created = pb.new_asset(database)
    mark(pb, created)
    redirect = pb.get(path_of(created))
    assert redirect.status_code == 302
    missing = requests.get(redirect.headers["Location"], timeout=10)
    assert missing.status_code == 404
    assert media_type(missing) == "application/xml"
    assert "<Code>NoSuchKey</Code>" in missing.text


def test_unknown_assets_and_those_of_another_database(pb: PixieBrix, database: str) -> None:
    created = ready(pb, database, b"content")
    other = pb.new_database("Other")
    asset_id = created["asset"]["id"]
    for path in (
        f"/databases/{database}/assets/{UNKNOWN}",
        f"/databases/{other}/assets/{asset_id}",
        f"/databases/{UNKNOWN}/assets/{asset_id}",
    ):
        for slash in ("", "/"):
            detail_of(pb.get(path + slash), 404)
            detail_of(pb.get(f"{path}{slash}?meta=true"), 404)
            detail_of(pb.request("PATCH", path + slash, json={"is_uploaded": False}), 404)
    detail_of(pb.get(f"/databases/{UNKNOWN}/assets/"), 404)
    detail_of(pb.post(f"/databases/{UNKNOWN}/assets/", json={"filename": "x"}), 404)
    assert pb.assets(other) == []
    assert download(pb, created).content == b"content"


def test_any_database_may_hold_assets(pb: PixieBrix) -> None:
    for database in pb.databases():
        created = ready(pb, database["id"], database["name"].encode())
        assert download(pb, created).content == database["name"].encode()


# The file


@pytest.mark.parametrize("name", CONTENTS)
def test_what_is_downloaded_is_what_was_uploaded(pb: PixieBrix, database: str, name: str) -> None:
    created = ready(pb, database, CONTENTS[name])
    response = download(pb, created)
    assert response.content == CONTENTS[name]
    assert response.headers["Content-Length"] == str(len(CONTENTS[name]))


def test_a_picture_arrives_as_a_picture(pb: PixieBrix, database: str) -> None:
    response = download(pb, ready(pb, database, png(), "chart.png"))
    assert media_type(response) == "image/png"
    assert response.content == png()
    assert response.headers["Content-Disposition"] == 'attachment; filename="chart.png"'


def test_the_form_may_name_the_type(pb: PixieBrix, database: str) -> None:
    created = pb.new_asset(database, "data")
    assert upload(created, b"{}", **{"Content-Type": "application/geo+json"}).status_code == 204
    mark(pb, created)
    assert media_type(download(pb, created)) == "application/geo+json"


def saved_name(disposition: str) -> str:
    """The file name as RFC 6266 has it read: the extended form goes before the plain one."""
    plain, _, extended = disposition.partition("; filename*=UTF-8''")
    return unquote(extended, errors="strict") if extended else plain.partition('"')[2].removesuffix('"')


@pytest.mark.parametrize(
    "filename",
    [
        "plain.png",
        "with space.png",
        "Größe ✓.png",
        "🦊.png",
        "a/b.png",
        "../../etc/passwd",
        "..",
        'say "x".png',
        "semi;colon.png",
        "percent%20.png",
        "back\\slash",
        "line\r\nbreak.png",
        "\x00.png",
        "x" * 255,
        "🦊" * 255,
        ".hidden",
        "no-suffix",
        "?query#fragment",
    ],
    ids=lambda name: ascii(name)[:20],
)
def test_the_file_keeps_its_name(pb: PixieBrix, database: str, filename: str) -> None:
    created = ready(pb, database, b"content", filename)
    assert created["asset"]["filename"] == filename
    assert pb.assets(database)[0]["filename"] == filename
    response = download(pb, created)
    assert response.content == b"content"
    disposition = response.headers["Content-Disposition"]
    assert disposition.isascii()
    assert disposition.startswith('attachment; filename="')
    assert saved_name(disposition) == filename


def test_a_later_upload_replaces_the_file(pb: PixieBrix, database: str) -> None:
    created = ready(pb, database, b"first")
    assert upload(created, b"second, longer").status_code == 204
    assert download(pb, created).content == b"second, longer"


def test_two_assets_of_one_name_are_two_files(pb: PixieBrix, database: str) -> None:
    first, second = ready(pb, database, b"first"), ready(pb, database, b"second")
    assert download(pb, first).content == b"first"
    assert download(pb, second).content == b"second"


# Links


def test_a_download_link_works_for_an_hour(pb: PixieBrix, database: str) -> None:
    created = ready(pb, database, b"content")
    link = pb.get(path_of(created)).headers["Location"]
    assert link.startswith("http://")
    pb.wait(HOUR - 1)
    assert requests.get(link, timeout=10).content == b"content"
    pb.wait(1)
    refused = requests.get(link, timeout=10)
    assert (refused.status_code, media_type(refused)) == (403, "application/xml")
    assert "<Code>AccessDenied</Code>" in refused.text
    assert download(pb, created).content == b"content"


def test_a_redirect_is_followed_with_or_without_the_token(pb: PixieBrix, database: str) -> None:
    created = ready(pb, database, b"content")
    assert pb.get(path_of(created), allow_redirects=True).content == b"content"
    link = pb.get(path_of(created)).headers["Location"]
    assert requests.get(link, headers={"Authorization": "Token wrong"}, timeout=10).content == b"content"


@pytest.mark.parametrize(
    "accept", ["*/*", "image/png", "image/*", "application/octet-stream", "text/html,*/*;q=0.8"]
)
def test_a_file_is_given_whatever_type_is_asked_for(pb: PixieBrix, database: str, accept: str) -> None:
    created = ready(pb, database, png())
    response = pb.get(path_of(created), headers={"Accept": accept}, allow_redirects=True)
    assert response.content == png()


def test_an_upload_must_be_signed_and_in_time(pb: PixieBrix, database: str) -> None:
    created = pb.new_asset(database)
    other = pb.new_asset(database, "other.png")
    mark(pb, created)
    mark(pb, other)
    for fields in (
        {"x-amz-signature": "0" * 64},
        {"key": other["fields"]["key"]},
        {"key": "elsewhere"},
        {"policy": other["fields"]["policy"]},
        {"x-amz-date": "20300101T000000Z"},
        {"acl": "public-read"},
    ):
        refused = upload(created, b"content", **fields)
        assert (refused.status_code, media_type(refused)) == (403, "application/xml"), fields
    bare = requests.post(created["upload_url"], files={"file": b"content"}, timeout=10)
    assert bare.status_code == 400
    without = requests.post(created["upload_url"], created["fields"], timeout=10)
    assert without.status_code in {400, 412}
    pb.wait(HOUR)
    assert upload(created, b"content").status_code == 403
    for item in (created, other):
        assert requests.get(pb.get(path_of(item)).headers["Location"], timeout=10).status_code == 404


def test_the_assets_of_the_small_data(pb: PixieBrix) -> None:
    assets = pb.assets(pb.databases()[2]["id"])
    assert [asset["is_uploaded"] for asset in assets] == [True, True, True, False]
    for asset in assets[:3]:
        response = pb.get(asset["download_url"], allow_redirects=True)
        assert (media_type(response), response.content[:4]) == ("image/png", b"\x89PNG")
    detail_of(pb.get(assets[3]["download_url"]), 404)
