from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.state.instants import HOUR, SECOND, parse_instant
from dbcontract.mockserver.storage.errors import AccessDenied, EntityTooLarge, Expired
from dbcontract.mockserver.storage.signing import Signer

NOW = parse_instant("2024-11-15T20:42:47.670046Z")
BASE = "http://127.0.0.1:5323"
KEY = "archives/db/2024-11-14.jsonl"
SIGNER = Signer(b"one secret")

Query = list[tuple[str, str]]


def taken_apart(url: str) -> tuple[str, Query]:
    parts = urlsplit(url)
    return unquote(parts.path), parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)


def test_the_link_has_the_shape_of_s3s() -> None:
    url = SIGNER.presigned_get(f"{BASE}/~one/", KEY, NOW, filename="a b.jsonl", content_type="text/plain")
    path, query = taken_apart(url)
    assert url.startswith(f"{BASE}/~one/_storage/archives/db/2024-11-14.jsonl?X-Amz-Algorithm=")
    assert path == f"/~one/_storage/{KEY}"
    values = dict(query)
    assert set(values) == {
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "x-issued",
        "response-content-disposition",
        "response-content-type",
    }
    assert values["X-Amz-Date"] == "20241115T204247Z"
    assert values["X-Amz-Expires"] == "3600"
    assert values["X-Amz-Credential"].startswith("dbcontract/20241115/")
    assert values["response-content-disposition"] == 'attachment; filename="a b.jsonl"'
    assert values["response-content-type"] == "text/plain"


def test_signing_twice_gives_the_same_and_another_secret_or_instant_another_signature() -> None:
    url = SIGNER.presigned_get(BASE, KEY, NOW)
    assert SIGNER.presigned_get(BASE, KEY, NOW) == url
    assert Signer(b"one secret").presigned_get(BASE, KEY, NOW) == url
    signatures = {
        dict(taken_apart(link)[1])["X-Amz-Signature"]
        for link in (
            url,
            Signer(b"two").presigned_get(BASE, KEY, NOW),
            SIGNER.presigned_get(BASE, KEY, NOW + 1),
            SIGNER.presigned_get(BASE, KEY + "x", NOW),
            SIGNER.presigned_get(BASE, KEY, NOW, lifetime=HOUR + SECOND),
        )
    }
    assert len(signatures) == 5


@pytest.mark.parametrize("method", ["HEAD", "PUT", "get"])
def test_a_link_is_for_get_alone(method: str) -> None:
    path, query = taken_apart(SIGNER.presigned_get(BASE, KEY, NOW))
    with pytest.raises(AccessDenied):
        SIGNER.verify(method, path, query, NOW)


@pytest.mark.parametrize("issued", [NOW, NOW // SECOND * SECOND, NOW // SECOND * SECOND + SECOND - 1])
def test_a_link_works_for_exactly_one_hour(issued: int) -> None:
    path, query = taken_apart(SIGNER.presigned_get(BASE, KEY, issued))
    for good in (issued, issued + HOUR - SECOND, issued + HOUR - 1, issued - HOUR):
        SIGNER.verify("GET", path, query, good)
    for late in (issued + HOUR, issued + HOUR + 1, issued + 1000 * HOUR):
        with pytest.raises(Expired):
            SIGNER.verify("GET", path, query, late)


def test_other_lifetimes_hold_to_the_microsecond_too() -> None:
    path, query = taken_apart(SIGNER.presigned_get(BASE, KEY, NOW, lifetime=5 * SECOND))
    SIGNER.verify("GET", path, query, NOW + 5 * SECOND - 1)
    with pytest.raises(Expired):
        SIGNER.verify("GET", path, query, NOW + 5 * SECOND)


@pytest.mark.parametrize("lifetime", [0, -SECOND, 1, HOUR + 1])
def test_a_lifetime_that_cannot_be_written_is_refused(lifetime: int) -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        SIGNER.presigned_get(BASE, KEY, NOW, lifetime=lifetime)
    with pytest.raises(ValueError, match="whole seconds"):
        SIGNER.presigned_post(BASE, KEY, NOW, lifetime=lifetime, filename="f")


def changes(query: Query) -> Iterator[Query]:
    """Every query that differs in one parameter: changed, dropped, given twice; and one that has one more."""
    for i, (name, value) in enumerate(query):
        yield [*query[:i], (name, value + "0"), *query[i + 1 :]]
        yield [*query[:i], (name, ""), *query[i + 1 :]]
        yield [*query[:i], (name.lower() + "x", value), *query[i + 1 :]]
        yield query[:i] + query[i + 1 :]
        yield [*query, (name, value)]
        yield [*query, (name, value + "0")]
    yield [*query, ("extra", "")]


def test_any_change_to_the_parameters_breaks_the_signature() -> None:
    path, query = taken_apart(SIGNER.presigned_get(BASE, KEY, NOW, filename="f"))
    tried = list(changes(query))
    assert len(tried) == 6 * 8 + 1
    for changed in tried:
        with pytest.raises(AccessDenied) as refused:
            SIGNER.verify("GET", path, changed, NOW)
        assert not isinstance(refused.value, Expired)


def test_the_order_of_the_parameters_does_not_matter() -> None:
    path, query = taken_apart(SIGNER.presigned_get(BASE, KEY, NOW))
    SIGNER.verify("GET", path, list(reversed(query)), NOW)


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "get", ""])
def test_a_link_is_for_reading_only(method: str) -> None:
    path, query = taken_apart(SIGNER.presigned_get(BASE, KEY, NOW))
    with pytest.raises(AccessDenied):
        SIGNER.verify(method, path, query, NOW)


