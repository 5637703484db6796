"""What a run may send: by what the user allows, and by what the run itself has made."""

import json
from typing import Any

import pytest

from dbcontract import openapi
from dbcontract.conformance.apis.pieces.imports import Imports
from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.environment.effects import READING, effects, things
from dbcontract.conformance.environment.gate import Gate, NotAllowed
from dbcontract.conformance.http.spool import Spool
from dbcontract.conformance.http.wire import Received, Request
from dbcontract.conformance.schema.description import Description, routes
from dbcontract.conformance.target.target import Endpoint, Target

PIECES, SECOND, PIXIEBRIX = "http://pieces.test", "http://second.test", "http://pixiebrix.test/api"
ORGANIZATION = "00000000-0000-4000-8000-0000000000aa"
SCRATCH = "00000000-0000-4000-8000-0000000000d1"
OTHER = "00000000-0000-4000-8000-0000000000d2"
NEW = "00000000-0000-4000-8000-0000000000d3"
MARK = "dbcontract-r1-"
OWN = f"{MARK}record-1"
TOKEN = "the-token"


@pytest.fixture
def make(descriptions: dict[str, Description]) -> Any:
    def gate(*allowed: str, create_databases: bool = False) -> Gate:
        target = Target(
            "t",
            endpoints={
                "pieces": Endpoint(PIECES, second_url=SECOND),
                "pixiebrix": Endpoint(PIXIEBRIX, TOKEN),
            },
            capabilities=frozenset({"read", *allowed}),
            own=(Scratch(ORGANIZATION, (SCRATCH,), create_databases=create_databases),),
        )
        return Gate(target, MARK, routes(descriptions))

    return gate


def request(line: str, body: object = None) -> Request:
    """`PUT /databases/…` below PixieBrix, or an absolute URL."""
    method, _, path = line.partition(" ")
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    headers = (("Authorization", f"Token {TOKEN}"),)
    return Request(method, path if path.startswith("http") else PIXIEBRIX + path, headers, content)


def done(gate: Gate, sent: Request, answer: object = None, status: int = 200) -> None:
    """Send, and be answered."""
    content = b"" if answer is None else json.dumps(answer).encode()
    gate.settle(gate.admit(sent), Received(status, "", (), content, 0.0))


def test_every_operation_that_writes_says_what_it_may_do() -> None:
    for api in ("pieces", "pixiebrix"):
        writing = {
            operation["operationId"]
            for item in openapi.load(api)["paths"].values()
            for method, operation in item.items()
            if isinstance(operation, dict) and "operationId" in operation and method.upper() not in READING
        }
        assert writing - effects(api).keys() == set()
        assert {effect.thing for effect in effects(api).values()} <= things().keys()
        assert all(
            effect.may <= {"create", "change", "destroy", "import"} for effect in effects(api).values()
        )


