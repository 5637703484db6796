from collections.abc import Callable
from typing import Any

import pytest

from dbcontract.mockserver.apis.pixiebrix.state.records import Row
from dbcontract.mockserver.state import jsonio
from dbcontract.mockserver.state.instants import parse_instant

MakeRow = Callable[..., Row]


@pytest.fixture
def row() -> MakeRow:
    """Makes rows as the record table stores them, one second apart."""
    made = 0

    def make(
        data: dict[str, Any] | None = None, *, key: str | None = None, created: str | None = None
    ) -> Row:
        nonlocal made
        made += 1
        at = parse_instant(created or "2024-02-28T23:59:57.000042Z") + made * 1_000_000
        return (at, made, f"key-{made}" if key is None else key, at + 7, jsonio.dumps(data or {}))

    return make
