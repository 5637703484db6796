from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbcontract.mockserver.apis.pixiebrix.keys import asset_key
from dbcontract.mockserver.state.instants import HOUR
from dbcontract.mockserver.storage.signing import MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from tests.storage.conftest import MiniSandbox

ErrorOf = Callable[[httpx.Response], dict[str, str]]
Raw = Callable[[bytes], bytes]
EVERY_BYTE = bytes(range(256)) * 2 + b"\r\n--boundary\r\n--boundary--\r\n"
KEY = "assets/d/a/f.bin"


def post(
    client: httpx.Client, url: str, fields: dict[str, str], content: bytes, **part: Any
) -> httpx.Response:
    file = (part.get("name", "f.bin"), content, *([part["type"]] if "type" in part else []))
    return client.post(url, data=fields, files={"file": file})


@pytest.mark.parametrize(
    "content", [b"", b"x", EVERY_BYTE, EVERY_BYTE * 5000], ids=["empty", "one", "all", "large"]
)
def test_what_is_uploaded_comes_back_byte_for_byte(
    sandbox: MiniSandbox, client: httpx.Client, content: bytes
) -> None:
    url, fields = sandbox.form()
    response = post(client, url, fields, content)
    etag = f'"{hashlib.md5(content).hexdigest()}"'
    assert (response.status_code, response.content, response.headers["etag"]) == (204, b"", etag)
    got = client.get(sandbox.link(KEY))
    assert (got.status_code, got.content, got.headers["etag"]) == (200, content, etag)


def test_requests_can_upload_as_amazon_shows_it(sandbox: MiniSandbox) -> None:
    url, fields = sandbox.form(max_bytes=4)
    assert requests.post(url, data=fields, files={"file": ("f.bin", b"data")}, timeout=30).status_code == 204
    stored = sandbox.objects.get(KEY)
    assert stored is not None
    assert (stored.content, stored.filename, stored.stored_at) == (b"data", "f.bin", sandbox.time)


@pytest.mark.parametrize("filename", ["日本 ü.png", 'a"b.png', "a/b.png", "..", "line\nfeed", "100%.png"])
def test_any_file_name_can_be_uploaded_and_downloaded(
    sandbox: MiniSandbox, client: httpx.Client, filename: str
) -> None:
    key = asset_key("d", "a", filename)
    url, fields = sandbox.form(key, filename)
    assert post(client, url, fields, b"data", name="something else").status_code == 204
    stored = sandbox.objects.get(key)
    assert stored is not None
    assert stored.filename == filename
    assert client.get(sandbox.link(key)).content == b"data"


@pytest.mark.parametrize("prefix", ["", "/~one"])
def test_the_location_is_where_the_object_is(sandbox: MiniSandbox, client: httpx.Client, prefix: str) -> None:
    key = asset_key("d", "a", "ü b.png")
    url, fields = sandbox.signer.presigned_post(sandbox.base + prefix, key, sandbox.time, filename="ü b.png")
    response = post(client, url, fields, b"data")
    assert response.headers["location"] == f"{sandbox.base}{prefix}/_storage/assets/d/a/%C3%BC%20b.png"
    assert sandbox.signer.presigned_get(sandbox.base + prefix, key, 0).startswith(
        response.headers["location"] + "?"
    )


@pytest.mark.parametrize(
    ("claims", "filename", "expected"),
    [
        (("image/webp", "image/png"), "f.gif", "image/webp"),
        ((None, "image/png"), "f.gif", "image/png"),
        ((None, "application/octet-stream"), "f.gif", "image/gif"),
        ((None, "text/plain; charset=utf-16"), "f.gif", "text/plain; charset=utf-16"),
        (("no type at all", "neither"), "f.gif", "image/gif"),
        (("text/plain\r\nX-Injected: 1", "image/png"), "f", "image/png"),
        ((None, "image/" + "x" * 300), "f.unheard-of", "application/octet-stream"),
        ((None, "application/octet-stream"), "f.tar.gz", "application/octet-stream"),
    ],
)
def test_the_content_type(
    sandbox: MiniSandbox, client: httpx.Client, claims: tuple[str | None, str], filename: str, expected: str
) -> None:
    field, part = claims
    url, fields = sandbox.form(filename=filename)
    extra = {} if field is None else {"Content-Type": field}
    assert post(client, url, {**fields, **extra}, b"x", type=part).status_code == 204
    assert client.get(sandbox.link(KEY)).headers["content-type"] == expected


def test_a_second_upload_replaces_the_first(sandbox: MiniSandbox, client: httpx.Client) -> None:
    url, fields = sandbox.form()
    post(client, url, fields, b"first")
    sandbox.time += HOUR - 1
    assert post(client, url, fields, b"second").status_code == 204
    assert client.get(sandbox.link(KEY)).content == b"second"


