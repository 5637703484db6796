"""The vendor's own Python SDK, unmodified, against the mock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pieces_os_client.api.database_api import DatabaseApi
from pieces_os_client.api_client import ApiClient
from pieces_os_client.configuration import Configuration
from pieces_os_client.exceptions import ApiException
from pieces_os_client.models.exported_database import ExportedDatabase
from pieces_os_client.models.exported_database_format import ExportedDatabaseFormat

from dbcontract.mockserver.server.run import Running


@pytest.fixture
def database(server: Running) -> Iterator[DatabaseApi]:
    with ApiClient(Configuration(host=server.urls["pieces"])) as client:
        yield DatabaseApi(client)


def test_the_documents_own_example_gives_a_whole_export(database: DatabaseApi) -> None:
    export = database.database_export()
    assert isinstance(export, ExportedDatabase)
    assert bytes(export.assets).startswith(b'[{"id":')
    assert export.values.iterable
    assert export.version == "9.0.0"


def test_an_edited_export_is_merged(database: DatabaseApi) -> None:
    export = database.database_export()
    before = {item.id: bytes(item.raw) for item in export.values.iterable}
    export.values.iterable = [ExportedDatabaseFormat(id="from-the-sdk", raw=[0, 127, 255])]
    answer = database.database_import_with_http_info(exported_database=export)
    assert answer.status_code == 204
    assert not answer.raw_data
    after = {item.id: bytes(item.raw) for item in database.database_export().values.iterable}
    assert after == {**before, "from-the-sdk": b"\x00\x7f\xff"}


def test_importing_nothing_merges_nothing(database: DatabaseApi) -> None:
    before = database.database_export().to_dict()
    assert database.database_import_with_http_info().status_code == 204
    assert database.database_export().to_dict() == before


def test_a_newer_export_meets_505_and_changes_nothing(database: DatabaseApi) -> None:
    export = database.database_export()
    before = export.to_dict()
    export.version = "10.0.0"
    export.values.iterable = [ExportedDatabaseFormat(id="too-new", raw=[1])]
    with pytest.raises(ApiException) as failure:
        database.database_import(exported_database=export)
    assert failure.value.status == 505
    assert "10.0.0" in str(failure.value.body)
    assert database.database_export().to_dict() == before


def test_a_damaged_export_meets_500_with_the_reason(database: DatabaseApi) -> None:
    export = database.database_export()
    before = export.to_dict()
    export.tags = [300]
    with pytest.raises(ApiException) as failure:
        database.database_import(exported_database=export)
    assert failure.value.status == 500
    assert dict(failure.value.headers or {})["content-type"].startswith("text/plain")
    assert "tags" in str(failure.value.body)
    assert "300" in str(failure.value.body)
    assert database.database_export().to_dict() == before
