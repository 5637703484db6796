"""Each situation is met by the lines that are said to bring it about, in Python and as shell commands."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest

from dbcontract.conformance.catalogue.rules import load_all
from dbcontract.mockserver.apis.base import served_apis
from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.coverage.situation import Situation

from .parts import PARTS, Client

SITUATIONS = [one for api in served_apis().values() for one in api.situations]


def nothing(client: Client) -> Iterator[None]:
    del client
    yield


def each(situation: Situation) -> str:
    return situation.id


@pytest.mark.parametrize("situation", SITUATIONS, ids=each)
def test_its_lines_of_python_bring_it_about(mock: MockClient, situation: Situation) -> None:
    with closing(Client(mock)) as client:
        part = PARTS.get(situation.id, nothing)(client)
        next(part)
        assert situation.id not in mock.coverage.situations()
        for step in situation.steps:
            exec(step.python, {"mock": mock})
        next(part, None)
    assert situation.id in mock.coverage.situations()


@pytest.mark.parametrize("situation", SITUATIONS, ids=each)
def test_its_commands_bring_it_about(mock: MockClient, situation: Situation) -> None:
    shown = next(
        one
        for api in mock.coverage.document()["apis"]
        for one in api["situations"]
        if one["id"] == situation.id
    )
    environment = {
        "PATH": os.environ["PATH"],
        "DBCONTRACT_URL": mock.base_url,
        "PIXIEBRIX_URL": mock.pixiebrix_url,
        "PIXIEBRIX_TOKEN": mock.token,
        "PIECES_OS_URL": mock.pieces_url,
    }
    with closing(Client(mock)) as client:
        part = PARTS.get(situation.id, nothing)(client)
        next(part)
        for line in shown["curl"]:
            subprocess.run(["sh", "-eu", "-c", line], env=environment, check=True, capture_output=True)
        next(part, None)
    assert situation.id in mock.coverage.situations()


def test_each_says_what_else_the_client_does_where_the_lines_are_not_all() -> None:
    told = {one.id for one in SITUATIONS if one.then}
    assert told == set(PARTS)


def test_ids_are_unique_and_rules_are_those_of_the_catalogue() -> None:
    assert len({one.id for one in SITUATIONS}) == len(SITUATIONS)
    known = {rule.id for rule in load_all()}
    assert {rule for one in SITUATIONS for rule in one.rules} - known == set()
    assert [one.id for one in SITUATIONS if not one.rules] == []


def test_their_operations_are_described() -> None:
    described = {
        operation["operationId"]
        for api in served_apis().values()
        for item in api.description()["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    } | {"downloadObject", "uploadObject"}
    named = {
        operation
        for api in served_apis().values()
        for operations in (
            *(one.operations for one in api.situations),
            *(one.operations for one in api.misuses),
        )
        for operation in operations
    }
    assert named - described == set()


def test_every_documented_error_is_met_by_the_line_that_is_said_to_bring_it_about(mock: MockClient) -> None:
    session = mock.session()
    for api in mock.coverage.document()["apis"]:
        for operation in api["operations"]:
            path = operation["path"].replace("{organizationId}", mock.organization_id)
            path = path.replace("{databaseId}", mock.database_ids[0])
            path = path.replace("{jobId}", mock.database_ids[0]).replace("{assetId}", mock.database_ids[0])
            url = mock.urls[api["name"]] + path.replace("{recordKey}", "a")
            for outcome in operation["outcomes"]:
                for line in outcome["python"]:
                    exec(line, {"mock": mock})
                    session.request(operation["method"], url, allow_redirects=False)
    met = {
        (operation["id"], outcome["value"]): outcome["met"]
        for api in mock.coverage.document()["apis"]
        for operation in api["operations"]
        for outcome in operation["outcomes"]
        if outcome["kind"] == "status" and outcome["value"] >= "4"
    }
    assert ("importDatabase", "505") in met
    assert [one for one, times in met.items() if not times] == []
