"""How the gate treats an API that says nothing of its own: only what the run has made may be changed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dbcontract.conformance.environment.effects import CHANGE, CREATE, DESTROY, Effect, Named
from dbcontract.conformance.environment.inventory import Inventory
from dbcontract.conformance.environment.keeper import NOT_OURS, Keeper
from dbcontract.conformance.environment.request_effects import Passage
from dbcontract.conformance.http.wire import Received, Request
from dbcontract.conformance.target.target import Endpoint, Target

ENDPOINT = Endpoint("http://target.example/api")


@pytest.fixture
def keeper() -> Keeper:
    return Keeper(Target("it", {"pixiebrix": ENDPOINT}), "mark-", Inventory())


def passage(method: str, id_: str | None = None) -> Passage:
    may = {"POST": CREATE, "PATCH": CHANGE, "DELETE": DESTROY}.get(method)
    return Passage(
        Request(method, f"{ENDPOINT.url}/jobs/{id_ or ''}", (), None),
        "pixiebrix",
        ENDPOINT,
        effect=None if may is None else Effect(frozenset({may}), "job"),
        names=Named({} if id_ is None else {"jobId": id_}, "job", id_),
    )


def of_asset(method: str, database: str, id_: str | None = None) -> Passage:
    may = {"POST": CREATE, "PATCH": CHANGE}.get(method)
    ids = {"databaseId": database} | ({} if id_ is None else {"assetId": id_})
    return replace(
        passage(method, id_),
        effect=None if may is None else Effect(frozenset({may}), "asset"),
        names=Named(ids, "asset", id_),
    )


def answer(status: int, document: object) -> Received:
    headers = (("Content-Type", "application/json"),)
    return Received(status, "", headers, json.dumps(document).encode(), 0.0)


def test_what_the_run_has_made_may_be_changed_and_deleted(keeper: Keeper) -> None:
    keeper.settle(passage("POST"), ENDPOINT, answer(201, {"id": "new"}))
    assert keeper.why_not(passage("PATCH", "new"), ENDPOINT) is None
    assert keeper.why_not(passage("DELETE", "other"), ENDPOINT) is NOT_OURS


@pytest.mark.parametrize("shown", [[{"id": "there"}], {"id": "there"}])
def test_what_was_there_is_not_the_runs_whatever_an_answer_says(keeper: Keeper, shown: object) -> None:
    keeper.settle(passage("GET"), ENDPOINT, answer(200, shown))
    keeper.settle(passage("POST"), ENDPOINT, answer(201, {"id": "there"}))
    assert keeper.why_not(passage("PATCH", "there"), ENDPOINT) is NOT_OURS
    assert keeper.why_not(passage("DELETE", "there"), ENDPOINT) is NOT_OURS
    (item,) = keeper.inventory.since()
    assert not item.ours  # told at the end, and not deleted


def test_what_the_run_has_made_stays_its_own_when_it_is_listed(keeper: Keeper) -> None:
    keeper.settle(passage("POST"), ENDPOINT, answer(201, {"id": "new"}))
    keeper.settle(passage("GET"), ENDPOINT, answer(200, [{"id": "new"}]))
    keeper.settle(passage("POST"), ENDPOINT, answer(201, {"id": "new"}))
    assert keeper.why_not(passage("DELETE", "new"), ENDPOINT) is None


def test_what_is_in_another_thing_is_the_runs_there_only_and_gone_with_it(keeper: Keeper) -> None:
    keeper.settle(of_asset("POST", "one"), ENDPOINT, answer(201, {"id": "new"}))
    assert keeper.why_not(of_asset("PATCH", "one", "new"), ENDPOINT) is None
    assert keeper.why_not(of_asset("PATCH", "other", "new"), ENDPOINT) is NOT_OURS
    (item,) = keeper.inventory.since()
    assert (item.place, item.ids) == ("asset in the database one", {"databaseId": "one"})
    keeper.inventory.remove("database", "one", ENDPOINT)
    assert keeper.inventory.since() == ()


def test_what_was_shown_in_another_thing_is_not_the_runs_there(keeper: Keeper) -> None:
    keeper.settle(of_asset("GET", "one"), ENDPOINT, answer(200, [{"id": "there"}]))
    for database in ("one", "other"):
        keeper.settle(of_asset("POST", database), ENDPOINT, answer(201, {"id": "there"}))
    assert [(item.inside, item.ours) for item in keeper.inventory.since()] == [
        ("other", True),
        ("one", False),
    ]
