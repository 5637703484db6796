"""Export and import of the Pieces OS database over HTTP (contract: Pieces OS)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import requests

from .client import Client, media_type
from .exports import (
    FORMATS,
    OPTIONAL,
    REQUIRED,
    SCHEMA,
    export,
    formats,
    packed,
    raws,
    unpacked,
    without,
)
from .mock import Running
from .raw import chunked, connection, literal

JSON = ("Content-Type", "application/json")


def exported(pieces: Client) -> dict[str, Any]:
    response = pieces.get("/database/export")
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


def merge(pieces: Client, document: Any) -> None:
    """Import, and succeed."""
    response = pieces.post("/database/import", json=document)
    assert (response.status_code, response.content) == (204, b""), response.text


def refuse(pieces: Client, document: Any, status: int = 500) -> str:
    """Import, and fail without leaving anything behind; the reason."""
    before = pieces.get("/database/export").content
    response = pieces.post("/database/import", json=document)
    assert response.status_code == status, response.text
    assert media_type(response) == "text/plain"
    assert pieces.get("/database/export").content == before
    return response.text


@pytest.mark.parametrize("name", [*REQUIRED, *OPTIONAL])
def test_an_import_adds_to_a_collection_and_replaces_by_id(pieces: Client, name: str) -> None:
    before = exported(pieces)
    old = unpacked(before[name])
    first = next(iter(old))
    replaced = {"id": first, "name": "überschrieben", "more": [1, {"x": None}]}
    merge(pieces, export(**{name: packed(replaced, {"id": "new-entry", "value": 1})}))
    after = exported(pieces)
    assert unpacked(after.pop(name)) == {
        **old,
        first: replaced,
        "new-entry": {"id": "new-entry", "value": 1},
    }
    del before[name]
    assert after == before


@pytest.mark.parametrize("name", FORMATS)
def test_an_import_adds_to_formats_and_replaces_by_id(pieces: Client, name: str) -> None:
    before = exported(pieces)
    old = raws(before[name])
    replaced = next(iter(old))
    merge(pieces, export(**{name: formats(**{replaced: b"other", "new": bytes(range(256)), "none": b""})}))
    after = exported(pieces)
    assert raws(after.pop(name)) == {**old, replaced: b"other", "new": bytes(range(256)), "none": b""}
    del before[name]
    assert after == before


def test_a_format_keeps_the_schema_that_it_was_imported_with(pieces: Client) -> None:
    entry = {"id": "own", "raw": [0, 255], "schema": {"migration": 3, "semantic": "UNKNOWN"}}
    merge(pieces, export(values={"iterable": [entry]}))
    assert entry in exported(pieces)["values"]["iterable"]


def test_importing_the_own_export_changes_nothing(pieces: Client) -> None:
    before = pieces.get("/database/export")
    merge(pieces, before.json())
    merge(pieces, before.json())
    assert pieces.get("/database/export").content == before.content


def test_an_export_fills_an_empty_server(pieces: Client, start: Callable[..., Running]) -> None:
    document = exported(pieces)
    with closing(Client(start(data="empty").base_url)) as second:
        assert all(exported(second)[name] == [] for name in REQUIRED)
        merge(second, document)
        assert exported(second) == document


def test_a_merge_of_two_servers_holds_what_both_held(pieces: Client) -> None:
    before = exported(pieces)
    merge(pieces, export(persons=packed({"id": "p1"}), tags=packed({"id": "t1"}), values=formats(v1=b"1")))
    merge(pieces, export(persons=packed({"id": "p2"}), values=formats(v2=b"2")))
    after = exported(pieces)
    assert set(unpacked(after["persons"])) == {*unpacked(before["persons"]), "p1", "p2"}
    assert set(unpacked(after["tags"])) == {*unpacked(before["tags"]), "t1"}
    assert set(raws(after["values"])) == {*raws(before["values"]), "v1", "v2"}


def test_the_last_of_two_entries_with_one_id_wins(pieces: Client) -> None:
    merge(pieces, export(tags=packed({"id": "twice", "n": 1}, {"id": "twice", "n": 2})))
    assert unpacked(exported(pieces)["tags"])["twice"] == {"id": "twice", "n": 2}


@pytest.mark.parametrize("name", [*OPTIONAL, "messageValues", "workstreamEventValues", "schema"])
def test_null_is_the_same_as_an_absent_optional_field(pieces: Client, name: str) -> None:
    before = exported(pieces)
    merge(pieces, export(**{name: None}))
    assert exported(pieces) == before


def test_an_empty_collection_may_be_an_empty_array_of_bytes_or_of_json(pieces: Client) -> None:
    before = exported(pieces)
    merge(pieces, export(persons=[], tags=list(b"[]"), websites=list(b" [ ] ")))
    assert exported(pieces) == before


def test_every_kind_of_absent_body_merges_nothing(server: Running, pieces: Client) -> None:
    before = pieces.get("/database/export").content
    target = "/database/import"
    assert literal(server.base_url, "POST", target).status == 204
    assert literal(server.base_url, "POST", target, [JSON]).status == 204
    assert literal(server.base_url, "POST", target, [JSON], b"").status == 204
    assert literal(server.base_url, "POST", target, [("Content-Type", "text/plain")], b"").status == 204
    assert chunked(server.base_url, "POST", target, [JSON]).status == 204
    assert pieces.get("/database/export").content == before


def test_a_chunked_body_is_the_same_as_a_whole_one(server: Running, pieces: Client) -> None:
    body = json.dumps(export(tags=packed({"id": "chunked"}))).encode()
    pieces_of_body = [body[start : start + 7] for start in range(0, len(body), 7)]
    answer = chunked(server.base_url, "POST", "/database/import", [JSON], *pieces_of_body)
    assert (answer.status, answer.body) == (204, b"")
    assert "chunked" in unpacked(exported(pieces)["tags"])


def test_a_client_that_waits_for_100_continue_gets_it(server: Running, pieces: Client) -> None:
    body = json.dumps(export(tags=packed({"id": "expected"}))).encode()
    lines = [
        "POST /database/import HTTP/1.1",
        "Host: x",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
    ]
    with connection(server.base_url) as sock:
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert sock.recv(1000).startswith(b"HTTP/1.1 204 ")
    assert "expected" in unpacked(exported(pieces)["tags"])


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Application-Key": "key"},
        {"Authorization": "Bearer whatever"},
        {"Authorization": ""},
        {"Accept": "image/png"},
        {"Accept": "application/json; version=9.9"},
    ],
)
def test_headers_that_mean_nothing_here_are_ignored(pieces: Client, headers: dict[str, str]) -> None:
    assert pieces.get("/database/export", headers=headers).status_code == 200
    assert pieces.post("/database/import", headers=headers, json=export()).status_code == 204


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "Application/JSON", None]
)
def test_json_may_be_declared_in_every_form(server: Running, pieces: Client, kind: str | None) -> None:
    body = json.dumps(export(tags=packed({"id": "typed"}))).encode()
    headers = [] if kind is None else [("Content-Type", kind)]
    assert literal(server.base_url, "POST", "/database/import", headers, body).status == 204
    assert "typed" in unpacked(exported(pieces)["tags"])


# 505: the export comes from a newer server


@pytest.mark.parametrize(
    "version", ["9.2.2", "9.3.0", "10.0.0", "9.2.2-alpha", "9.10.0", "999999999999999999999999.0.0"]
)
def test_a_higher_version_is_refused_with_505(pieces: Client, version: str) -> None:
    reason = refuse(pieces, export(version=version, tags=packed({"id": "never"})), 505)
    assert version in reason
    assert "9.2.1" in reason


@pytest.mark.parametrize("version", ["9.2.1", "9.2.0", "9.1.99", "0.0.0", "9.2.1-rc.1", "9.2.1+build.7"])
def test_the_same_or_a_lower_version_is_merged(pieces: Client, version: str) -> None:
    merge(pieces, export(version=version, tags=packed({"id": version})))
    after = exported(pieces)
    assert version in unpacked(after["tags"])
    assert after["version"] == "9.2.1"


@pytest.mark.parametrize("migration", [51, 10**6, 10**30])
def test_a_higher_migration_is_refused_with_505(pieces: Client, migration: int) -> None:
    schema = {**SCHEMA, "migration": migration}
    reason = refuse(pieces, export(schema=schema, tags=packed({"id": "never"})), 505)
    assert str(migration) in reason


@pytest.mark.parametrize("migration", [50, 49, 0, -1])
def test_the_same_or_a_lower_migration_is_merged(pieces: Client, migration: int) -> None:
    merge(pieces, export(schema={**SCHEMA, "migration": migration}, tags=packed({"id": "merged"})))
    after = exported(pieces)
    assert "merged" in unpacked(after["tags"])
    assert after["schema"] == SCHEMA


@pytest.mark.parametrize(
    "version", ["", "9", "9.2", "v9.2.1", "9.2.1.0", "nine", "\u0669.\u0662.\u0661", "99.x.0", "09.2.1"]
)
def test_a_version_that_is_none_is_malformed_not_newer(pieces: Client, version: str) -> None:
    assert "version" in refuse(pieces, export(version=version))


@pytest.mark.parametrize(
    "malformed",
    [{"tags": [256]}, {"unknown": 1}, {"values": []}, {"persons": None}, {"schema": {"migration": "x"}}],
)
def test_newer_and_malformed_is_505_by_the_version(pieces: Client, malformed: dict[str, Any]) -> None:
    refuse(pieces, export(version="10.0.0", **malformed), 505)


def test_what_the_server_is_decides_what_is_newer(start: Callable[..., Running]) -> None:
    with closing(
        Client(start(data="empty", options={"os_version": "12.0.0", "migration": 60}).base_url)
    ) as later:
        assert exported(later)["version"] == "12.0.0"
        merge(later, export(version="11.9.9", schema={**SCHEMA, "migration": 60}))
        refuse(later, export(version="12.0.1"), 505)
        refuse(later, export(schema={**SCHEMA, "migration": 61}), 505)


# Reverting to the original form


def test_a_failure_anywhere_leaves_the_database_as_it_was(pieces: Client) -> None:
    good: dict[str, Any] = {name: packed({"id": f"new in {name}"}) for name in (*REQUIRED, *OPTIONAL)}
    good |= {name: formats(new=b"new") for name in FORMATS}
    for name in (*REQUIRED, *OPTIONAL):
        assert name in refuse(pieces, export(**{**good, name: packed({"id": "fine"}, {"no": "id"})}))
        assert name in refuse(pieces, export(**{**good, name: [*packed({"id": "fine"}), 256]}))
    for name in FORMATS:
        bad = {"iterable": [{"id": "fine", "raw": []}, {"id": "bad", "raw": [-1]}]}
        assert f"{name}.iterable[1].raw[0]" in refuse(pieces, export(**{**good, name: bad}))
    refuse(pieces, {**without("tags"), **{name: good[name] for name in good if name != "tags"}})
    merge(pieces, export(**good))
    after = exported(pieces)
    assert all(f"new in {name}" in unpacked(after[name]) for name in (*REQUIRED, *OPTIONAL))


def test_an_import_works_again_after_one_that_failed(pieces: Client) -> None:
    refuse(pieces, export(tags=[0]))
    refuse(pieces, export(version="99.0.0"), 505)
    merge(pieces, export(tags=packed({"id": "later"})))
    assert "later" in unpacked(exported(pieces)["tags"])


def test_no_export_ever_shows_half_a_merge(server: Running, pieces: Client) -> None:
    document = export(
        persons=packed(*({"id": f"person-{n}"} for n in range(2_000))),
        websites=packed(*({"id": f"website-{n}"} for n in range(2_000))),
        values=formats(**{f"value-{n}": b"x" * 30 for n in range(2_000)}),
    )
    body = json.dumps(document)
    seen = {pieces.get("/database/export").content}
    merging = threading.Event()
    merging.set()

    def send() -> None:
        headers = {"Content-Type": "application/json"}
        try:
            requests.post(f"{server.base_url}/database/import", data=body, headers=headers, timeout=30)
        finally:
            merging.clear()

    sender = threading.Thread(target=send)
    sender.start()
    while merging.is_set():
        seen.add(pieces.get("/database/export").content)
    sender.join()
    seen.add(pieces.get("/database/export").content)
    assert len(seen) == 2