RECORDS = f"/databases/{SCRATCH}/records/"
ASSETS = f"/databases/{SCRATCH}/assets/"
REFUSED_WITHOUT: list[tuple[str, object, str | None]] = [
    # what it takes; None: nothing allows it
    (f"POST {RECORDS}", {"id": OWN, "data": {}}, "write"),
    (f"POST {RECORDS}", [{"id": OWN, "data": {}}, {"data": {}}], "write"),
    (f"POST {RECORDS}", b'{"id": "', "write"),
    (f"PUT {RECORDS}{OWN}/", {"data": {}}, "write"),
    (f"PUT {RECORDS}{OWN}", {"data": {}}, "write"),
    (f"DELETE {RECORDS}{OWN}/", None, "write"),
    (f"POST {ASSETS}", {"filename": "a"}, "write"),
    ("POST /databases/records/jobs/", {"name": "a", "databases": [OTHER]}, "write"),
    # what is the user's own
    (f"POST {RECORDS}", {"id": "customer-7", "data": {}}, "destroy"),
    (f"POST {RECORDS}", [{"id": OWN, "data": {}}, {"id": 7, "data": {}}], "destroy"),
    (f"PUT {RECORDS}customer-7/", {"data": {}}, "destroy"),
    (f"DELETE {RECORDS}customer-7/", None, "destroy"),
    (f"DELETE {RECORDS}", None, "destroy"),
    (f"DELETE {RECORDS}?data__probe={OWN}", None, "destroy"),
    (f"PATCH {RECORDS}", {}, "destroy"),
    (f"PATCH {ASSETS}{NEW}", {"is_uploaded": False}, None),
    (f"DELETE /databases/{SCRATCH}/", None, None),
    (f"PUT /organizations/{ORGANIZATION}/databases/{SCRATCH}/schema/", {}, None),
    (f"PATCH /organizations/{ORGANIZATION}/", {}, None),
    ("PUT /databases/records/jobs/", {}, None),
    ("POST /elsewhere/", {}, None),
    # databases that were not given
    (f"POST /databases/{OTHER}/records/", {"id": OWN, "data": {}}, None),
    (f"DELETE /organizations/{ORGANIZATION}/databases/{OTHER}/", None, None),
    (f"POST /databases/{OTHER}/assets/", {"filename": "a"}, None),
    # paths that a server may read as others
    (f"DELETE {RECORDS}{OWN}/../customer-7/", None, None),
    (f"DELETE {RECORDS}{OWN}%2F..%2Fcustomer-7/", None, None),
    (f"DELETE {RECORDS}/", None, None),
    # creating databases
    (f"POST /organizations/{ORGANIZATION}/databases/", {"name": "a"}, "create_databases"),
    ("POST /databases/", {"name": "a"}, None),
    (f"POST /organizations/{OTHER}/databases/", {"name": "a"}, None),
    # what no answer told of
    ("POST http://elsewhere.test/upload", b"file", None),
    ("PUT http://pixiebrix.test/upload", b"file", None),
]


@pytest.mark.parametrize(("line", "body", "takes"), REFUSED_WITHOUT)
def test_what_a_request_takes(make: Any, line: str, body: object, takes: str | None) -> None:
    sent = request(line, body)
    gates = {
        None: make(),
        "write": make("write"),
        "destroy": make("write", "destroy"),
        "create_databases": make("write", create_databases=True),
    }
    order = [None, "write", "destroy"] if takes != "create_databases" else [None, "write", "create_databases"]
    admitted = [name for name in order if gates[name].admits(sent)]
    assert admitted == (order[order.index(takes) :] if takes is not None else [])


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_whoever_may_nothing_may_read(make: Any, method: str) -> None:
    assert make().admits(request(f"{method} /databases/{OTHER}/records/"))
    assert make().admits(request(f"{method} http://elsewhere.test/"))


def test_a_refusal_names_what_is_missing(make: Any) -> None:
    with pytest.raises(NotAllowed, match="was not sent: it might change records") as caught:
        make("write").admit(request(f"DELETE {RECORDS}"))
    assert caught.value.missing == ("destroy",)


def test_what_is_invented_can_do_nothing(make: Any) -> None:
    gate = make()
    gate.invent("pixiebrix", NEW)
    assert gate.admits(request(f"DELETE /databases/{NEW}/records/"))
    assert gate.admits(request(f"POST /organizations/{NEW}/databases/", {"name": "a"}))
    # but not what is real behind an invented organization
    assert not gate.admits(request(f"DELETE /organizations/{NEW}/databases/{SCRATCH}/"))
    assert not gate.admits(request(f"DELETE /databases/{NEW}/../{SCRATCH}/records/"))


