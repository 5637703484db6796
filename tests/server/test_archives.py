"""Record archives and retention over several midnights (contract: PixieBrix, Archives and retention)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from .client import UNKNOWN, PixieBrix, detail_of
from .mock import DAY, HOUR, Running

STARTED = "2024-05-10T12:00:00Z"


@pytest.fixture
def database(pb: PixieBrix) -> str:
    return pb.new_database("Archived")


def lines_of(archive: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of an archive's file, fetched without a token."""
    response = requests.get(archive["file"], timeout=10)
    assert response.status_code == 200, response.text
    text = response.content.decode()
    assert text.endswith("\n")
    return [json.loads(line) for line in text[:-1].split("\n")]


def contents(pb: PixieBrix, database: str) -> dict[str, dict[str, Any]]:
    """What the archives hold: date -> key -> data."""
    return {
        archive["date"]: {line["id"]: line["data"] for line in lines_of(archive)}
        for archive in pb.archives(database)
    }


def test_an_archive_as_the_api_shows_it(pb: PixieBrix, database: str) -> None:
    pb.put(database, "key", n=1)
    pb.at("2024-05-11T08:00:00Z")
    (archive,) = pb.archives(database)
    assert archive == {
        "id": archive["id"],
        "database": {"id": database, "name": "Archived"},
        "date": "2024-05-10",
        "file": archive["file"],
        "created_at": "2024-05-11T00:00:00.000000Z",
        "updated_at": "2024-05-11T00:00:00.000000Z",
    }
    assert urlsplit(archive["file"]).path.endswith("/2024-05-10.jsonl")
    assert lines_of(archive) == [
        {
            "id": "key",
            "database": database,
            "data": {"n": 1},
            "created_at": "2024-05-10T12:00:00.000000Z",
            "updated_at": "2024-05-10T12:00:00.000000Z",
        }
    ]
    pb.wait(5 * DAY)
    assert {**pb.archives(database)[0], "file": ""} == {**archive, "file": ""}


def test_a_file_exists_only_after_its_date_has_ended(pb: PixieBrix, database: str) -> None:
    pb.put(database, "key")
    assert pb.archives(database) == []
    pb.at("2024-05-10T23:59:59.999999Z")
    assert pb.archives(database) == []
    pb.at("2024-05-11T00:00:00Z")
    assert [archive["date"] for archive in pb.archives(database)] == ["2024-05-10"]


def test_midnight_divides_the_dates(pb: PixieBrix, database: str) -> None:
    for moment in ("10T23:59:59.999999", "11T00:00:00.000000", "11T23:59:59.999999", "12T00:00:00.000000"):
        pb.at(f"2024-05-{moment}Z")
        pb.put(database, moment)
    pb.at("2024-05-12T00:00:00.000001Z")
    assert {date: list(records) for date, records in contents(pb, database).items()} == {
        "2024-05-11": ["11T00:00:00.000000", "11T23:59:59.999999"],
        "2024-05-10": ["10T23:59:59.999999"],
    }


def test_a_date_without_updates_has_no_file(pb: PixieBrix, database: str) -> None:
    for date in ("2024-05-11", "2024-05-12", "2024-05-14", "2024-06-30"):
        pb.at(f"{date}T06:00:00Z")
        pb.put(database, date)
    pb.at("2024-07-10T00:00:00Z")
    dates = [archive["date"] for archive in pb.archives(database)]
    assert dates == ["2024-06-30", "2024-05-14", "2024-05-12", "2024-05-11"]
    assert [archive["date"] for archive in pb.archives(database, ordering="date")] == sorted(dates)
    assert pb.archives(pb.new_database()) == []


def test_every_record_updated_on_the_date_in_its_last_version(pb: PixieBrix, database: str) -> None:
    pb.write(database, {"id": "old", "data": {"n": 0}}, {"id": "untouched", "data": {"n": 0}})
    pb.at("2024-05-11T01:00:00Z")
    for n in range(1, 4):
        pb.put(database, "old", n=n)
        pb.put(database, "new", n=n)
        pb.wait(HOUR)
    pb.request(
        "PUT",
        f"/databases/{database}/records/new/",
        json={"data": {"merged": True}, "merge_strategy": "shallow"},
    )
    pb.at("2024-05-12T00:00:00Z")
    pb.put(database, "old", n=99)
    assert contents(pb, database) == {
        "2024-05-11": {"old": {"n": 3}, "new": {"n": 3, "merged": True}},
        "2024-05-10": {"old": {"n": 0}, "untouched": {"n": 0}},
    }
    (line, _) = lines_of(pb.archives(database)[0])
    assert (line["created_at"], line["updated_at"]) == (
        "2024-05-10T12:00:00.000000Z",
        "2024-05-11T03:00:00.000000Z",
    )
    pb.at("2024-05-13T00:00:00Z")
    assert contents(pb, database)["2024-05-12"] == {"old": {"n": 99}}


