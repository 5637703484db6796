"""Listing records: order, dates, filters, CSV (document: Database APIs, Filtering Records)."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from .client import CSV, TOKEN, V1, PixieBrix, listed
from .mock import DAY, SECOND
from .raw import literal

AUTH = ("Authorization", f"Token {TOKEN}")


@pytest.fixture
def database(pb: PixieBrix) -> str:
    return pb.new_database()


def path_of(database: str) -> str:
    return f"/databases/{database}/records/"


def at(seconds: int) -> str:
    return f"2024-05-10T12:00:{seconds:02}.000000Z"


def test_records_come_in_order_of_creation(pb: PixieBrix, database: str) -> None:
    for key in ("b", "a", "c"):
        pb.put(database, key, n=1)
        pb.wait(SECOND)
    pb.put(database, "b", n=2)
    assert pb.keys(database) == ["b", "a", "c"]
    assert [item["created_at"] for item in pb.records(database)] == [at(0), at(1), at(2)]


def test_version_1_lists_the_same_records(pb: PixieBrix, database: str) -> None:
    pb.write(database, *({"id": str(n), "data": {"n": n}} for n in range(150)))
    assert listed(pb.get(path_of(database), headers=V1)) == pb.records(database)


def test_dates_are_inclusive_days_of_creation_in_utc(pb: PixieBrix, database: str) -> None:
    moments = ["09T23:59:59.999999", "10T00:00:00", "10T12:00:00", "10T23:59:59.999999", "11T00:00:00"]
    for moment in moments:
        pb.at(f"2024-04-{moment}Z")
        pb.put(database, moment)
    pb.at("2024-04-20T00:00:00Z")
    pb.put(database, moments[0], updated=True)
    assert pb.keys(database, start_date="2024-04-10", end_date="2024-04-10") == moments[1:4]
    assert pb.keys(database, start_date="2024-04-10") == moments[1:]
    assert pb.keys(database, end_date="2024-04-10") == moments[:4]
    assert pb.keys(database, start_date="2024-04-11", end_date="2024-04-10") == []
    assert pb.keys(database, start_date="0001-01-01", end_date="9999-12-31") == moments
    assert pb.keys(database, end_date="2024-04-08") == []
    assert len(listed(pb.get(path_of(database) + "?start_date=2024-04-10", headers=V1))) == 4


FILTERED: dict[str, Any] = {
    "david": {"name": "david", "n": 5, "user email": "david@pixiebrix.com"},
    "David": {"name": "David", "n": "5", "user email": None},
    "number": {"name": 5, "n": None, "user email": "x@y"},
    "list": {"name": ["david"], "n": 5.0},
    "nested": {"name": {"name": "david"}, "n": True},
    "null": {"name": None, "n": "null"},
    "absent": {"Name": "david", "NAME": "david"},
    "empty": {"name": "", "a__b": "x", "a=b": "c", "ü": "ß", "x__isnull": "yes"},
}


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("data__name=david", ["david"]),
        ("data__name=David", ["David"]),
        ("data__Name=david", ["absent"]),
        ("data__name=DAVID", []),
        ("data__name=dav", []),
        ("data__name=5", []),
        ("data__n=5", ["David"]),
        ("data__n=null", ["null"]),
        ("data__n=True", []),
        ("data__name=", ["empty"]),
        ("data__name=&data__a__b=x", ["empty"]),
        ("data__a__b=x", ["empty"]),
        ("data__%C3%BC=%C3%9F", ["empty"]),
        ("data__a%3Db=c", ["empty"]),
        ("data__user%20email=david%40pixiebrix.com", ["david"]),
        ("data__user+email=david%40pixiebrix.com", ["david"]),
        ("data__user%20email%3Ddavid%40pixiebrix.com", ["david"]),
        ("data__name%3DDavid", ["David"]),
        ("data__name%3D", ["empty"]),
        ("data__name=david&data__n__isnull=false", ["david"]),
        ("data__name=david&data__name=David", []),
        ("data__name=david&unknown=x", ["david"]),
        ("data__name__isnull=true", ["null", "absent"]),
        ("data__name__isnull=True", ["null", "absent"]),
        ("data__name__isnull=1", ["null", "absent"]),
        ("data__name__isnull%3Dtrue", ["null", "absent"]),
        ("data__name__isnull=false", ["david", "David", "number", "list", "nested", "empty"]),
        ("data__n__isnull=true", ["number", "absent", "empty"]),
        ("data__user%20email__isnull=false", ["david", "number"]),
        ("data__name__isnull=true&data__n__isnull=true", ["absent"]),
        ("data__name__isnull=true&data__name__isnull=false", []),
        ("data__nowhere__isnull=true", list(FILTERED)),
        ("data__nowhere__isnull=false", []),
        ("data__nowhere=x", []),
        ("Data__name=david", list(FILTERED)),
        ("data_name=david", list(FILTERED)),
        ("name=david", list(FILTERED)),
    ],
)
def test_filters_by_value(pb: PixieBrix, database: str, query: str, keys: list[str]) -> None:
    pb.write(database, *({"id": key, "data": data} for key, data in FILTERED.items()))
    for accept in ("application/json; version=2.0", "application/json; version=1.0"):
        answer = literal(
            pb.running.base_url, "GET", f"/api{path_of(database)}?{query}", [AUTH, ("Accept", accept)]
        )
        assert [record["id"] for record in json.loads(answer.body)] == keys
    text = pb.get(f"{path_of(database)}?{query}", headers=CSV).text
    assert [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:] == keys


def test_filters_find_nothing_in_other_databases(pb: PixieBrix, database: str) -> None:
    pb.put(pb.new_database("Other"), "elsewhere", name="david")
    assert pb.keys(database, data__name="david") == []


def test_filters_and_dates_hold_together_over_pages(pb: PixieBrix, database: str) -> None:
    for day in range(3):
        keys = [f"{day}-{n}" for n in range(10)]
        pb.write(
            database,
            *({"id": key, "data": {"even": "yes" if n % 2 == 0 else "no"}} for n, key in enumerate(keys)),
        )
        pb.wait(DAY)
    found = []
    url = f"{path_of(database)}?start_date=2024-05-11&data__even=yes&page_size=3"
    while url:
        response = pb.get(url)
        found += [item["id"] for item in response.json()]
        url = response.links.get("next", {}).get("url", "")
    assert found == [f"{day}-{n}" for day in (1, 2) for n in range(0, 10, 2)]


# CSV


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_is_what_was_written(pb: PixieBrix, database: str) -> None:
    texts = [
        "plain",
        "a,b",
        'say "x"',
        "line\nbreak",
        "line\r\nbreak",
        " padded ",
        "",
        "ü🦊",
        "=1+1",
        "'",
        "\t",
        "0",
    ]
    pb.write(database, *({"id": f"k,{n}", "data": {"text": text}} for n, text in enumerate(texts)))
    response = pb.get(path_of(database), headers=CSV)
    assert response.headers["Content-Type"] == "text/csv; version=1.0; charset=utf-8"
    header, *rows = rows_of(response.content.decode("utf-8"))
    assert header == ["id", "created_at", "data.text"]
    assert rows == [[f"k,{n}", at(0), text] for n, text in enumerate(texts)]


def test_csv_has_a_column_for_every_field_of_any_record(pb: PixieBrix, database: str) -> None:
    pb.put(database, "a", b=1, a="x", none=None)
    pb.put(database, "b", c=True, d=False, e=[1, {"f": None}], a=1.5)
    pb.put(database, "c", id="data", big=10**30, obj={"k": "v"})
    header, *rows = rows_of(pb.get(path_of(database), headers=CSV).text)
    cells = [dict(zip(header, row, strict=True)) for row in rows]
    fields = ["b", "a", "none", "c", "d", "e", "id", "big", "obj"]
    assert header == ["id", "created_at", *(f"data.{field}" for field in fields)]
    assert [cells[0][f"data.{name}"] for name in fields] == ["1", "x", "", "", "", "", "", "", ""]
    assert (cells[1]["data.c"], cells[1]["data.d"]) == ("true", "false")
    assert json.loads(cells[1]["data.e"]) == [1, {"f": None}]
    assert (cells[2]["id"], cells[2]["data.id"]) == ("c", "data")
    assert cells[2]["data.big"] == str(10**30)
    assert json.loads(cells[2]["data.obj"]) == {"k": "v"}


def test_csv_of_nothing_is_its_header(pb: PixieBrix, database: str) -> None:
    assert rows_of(pb.get(path_of(database), headers=CSV).text) == [["id", "created_at"]]


def test_csv_has_pages_too(pb: PixieBrix, database: str) -> None:
    pb.write(database, *({"id": str(n), "data": {"n": n}} for n in range(5)))
    paged = {"Accept": "text/csv; version=2.0"}
    first = pb.get(path_of(database) + "?page_size=3", headers=paged)
    assert first.headers["Content-Type"] == "text/csv; version=2.0; charset=utf-8"
    second = pb.get(first.links["next"]["url"], headers=paged)
    assert [row[0] for row in rows_of(first.text)[1:] + rows_of(second.text)[1:]] == list("01234")
    assert "next" not in second.links


def test_a_long_csv_and_a_long_list_hold_the_same(pb: PixieBrix, database: str) -> None:
    pb.write(database, *({"id": str(n), "data": {"n": n, f"f{n % 7}": "x"}} for n in range(3_000)))
    rows = rows_of(pb.get(path_of(database) + "?page_size=10000", headers=CSV).text)
    assert [row[0] for row in rows[1:]] == pb.keys(database) == [str(n) for n in range(3_000)]
