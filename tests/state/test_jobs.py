from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.apis.pixiebrix.state.databases import Database, Organization
from dbcontract.mockserver.apis.pixiebrix.state.jobs import Job
from dbcontract.mockserver.apis.pixiebrix.state.merging import MergeStrategy
from dbcontract.mockserver.apis.pixiebrix.state.pixiebrix import PixieBrixState
from dbcontract.mockserver.apis.pixiebrix.state.records import DATA, KEY
from dbcontract.mockserver.state.errors import InvalidInput, NotFound, Wrong

NewId = Callable[[], str]
JSON = "application/json"


@pytest.fixture
def state() -> PixieBrixState:
    state = PixieBrixState()
    state.organizations["org"] = Organization("org", "Org")
    for name in ("first", "second", "empty"):
        state.databases[name] = Database(name, name, "org", 0)
    for number in range(5):
        state.put_record("first", f"f{number}", {"n": number}, MergeStrategy.REPLACE, number)
        state.put_record("second", f"s{number}", {"n": number}, MergeStrategy.REPLACE, 10 + number)
    return state


def keys(job: Job) -> list[tuple[str, str]]:
    return [(database, row[KEY]) for database, row in job.rows]


def test_a_job_exports_the_chosen_databases_as_they_were(state: PixieBrixState, new_id: NewId) -> None:
    job = state.create_job("x", ["second", "first"], JSON, None, None, now=20, duration_us=5, new_id=new_id)
    state.put_record("first", "f0", {"changed": True}, MergeStrategy.REPLACE, 21)
    state.delete_record("first", "f1", 21)
    state.clear_records("second", 21).release()
    state.put_record("first", "late", {}, MergeStrategy.REPLACE, 21)
    assert keys(job) == [("second", f"s{n}") for n in range(5)] + [("first", f"f{n}") for n in range(5)]
    assert job.rows[5][1][DATA] == b'{"n":0}'
    assert state.job(job.id) is job


def test_a_job_is_what_was_asked_for(state: PixieBrixState, new_id: NewId) -> None:
    job = state.create_job("My job", ["first"], "text/csv", 1, 3, now=20, duration_us=5, new_id=new_id)
    rows = state.database("first").records.slice(1, 4)
    id_ = "00000000-0000-4000-8000-000000000001"
    parts, organizations = (("first", rows),), frozenset({"org"})
    assert job == Job(
        id_, "My job", ("first",), "text/csv", 1, 3, 20, 25, None, parts, organizations=organizations
    )


def test_both_bounds_are_inclusive(state: PixieBrixState, new_id: NewId) -> None:
    def export(start: int | None, end: int | None) -> list[str]:
        job = state.create_job("x", ["first"], JSON, start, end, now=20, duration_us=0, new_id=new_id)
        return [key for _, key in keys(job)]

    assert export(1, 3) == ["f1", "f2", "f3"]
    assert export(3, None) == ["f3", "f4"]
    assert export(None, 0) == ["f0"]
    assert export(2, 2) == ["f2"]
    assert export(5, 9) == []


def test_the_status_follows_the_clock(state: PixieBrixState, new_id: NewId) -> None:
    job = state.create_job("x", ["empty"], JSON, None, None, now=20, duration_us=5, new_id=new_id)
    assert [job.status(now) for now in (20, 24, 25, 10**15)] == ["STARTED", "STARTED", "SUCCESS", "SUCCESS"]
    job.error_message = "storage is full"
    assert [job.status(now) for now in (20, 24, 25)] == ["STARTED", "STARTED", "FAILURE"]
    job.polls_left = 2  # it must still be looked at, whatever the time
    seen = []
    for _ in range(4):
        seen.append((job.status(25), job.polls_left))
        job.look()
    assert seen == [("STARTED", 2), ("STARTED", 1), ("FAILURE", 0), ("FAILURE", 0)]
    endless = state.create_job("x", ["empty"], JSON, None, None, now=20, duration_us=None, new_id=new_id)
    assert endless.status(10**18) == "STARTED"


def test_a_database_named_twice_counts_once(state: PixieBrixState, new_id: NewId) -> None:
    job = state.create_job("x", ["first", "first"], JSON, None, None, now=20, duration_us=0, new_id=new_id)
    assert job.databases == ("first",)
    assert len(job.rows) == 5


def test_everything_wrong_is_reported_by_field(state: PixieBrixState, new_id: NewId) -> None:
    with pytest.raises(InvalidInput) as caught:
        state.create_job(
            " ", ["first", "no", "empty", "nor"], "text/html", 5, 4, now=20, duration_us=0, new_id=new_id
        )
    errors = caught.value.errors
    assert errors == {
        "name": [Wrong("blank")],
        "databases": {"1": [Wrong("unknown-id", "no")], "3": [Wrong("unknown-id", "nor")]},
        "media_type": [Wrong("unknown-choice", "text/html")],
    }
    assert [field for field in errors if field in str(caught.value)] == list(errors)
    assert state.jobs == {}


