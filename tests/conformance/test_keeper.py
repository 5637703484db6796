"""How the gate treats an API that says nothing of its own: only what the run has made may be changed."""

from __future__ import annotations

import json

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
