"""pandas, as a Business Intelligence script uses it: CSV of records, CSV and XLSX of export jobs."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd  # type: ignore[import-untyped]  # pandas has no types of its own
import pytest
import requests

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.server.run import Running


def _records(server: Running, api: requests.Session, database: str) -> dict[str, dict[str, Any]]:
    answer = api.get(f"{server.urls['pixiebrix']}/databases/{database}/records/?page_size=1000")
    return {record["id"]: record for record in answer.json()}


def test_the_records_endpoint_is_a_table(server: Running, api: requests.Session, customers: str) -> None:
    answer = api.get(
        f"{server.urls['pixiebrix']}/databases/{customers}/records/?page_size=1000",
        headers={"Accept": "text/csv"},
    )
    assert answer.headers["content-type"].startswith("text/csv")
    table = pd.read_csv(io.StringIO(answer.text))
    records = _records(server, api, customers)
    assert set(table["id"]) == set(records)
    for row in table.to_dict("records"):
        record = records[row["id"]]
        assert row["data.first_name"] == record["data"]["first_name"]
        assert row["data.age"] == record["data"]["age"]
        assert row["created_at"] == record["created_at"]


@pytest.mark.parametrize(
    ("media_type", "read"),
    [
        ("text/csv", lambda content: pd.read_csv(io.BytesIO(content))),
        ("application/xlsx", lambda content: pd.read_excel(io.BytesIO(content))),
    ],
)
def test_an_artifact_is_a_table_of_all_chosen_records(
    server: Running, api: requests.Session, media_type: str, read: Any
) -> None:
    chosen = list(state_of(server.sandbox).databases)[:2]
    job = api.post(
        f"{server.urls['pixiebrix']}/databases/records/jobs/",
        json={"name": "Figures", "databases": chosen, "media_type": media_type},
    ).json()
    details = api.get(f"{server.urls['pixiebrix']}/databases/records/jobs/{job['id']}/").json()
    assert details["status"] == "SUCCESS"
    table = read(requests.get(details["data"], timeout=10).content)
    expected = {
        (database, key): record
        for database in chosen
        for key, record in _records(server, api, database).items()
    }
    assert {(row["database"], row["id"]) for row in table.to_dict("records")} == set(expected)
    for row in table.to_dict("records"):
        data = expected[row["database"], row["id"]]["data"]
        for field, value in data.items():
            if isinstance(value, str) and value:
                assert row[f"data.{field}"] == value
            elif isinstance(value, bool):
                assert bool(row[f"data.{field}"]) is value
            elif isinstance(value, int | float):
                assert float(row[f"data.{field}"]) == value