def test_a_new_database_is_the_runs_until_it_is_deleted(make: Any) -> None:
    gate = make("write", create_databases=True)
    done(gate, request(f"POST /organizations/{ORGANIZATION}/databases/", {"name": "a"}), {"id": NEW}, 201)
    done(gate, request(f"POST /databases/{NEW}/assets/", {"filename": "b"}), {"asset": {"id": "1"}}, 201)
    for line in (f"DELETE /databases/{NEW}/records/", f"PATCH /databases/{NEW}/assets/7"):
        assert gate.admits(request(line))
    assert [item.id for item in gate.inventory.since()] == ["1", NEW]
    done(gate, request(f"DELETE /databases/{NEW}/"), status=204)
    assert gate.inventory.since() == ()
    assert not gate.admits(request(f"DELETE /databases/{NEW}/records/"))


def test_an_answer_cannot_make_a_users_database_the_runs(make: Any) -> None:
    gate = make("write", create_databases=True)
    done(gate, request(f"GET /organizations/{ORGANIZATION}/databases/"), [{"id": OTHER}])
    done(gate, request(f"POST /organizations/{ORGANIZATION}/databases/", {"name": "a"}), {"id": OTHER}, 201)
    assert not gate.admits(request(f"DELETE /databases/{OTHER}/"))
    assert not gate.admits(request(f"DELETE /databases/{OTHER}/records/"))
    assert [(item.id, item.ours) for item in gate.inventory.since()] == [(OTHER, False)]


def test_an_answer_cannot_lead_a_file_to_an_operation(make: Any) -> None:
    gate = make("write")
    bad, good = f"{PIXIEBRIX}/databases/{OTHER}/records/", "http://storage.test/upload?signature=1"
    for link in (bad, f"{PIECES}/database/import", "http://[", 7, good):
        done(
            gate,
            request(f"POST {ASSETS}", {"filename": "a"}),
            {"asset": {"id": "1"}, "upload_url": link},
            201,
        )
    assert gate.admits(request("POST http://storage.test/upload", b"file"))
    assert not gate.admits(request(f"POST {bad}", b"file"))
    assert not gate.admits(request("DELETE http://storage.test/upload"))


def test_a_database_that_was_empty_may_be_emptied(make: Any) -> None:
    gate = make("write")
    for query in ("?page=7", "?data__a=b", "?start_date=2026-01-01"):
        done(gate, request(f"GET {RECORDS}{query}"), [])
    assert not gate.admits(request(f"DELETE {RECORDS}"))
    unseen = Request("GET", PIXIEBRIX + RECORDS, (("Authorization", "Token another"),))
    done(gate, unseen, [])
    assert not gate.admits(request(f"DELETE {RECORDS}"))
    done(gate, request(f"GET {RECORDS}?page_size=1"), [])
    assert gate.admits(request(f"DELETE {RECORDS}"))


@pytest.mark.parametrize(("status", "told"), [(201, [True]), (500, [False]), (None, [False]), (400, [])])
def test_what_may_have_been_made_is_entered(make: Any, status: int | None, told: list[bool]) -> None:
    gate = make("write")
    passage = gate.admit(request("POST /databases/records/jobs/", {"name": "a", "databases": [SCRATCH]}))
    gate.settle(passage, None if status is None else Received(status, "", (), b'{"id": "1"}', 0.0))
    assert [item.sure for item in gate.inventory.since()] == told


def test_a_key_of_the_targets_own_is_told_and_not_deleted(make: Any) -> None:
    gate = make("write")
    done(gate, request(f"POST {RECORDS}", {"data": {}}), {"id": "customer-7"}, 201)
    assert [(item.id, item.ours) for item in gate.inventory.since()] == [("customer-7", False)]
    assert not gate.admits(request(f"DELETE {RECORDS}customer-7/"))


# Pieces OS

EXPORT = {
    "version": "1.2.3",
    "persons": [91, 93],
    "tags": [1, 2, 3],
    "values": {"iterable": [{"id": "format-1", "raw": [1]}]},
}


