"""Conditions and ranges of downloads (RFC 9110, 13 and 14), and what S3 refuses beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from dbcontract.mockserver.state.instants import SECOND
from dbcontract.mockserver.state.objects import StoredObject

if TYPE_CHECKING:
    from tests.storage.conftest import MiniSandbox

ErrorOf = Callable[[httpx.Response], dict[str, str]]
CONTENT = bytes(range(100))
KEY = "assets/d/a/f.bin"
THEN = "Fri, 15 Nov 2024 20:42:47 GMT"
BEFORE, AFTER = "Fri, 15 Nov 2024 20:42:46 GMT", "Fri, 15 Nov 2024 20:42:48 GMT"


@pytest.fixture
def stored(sandbox: MiniSandbox) -> MiniSandbox:
    sandbox.objects.put(KEY, StoredObject.of(CONTENT, "image/png", "f.bin", sandbox.time))
    return sandbox


@pytest.fixture
def etag(stored: MiniSandbox, client: httpx.Client) -> str:
    return client.get(stored.link(KEY)).headers["etag"]


CASES: list[tuple[dict[str, str], int]] = [
    ({"If-Match": "{etag}"}, 200),
    ({"If-Match": "*"}, 200),
    ({"If-Match": '"other", {etag}'}, 200),
    ({"If-Match": '"other"'}, 412),
    ({"If-Match": "W/{etag}"}, 412),
    ({"If-Match": ""}, 412),
    ({"If-None-Match": "{etag}"}, 304),
    ({"If-None-Match": "W/{etag}"}, 304),
    ({"If-None-Match": '"other" , W/{etag}'}, 304),
    ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": '"other"'}, 200),
    ({"If-Modified-Since": THEN}, 304),
    ({"If-Modified-Since": AFTER}, 304),
    ({"If-Modified-Since": BEFORE}, 200),
    ({"If-Modified-Since": "yesterday"}, 200),
    ({"If-Unmodified-Since": THEN}, 200),
    ({"If-Unmodified-Since": AFTER}, 200),
    ({"If-Unmodified-Since": BEFORE}, 412),
    ({"If-Unmodified-Since": "yesterday"}, 200),
    # a tag takes the place of a date
    ({"If-None-Match": '"other"', "If-Modified-Since": AFTER}, 200),
    ({"If-Match": "{etag}", "If-Unmodified-Since": BEFORE}, 200),
    # what must hold comes first
    ({"If-Match": '"other"', "If-None-Match": "{etag}"}, 412),
    ({"If-Match": "{etag}", "If-None-Match": "{etag}"}, 304),
    # conditions come before ranges
    ({"If-None-Match": "{etag}", "Range": "bytes=0-9"}, 304),
    ({"If-Match": "{etag}", "Range": "bytes=0-9"}, 206),
    ({"If-Match": '"other"', "Range": "bytes=500-"}, 412),
]


@pytest.mark.parametrize("case", CASES)
def test_conditions(
    stored: MiniSandbox, client: httpx.Client, error_of: ErrorOf, etag: str, case: tuple[dict[str, str], int]
) -> None:
    headers, status = case
    sent = {name: value.replace("{etag}", etag) for name, value in headers.items()}
    response = client.get(stored.link(KEY), headers=sent)
    assert response.status_code == status
    if status == 304:
        assert response.content == b""
        assert (response.headers["etag"], response.headers["last-modified"]) == (etag, THEN)
        assert "content-length" not in response.headers
    elif status == 412:
        assert error_of(response)["Code"] == "PreconditionFailed"
        assert error_of(response)["Condition"] in headers
    else:
        assert response.content == (CONTENT[:10] if status == 206 else CONTENT)


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        ("{etag}", 206),
        ('"other"', 200),
        ("W/{etag}", 200),
        (THEN, 206),
        (BEFORE, 200),
        (AFTER, 200),
        ("yesterday", 200),
    ],
)
def test_a_range_comes_only_of_what_the_client_has_begun_with(
    stored: MiniSandbox, client: httpx.Client, etag: str, if_range: str, status: int
) -> None:
    headers = {"Range": "bytes=50-", "If-Range": if_range.replace("{etag}", etag)}
    response = client.get(stored.link(KEY), headers=headers)
    assert (response.status_code, response.content) == (status, CONTENT[50:] if status == 206 else CONTENT)


def test_a_resumed_download_never_mixes_two_versions(
    stored: MiniSandbox, client: httpx.Client, etag: str
) -> None:
    link = stored.link(KEY)
    begun = client.get(link, headers={"Range": "bytes=0-49"}).content
    stored.objects.put(KEY, StoredObject.of(CONTENT[::-1], "image/png", "f.bin", stored.time + SECOND))
    resumed = client.get(link, headers={"Range": "bytes=50-", "If-Range": etag})
    assert (resumed.status_code, resumed.content) == (200, CONTENT[::-1])
    assert begun == CONTENT[:50]


def test_an_unsatisfiable_range_of_another_version_is_not_an_error(
    stored: MiniSandbox, client: httpx.Client
) -> None:
    headers = {"Range": "bytes=500-", "If-Range": '"other"'}
    assert client.get(stored.link(KEY), headers=headers).content == CONTENT


# What S3 refuses


@pytest.mark.parametrize("value", ["Token any", "Bearer secret", "Basic eDp5"])
def test_a_link_is_authorized_in_one_way_only(
    stored: MiniSandbox, client: httpx.Client, error_of: ErrorOf, value: str
) -> None:
    response = client.get(stored.link(KEY), headers={"Authorization": value})
    error = error_of(response)
    assert (response.status_code, error["Code"]) == (400, "InvalidArgument")
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("Authorization", value.split(maxsplit=1)[0])
    assert value.split()[1] not in response.text
    redirected = stored.link(KEY, from_redirect=True)
    assert client.get(redirected, headers={"Authorization": value}).content == CONTENT


def test_that_a_link_comes_from_a_redirect_is_signed(stored: MiniSandbox, client: httpx.Client) -> None:
    forged = stored.link(KEY) + "&x-from-redirect=1"
    assert client.get(forged, headers={"Authorization": "Token any"}).status_code == 403


def test_a_form_that_begins_with_its_file_has_no_key(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    url, fields = sandbox.form(KEY)
    form: dict[str, Any] = {
        "file": ("f.bin", b"content"),
        **{name: (None, value) for name, value in fields.items()},
    }
    response = client.post(url, files=form)
    error = error_of(response)
    assert (response.status_code, error["Code"], error["ArgumentName"]) == (400, "InvalidArgument", "key")
    assert KEY not in sandbox.objects


def test_a_compressed_form_is_refused_by_name(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    url, fields = sandbox.form(KEY)
    headers = {"Content-Encoding": "gzip"}
    response = client.post(url, data=fields, files={"file": b"content"}, headers=headers)
    assert (response.status_code, error_of(response)["ArgumentValue"]) == (415, "gzip")
    assert KEY not in sandbox.objects
