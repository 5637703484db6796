"""The vendor's own Python SDK in sandboxes: the base URL is all that it is told."""

from __future__ import annotations

import pytest
from pieces_os_client.api.database_api import DatabaseApi
from pieces_os_client.api_client import ApiClient
from pieces_os_client.configuration import Configuration
from pieces_os_client.exceptions import ApiException
from pieces_os_client.models.exported_database_format import ExportedDatabaseFormat

from dbcontract.mockserver.server.run import Running


def test_the_sdk_works_in_a_sandbox_and_leaves_the_others_alone(server: Running) -> None:
    with (
        ApiClient(Configuration(host=f"{server.base_url}/~sdk")) as inside,
        ApiClient(Configuration(host=f"{server.base_url}/~other")) as outside,
    ):
        mine, other = DatabaseApi(inside), DatabaseApi(outside)
        before = other.database_export().to_dict()
        export = mine.database_export()
        export.values.iterable = [ExportedDatabaseFormat(id="from-the-sdk", raw=[1, 2])]
        assert mine.database_import_with_http_info(exported_database=export).status_code == 204
        assert "from-the-sdk" in {item.id for item in mine.database_export().values.iterable}
        assert other.database_export().to_dict() == before
    assert {"sdk", "other"} <= set(server.sandboxes.names())


@pytest.mark.parametrize("status", [500, 505])
def test_the_sdk_can_be_given_any_documented_answer(server: Running, status: int) -> None:
    with ApiClient(Configuration(host=f"{server.base_url}/~forced")) as client:
        client.default_headers["Prefer"] = f"code={status}"
        with pytest.raises(ApiException) as failure:
            DatabaseApi(client).database_import()
    assert failure.value.status == status
