"""Fuzzing: nothing to complain of on the mock, and what is wrong elsewhere is found and told once."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.catalogue.findings import (
    ACCEPTED,
    BODY,
    GONE,
    MEDIA_TYPE,
    NO_ANSWER,
    REFUSED,
    SERVER_ERROR,
    STATUS,
)
from dbcontract.conformance.environment.mock import as_target, recognize
from dbcontract.conformance.http.wire import Wire
from dbcontract.conformance.runner.fuzzing.run import fuzzing
from dbcontract.conformance.runner.fuzzing.settings import Fuzzed, FuzzingSettings
from dbcontract.conformance.schema.conformance import SchemaFindings
from dbcontract.conformance.target.target import Endpoint, Target
from dbcontract.mockserver.server.run import Running

from .conftest import DATABASE, JSON, PACE, TOKEN, Open, Seen, Start

SMALL = FuzzingSettings(examples=5, walks=3, steps=5, seconds=60)
Fuzzing = Callable[..., tuple[SchemaFindings, Fuzzed]]


def pieces(url: str, *capabilities: str) -> Target:
    allowed = frozenset({"read", "write", *capabilities})
    return Target("t", endpoints={"pieces": Endpoint(url)}, capabilities=allowed, pace=PACE)


@pytest.fixture
def fuzzed(opened: Open) -> Fuzzing:
    def run(target: Target, api: str, settings: FuzzingSettings = SMALL) -> tuple[SchemaFindings, Fuzzed]:
        schema_findings = SchemaFindings()
        calls: list[int] = []
        result = fuzzing(
            api, opened(target), schema_findings, settings, lambda _phase, count: calls.append(count)
        )
        assert calls == sorted(calls)
        return schema_findings, result

    return run


@pytest.fixture
def on_mock(mock: Running) -> Target:
    with Wire() as wire:
        health = recognize(mock.base_url, wire)
    assert health is not None
    endpoint = Endpoint(mock.base_url, TOKEN)
    return as_target(health, Target("mock", endpoints={"pieces": endpoint, "pixiebrix": endpoint}, pace=PACE))


@pytest.mark.parametrize(
    ("api", "checks"),
    [
        ("pieces", {STATUS, MEDIA_TYPE, BODY, REFUSED}),
        ("pixiebrix", {STATUS, MEDIA_TYPE, BODY, SERVER_ERROR, ACCEPTED, REFUSED, GONE}),
    ],
)
def test_the_mock_gives_no_cause_for_complaint(
    fuzzed: Fuzzing, on_mock: Target, api: str, checks: set[str]
) -> None:
    schema_findings, result = fuzzed(on_mock, api, FuzzingSettings(seconds=100))
    assert {key: found[0].evidence.curl for key, found in schema_findings.violations.items()} == {}
    assert result.problem is None
    assert result.calls > 300
    assert checks <= {check for check, _ in schema_findings.exercised}


def test_a_wrong_answer_is_found(fuzzed: Fuzzing, web: Start) -> None:
    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.method == "GET":
            return 200, JSON, b'{"version": 1}'
        odd = len(seen.body) % 2
        return (204, {}, b"") if odd else (418, {"Content-Type": "text/plain"}, b"teapot")

    schema_findings, _ = fuzzed(pieces(web(answer).url, "destroy"), "pieces")
    assert set(schema_findings.violations) == {
        (BODY, "exportDatabase"),
        (STATUS, "importDatabase"),
        (REFUSED, "importDatabase"),
    }
    taken = schema_findings.violations[REFUSED, "importDatabase"]
    # A refusal is none of what was taken, whatever its status.
    assert [violation.evidence.status for violation in taken] == [204, 204, 204]
    assert taken[0].evidence.curl.startswith("curl -i -X POST")
    assert schema_findings.counts[REFUSED, "importDatabase"] > 3


def test_documented_errors_and_unknown_fields_are_no_finding(fuzzed: Fuzzing, web: Start) -> None:
    """500 and 505 are documented, and a server may ignore what it does not know."""
    known = {"version", "values", "schema", "persons", "tags"}

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        plain = {"Content-Type": "text/plain"}
        if seen.method == "GET":
            return 500, plain, b"not now"
        try:
            body = json.loads(seen.body)
        except ValueError:
            return 500, plain, b"no JSON"
        fits = isinstance(body, dict) and known & set(body) and body.get("odd") is None
        return (505, plain, b"too new") if fits else (500, plain, b"no")

    schema_findings, _ = fuzzed(pieces(web(answer).url), "pieces")
    assert dict(schema_findings.violations) == {}


def test_a_connection_that_breaks_is_a_finding(fuzzed: Fuzzing, web: Start) -> None:
    server = web(lambda _: (500, {"Content-Type": "text/plain"}, b"no"))
    server.dead = True
    schema_findings, _ = fuzzed(pieces(server.url), "pieces")
    assert {check for check, _ in schema_findings.violations} == {NO_ANSWER}
    assert {operation for _, operation in schema_findings.violations} <= {"exportDatabase", "importDatabase"}


def test_without_permission_it_only_reads(fuzzed: Fuzzing, web: Start) -> None:
    server = web(lambda _: (500, {"Content-Type": "text/plain"}, b"no"))
    target = Target(
        "t", endpoints={"pieces": Endpoint(server.url)}, capabilities=frozenset({"read"}), pace=PACE
    )
    fuzzed(target, "pieces")
    assert {seen.method for seen in server.seen} == {"GET"}


def test_the_token_goes_to_the_target_only(fuzzed: Fuzzing, web: Start) -> None:
    elsewhere = web(lambda _: (200, JSON, b"[]"))

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        return 302, {"Location": f"{elsewhere.url}{seen.path}"}, b""

    here = web(answer)
    target = Target(
        "t",
        endpoints={"pixiebrix": Endpoint(here.url, TOKEN)},
        capabilities=frozenset({"read"}),
        own=(Scratch(DATABASE, (DATABASE,)),),
        pace=PACE,
    )
    schema_findings, _ = fuzzed(target, "pixiebrix", FuzzingSettings(examples=2, walks=1, steps=2))
    assert all(seen.headers.get("authorization") == f"Token {TOKEN}" for seen in here.seen)
    assert not any(TOKEN in str(seen.headers) for seen in elsewhere.seen)
    shown = repr([violation for found in schema_findings.violations.values() for violation in found])
    assert TOKEN not in shown


def test_without_an_organization_it_cannot_begin(fuzzed: Fuzzing, web: Start) -> None:
    target = Target(
        "t", endpoints={"pixiebrix": Endpoint(web(lambda _: (200, JSON, b"[]")).url, TOKEN)}, pace=PACE
    )
    _, result = fuzzed(target, "pixiebrix")
    assert result.calls == 0
    assert result.problem is not None
    assert "the fuzzing of pixiebrix could not begin: no organization is given" in result.problem


def test_it_ends_in_time(fuzzed: Fuzzing, web: Start) -> None:
    server = web(lambda _: (500, {"Content-Type": "text/plain"}, b"no"))
    _, result = fuzzed(
        pieces(server.url), "pieces", FuzzingSettings(examples=10_000, walks=10_000, seconds=1)
    )
    assert result.problem == "the fuzzing of pieces ended early, after 1 s"


def test_the_same_seed_makes_the_same_calls(fuzzed: Fuzzing, web: Start) -> None:
    def calls() -> list[tuple[str, str, Any]]:
        server = web(lambda _: (500, {"Content-Type": "text/plain"}, b"no"))
        fuzzed(pieces(server.url), "pieces", FuzzingSettings(examples=5, walks=1, steps=2))
        return [(seen.method, seen.path, seen.body) for seen in server.seen]

    assert calls() == calls()


def test_a_settings_file_of_the_user_plays_no_part(
    fuzzed: Fuzzing, web: Start, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schemathesis.toml").write_text("[checks]\nenabled = false\n")
    monkeypatch.chdir(tmp_path)
    schema_findings, _ = fuzzed(pieces(web(lambda _: (418, JSON, b"{}")).url), "pieces", SMALL)
    assert (STATUS, "exportDatabase") in schema_findings.violations
    assert sorted(path.name for path in tmp_path.iterdir()) == ["schemathesis.toml"]
