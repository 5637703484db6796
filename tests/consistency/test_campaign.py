"""Many clients at once, counted by operations: the mock is sequential, and one that is not is noticed.

`tox run -e consistency` is the same with 64 clients for a minute.
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import pytest

# The web framework warns of its own dependencies while it is imported; nothing here uses those parts.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dbcontract.mockserver.server.run import ServerThread

from dbcontract.mockserver.sandbox.settings import Settings


def campaign(consistency: Any, *variants: str, clients: int, operations: int) -> tuple[Any, list[str]]:
    with ServerThread(Settings(port=0, variants=variants)) as running:
        history, found = consistency.campaign(
            running.base_url, clients=clients, operations=operations, seed="1"
        )
    return history, found


def test_what_many_clients_saw_could_have_come_one_after_the_other(
    consistency: Any, caplog: pytest.LogCaptureFixture
) -> None:
    history, found = campaign(consistency, clients=16, operations=30)
    assert found == []
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    # it was not for want of trying
    kinds = {f"{one.of.partition(':')[0]} {one.kind}" for one in history.events}
    assert {"record put", "record get", "array write", "array read", "growing add", "growing read"} <= kinds
    outcomes = {str(one.answer) for one in history.events if one.kind == "import"}
    assert {"204", "refused"} <= outcomes


def test_a_mock_that_loses_its_way_when_requests_meet_is_noticed(consistency: Any) -> None:
    noticed = {
        "merge-reads-too-early": "record:",
        "arrays-written-in-portions": "array:",
        "collections-committed-first": "parts of imports",
    }
    _, found = campaign(consistency, *noticed, clients=8, operations=80)
    for defect, words in noticed.items():
        assert any(words in one for one in found), (defect, found)


def test_a_killed_server_loses_what_came_after_the_last_save_and_no_more(
    consistency: Any, tmp_path: Path
) -> None:
    assert consistency.kills(tmp_path, rounds=1, seed="1") == []
