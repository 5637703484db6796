"""The requests that bring about a situation, as its lines have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....coverage.situation import Request

RECORDS: Final = "/databases/{databaseId}/records/"
JSON_2: Final = {"Accept": "application/json; version=2.0"}


def request(
    method: str, path: str, body: Any = None, headers: Mapping[str, str] = JSON_2, *, token: bool = True
) -> Request:
    """A request to PixieBrix with the ids that a mock has; the path may name these."""
    return Request(
        method,
        path,
        body,
        headers,
        url="pixiebrix_url",
        variable="PIXIEBRIX_URL",
        ids={"databaseId": "mock.database_ids[0]", "organizationId": "mock.organization_id"},
        token="PIXIEBRIX_TOKEN" if token else None,
        without_token=not token,
    )