def test_nothing_was_created_between_an_end_and_a_later_start(state: PixieBrixState, new_id: NewId) -> None:
    job = state.create_job("x", ["first"], JSON, 5, 4, now=20, duration_us=0, new_id=new_id)
    assert job.rows == []
    assert job.status(20) == "SUCCESS"


@pytest.mark.parametrize(
    ("name", "databases", "errors"),
    [
        ("n" * 1025, ["first"], {"name": [Wrong("too-long", 1024)]}),
        ("n" * 1024, [], {"databases": [Wrong("empty-list")]}),
    ],
)
def test_more_that_is_wrong(
    state: PixieBrixState, new_id: NewId, name: str, databases: list[str], errors: dict[str, list[Wrong]]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        state.create_job(name, databases, JSON, None, None, now=20, duration_us=0, new_id=new_id)
    assert caught.value.errors == errors


def test_a_loaded_job_exports_what_is_there(state: PixieBrixState) -> None:
    def load(database: str) -> Job:
        return state.load_job(
            id="job",
            name="x",
            databases=(database,),
            media_type="text/csv",
            start=2,
            end=3,
            created_at=1,
            finishes_at=7,
            error_message="storage is full",
        )

    parts = (("first", state.database("first").records.slice(2, 4)),)
    loaded = load("first")
    assert loaded.organizations == {"org"}
    loaded.organizations = frozenset()
    assert loaded == Job("job", "x", ("first",), "text/csv", 2, 3, 1, 7, "storage is full", parts)
    assert state.job("job").status(7) == "FAILURE"
    with pytest.raises(NotFound):
        load("unknown")


def test_an_unknown_job(state: PixieBrixState) -> None:
    with pytest.raises(NotFound) as caught:
        state.job("nowhere")
    assert (caught.value.what, caught.value.id) == ("job", "nowhere")


def named(name: str, media_type: str = JSON) -> str:
    return Job("id", name, (), media_type, None, None, 0, 0, None).artifact_name()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Weekly report 7", "Weekly report 7"),
        ("日本語 отчёт ñandú हिन्दी", "日本語 отчёт ñandú हिन्दी"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\\b:c", "a_b_c"),
        ("XMAX", "XMAX"),
        ("no\u00a0break\u2003wide\u2028line", "no break wide line"),
        ("line\r\nbreak\x00", "linebreak"),
        ("\u202egnp.exe", "gnp.exe"),
        ("..", "export"),
        (" . ", "export"),
        ("\x01", "export"),
        ("\ud800x", "x"),
        ("n" * 1024, "n" * 200),
        ("ä" * 1024, "ä" * 100),
        ("x" + "日" * 100, "x" + "日" * 66),
    ],
)
def test_the_name_of_the_artifact(name: str, expected: str) -> None:
    assert named(name) == expected + ".json"


def test_the_suffix_follows_the_media_type() -> None:
    assert named("x", "text/csv") == "x.csv"
    assert named("x", "application/xlsx") == "x.xlsx"


@given(st.text())
def test_the_name_of_the_artifact_is_always_one_safe_segment(name: str) -> None:
    stem = named(name).removesuffix(".json")
    assert 1 <= len(stem.encode()) <= 200
    assert not set(stem) & set('/\\:*?"<>|\0\r\n')
    assert stem == stem.strip(" .")


@pytest.mark.parametrize(("finishes", "status"), [(25, "SUCCESS"), (30, "SUCCESS"), (31, "STARTED")])
def test_what_has_ended_stays_so_when_the_clock_goes_back(
    state: PixieBrixState, new_id: NewId, finishes: int, status: str
) -> None:
    duration = finishes - 20
    job = state.create_job("x", ["first"], JSON, None, None, now=20, duration_us=duration, new_id=new_id)
    state.catch_up(30, new_id)
    state.clock_moved(22)
    assert job.status(22) == status
    state.catch_up(22, new_id)
    state.clock_moved(0)
    assert job.status(0) == status
    assert job.status(31) == "SUCCESS"


def test_jobs_over_the_same_rows_share_them(state: PixieBrixState, new_id: NewId) -> None:
    def export() -> Job:
        return state.create_job("x", ["first"], JSON, None, None, now=20, duration_us=5, new_id=new_id)

    first, second = export(), export()
    assert second.parts[0][1] is first.parts[0][1]
    state.put_record("first", "f0", {"changed": True}, MergeStrategy.REPLACE, 21)
    third = export()
    assert third.rows[0][1][DATA] == b'{"changed":true}'
    assert first.rows[0][1][DATA] == second.rows[0][1][DATA] == b'{"n":0}'