def exported(gate: Gate, export: object = None, url: str = PIECES) -> None:
    done(gate, request(f"GET {url}/database/export"), EXPORT if export is None else export)


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, True),
        ({"persons": []}, True),
        ({"persons": None}, True),
        ({"values": {"iterable": [{"id": OWN, "raw": [9]}]}}, True),
        ({"values": []}, True),
        ({"version": "9.9.9"}, True),
        # random bytes, those of another collection, and what a server may read as bytes
        ({"persons": [7]}, False),
        ({"persons": [1, 2, 3]}, False),
        ({"persons": [256]}, False),
        ({"hints": "W10="}, False),
        ({"unheard_of": [1]}, False),
        # entries that are not the run's, wherever they are
        ({"values": {"iterable": [{"id": "format-1", "raw": [2]}]}}, False),
        ({"values": {"iterable": [{"id": "new", "raw": [2]}]}}, False),
        ({"messageValues": {"iterable": {"a": [{"id": "new"}]}}}, False),
    ],
)
def test_an_import_may_bring_what_is_the_runs_or_there_already(
    make: Any, change: dict[str, Any], allowed: bool
) -> None:
    body = {**EXPORT, **change}
    for permissions, expected in ((("write",), allowed), (("write", "destroy"), True), ((), False)):
        gate = make(*permissions)
        exported(gate)
        assert gate.admits(request(f"POST {PIECES}/database/import", body)) is expected


def test_another_method_may_bring_all_that_is_there(make: Any) -> None:
    gate = make("write")
    assert not gate.admits(request(f"PUT {PIECES}/database/export", EXPORT))
    exported(gate)
    probe = {"id": OWN, "raw": [1]}
    more = {**EXPORT, "values": {"iterable": [*EXPORT["values"]["iterable"], probe]}}  # type: ignore[index]
    assert gate.admits(request(f"PUT {PIECES}/database/export", more))
    assert not gate.admits(
        request(f"PUT {PIECES}/database/export", {**more, "values": {"iterable": [probe]}})
    )
    assert not gate.admits(request(f"DELETE {PIECES}/database/export"))


def test_what_was_imported_is_read_from_the_exports(make: Any) -> None:
    gate = make("write", "destroy")
    exported(gate)
    body = {**EXPORT, "tags": [], "values": {"iterable": [{"id": OWN, "raw": [1]}]}}
    done(gate, request(f"POST {PIECES}/database/import", body), status=500)
    assert [endpoint.url for endpoint in gate.keeper(Imports).unseen] == [PIECES]
    exported(gate, body)
    assert gate.keeper(Imports).unseen == ()
    assert [item.id for item in gate.inventory.since()] == [OWN]
    assert list(gate.keeper(Imports).changed()) == [
        f"what {PIECES} holds in tags, values, which is another than before"
    ]
    exported(gate)
    assert gate.inventory.since() == ()
    assert list(gate.keeper(Imports).changed()) == []


def test_an_export_that_grows_ends_the_imports(make: Any) -> None:
    gate = make("write", "destroy")
    tags = [7] * 100_000
    export = {**EXPORT, "tags": tags}
    exported(gate, export)
    good = request(f"POST {PIECES}/database/import", export)
    done(gate, good, status=204)
    exported(gate, export)
    done(gate, good, status=204)
    exported(gate, {**export, "tags": [*tags, *tags]})
    with pytest.raises(NotAllowed, match=r"has grown from 0\.3 MB to 0\.6 MB.*nothing more is imported"):
        gate.admit(good)


def test_an_entry_is_the_same_in_memory_and_in_a_file(make: Any) -> None:
    """An export that grows beyond what is held in memory has not changed for that."""
    gate = make("write")
    export = {"version": "1.0.0", "files": [1] * 600, "values": {"iterable": [{"id": "a", "raw": [7] * 600}]}}
    done(gate, request(f"GET {PIECES}/database/export"), export)
    done(gate, request(f"POST {PIECES}/database/import", export), status=204)
    spool = Spool(1_000_000)
    spool.write(json.dumps(export).encode())
    passage = gate.admit(request(f"GET {PIECES}/database/export"))
    gate.settle(passage, Received(200, "", (), b"", 0.0, truncated=True, spool=spool))
    assert list(gate.keeper(Imports).changed()) == []
