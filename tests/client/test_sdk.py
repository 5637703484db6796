"""The vendor's own SDK works in a sandbox, which it knows by its base URL only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pieces_os_client.api.database_api import DatabaseApi
from pieces_os_client.api_client import ApiClient
from pieces_os_client.configuration import Configuration
from pieces_os_client.exceptions import ApiException
from pieces_os_client.models.exported_database_format import ExportedDatabaseFormat

from dbcontract.mockserver.client import MockClient


@pytest.fixture
def database(mock: MockClient) -> Iterator[DatabaseApi]:
    with ApiClient(Configuration(host=mock.pieces_url)) as client:
        yield DatabaseApi(client)


def test_it_exports_and_imports(server: MockClient, mock: MockClient, database: DatabaseApi) -> None:
    export = database.database_export()
    export.values.iterable = [ExportedDatabaseFormat(id="by-the-sdk", raw=[1, 2, 255])]
    database.database_import(exported_database=export)
    entries = {entry.id: entry.raw for entry in database.database_export().values.iterable}
    assert entries["by-the-sdk"] == [1, 2, 255]
    assert [(entry.operation, entry.status) for entry in mock.requests()] == [
        ("exportDatabase", 200),
        ("importDatabase", 204),
        ("exportDatabase", 200),
    ]
    untouched = server.session().get(f"{server.pieces_url}/database/export").json()
    assert "by-the-sdk" not in {entry["id"] for entry in untouched["values"]["iterable"]}


def test_it_meets_the_documented_505(mock: MockClient, database: DatabaseApi) -> None:
    export = database.database_export()
    mock.settings(os_version="0.9.0")
    with pytest.raises(ApiException) as refused:
        database.database_import(exported_database=export)
    assert refused.value.status == 505
    mock.settings(os_version=export.version)
    database.database_import(exported_database=export)


def test_it_meets_a_fault(mock: MockClient, database: DatabaseApi) -> None:
    mock.faults.add("exportDatabase", status=500, body="The disk is full.", times=1)
    with pytest.raises(ApiException) as failed:
        database.database_export()
    assert (failed.value.status, failed.value.body) == (500, "The disk is full.")
    assert database.database_export().version
