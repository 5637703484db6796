"""Keys and Content-Disposition: what file names of any kind become."""

import re
from email.message import Message
from urllib.parse import quote, unquote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.apis.pixiebrix.keys import archive_key, asset_key, export_key
from dbcontract.mockserver.apis.pixiebrix.state.jobs import Job
from dbcontract.mockserver.storage.disposition import content_disposition

NASTY = [
    "..",
    ".",
    "a/b",
    "../../etc/passwd",
    "%2e%2e",
    "a\\b",
    "a?b#c",
    "line\r\nSet-Cookie: x",
    "\x00",
    "日本.png",
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.mark.parametrize("filename", NASTY)
def test_a_file_name_is_one_segment_of_the_key(filename: str) -> None:
    key = asset_key("db", "asset", filename)
    assert key.count("/") == 3
    path = f"/_storage/{quote(key)}"
    assert urljoin("http://host/", path) == f"http://host{path}"
    last = path.rpartition("/")[2]
    assert unquote(last) not in {".", ".."}
    assert unquote(unquote(last)) == filename


@given(TEXT, TEXT)
def test_different_file_names_have_different_keys(one: str, two: str) -> None:
    assert (asset_key("db", "asset", one) == asset_key("db", "asset", two)) == (one == two)


def test_plain_names_stay_readable() -> None:
    assert asset_key("db", "asset", "my file (1).png") == "assets/db/asset/my file (1).png"


def test_an_archive_key_ends_in_its_date() -> None:
    assert archive_key("db", 0) == "archives/db/1970-01-01.jsonl"
    assert archive_key("db", 20_042) == "archives/db/2024-11-15.jsonl"


def test_an_export_key_ends_in_the_artifact_name() -> None:
    job = Job("id", "Q4 / 100%", ("db",), "text/csv", None, None, 0, 0, None)
    key = export_key(job)
    assert key.startswith("exports/id/")
    assert key.count("/") == 2
    assert unquote(key.rpartition("/")[2]) == job.artifact_name()


@pytest.mark.parametrize(
    ("filename", "value"),
    [
        ("my-file.png", 'attachment; filename="my-file.png"'),
        ("with space; and=more.txt", 'attachment; filename="with space; and=more.txt"'),
        ("naïve.txt", "attachment; filename=\"na_ve.txt\"; filename*=UTF-8''na%C3%AFve.txt"),
        ('a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("a/b\\c", "attachment; filename=\"a_b_c\"; filename*=UTF-8''a%2Fb%5Cc"),
        (
            "x\r\nSet-Cookie: y",
            "attachment; filename=\"x__Set-Cookie: y\"; filename*=UTF-8''x%0D%0ASet-Cookie%3A%20y",
        ),
    ],
)
def test_content_disposition(filename: str, value: str) -> None:
    assert content_disposition(filename) == value


@given(TEXT)
def test_any_name_comes_back_from_the_header_and_stays_on_one_line(filename: str) -> None:
    value = content_disposition(filename)
    assert value.isascii()
    assert value.isprintable()
    parts = re.fullmatch(
        r"attachment; filename=\"([^\"\\]*)\"(?:; filename\*=UTF-8''([\w!#$&+.^`|~%-]*))?", value
    )
    assert parts is not None
    plain, exact = parts.groups()
    assert (plain if exact is None else unquote(exact)) == filename


@pytest.mark.parametrize("filename", ["plain.txt", "日本.png", 'a"b.txt'])
def test_the_standard_library_reads_the_same_name(filename: str) -> None:
    message = Message()
    message["Content-Disposition"] = content_disposition(filename)
    assert message.get_filename("") in {filename, content_disposition(filename).split('"')[1]}
