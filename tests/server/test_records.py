"""Databases and records over HTTP (contract: PixieBrix, Databases and records)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from .client import TOKEN, UNKNOWN, PixieBrix, detail_of, errors_at
from .mock import HOUR, SECOND
from .raw import literal

AUTH = ("Authorization", f"Token {TOKEN}")
EXACT: list[Any] = [
    {},
    {"": ""},
    {"text": 'übung ✓ 🦊 \x00 \x1f " \\ / \u2028 \ufeff <script>'},
    {"int": 0, "big": 10**30, "small": -(10**30), "edge": [2**53 + 1, 2**63, -(2**63), 2**64]},
    {"float": [0.1, 1e308, 5e-324, 1.0, -2.5e-10]},
    {"kinds": [True, False, None, [], {}, [[]], {"a": {"b": {"c": [1, {"d": None}]}}}]},
    {"id": "in data", "data": {"data": 1}, "created_at": "never", "merge_strategy": "deep"},
    {"a b": 1, "A b": 2, "a.b": 3, "a__b": 4, "data__x": 5, "a=b": 6, "%20": 7},
    {"text": "x" * 1_000_000},
]
KEYS = [
    "plain",
    "with space",
    "a/b",
    "/",
    "//",
    "a%2Fb",
    "100%",
    "%",
    "?",
    "#",
    "a?b=c#d",
    ".",
    "..",
    "../..",
    "~",
    ":",
    "ключ",
    "🦊",
    "e\u0301",
    "\u00e9",
    "\x00",
    "\n",
    "\t",
    '"',
    "\\",
    "null",
    "0",
    "a+b",
    "a,b;c",
    "\u202e",
    "\ue02f",
    "\ue02f/\ue02f",
    "x" * 4_000,
]


@pytest.fixture
def database(pb: PixieBrix) -> str:
    return pb.new_database()


def path_of(database: str, key: str | None = None) -> str:
    return f"/databases/{database}/records/" + ("" if key is None else quote(key, safe="") + "/")


def data_of(pb: PixieBrix, database: str, key: str) -> Any:
    response = pb.get(path_of(database, key))
    assert response.status_code == 200, response.text
    return response.json()["data"]


# Databases


def test_a_new_database(pb: PixieBrix) -> None:
    before = pb.databases()
    response = pb.post(pb.databases_path(), json={"name": "Blätter", "type": "Asset", "enforce_schema": True})
    assert response.status_code == 201
    made = response.json()
    assert made == {
        "id": made["id"],
        "name": "Blätter",
        "organization_id": pb.organization,
        "created_at": "2024-05-10T12:00:00.000000Z",
        "enforce_schema": True,
        "owner_field": None,
        "type": "Asset",
        "last_write_at": None,
        "num_records": 0,
    }
    assert pb.databases() == [*before, made]
    assert made["id"] not in {item["id"] for item in pb.databases(pb.organizations[1])}
    assert pb.records(made["id"]) == []


def test_read_only_fields_of_a_new_database_are_ignored(pb: PixieBrix) -> None:
    body = {"name": "x", "id": UNKNOWN, "organization_id": UNKNOWN, "num_records": "many", "last_write_at": 7}
    made = pb.post(pb.databases_path(), json=body).json()
    assert made["id"] != UNKNOWN
    assert (made["organization_id"], made["num_records"], made["last_write_at"]) == (pb.organization, 0, None)


def test_a_database_counts_its_records_and_remembers_the_last_write(pb: PixieBrix, database: str) -> None:
    pb.write(database, {"id": "a", "data": {}}, {"id": "b", "data": {}})
    counts = [(pb.database(database)["num_records"], pb.database(database)["last_write_at"])]
    for method, key, body in (("PUT", "a", {"data": {}}), ("DELETE", "a", None), ("DELETE", None, None)):
        pb.wait(SECOND)
        pb.request(method, path_of(database, key), json=body)
        counts.append((pb.database(database)["num_records"], pb.database(database)["last_write_at"]))
    assert counts == [(2, at(0)), (2, at(1)), (1, at(2)), (0, at(3))]


def at(seconds: int) -> str:
    return f"2024-05-10T12:00:{seconds:02}.000000Z"


# Writing


@pytest.mark.parametrize("data", EXACT, ids=lambda data: str(list(data))[:40])
def test_data_comes_back_exactly(pb: PixieBrix, database: str, data: Any) -> None:
    created = pb.post(path_of(database), json={"id": "one", "data": data})
    expected = {"id": "one", "data": data, "created_at": at(0)}
    assert created.status_code == 201
    for response in (created, pb.get(path_of(database, "one"))):
        assert exact(response.content) == exact(json.dumps(expected).encode())
    assert exact(pb.get(path_of(database)).content) == exact(json.dumps([expected]).encode())


def exact(raw: bytes) -> str:
    """JSON with every number as it is written, so that 1 and 1.0 differ."""
    return repr(json.loads(raw))


def test_a_body_of_five_megabytes_is_taken(pb: PixieBrix, database: str) -> None:
    pb.put(database, "large", text="x" * 5_000_000)
    assert data_of(pb, database, "large") == {"text": "x" * 5_000_000}


def test_the_last_of_two_equal_json_keys_counts(pb: PixieBrix, database: str) -> None:
    body = b'{"id": "first", "id": "second", "data": {"n": 1, "n": 2}}'
    response = pb.post(path_of(database), data=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 201
    assert pb.keys(database) == ["second"]
    assert data_of(pb, database, "second") == {"n": 2}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ascii(key)[:30])
def test_a_key_is_any_string(pb: PixieBrix, database: str, key: str) -> None:
    other = pb.post(path_of(database), json={"id": f"{key}x", "data": {"other": True}})
    assert other.status_code == 201
    target = f"/api/databases/{database}/records/{quote(key, safe='')}"
    json_type = ("Content-Type", "application/json")

    def send(method: str, slash: str, body: bytes | None = None) -> tuple[int, Any]:
        answer = literal(pb.running.base_url, method, target + slash, [AUTH, json_type], body)
        return answer.status, json.loads(answer.body) if answer.body else None

    record = {"id": key, "data": {"n": 1}, "created_at": at(0)}
    assert send("PUT", "/", b'{"data": {"n": 1}}') == (201, record)
    for slash in ("/", ""):
        assert send("GET", slash) == (200, record)
    assert record in pb.records(database)
    assert send("DELETE", "") == (204, None)
    assert send("GET", "/")[0] == 404
    posted = pb.post(path_of(database), json={"id": key, "data": {"n": 1}})
    assert posted.json() == record
    assert send("GET", "") == (200, record)
    assert data_of(pb, database, f"{key}x") == {"other": True}


def test_keys_that_look_alike_are_different(pb: PixieBrix, database: str) -> None:
    keys = ["a", "A", " a", "a ", "e\u0301", "\u00e9", "1", "01", "1.0"]
    pb.write(database, *({"id": key, "data": {"key": key}} for key in keys))
    assert pb.keys(database) == keys
    assert all(data_of(pb, database, key) == {"key": key} for key in keys)


def test_put_creates_then_writes(pb: PixieBrix, database: str) -> None:
    first = pb.request("PUT", path_of(database, "key"), json={"data": {"n": 1}})
    pb.wait(SECOND)
    second = pb.request("PUT", path_of(database, "key"), json={"data": {"n": 2}, "id": "key"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == {"id": "key", "data": {"n": 2}, "created_at": at(0)}
    assert pb.records(database) == [second.json()]


def test_the_key_in_the_path_counts(pb: PixieBrix, database: str) -> None:
    response = pb.request("PUT", path_of(database, "key"), json={"id": "other", "data": {}})
    assert (response.status_code, response.json()["id"]) == (201, "key")
    assert pb.keys(database) == ["key"]


def test_post_writes_into_a_record_that_exists(pb: PixieBrix, database: str) -> None:
    pb.put(database, "key", n=1, old=True)
    pb.wait(SECOND)
    response = pb.post(path_of(database), json={"id": "key", "data": {"n": 2}})
    assert response.status_code == 201
    assert pb.records(database) == [{"id": "key", "data": {"n": 2}, "created_at": at(0)}]


OLD = {
    "same": 1,
    "obj": {"x": {"p": 1, "q": [1]}, "list": [1, 2]},
    "list": [{"n": 1}],
    "null": None,
    "text": "a",
}
NEW = {
    "same": 2,
    "obj": {"x": {"p": 2}, "list": [3]},
    "list": [{"n": 2}],
    "null": {"n": 1},
    "text": None,
    "new": [1],
}
MERGED = {
    "replace": NEW,
    "shallow": NEW,
    "deep": {**NEW, "obj": {"x": {"p": 2, "q": [1]}, "list": [3]}},
    "deep_append": {
        **NEW,
        "obj": {"x": {"p": 2, "q": [1]}, "list": [1, 2, 3]},
        "list": [{"n": 1}, {"n": 2}],
    },
}


@pytest.mark.parametrize("method", ["POST", "POST array", "PUT"])
@pytest.mark.parametrize("strategy", MERGED)
def test_merge_strategies(pb: PixieBrix, database: str, strategy: str, method: str) -> None:
    pb.put(database, "key", **OLD, kept={"deep": [0]})
    pb.put(database, "other", **OLD)
    body: Any = {"id": "key", "data": NEW, "merge_strategy": strategy}
    expected = dict(MERGED[strategy])
    if strategy != "replace":
        expected["kept"] = {"deep": [0]}
    if method == "PUT":
        response = pb.request("PUT", path_of(database, "key"), json=body)
        written = response.json()
    elif method == "POST":
        response = pb.post(path_of(database), json=body)
        written = response.json()
    else:
        response = pb.post(path_of(database), json=[body])
        (written,) = response.json()
    assert response.status_code == (200 if method == "PUT" else 201)
    assert written == {"id": "key", "data": expected, "created_at": at(0)}
    assert data_of(pb, database, "key") == expected
    assert data_of(pb, database, "other") == OLD


@pytest.mark.parametrize("strategy", MERGED)
def test_a_strategy_for_a_record_that_does_not_exist(pb: PixieBrix, database: str, strategy: str) -> None:
    body = {"id": "key", "data": NEW, "merge_strategy": strategy}
    assert pb.post(path_of(database), json=body).status_code == 201
    assert data_of(pb, database, "key") == NEW


def test_replace_is_the_default(pb: PixieBrix, database: str) -> None:
    pb.put(database, "key", old=1)
    pb.request("PUT", path_of(database, "key"), json={"data": {"new": 1}})
    assert data_of(pb, database, "key") == {"new": 1}


def test_many_records_at_once_in_their_order(pb: PixieBrix, database: str) -> None:
    body = [{"id": f"key {n}", "data": {"n": n}} for n in range(1_500)]
    response = pb.post(path_of(database), json=body)
    assert response.status_code == 201
    assert response.json() == [{**item, "created_at": at(0)} for item in body]
    assert pb.records(database) == response.json()


def test_one_key_twice_in_an_array(pb: PixieBrix, database: str) -> None:
    body = [
        {"id": "key", "data": {"n": 1, "list": [1]}},
        {"id": "key", "data": {"m": 2, "list": [2]}, "merge_strategy": "deep_append"},
    ]
    assert pb.post(path_of(database), json=body).status_code == 201
    assert pb.keys(database) == ["key"]
    assert data_of(pb, database, "key") == {"n": 1, "m": 2, "list": [1, 2]}


def test_an_empty_array_writes_nothing(pb: PixieBrix, database: str) -> None:
    response = pb.post(path_of(database), json=[])
    assert (response.status_code, response.json()) == (201, [])
    assert pb.database(database)["last_write_at"] is None


def test_all_of_an_array_or_nothing(pb: PixieBrix, database: str) -> None:
    pb.put(database, "key", n=1)
    pb.wait(SECOND)
    before = pb.everything(database)
    body = [{"id": "new", "data": {}}, {"id": "key", "data": {"n": 2}}, {"id": "bad", "data": None}]
    errors_at(pb.post(path_of(database), json=body), 2, "data")
    assert pb.everything(database) == before


def test_created_at_of_the_client_is_ignored(pb: PixieBrix, database: str) -> None:
    body = {"id": "key", "data": {}, "created_at": "2001-01-01T00:00:00Z"}
    assert pb.post(path_of(database), json=body).json()["created_at"] == at(0)


# Deleting


def test_delete_one(pb: PixieBrix, database: str) -> None:
    pb.write(database, {"id": "a", "data": {}}, {"id": "b", "data": {}})
    response = pb.request("DELETE", path_of(database, "a"))
    assert (response.status_code, response.content) == (204, b"")
    detail_of(pb.get(path_of(database, "a")), 404)
    detail_of(pb.request("DELETE", path_of(database, "a")), 404)
    assert pb.keys(database) == ["b"]
    pb.wait(SECOND)
    pb.put(database, "a", again=True)
    assert pb.records(database)[1] == {"id": "a", "data": {"again": True}, "created_at": at(1)}


def test_clear(pb: PixieBrix, database: str) -> None:
    other = pb.new_database("Other")
    pb.put(other, "stays")
    pb.write(database, *({"id": str(n), "data": {}} for n in range(2_000)))
    for _ in range(2):
        response = pb.request("DELETE", path_of(database))
        assert (response.status_code, response.content) == (204, b"")
        assert pb.records(database) == []
    assert pb.keys(other) == ["stays"]
    pb.put(database, "0", new=True)
    assert pb.keys(database) == ["0"]


# Time


def test_a_record_written_later_keeps_its_creation(pb: PixieBrix, database: str) -> None:
    pb.put(database, "key", n=1)
    pb.wait(HOUR)
    pb.put(database, "key", n=2)
    pb.wait(HOUR)
    pb.request("PUT", path_of(database, "key"), json={"data": {"n": 3}, "merge_strategy": "deep"})
    assert pb.get(path_of(database, "key")).json()["created_at"] == at(0)


def test_records_are_put_under_the_keys_of_the_body(pb: PixieBrix, database: str) -> None:
    pb.put(database, "old", a=1, b={"c": 1})
    path = f"/databases/{database}/records/"
    several = [
        {"id": "old", "data": {"b": {"d": 2}}, "merge_strategy": "deep"},
        {"id": "new", "data": {"x": "y"}},
    ]
    answer = pb.request("PUT", path, json=several)
    assert (answer.status_code, [one["id"] for one in answer.json()]) == (200, ["old", "new"])
    one = pb.request("PUT", path, json={"id": "new", "data": {"z": 1}})
    assert (one.status_code, one.json()["data"]) == (200, {"z": 1})
    data = {record["id"]: record["data"] for record in pb.records(database)}
    assert data == {"old": {"a": 1, "b": {"c": 1, "d": 2}}, "new": {"z": 1}}
    before = pb.records(database)
    answer = pb.request("PUT", path, json=[{"id": "third", "data": {}}, {"id": "new"}])
    assert (answer.status_code, answer.json()) == (400, [{}, {"data": ["This field is required."]}])
    assert pb.records(database) == before


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("data__state=closed", ["open", "null", "yesterday"]),
        ("data__state__isnull=true", ["open", "closed", "yesterday"]),
        ("data__state=closed&data__state__isnull=true", ["open", "closed", "null", "yesterday"]),
        ("start_date=2030-05-02", ["yesterday"]),
        ("end_date=2030-05-01", ["open", "closed", "null"]),
        ("end_date=2030-05-01&data__state=open", ["open", "closed", "null"]),
        ("data__state=nothing", ["open", "closed", "null", "yesterday"]),
        ("page=2&page_size=1&other=x", []),
    ],
)
def test_a_deletion_is_limited_by_the_filters_of_the_list(
    pb: PixieBrix, database: str, query: str, left: list[str]
) -> None:
    pb.at("2030-05-01T10:00:00Z")
    pb.put(database, "yesterday", state="open")
    pb.at("2030-05-02T10:00:00Z")
    for state in ("open", "closed"):
        pb.put(database, state, state=state)
    pb.put(database, "null", state=None)
    assert pb.request("DELETE", f"/databases/{database}/records/?{query}").status_code == 204
    assert sorted(pb.keys(database)) == sorted(left)


@pytest.mark.parametrize("query", ["start_date=x", "data__state__isnull=maybe", "end_date=2030-02-30"])
def test_a_filter_that_is_none_deletes_nothing(pb: PixieBrix, database: str, query: str) -> None:
    pb.put(database, "kept")
    answer = pb.request("DELETE", f"/databases/{database}/records/?{query}")
    assert errors_at(answer, query.partition("=")[0])
    assert pb.keys(database) == ["kept"]


def test_a_mistake_far_behind_in_an_array_is_told_in_its_place_and_nothing_is_written(pb: PixieBrix) -> None:
    database = pb.new_database()
    items: list[dict[str, Any]] = [{"id": str(number), "data": {}} for number in range(25_000)]
    items[20_500] = {"id": "without"}
    response = pb.post(f"/databases/{database}/records/", json=items)
    found = response.json()
    wrong = [(place, error) for place, error in enumerate(found) if error]
    assert (response.status_code, wrong) == (400, [(20_500, {"data": ["This field is required."]})])
    assert pb.records(database) == []
