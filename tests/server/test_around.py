"""The operations around the documents: who am I, which databases, their fields, schemas and permissions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .client import UNKNOWN, PixieBrix, detail_of, errors_at, listed
from .mock import Running, TokenGrant

SCHEMA = {"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}}}


@pytest.fixture
def enforcing(pb: PixieBrix) -> str:
    """A database that enforces `SCHEMA`, with one record from before."""
    database = pb.new_database()
    pb.put(database, "old", number=1)
    path = f"{pb.databases_path()}{database}/"
    assert pb.request("PATCH", path, json={"enforce_schema": True}).status_code == 200
    assert pb.request("PUT", f"{path}schema/", json={"schema_text": json.dumps(SCHEMA)}).status_code == 200
    return database


def test_a_client_finds_its_way_from_nothing_but_a_token(pb: PixieBrix) -> None:
    organizations = listed(pb.get("/organizations/"))
    assert [one["id"] for one in organizations] == pb.organizations
    me = pb.get("/me/").json()
    assert me["organization"] == organizations[0]
    assert [(one["organization"], one["role"]) for one in me["organization_memberships"]] == [
        (id_, 2) for id_ in pb.organizations
    ]
    databases = [one for id_ in pb.organizations for one in pb.databases(id_)]
    assert {one["id"] for one in listed(pb.get("/databases/"))} == {one["id"] for one in databases}
    for one in databases:
        assert pb.get(f"/databases/{one['id']}/").json() == one
        assert pb.get(f"{pb.databases_path(one['organization_id'])}{one['id']}/").json() == one
        assert pb.get(f"/databases/{one['id']}/permissions/").json() == {"permissions": [1, 2]}


def test_lists_have_pages(pb: PixieBrix) -> None:
    for path in ("/organizations/", "/databases/"):
        first = pb.get(f"{path}?page_size=1")
        rest = listed(pb.get(path))[1:]
        assert first.headers["X-Total-Count"] == str(len(rest) + 1)
        assert listed(pb.get(first.links["next"]["url"])) == rest[:1]
        detail_of(pb.get(f"{path}?page=99"), 404)


def test_health_needs_no_token(pb: PixieBrix) -> None:
    answer = requests.get(f"{pb.base_url}/health/", timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_database_of_the_users_own(pb: PixieBrix) -> None:
    before = pb.databases()
    made = pb.post("/databases/", json={"name": "Mine", "owner_field": "user email"})
    database = made.json()
    assert (made.status_code, database["organization_id"]) == (201, None)
    assert (database["name"], database["owner_field"]) == ("Mine", "user email")
    pb.put(database["id"], "a")
    assert pb.keys(database["id"]) == ["a"]
    assert database["id"] in {one["id"] for one in listed(pb.get("/databases/"))}
    assert pb.databases() == before
    detail_of(pb.get(f"{pb.databases_path()}{database['id']}/"), 404)
    detail_of(pb.request("DELETE", f"{pb.databases_path()}{database['id']}/"), 404)
    assert pb.request("DELETE", f"/databases/{database['id']}/").status_code == 204


@pytest.mark.parametrize("own", [True, False])
def test_fields_are_changed_and_kept(pb: PixieBrix, own: bool) -> None:
    database = pb.new_database("Before")
    pb.put(database, "a")
    path = f"/databases/{database}/" if own else f"{pb.databases_path()}{database}/"
    before = pb.get(path).json()
    changes: dict[str, Any] = {"owner_field": "user email", "enforce_schema": True, "type": "Asset"}
    changed = pb.request("PATCH", path, json={**changes, "num_records": 9, "created_at": "ignored"})
    assert changed.json() == {**before, **changes} == pb.get(path).json()
    assert pb.request("PATCH", path, json={"owner_field": None}).json()["owner_field"] is None
    assert pb.request("PATCH", path, json={}).status_code == 200
    if not own:
        put = pb.request("PUT", path, json={"name": "After"})
        assert put.json() == {**before, **changes, "owner_field": None, "name": "After"}
        assert errors_at(pb.request("PUT", path, json={"type": "Asset"}), "name")


@pytest.mark.parametrize("field", ["name", "owner_field"])
def test_256_characters_are_the_most(pb: PixieBrix, field: str) -> None:
    longest = "ü" * 256
    path = pb.databases_path()
    made = pb.post(path, json={"name": "n", field: longest})
    assert (made.status_code, made.json()[field]) == (201, longest)
    one = f"{path}{made.json()['id']}/"
    for method, place in (("POST", path), ("POST", "/databases/"), ("PATCH", one), ("PUT", one)):
        answer = pb.request(method, place, json={"name": "n", field: longest + "x"})
        assert errors_at(answer, field) == ["Ensure this field has no more than 256 characters."]
    assert pb.get(one).json()[field] == longest


def test_an_unknown_database_has_nothing_around_it(pb: PixieBrix) -> None:
    foreign = pb.databases(pb.organizations[1])[0]["id"]
    text = {"schema_text": "{}"}
    detail_of(pb.get(f"/databases/{UNKNOWN}/permissions/"), 404)
    detail_of(pb.request("PATCH", f"/databases/{UNKNOWN}/", json={"name": "x"}), 404)
    for id_ in (UNKNOWN, foreign):
        for method, below, body in (
            ("GET", "", None), ("PUT", "", {"name": "x"}), ("PATCH", "", {}), ("GET", "schema/", None),
            ("PUT", "schema/", text),
        ):  # fmt: skip
            detail_of(pb.request(method, f"{pb.databases_path()}{id_}/{below}", json=body), 404)


# Schemas


def test_the_schema_is_kept_to_the_letter(pb: PixieBrix) -> None:
    path = f"{pb.databases_path()}{pb.new_database()}/schema/"
    assert pb.get(path).json()["schema_text"] == ""
    text = '{ "type":"object",\n"description": "ü" }'
    assert pb.request("PUT", path, json={"schema_text": text}).json()["schema_text"] == text
    assert pb.get(path).json()["schema_text"] == text
    pb.request("PUT", path, json={"schema_text": " "})
    assert pb.get(path).json()["schema_text"] == ""


@pytest.mark.parametrize("text", ["{", "[]", '{"type": "objec"}'])
def test_what_is_not_a_schema(pb: PixieBrix, text: str) -> None:
    path = f"{pb.databases_path()}{pb.new_database()}/schema/"
    assert errors_at(pb.request("PUT", path, json={"schema_text": text}), "schema_text")
    assert pb.get(path).json()["schema_text"] == ""


def test_a_record_that_breaks_the_schema_is_refused(pb: PixieBrix, enforcing: str) -> None:
    path = f"/databases/{enforcing}/records/"
    for method, place, body in (
        ("POST", path, {"id": "a", "data": {}}),
        ("PUT", path, {"id": "a", "data": {"email": 5}}),
        ("PUT", f"{path}a/", {"data": {"email": None}}),
        ("PUT", f"{path}old/", {"data": {"x": 1}, "merge_strategy": "shallow"}),
    ):
        assert errors_at(pb.request(method, place, json=body), "data")
    several = [{"id": "b", "data": {"email": "b"}}, {"id": "c", "data": {}}]
    for method in ("POST", "PUT"):
        answer = pb.request(method, path, json=several)
        assert answer.json()[0] == {}
        assert errors_at(answer, 1, "data") == ['"email" is a required property']
    assert pb.keys(enforcing) == ["old"]


def test_what_is_stored_counts_and_not_what_is_sent(pb: PixieBrix, enforcing: str) -> None:
    pb.put(enforcing, "a", email="a")
    answer = pb.request(
        "PUT", f"/databases/{enforcing}/records/a/", json={"data": {"b": 1}, "merge_strategy": "shallow"}
    )
    assert answer.json()["data"] == {"email": "a", "b": 1}


def test_a_long_array_is_written_whole_or_not_at_all(pb: PixieBrix, enforcing: str) -> None:
    records = [{"id": str(n), "data": {"email": "e"}} for n in range(2_500)]
    bad = [*records, {"id": "bad", "data": {}}]
    answer = pb.post(f"/databases/{enforcing}/records/", json=bad)
    assert (answer.status_code, answer.json()[-1]) == (400, {"data": ['"email" is a required property']})
    assert pb.keys(enforcing) == ["old"]
    pb.write(enforcing, *records)
    assert len(pb.keys(enforcing)) == 2_501


def test_a_schema_binds_only_where_it_is_enforced(pb: PixieBrix, enforcing: str) -> None:
    pb.request("PATCH", f"/databases/{enforcing}/", json={"enforce_schema": False})
    pb.put(enforcing, "free", anything=1)
    assert pb.keys(enforcing) == ["old", "free"]


# Tokens


@pytest.fixture
def limited(start: Callable[..., Running]) -> Iterator[PixieBrix]:
    """A client whose token sees the first organization, and may only read."""
    running = start()
    organization = next(iter(state_of(running.sandbox).organizations))
    grant = TokenGrant.parse(f"limited:organization={organization}:read-only")
    running.sandbox.settings.tokens = {"limited": grant}
    client = PixieBrix(running, "limited")
    yield client
    client.close()


def test_a_token_sees_what_it_may(limited: PixieBrix) -> None:
    first = limited.organizations[0]
    assert [one["id"] for one in listed(limited.get("/organizations/"))] == [first]
    (membership,) = limited.get("/me/").json()["organization_memberships"]
    assert (membership["organization"], membership["role"]) == (first, 1)
    databases = listed(limited.get("/databases/"))
    assert {one["organization_id"] for one in databases} == {first}
    path = f"/databases/{databases[0]['id']}/"
    assert limited.get(f"{path}permissions/").json() == {"permissions": [1]}
    detail_of(limited.request("PATCH", path, json={"name": "x"}), 403)
    detail_of(limited.post("/databases/", json={"name": "x"}), 403)


# Data files


def test_a_data_file_may_have_schemas_and_databases_of_the_users_own(
    start: Callable[..., Running], connect: Callable[[Running], PixieBrix], tmp_path: Path
) -> None:
    id_ = "00000000-0000-4000-8000-000000000001"
    header = {"kind": "dataset", "format": "dbcontract-dataset/1", "name": "own", "seed": None}
    database: dict[str, Any] = {"kind": "database", "id": id_, "name": "Mine", "organization_id": None}
    database |= {"created_at": "2024-01-01T00:00:00Z", "enforce_schema": True, "type": "Key-Value"}
    database |= {"owner_field": None, "schema": SCHEMA}
    organization = {"kind": "organization", "id": UNKNOWN, "name": "One"}
    lines: list[dict[str, Any]] = [{**header, "as_of": "2024-01-02T00:00:00Z"}, organization, database]
    file = tmp_path / "own.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    pb = connect(start(data=str(file)))
    assert [one["id"] for one in listed(pb.get("/databases/"))] == [id_]
    assert errors_at(pb.post(f"/databases/{id_}/records/", json={"id": "a", "data": {}}), "data")
    pb.put(id_, "a", email="a")
    lines[-1]["schema"] = {"type": "objec"}
    file.write_text("\n".join(json.dumps(line) for line in lines))
    with pytest.raises(ValueError, match='schema of the database "Mine": This is not a valid JSON Schema'):
        start(data=str(file))
