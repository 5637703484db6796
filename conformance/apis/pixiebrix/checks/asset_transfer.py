"""The files of assets: upload and download."""

from __future__ import annotations

import re
from contextlib import suppress
from email.message import Message
from typing import Final
from urllib.parse import unquote

from ....authoring.answer import Answer
from ....authoring.arrange import field_of, step
from ....authoring.check import CheckFailed, check
from ....environment.session import same_origin, target_headers
from ....http.wire import REDIRECTS, Request
from .. import asset_details
from ..arrange import Asset
from ..context import PixieBrix

_SIZES = (1, 65_537, (1 << 20) + 1)
_ALL_BYTES: Final = (bytes(range(256)) + b"\r\n\n\r\r\n\x1a--\r\n\xef\xbb\xbf\x00") * 1_000
"""Every byte, line breaks of all kinds, and what is easily taken for the end of something.

More of it than is usually read or sent as one piece.
"""

_PNG: Final = bytes.fromhex(
    "89504e470d0a1a0a 0000000d49484452 00000001000000010100000000 376ef924"
    "0000000a49444154 789c6360000000020001 48afa471 0000000049454e44ae426082"
)
"""A picture of one pixel (Portable Network Graphics)."""


@check("PB-ASSET-10")
def the_download_url_can_be_followed(ctx: PixieBrix) -> None:
    """Follows `download_url` of an uploaded asset as it is, trailing slash and all, with the token, and
    compares the bytes.
    """
    content = ctx.name("content").encode()
    asset = ctx.given.uploaded_asset(content)
    with step("PB-ASSET-08", "read the download_url"):
        url = str(field_of(asset_details.metadata(ctx, asset), "download_url"))
    if not same_origin(ctx.base_url, url):
        ctx.skip(f"the token is not sent to another origin than the target's, and download_url is {url}")
    headers = (("Accept", "*/*; version=2.0"), *target_headers(ctx.endpoint, url, auth=True))
    answer = ctx.send(Request("GET", url, headers), follow=True)
    ctx.expect("the bytes behind download_url", content, answer.expect_status(200).content)


@check("PB-ASSET-17")
def a_file_can_be_uploaded(ctx: PixieBrix) -> None:
    """Creates an asset and posts the form of its fields and a few bytes, without a token."""
    answer = ctx.given.upload(ctx.given.asset(), b"probe")
    ctx.expect_true(
        "the answer to the upload", answer.status // 100 == 2, expected="a 2xx", actual=answer.summary
    )


@check("PB-ASSET-18")
def an_uploaded_asset_can_be_downloaded(ctx: PixieBrix) -> None:
    """Uploads, marks and downloads an asset, and expects a file, which metadata or a link in JSON are not."""
    asset = ctx.given.uploaded_asset(b"probe")
    answer = asset_details.download(ctx, asset).expect_status(200)
    file = answer.content and not _is_json_object(answer)
    ctx.expect_true("the body of the download", file, expected="a file", actual=answer.summary)


@check("PB-ASSET-19", control="getAsset")
def without_the_mark_there_is_no_download(ctx: PixieBrix) -> None:
    """Uploads a file without marking the asset, and asks for its download."""
    asset = ctx.given.asset()
    with step("PB-ASSET-17", "upload the file of an asset"):
        ctx.given.upload(asset, b"probe").expect_status(200, 201, 204)
    asset_details.download(ctx, asset, follow=False).expect_status(404)


@check("PB-ASSET-20")
def the_bytes_are_the_same(ctx: PixieBrix) -> None:
    """Uploads 270,000 bytes, all 256 values and line breaks of all kinds among them, also at both ends, and
    nothing but blanks, and compares.
    """
    database = ctx.given.database(assets=True)
    for content in (
        _ALL_BYTES,
        b"\r\n" + _ALL_BYTES + b"\r\n",
        b" \n" + _ALL_BYTES[:100] + b"\n\n",
        b" \r\n",
    ):
        asset = ctx.given.uploaded_asset(
            content, database=database, filename="probe.bin", content_type="application/octet-stream"
        )
        ctx.expect("the bytes of the download", content, _downloaded(ctx, asset).content)


@check("PB-ASSET-21")
def a_download_has_the_file_name(ctx: PixieBrix) -> None:
    """Downloads assets with a plain and with odd names, and looks for these in Content-Disposition, in any of
    its forms.
    """
    database = ctx.given.database(assets=True)
    for end in (".txt", " Gr\u00f6\u00dfe \u6771\u4eac.txt", " a%20b+c (1), d.txt"):
        name = ctx.name("asset") + end
        asset = ctx.given.uploaded_asset(
            b"probe", database=database, filename=name, content_type="text/plain"
        )
        disposition = _downloaded(ctx, asset).expect_header("Content-Disposition")
        ctx.expect_true(
            "the file name in Content-Disposition",
            name in _names(disposition),
            expected=name,
            actual=disposition,
        )


