"""Many clients at once, counted by operations: the mock is sequential, and one that is not is noticed.

`tox run -e consistency` is the same with 64 clients for a minute.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any

import pytest

# The web framework warns of its own dependencies while it is imported; nothing here uses those parts.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dbcontract.mockserver.server.run import ServerThread

from dbcontract.mockserver.sandbox.settings import Settings


def findings(consistency: Any, *variants: str, clients: int, operations: int) -> list[str]:
    with ServerThread(Settings(port=0, variants=variants)) as running:
        _, found = consistency.campaign(running.base_url, clients=clients, operations=operations, seed="1")
    return [str(one) for one in found]


def test_what_many_clients_saw_could_have_come_one_after_the_other(
    consistency: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert findings(consistency, clients=16, operations=30) == []
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_mock_that_loses_its_way_when_requests_meet_is_noticed(consistency: Any) -> None:
    noticed = {
        "merge-reads-too-early": "record:",
        "arrays-written-in-portions": "array:",
        "collections-committed-first": "parts of imports",
    }
    found = findings(consistency, *noticed, clients=8, operations=80)
    for defect, words in noticed.items():
        assert any(words in one for one in found), (defect, found)
