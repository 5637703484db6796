"""What must not be shown is not, wherever it stands."""

import base64

import pytest

from dbcontract.conformance.http.evidence import Exchange, curl
from dbcontract.conformance.http.redaction import Redactor, Secret, header_secrets
from dbcontract.conformance.http.wire import Received, Request

SECRET = "s3cret/token+of=mine"
LINK = (
    "https://bucket.s3.amazonaws.com/a.jsonl?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260101"
    "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600&X-Amz-Signature=0123abcd&response-content-type=text"
)


@pytest.fixture
def redactor() -> Redactor:
    return Redactor([SECRET])


@pytest.mark.parametrize(
    "text", [f"Token {SECRET}", f"x{SECRET}y", "https://a/?token=s3cret%2Ftoken%2Bof%3Dmine&b=1"]
)
def test_a_token_is_masked(redactor: Redactor, text: str) -> None:
    assert SECRET not in redactor.text(text)
    assert "s3cret%2F" not in redactor.text(text)


def test_a_signed_link_keeps_all_but_its_signature(redactor: Redactor) -> None:
    masked = redactor.text(f'{{"file": "{LINK}"}}')
    assert "0123abcd" not in masked
    assert "AKIA" not in masked
    assert "X-Amz-Expires=3600&X-Amz-Signature=***&response-content-type=text" in masked


@pytest.mark.parametrize("joint", ["\\u0026", "&amp;", "&"])
def test_a_link_is_masked_in_json_and_html(redactor: Redactor, joint: str) -> None:
    assert "0123abcd" not in redactor.text(LINK.replace("&", joint))


def test_the_fields_of_an_upload_are_masked(redactor: Redactor) -> None:
    body = '{"fields": {"key": "a/b.png", "policy": "eyJh\\"x", "x-amz-signature" : "0123abcd"}}'
    assert redactor.text(body) == '{"fields": {"key": "a/b.png", "policy": "***", "x-amz-signature" : "***"}}'
    form = '--b\r\nContent-Disposition: form-data; name="policy"\r\n\r\neyJhx\r\n--b\r\n'
    assert "eyJhx" not in redactor.text(form)


def test_a_short_token_does_not_shred_the_text() -> None:
    assert Redactor(["a"]).text("Token a was an apple") == "Token $TOKEN was an apple"


def test_other_text_is_left_alone(redactor: Redactor) -> None:
    text = '{"data": {"policyholder": "x", "key": "design"}, "url": "https://a/?key=1&signal=2"}'
    assert redactor.text(text) == text


def test_evidence_shows_no_secret(redactor: Redactor) -> None:
    request = Request(
        "POST",
        f"http://h/{SECRET}?sig=abc",
        (("Authorization", f"Token {SECRET}"), ("Cookie", "session=1"), ("X-Other", SECRET)),
        f'{{"other": "{SECRET}"}}'.encode(),
    )
    headers = (("Location", LINK), ("Set-Cookie", "session=2"), ("Content-Type", "text/plain"))
    received = Received(302, "Found", headers, f"go to {LINK} with {SECRET}".encode(), 0.1)
    evidence = Exchange(request, received, problem=f"broke at {LINK}").as_evidence(1, redactor)
    for secret in (SECRET, "0123abcd", "session=", "sig=abc"):
        assert secret not in repr(evidence)
    assert evidence.curl.count("$TOKEN") == 4


def test_a_secret_at_the_cut_of_a_long_body_is_masked(redactor: Redactor) -> None:
    body = (" " * 95 + SECRET + " " * 5_000).encode()
    received = Received(200, "OK", (("Content-Type", "text/plain"),), body, 0.1)
    evidence = Exchange(Request("GET", "http://h/"), received).as_evidence(1, redactor, shown=100)
    assert "s3c" not in (evidence.response_body or "")


