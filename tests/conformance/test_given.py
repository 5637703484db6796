"""What checks start from, on a mock and elsewhere; time and failures there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from dbcontract.conformance.apis.pieces.context import Pieces
from dbcontract.conformance.authoring.check import NotVerified, PrerequisiteFailed
from dbcontract.conformance.authoring.run import Run
from dbcontract.conformance.environment.mock import as_target, recognize
from dbcontract.conformance.http.wire import Wire
from dbcontract.conformance.target.target import Endpoint, Target
from dbcontract.mockserver.server.run import Running

from .conftest import DATABASE, JSON, TOKEN, Open, Seen, Start, of_web, pixiebrix


def ok(_: Seen) -> tuple[int, dict[str, str], bytes]:
    return 200, JSON, b"[]"


@pytest.fixture
def on_mock(mock: Running, opened: Open) -> Run:
    with Wire() as wire:
        health = recognize(f"{mock.base_url}/api", wire)
    assert health is not None
    endpoint = Endpoint(mock.base_url, TOKEN)
    return opened(as_target(health, Target("mock", endpoints={"pieces": endpoint, "pixiebrix": endpoint})))


def test_every_place_of_a_mock_is_a_sandbox_of_its_own(on_mock: Run) -> None:
    first, second = pixiebrix(on_mock), pixiebrix(on_mock)
    database = first.given.database()
    assert first.given.record(database)["id"].startswith("dbcontract-r1-record-")
    path = {"databaseId": database.id}
    assert len(first.call("listRecords", path=path).expect_objects()) == 1
    assert second.call("listRecords", path=path).status == 404
    assert [finding for ctx in (first, second) for finding in ctx.trace.findings] == []


def test_time_can_be_moved_on_a_mock(on_mock: Run) -> None:
    ctx, other = pixiebrix(on_mock), pixiebrix(on_mock)
    before = ctx.clock.now()
    ctx.clock.advance(3_600)
    assert timedelta(hours=1) <= ctx.clock.now() - before < timedelta(hours=1, seconds=30)
    ctx.clock.advance_to_next_midnight()
    assert ctx.clock.now().time() < datetime(2000, 1, 1, 0, 1, tzinfo=UTC).time()
    assert other.clock.now() - before < timedelta(minutes=1)


def test_failures_can_be_ordered_on_a_mock(on_mock: Run) -> None:
    ctx = pixiebrix(on_mock)
    database = ctx.given.database()
    ctx.inject.fail_next("listRecords", 500)
    path = {"databaseId": database.id}
    assert [ctx.call("listRecords", path=path).status for _ in range(2)] == [500, 200]
    assert ctx.trace.findings == [], "a failure that was ordered is not a finding"
    ctx.inject.fail_next_job("no disk")
    details = ctx.given.finished_job(ctx.given.job(database))
    assert (details["status"], details["error_message"]) == ("FAILURE", "no disk")


def test_the_steps_work_on_a_mock(on_mock: Run) -> None:
    ctx = pixiebrix(on_mock)
    database = ctx.given.database(empty=True)
    records = ctx.given.records(database, [{"n": number} for number in range(3)])
    assert [record["data"]["n"] for record in records] == [0, 1, 2]
    asset = ctx.given.uploaded_asset(b"\x00\xff", database=database, filename="ü.bin")
    path = {"databaseId": asset.database, "assetId": asset.id}
    assert ctx.call("getAsset", path=path, follow=True).content == b"\x00\xff"
    assert len(ctx.given.export(database).expect_json(list)) == 3
    assert ctx.given.record_limit(2) == 2
    pieces = Pieces(on_mock, on_mock.environments.open(), "PI-IMP-01")
    (entry,) = pieces.given.imported()
    assert entry in pieces.given.export()["values"]["iterable"]
    assert entry not in pieces.second().given.export()["values"]["iterable"]


def test_a_step_that_does_not_work_names_its_rule(web: Start, opened: Open) -> None:
    ctx = pixiebrix(opened(of_web(web(lambda _: (500, {}, b"")).url, "write")))
    with pytest.raises(PrerequisiteFailed, match="to create an asset did not work") as caught:
        ctx.given.asset()
    assert caught.value.rule == "PB-ASSET-04"


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"null", b'{"asset": 1}', b'{"asset": {"id": 1}}'])
def test_a_step_takes_nonsense_for_a_failure(web: Start, opened: Open, body: bytes) -> None:
    ctx = pixiebrix(opened(of_web(web(lambda _: (201, JSON, body)).url, "write")))
    with pytest.raises(PrerequisiteFailed):
        ctx.given.asset()


def test_without_permission_nothing_is_written(web: Start, opened: Open) -> None:
    server = web(ok)
    ctx = pixiebrix(opened(of_web(server.url)))
    with pytest.raises(NotVerified) as caught:
        ctx.given.database()
    assert caught.value.missing == ("write",)
    assert server.seen == []


def test_configured_databases_are_used_in_turn(web: Start, opened: Open) -> None:
    ctx = pixiebrix(opened(of_web(web(ok).url, "write")))
    assert ctx.given.database().id == DATABASE
    with pytest.raises(NotVerified, match="more than 1 scratch database"):
        ctx.given.database()


def test_a_database_is_emptied_only_with_permission(web: Start, opened: Open) -> None:
    record = b'[{"id": "a", "data": {}, "created_at": "2026-01-01T00:00:00.000000Z"}]'
    server = web(lambda seen: (200, JSON, record) if seen.method == "GET" else (204, {}, b""))
    with pytest.raises(NotVerified, match="not empty") as caught:
        pixiebrix(opened(of_web(server.url, "write"))).given.database(empty=True)
    assert caught.value.missing == ("destroy",)
    assert [seen.method for seen in server.seen] == ["GET"]
    pixiebrix(opened(of_web(server.url, "write", "destroy"))).given.database(empty=True)
    assert [seen.method for seen in server.seen] == ["GET", "GET", "DELETE"]


def test_time_cannot_be_moved_without_a_hook(web: Start, opened: Open) -> None:
    ctx = pixiebrix(opened(of_web(web(ok).url)))
    assert abs(ctx.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    orders: list[Callable[[], None]] = [lambda: ctx.clock.advance(10), ctx.clock.advance_to_next_midnight]
    for order in orders:
        with pytest.raises(NotVerified) as caught:
            order()
        assert "clock" in caught.value.missing
    with pytest.raises(NotVerified) as injected:
        ctx.inject.fail_next("listRecords")
    assert injected.value.missing == ("inject",)


def test_waiting_is_real_and_bounded(web: Start, opened: Open) -> None:
    ctx = pixiebrix(opened(of_web(web(ok).url, "wait")))
    before = datetime.now(UTC)
    ctx.clock.advance(0.05)
    assert datetime.now(UTC) - before >= timedelta(seconds=0.05)
    with pytest.raises(NotVerified):
        ctx.clock.advance(5_000)