def test_a_record_deleted_on_its_date_is_not_in_the_file(pb: PixieBrix, database: str) -> None:
    pb.write(database, {"id": "kept", "data": {}}, {"id": "deleted", "data": {}})
    pb.request("DELETE", f"/databases/{database}/records/deleted/")
    pb.at("2024-05-11T00:00:00Z")
    assert contents(pb, database) == {"2024-05-10": {"kept": {}}}


def test_archives_stay_when_records_go(pb: PixieBrix, database: str) -> None:
    pb.put(database, "key", n=1)
    pb.at("2024-05-11T09:00:00Z")
    pb.request("DELETE", f"/databases/{database}/records/key/")
    pb.request("DELETE", f"/databases/{database}/records/")
    pb.wait(3 * DAY)
    assert contents(pb, database) == {"2024-05-10": {"key": {"n": 1}}}


def test_data_comes_back_exactly(pb: PixieBrix, database: str) -> None:
    data = {
        "text": "line\nbreak \u2028 \x85 \x00 🦊",
        "big": 10**30,
        "float": 1.0,
        "nested": [{"a": [None, True]}],
        "": "",
    }
    pb.put(database, "key\n\u2028", **data)
    pb.at("2024-05-11T00:00:00Z")
    (line,) = lines_of(pb.archives(database)[0])
    assert line["id"] == "key\n\u2028"
    assert repr(line["data"]) == repr(data)


def test_databases_have_archives_of_their_own(pb: PixieBrix, database: str) -> None:
    other = pb.new_database("Other")
    pb.put(database, "mine")
    pb.put(other, "theirs")
    pb.at("2024-05-11T00:00:00Z")
    assert contents(pb, database) == {"2024-05-10": {"mine": {}}}
    assert contents(pb, other) == {"2024-05-10": {"theirs": {}}}
    assert pb.archives(database)[0]["id"] != pb.archives(other)[0]["id"]


def test_a_link_works_for_an_hour_then_there_is_a_fresh_one(pb: PixieBrix, database: str) -> None:
    pb.put(database, "key", n=1)
    pb.at("2024-05-11T10:00:00Z")
    first = pb.archives(database)[0]
    pb.wait(HOUR - 1)
    expected = lines_of(first)
    later = pb.archives(database)[0]
    pb.wait(1)
    refused = requests.get(first["file"], timeout=10)
    assert refused.status_code == 403
    assert refused.headers["Content-Type"].startswith("application/xml")
    assert "<Code>AccessDenied</Code>" in refused.text
    assert lines_of(later) == expected
    fresh = pb.archives(database)[0]
    assert (fresh["id"], lines_of(fresh)) == (first["id"], expected)
    assert requests.get(first["file"], timeout=10).status_code == 403


def test_the_file_is_json_lines(pb: PixieBrix, database: str) -> None:
    pb.put(database, "key")
    pb.at("2024-05-11T10:00:00Z")
    response = requests.get(pb.archives(database)[0]["file"], timeout=10)
    assert "json" in response.headers["Content-Type"]
    assert response.headers["Content-Disposition"] == 'attachment; filename="2024-05-10.jsonl"'


def test_the_archives_of_the_small_data(pb: PixieBrix) -> None:
    for database in pb.databases()[:2]:
        records = {record["id"] for record in pb.records(database["id"])}
        archives = pb.archives(database["id"])
        assert archives
        dates = [archive["date"] for archive in archives]
        assert dates == sorted(dates, reverse=True)
        assert all(date < "2024-05-10" for date in dates)
        held = {line["id"] for archive in archives for line in lines_of(archive)}
        assert records <= held


def test_unknown_places(pb: PixieBrix, database: str) -> None:
    detail_of(pb.get(f"/organizations/{UNKNOWN}/databases/{database}/record-archives/"), 404)
    detail_of(pb.get(f"{pb.databases_path()}{UNKNOWN}/record-archives/"), 404)
    detail_of(pb.get(f"{pb.databases_path(pb.organizations[1])}{database}/record-archives/"), 404)


# Retention


@pytest.fixture
def limited(start: Callable[..., Running], connect: Callable[[Running], PixieBrix]) -> PixieBrix:
    """A server whose databases may hold ten records."""
    return connect(start(data="empty", options={"record_limit": 10}))


def fill(pb: PixieBrix, database: str, date: str, count: int) -> list[str]:
    """Write new records at noon of a date; their keys."""
    pb.at(f"{date}T12:00:00Z")
    keys = [f"{date} {n}" for n in range(count)]
    pb.write(database, *({"id": key, "data": {"of": date}} for key in keys))
    return keys


def test_the_oldest_dates_go_until_the_limit_holds(limited: PixieBrix) -> None:
    pb, database = limited, limited.new_database()
    first = fill(pb, database, "2024-05-11", 4)
    second = fill(pb, database, "2024-05-12", 3)
    third = fill(pb, database, "2024-05-13", 3)
    pb.at("2024-05-14T00:00:00Z")
    assert pb.keys(database) == [*first, *second, *third]

    fourth = fill(pb, database, "2024-05-14", 5)
    pb.at("2024-05-14T23:59:59.999999Z")
    assert len(pb.keys(database)) == 15
    pb.at("2024-05-15T00:00:00Z")
    # 15 - 4 is still one too many, so the whole second date goes too.
    assert pb.keys(database) == [*third, *fourth]
    assert pb.database(database)["num_records"] == 8
    held = contents(pb, database)
    assert {date: list(records) for date, records in held.items()} == {
        "2024-05-14": fourth,
        "2024-05-13": third,
        "2024-05-12": second,
        "2024-05-11": first,
    }

    for key in first + second:
        detail_of(pb.get(f"/databases/{database}/records/{key}/"), 404)
        detail_of(pb.request("DELETE", f"/databases/{database}/records/{key}/"), 404)
    assert pb.keys(database, end_date="2024-05-12") == []
    assert pb.keys(database, data__of="2024-05-11") == []
    assert pb.keys(database, data__of="2024-05-13") == third