def test_curl_takes_the_token_from_a_variable(redactor: Redactor) -> None:
    request = Request("GET", "http://h/it's", (("Authorization", f"Token {SECRET}"), ("X-A", "a b")))
    assert curl(request, redactor) == (
        """curl -i 'http://h/it'"'"'s' -H "Authorization: Token $TOKEN" -H 'X-A: a b'"""
    )


def test_curl_quotes_what_stands_beside_the_token(redactor: Redactor) -> None:
    request = Request("POST", "http://h/", (), f'{{"a": "{SECRET}`rm -rf`"}}'.encode())
    assert curl(request, redactor) == (
        """curl -i -X POST http://h/ --data-binary '{"a": "'"$TOKEN"'`rm -rf`"}'"""
    )


def test_a_body_that_is_not_text_is_shown_as_such(redactor: Redactor) -> None:
    received = Received(200, "OK", (("Content-Type", "image/png"),), bytes(range(256)) * 20, 0.1)
    evidence = Exchange(Request("GET", "http://h/"), received).as_evidence(1, redactor)
    assert (evidence.response_body or "").startswith("data:image/png;base64,AAEC")
    assert evidence.response_size == 5120


def test_parts_from_six_characters_on_are_masked_in_any_case(redactor: Redactor) -> None:
    assert (
        redactor.text("it begins with S3CRET/ and ends with of=MINE")
        == "it begins with *** and ends with ***"
    )
    assert redactor.text("s3cre and =mine") == "s3cre and =mine"


@pytest.mark.parametrize("before", ["", "a", "ab", "Token "])
def test_base64_is_masked_whatever_stands_before(redactor: Redactor, before: str) -> None:
    encoded = base64.b64encode(f"{before}{SECRET}".encode()).decode()
    shown = redactor.text(f'"{encoded}"')
    assert "***" in shown
    # what is left of it tells no six characters
    assert len(shown) <= len('"***"') + len(before) * 4 // 3 + 4


def test_each_secret_has_its_own_variable() -> None:
    redactor = Redactor([Secret("first-of-them", "TOKEN"), Secret("second-of-them", "READ_ONLY_TOKEN")])
    assert redactor.text("first-of-them second-of-them") == "$TOKEN $READ_ONLY_TOKEN"
    request = Request("GET", "http://h/", (("Authorization", "Token second-of-them"),))
    assert curl(request, redactor) == 'curl -i http://h/ -H "Authorization: Token $READ_ONLY_TOKEN"'


def test_what_stands_for_a_secret_is_not_masked_for_being_called_alike() -> None:
    redactor = Redactor([Secret("my-read_only_token", "READ_ONLY_TOKEN")])
    once = redactor.text("it is my-read_only_token")
    assert redactor.text(once) == once == "it is $READ_ONLY_TOKEN"


def test_the_value_of_a_configured_header_is_masked() -> None:
    redactor = Redactor(
        header_secrets([("X-Tenant", "staging"), ("X-Auth", "Bearer 0123456789abc"), ("X-A", "1")])
    )
    assert redactor.header("x-tenant", "staging") == "$HEADER_X_TENANT"
    assert redactor.header("X-A", "1") == "$HEADER_X_A"
    assert redactor.text("1 of stagin, STAGING") == "1 of stagin, ***"
    assert redactor.text("it was 0123456789abc, or 345678") == "it was $HEADER_X_AUTH_VALUE, or ***"


def test_the_header_lines_of_a_part_may_be_many_and_long(redactor: Redactor) -> None:
    head = 'name="policy"\r\n' + f"X-More: {'a' * 300}\r\n" * 20 + "\r\n"
    assert redactor.text(f"{head}hidden\r\nshown") == f"{head}***\r\nshown"


def test_a_text_that_only_begins_parts_of_forms_is_masked_quickly(redactor: Redactor) -> None:
    """Looking for the end of each part would take an hour."""
    begun = 'name="policy"\r\na' * 50_000
    assert "secret" not in redactor.text(f"{begun}\r\n\r\nsecret\r\n")