@pytest.mark.parametrize(
    "path", ["/_storage/archives/db/2024-11-15.jsonl", f"/_storage/{KEY}/", f"/{KEY}", ""]
)
def test_a_link_is_for_its_own_key_only(path: str) -> None:
    _, query = taken_apart(SIGNER.presigned_get(BASE, KEY, NOW))
    with pytest.raises(AccessDenied):
        SIGNER.verify("GET", path, query, NOW)


@pytest.mark.parametrize("signature", ["", "0" * 64, "é", "\ud800", "0" * 10_000])
def test_an_invented_signature_is_refused(signature: str) -> None:
    path, query = taken_apart(SIGNER.presigned_get(BASE, KEY, NOW))
    forged = [(name, signature if name == "X-Amz-Signature" else value) for name, value in query]
    with pytest.raises(AccessDenied):
        SIGNER.verify("GET", path, forged, NOW)


def test_an_expired_link_that_is_also_forged_does_not_say_that_it_expired() -> None:
    path, query = taken_apart(Signer(b"two").presigned_get(BASE, KEY, NOW))
    with pytest.raises(AccessDenied) as refused:
        SIGNER.verify("GET", path, query, NOW + 2 * HOUR)
    assert not isinstance(refused.value, Expired)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_key_and_file_name_survive_the_url(key: str, filename: str) -> None:
    url = SIGNER.presigned_get(BASE, key, NOW, filename=filename)
    assert url.isascii()
    assert url.isprintable()
    parts = urlsplit(url)
    assert unquote(parts.path) == f"/_storage/{key}"
    query = parse_qsl(parts.query, keep_blank_values=True)
    SIGNER.verify("GET", unquote(parts.path), query, NOW)
    SIGNER.verify("GET", unquote(parts.path), parse_qsl(urlencode(query), keep_blank_values=True), NOW)


def test_an_upload_is_granted_for_its_key_and_name() -> None:
    url, fields = SIGNER.presigned_post(
        f"{BASE}/~one", "assets/d/a/ü.png", NOW, filename="ü.png", max_bytes=10
    )
    assert url == f"{BASE}/~one/_storage/"
    assert set(fields) == {
        "key",
        "policy",
        "success_action_status",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-signature",
    }
    assert fields["success_action_status"] == "204"
    for size in (0, 1, 10):
        grant = SIGNER.verify_post(fields, size, NOW)
        assert (grant.key, grant.filename) == ("assets/d/a/ü.png", "ü.png")
    with pytest.raises(EntityTooLarge):
        SIGNER.verify_post(fields, 11, NOW)


def test_an_upload_is_granted_for_exactly_one_hour() -> None:
    _, fields = SIGNER.presigned_post(BASE, "k", NOW, filename="f")
    SIGNER.verify_post(fields, 1, NOW + HOUR - 1)
    with pytest.raises(Expired):
        SIGNER.verify_post(fields, 1, NOW + HOUR)


def test_any_change_to_the_fields_breaks_the_grant() -> None:
    _, fields = SIGNER.presigned_post(BASE, "k", NOW, filename="f")
    for name, value in fields.items():
        for changed in (
            {**fields, name: value + "0"},
            {**fields, name: ""},
            {k: v for k, v in fields.items() if k != name},
        ):
            with pytest.raises(AccessDenied):
                SIGNER.verify_post(changed, 1, NOW)


@pytest.mark.parametrize("name", ["acl", "x-amz-meta-note", "success_action_redirect"])
def test_a_field_that_the_policy_does_not_foresee_is_refused(name: str) -> None:
    _, fields = SIGNER.presigned_post(BASE, "k", NOW, filename="f")
    with pytest.raises(AccessDenied, match=name):
        SIGNER.verify_post({**fields, name: "x"}, 1, NOW)


@pytest.mark.parametrize("name", ["content-type", "x-ignore-note"])
def test_some_fields_need_no_policy(name: str) -> None:
    _, fields = SIGNER.presigned_post(BASE, "k", NOW, filename="f")
    assert SIGNER.verify_post({**fields, name: "image/png"}, 1, NOW).key == "k"


def test_policies_of_two_uploads_cannot_be_mixed() -> None:
    _, one = SIGNER.presigned_post(BASE, "one", NOW, filename="f")
    _, two = SIGNER.presigned_post(BASE, "two", NOW, filename="f")
    for mixed in ({**one, "policy": two["policy"]}, {**one, "x-amz-signature": two["x-amz-signature"]}):
        with pytest.raises(AccessDenied):
            SIGNER.verify_post(mixed, 1, NOW)
    with pytest.raises(AccessDenied):
        SIGNER.verify_post(
            {**one, "policy": two["policy"], "x-amz-signature": two["x-amz-signature"]}, 1, NOW
        )