def _names(disposition: str) -> set[str | None]:
    """The file names of a header, in each of the forms that RFC 6266 has, and as bare UTF-8."""
    header = Message()
    header["Content-Disposition"] = disposition
    extended = re.search(r"filename\*=utf-8'[^']*'([^;]+)", disposition, re.IGNORECASE)
    plain = header.get_filename()
    bare = plain.encode("latin-1", "replace").decode("utf-8", "replace") if plain else plain
    return {plain, bare, unquote(extended[1].strip()) if extended else plain}


@check("PB-ASSET-20")
def the_last_upload_counts(ctx: PixieBrix) -> None:
    """Uploads other files by one form, before and after the mark, one of no bytes; each may be refused."""
    asset, expected = ctx.given.asset(filename="probe.bin"), b""
    for content in (b"the first", b"another, and longer", b"short", b""):
        if content == b"short":
            ctx.given.marked(asset)
        if ctx.given.upload(asset, content, content_type="application/octet-stream").status // 100 == 2:
            expected = content
        if content == b"short":
            ctx.expect("the bytes of the download", expected, _downloaded(ctx, asset).content)
    ctx.given.marked(asset)
    ctx.expect("the bytes of the download", expected, _downloaded(ctx, asset).content)


@check("PB-ASSET-22")
def a_download_redirects(ctx: PixieBrix) -> None:
    """Asks for the download of an uploaded asset without following redirects."""
    asset = ctx.given.uploaded_asset(b"probe")
    answer = asset_details.download(ctx, asset, follow=False).expect_status(*sorted(REDIRECTS), 200)
    if answer.status == 200:
        ctx.expect("the bytes of the answer", b"probe", answer.content)
    else:
        answer.expect_header("Location")


@check("PB-ASSET-24")
def an_unmarked_asset_can_be_marked_again(ctx: PixieBrix) -> None:
    """Uploads, marks, unmarks and marks an asset, and downloads it."""
    content = ctx.name("content").encode()
    asset = ctx.given.uploaded_asset(content)
    with step("PB-ASSET-23", "unmark an asset"):
        asset_details.patch(ctx, asset, {"is_uploaded": False}).expect_status(*asset_details.SEVERAL)
        asset_details.download(ctx, asset, follow=False).expect_status(404)
    asset_details.patch(ctx, asset, {"is_uploaded": True}).expect_status(*asset_details.SEVERAL)
    answer = asset_details.download(ctx, asset).expect_status(200)
    ctx.expect("the bytes of the download", content, answer.content)


@check("PB-ASSET-35")
def the_same_name_twice_is_two_files(ctx: PixieBrix) -> None:
    """Uploads different bytes to two assets of the same name, and downloads both."""
    database, contents = ctx.given.database(assets=True), (b"the first", b"another")
    assets = [
        ctx.given.uploaded_asset(content, database=database, filename="probe.png") for content in contents
    ]
    ctx.expect("the files", list(contents), [_downloaded(ctx, asset).content for asset in assets])


@check("PB-ASSET-36")
def an_image_comes_back(ctx: PixieBrix) -> None:
    """Takes a small PNG the whole way, from creation over upload and mark to download, and compares it."""
    asset = ctx.given.uploaded_asset(_PNG, filename="pixel.png", content_type="image/png")
    ctx.expect("the image", _PNG, _downloaded(ctx, asset).content)


def _is_json_object(answer: Answer) -> bool:
    with suppress(CheckFailed):
        return isinstance(answer.json(), dict)
    return False


def _downloaded(ctx: PixieBrix, asset: Asset) -> Answer:
    with step("PB-ASSET-18", "download an asset"):
        return asset_details.download(ctx, asset).expect_status(200)


@check("PB-ASSET-43")
def a_file_stays_for_long(ctx: PixieBrix) -> None:
    """Uploads a file, lets an hour, a week and a year pass, and compares each download."""
    content = ctx.random.randbytes(100)
    asset = ctx.given.uploaded_asset(content, filename="probe.bin", content_type="application/octet-stream")
    ctx.expect("the bytes at once", content, _downloaded(ctx, asset).content)
    for hours in (2, 24 * 8, 24 * 366):
        ctx.clock.advance(hours * 3_600)
        later = asset_details.download(ctx, asset).expect_status(200)
        ctx.expect(f"the bytes, {hours} hours later", content, later.content)


@check("PB-ASSET-41")
def large_files_come_back(ctx: PixieBrix) -> None:
    """Uploads a file of one byte, one of 65,537 and one of 1 MiB and a byte, and compares the downloads."""
    database = ctx.given.database(assets=True)
    for size in _SIZES:
        content = ctx.random.randbytes(size)
        asset = ctx.given.uploaded_asset(
            content, database=database, filename="probe.bin", content_type="application/octet-stream"
        )
        same = content == _downloaded(ctx, asset).content
        ctx.expect_true(f"a file of {size} bytes", same, expected="the same bytes", actual="others")