def test_exactly_the_limit_is_not_an_excess(limited: PixieBrix) -> None:
    pb, database = limited, limited.new_database()
    keys = fill(pb, database, "2024-05-11", 4) + fill(pb, database, "2024-05-12", 6)
    pb.at("2024-06-01T00:00:00Z")
    assert pb.keys(database) == keys
    added = fill(pb, database, "2024-06-01", 1)
    assert len(pb.keys(database)) == 11
    pb.at("2024-06-02T00:00:00Z")
    assert pb.keys(database) == keys[4:] + added


def test_one_date_above_the_limit_goes_as_a_whole(limited: PixieBrix) -> None:
    pb, database = limited, limited.new_database()
    keys = fill(pb, database, "2024-05-11", 11)
    assert pb.keys(database) == keys
    pb.at("2024-05-12T00:00:00Z")
    assert pb.keys(database) == []
    assert list(contents(pb, database)["2024-05-11"]) == keys


def test_retention_counts_by_the_last_update(limited: PixieBrix) -> None:
    pb, database = limited, limited.new_database()
    first = fill(pb, database, "2024-05-11", 5)
    second = fill(pb, database, "2024-05-12", 5)
    pb.at("2024-05-13T12:00:00Z")
    pb.put(database, first[0], of="updated")
    pb.put(database, "new")
    pb.at("2024-05-14T00:00:00Z")
    assert pb.keys(database) == [first[0], *second, "new"]
    held = contents(pb, database)
    assert list(held["2024-05-11"]) == first
    assert held["2024-05-13"] == {first[0]: {"of": "updated"}, "new": {}}


def test_every_night_is_run_also_those_that_nobody_saw(limited: PixieBrix) -> None:
    pb, database = limited, limited.new_database()
    keys = {date: fill(pb, database, date, 6) for date in ("2024-05-11", "2024-05-12", "2024-05-13")}
    pb.at("2025-01-01T00:00:00Z")
    assert pb.keys(database) == keys["2024-05-13"]
    assert {date: list(records) for date, records in contents(pb, database).items()} == {
        date: keys[date] for date in sorted(keys, reverse=True)
    }


def test_databases_have_a_limit_each(limited: PixieBrix) -> None:
    pb = limited
    full, other = pb.new_database("Full"), pb.new_database("Other")
    fill(pb, full, "2024-05-11", 6)
    kept = fill(pb, other, "2024-05-11", 6)
    fill(pb, full, "2024-05-12", 6)
    pb.at("2024-05-13T00:00:00Z")
    assert len(pb.keys(full)) == 6
    assert pb.keys(other) == kept


def test_an_archived_key_can_be_written_again(limited: PixieBrix) -> None:
    pb, database = limited, limited.new_database()
    first = fill(pb, database, "2024-05-11", 6)
    fill(pb, database, "2024-05-12", 6)
    pb.at("2024-05-13T12:00:00Z")
    response = pb.request("PUT", f"/databases/{database}/records/{first[0]}/", json={"data": {"again": True}})
    assert response.status_code == 201
    assert response.json()["created_at"] == "2024-05-13T12:00:00.000000Z"
    assert pb.keys(database)[-1] == first[0]
    pb.at("2024-05-14T00:00:00Z")
    held = contents(pb, database)
    assert held["2024-05-11"][first[0]] == {"of": "2024-05-11"}
    assert held["2024-05-13"] == {first[0]: {"again": True}}


def test_a_job_keeps_the_records_that_retention_takes(limited: PixieBrix) -> None:
    pb, database = limited, limited.new_database()
    keys = fill(pb, database, "2024-05-11", 11)
    job = pb.new_job(database)
    pb.at("2024-05-13T00:00:00Z")
    assert pb.keys(database) == []
    assert [item["id"] for item in requests.get(pb.job(job)["data"], timeout=10).json()] == keys
    late = pb.new_job(database)
    pb.wait(HOUR)
    assert requests.get(pb.job(late)["data"], timeout=10).json() == []


def test_a_limit_of_none_keeps_no_date(
    start: Callable[..., Running], connect: Callable[[Running], PixieBrix]
) -> None:
    pb = connect(start(data="empty", options={"record_limit": 0}))
    database = pb.new_database()
    fill(pb, database, "2024-05-11", 1)
    assert len(pb.keys(database)) == 1
    pb.at("2024-05-12T00:00:00Z")
    assert pb.keys(database) == []
