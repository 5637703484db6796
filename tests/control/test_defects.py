"""Defects, switched on and off in a sandbox while it runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dbcontract.mockserver.client import MockClient, MockError

from .mock import Mock


def downloaded(mock: Mock, content: bytes) -> bytes:
    """What comes back of a file."""
    database = mock.new_database()
    created = mock.new_asset(database)
    assert mock.upload(created, content).status_code == 204
    path = f"/databases/{database}/assets/{created['asset']['id']}/"
    mock.api("PATCH", path, json={"is_uploaded": True})
    return mock.send("GET", mock.api("GET", path).headers["Location"]).content


def test_at_the_start_none_is_on_and_all_are_known(mock: Mock) -> None:
    defects = mock.control("GET", "/defects")
    assert defects["on"] == []
    known = {one["name"]: one for one in defects["known"]}
    assert known["last-byte-lost"]["kind"] == "defect"
    assert known["last-byte-lost"]["sentence"] == "Loses the last byte of every uploaded file."
    assert "PB-ASSET-20" in known["last-byte-lost"]["breaks"]
    assert known["relative-redirect"] == {**known["relative-redirect"], "kind": "conforming", "breaks": []}


def test_one_sandbox_goes_wrong_and_the_others_do_not(sandbox: Callable[[], Mock]) -> None:
    wrong, right = sandbox(), sandbox()
    assert wrong.control("PUT", "/defects", {"names": ["last-byte-lost"]}, 200)["on"] == ["last-byte-lost"]
    assert downloaded(wrong, b"whole") == b"whol"
    assert downloaded(right, b"whole") == b"whole"
    assert right.control("GET", "/defects")["on"] == []


def test_what_the_sandbox_holds_stays(mock: Mock) -> None:
    database = mock.new_database()
    mock.put(database, "a", color="red")
    mock.control("PUT", "/defects", {"names": ["end-date-left-out", "versions-compared-as-text"]})
    assert mock.keys(database) == ["a"]
    today = {"end_date": mock.control("GET", "/clock")["now"][:10]}
    assert mock.api("GET", f"/databases/{database}/records/", params=today).json() == []
    mock.control("PUT", "/defects", {"names": []})
    assert len(mock.api("GET", f"/databases/{database}/records/", params=today).json()) == 1


def test_a_restored_document_is_served_with_the_defects_that_are_on(mock: Mock) -> None:
    document = mock.state()
    mock.control("PUT", "/defects", {"names": ["versions-compared-as-text"]})
    mock.restore(document)
    newer = {**mock.export(), "version": "10.0.0"}
    assert mock.merge(newer).status_code == 204
    assert mock.control("GET", "/defects")["on"] == ["versions-compared-as-text"]


def test_a_reset_ends_them(mock: Mock) -> None:
    mock.control("PUT", "/defects", {"names": ["last-byte-lost"]})
    mock.control("POST", "/reset")
    assert mock.control("GET", "/defects")["on"] == []
    assert downloaded(mock, b"whole") == b"whole"


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"names": ["last-byte-lost", "no-such-thing"]}, "names"),
        ({"names": "last-byte-lost"}, "names"),
        ({}, "names"),
        ({"names": [], "more": 1}, "more"),
    ],
)
def test_what_cannot_be_switched_on_changes_nothing(mock: Mock, order: object, field: str) -> None:
    mock.control("PUT", "/defects", {"names": ["relative-redirect"]})
    assert field in mock.control("PUT", "/defects", order, 400)
    assert mock.control("GET", "/defects")["on"] == ["relative-redirect"]


def test_a_server_may_start_with_them_and_its_sandboxes_too(start: Callable[..., Mock]) -> None:
    mock = start(variants=("last-byte-lost",))
    other = Mock(f"{mock.base}/~other")
    assert downloaded(mock, b"whole") == downloaded(other, b"whole") == b"whol"
    other.control("PUT", "/defects", {"names": []})
    assert downloaded(other, b"whole") == b"whole"
    other.control("POST", "/reset")
    assert other.control("GET", "/defects")["on"] == ["last-byte-lost"]
    other.close()


def test_the_python_client_switches_them(mock: Mock) -> None:
    with MockClient(mock.base) as client:
        assert client.defects.on() == []
        client.defects.set("last-byte-lost", "relative-redirect")
        assert client.defects.on() == ["last-byte-lost", "relative-redirect"]
        with pytest.raises(MockError, match="near it: last-byte-lost"):
            client.defects.set("last-byte-lots")
        client.defects.clear()
        assert client.defects.on() == []