def test_after_its_hour_a_form_uploads_nothing(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    url, fields = sandbox.form()
    sandbox.time += HOUR
    response = post(client, url, fields, b"late")
    assert response.status_code == 403
    assert error_of(response)["Message"] == "Invalid according to Policy: Policy expired."
    assert len(sandbox.objects) == 0


@pytest.mark.parametrize("name", ["key", "policy", "x-amz-signature", "x-amz-date", "success_action_status"])
@pytest.mark.parametrize("value", [None, "", "assets/d/other/f.bin", "é"])
def test_a_changed_form_uploads_nothing(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf, name: str, value: str | None
) -> None:
    url, fields = sandbox.form()
    changed = {key: text for key, text in {**fields, name: value}.items() if text is not None}
    response = post(client, url, changed, b"x")
    assert response.status_code == 403
    assert error_of(response)["Code"] == "AccessDenied"
    assert len(sandbox.objects) == 0


def test_field_names_are_read_in_any_case(sandbox: MiniSandbox, client: httpx.Client) -> None:
    url, fields = sandbox.form()
    assert post(client, url, {name.title(): value for name, value in fields.items()}, b"x").status_code == 204


def test_an_extra_field_is_refused_by_name(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    url, fields = sandbox.form()
    response = post(client, url, {**fields, "acl": "public-read"}, b"x")
    assert (response.status_code, "acl" in error_of(response)["Message"]) == (403, True)


def test_a_file_above_the_policys_size_is_refused(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    url, fields = sandbox.form(max_bytes=1000)
    assert post(client, url, fields, b"x" * 1000).status_code == 204
    response = post(client, url, fields, b"y" * 1001)
    assert response.status_code == 400
    error = error_of(response)
    assert (error["Code"], error["ProposedSize"], error["MaxSizeAllowed"]) == (
        "EntityTooLarge",
        "1001",
        "1000",
    )
    assert client.get(sandbox.link(KEY)).content == b"x" * 1000


def test_the_largest_file_fits_and_a_body_beyond_is_cut_off(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    url, fields = sandbox.form()
    largest = bytes(MAX_UPLOAD_BYTES)
    assert post(client, url, fields, largest).status_code == 204
    response = post(client, url, fields, largest + b"x")
    assert (response.status_code, error_of(response)["Code"]) == (400, "EntityTooLarge")
    response = post(client, url, fields, largest + bytes(2 * 1024 * 1024))
    assert (response.status_code, error_of(response)["Code"]) == (400, "EntityTooLarge")
    assert client.get(sandbox.base + "/_storage/").status_code == 403, "the connection is still of use"


def test_a_body_of_unknown_length_is_cut_off_too(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    url, _ = sandbox.form()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    pieces = (head if i == 0 else bytes(1024 * 1024) for i in range(103))
    response = client.post(url, content=pieces, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert (response.status_code, error_of(response)["Code"]) == (400, "EntityTooLarge")
    assert len(sandbox.objects) == 0


def multipart(*parts: tuple[str, bytes], end: bytes = b"--b--\r\n") -> bytes:
    return (
        b"".join(
            b"--b\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (d.encode(), c) for d, c in parts
        )
        + end
    )


def send(
    client: httpx.Client, url: str, body: bytes, declared: str = "multipart/form-data; boundary=b"
) -> httpx.Response:
    return client.post(url, content=body, headers={"Content-Type": declared})


def parts_of(fields: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(f'name="{name}"', value.encode()) for name, value in fields.items()]


@pytest.mark.parametrize("charset", ["", "; charset=utf-16", "; charset=nonsense"])
def test_a_file_part_without_a_file_name_is_a_file_too(
    sandbox: MiniSandbox, client: httpx.Client, charset: str
) -> None:
    url, fields = sandbox.form("assets/d/a/ü.bin")
    content = EVERY_BYTE.replace(b"--b", b"")
    body = multipart(*parts_of(fields), ('name="file"', content))
    assert send(client, url, body, f"multipart/form-data; boundary=b{charset}").status_code == 204
    assert client.get(sandbox.link("assets/d/a/ü.bin")).content == content


def test_what_follows_the_file_is_ignored(sandbox: MiniSandbox, client: httpx.Client) -> None:
    url, fields = sandbox.form()
    body = multipart(*parts_of(fields), ('name="file"; filename="f"', b"x"), ('name="acl"', b"y"))
    assert send(client, url, body).status_code == 204


def test_fields_after_the_file_are_no_fields(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    url, fields = sandbox.form()
    key, *others = parts_of(fields)
    body = multipart(key, ('name="file"; filename="f"', b"x"), *others)
    assert error_of(send(client, url, body))["Code"] == "AccessDenied"


def test_a_form_needs_its_file_and_each_field_once(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf
) -> None:
    url, fields = sandbox.form()
    file = ('name="file"; filename="f"', b"x")
    for parts in (
        parts_of(fields),
        [*parts_of(fields), parts_of(fields)[0], file],
        [*parts_of(fields), ('name="other"; filename="f"', b"x"), file],
    ):
        response = send(client, url, multipart(*parts))
        assert (response.status_code, error_of(response)["Code"]) == (400, "InvalidArgument")
    assert len(sandbox.objects) == 0


@pytest.mark.parametrize(
    "declared",
    ["", "application/json", "application/x-www-form-urlencoded", "multipart/mixed; boundary=b", "é", ";;;="],
)
def test_a_body_that_is_not_a_form_fails_the_precondition(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf, declared: str
) -> None:
    url, _ = sandbox.form()
    response = client.post(url, content=b"{}", headers={b"Content-Type": declared.encode("latin-1")})
    assert (response.status_code, error_of(response)["Code"]) == (412, "PreconditionFailed")


@pytest.mark.parametrize(
    ("declared", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=", b"--\r\n"),
        ("multipart/form-data; boundary=b", b"nonsense"),
        ("multipart/form-data; boundary=b", multipart(("nothing", b"x"))),
        ("multipart/form-data; boundary=b", multipart(('filename="f"', b"x"))),
        ("multipart/form-data; boundary=b", multipart(*[(f'name="f{i}"', b"x") for i in range(200)])),
        ("multipart/form-data; boundary=b", multipart(('name="f"', bytes(2_000_000)))),
        ('multipart/form-data; boundary="b\\"c"', b"--b"),
    ],
)
def test_a_malformed_form_is_said_to_be_malformed(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf, declared: str, body: bytes
) -> None:
    url, _ = sandbox.form()
    response = send(client, url, body, declared)
    assert (response.status_code, error_of(response)["Code"]) == (400, "MalformedPOSTRequest")


@pytest.mark.parametrize("cut", [3, 4, 8, 60, 200, 400])
def test_a_form_that_breaks_off_stores_nothing(
    sandbox: MiniSandbox, client: httpx.Client, error_of: ErrorOf, cut: int
) -> None:
    url, fields = sandbox.form()
    body = multipart(*parts_of(fields), ('name="file"; filename="f"', b"x" * 100))
    assert send(client, url, body).status_code == 204
    sandbox.objects.delete(KEY)
    response = send(client, url, body[:-cut])
    assert (response.status_code, error_of(response)["Code"]) == (400, "MalformedPOSTRequest")
    assert len(sandbox.objects) == 0


def test_a_client_that_goes_away_leaves_nothing_behind(
    sandbox: MiniSandbox, client: httpx.Client, raw: Raw
) -> None:
    head = b"POST /_storage/ HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    body = multipart(('name="file"; filename="f"', b"x" * 100))
    assert b" 204 " not in raw(head + b"Content-Length: 100000\r\n\r\n" + body)
    assert client.get(sandbox.base + "/_storage/").status_code == 403
    assert len(sandbox.objects) == 0


def test_without_a_host_the_location_has_the_address_of_the_server(sandbox: MiniSandbox, raw: Raw) -> None:
    _, fields = sandbox.form()
    body = multipart(*parts_of(fields), ('name="file"; filename="f"', b"x"))
    head = b"POST /_storage/ HTTP/1.0\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    answer = raw(head + b"Content-Length: %d\r\n\r\n" % len(body) + body).lower()
    assert b" 204 " in answer.partition(b"\r\n")[0]
    assert f"\r\nlocation: {sandbox.base}/_storage/assets/d/a/f.bin\r\n".encode() in answer


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.binary(max_size=200),
    st.sampled_from(
        [b"", b"--b\r\n", b"--b\r\nContent-Disposition: form-data; name=", b"--b\r\nContent-Disposition: "]
    ),
    st.sampled_from(["multipart/form-data; boundary=b", "multipart/form-data; boundary=b; charset=utf-7"])
    | st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20).map(
        # A client may send no header value that ends in a blank (RFC 9110, 5.5).
        lambda text: f"multipart/form-data; boundary={text}".rstrip(" \xa0\x85")
    ),
)
def test_no_bytes_whatever_bring_the_storage_down(
    sandbox: MiniSandbox, client: httpx.Client, body: bytes, lead: bytes, declared: str
) -> None:
    response = client.post(
        f"{sandbox.base}/_storage/",
        content=lead + body,
        headers={b"Content-Type": declared.encode("latin-1")},
    )
    assert response.status_code in {400, 403, 412}
    assert response.content.startswith(b"<?xml")
    assert len(sandbox.objects) == 0
