"""What is asked before any rule: a mistake of the user's is told with its remedy, not as the target's."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.runner.rule_runner import RuleRunner
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.options import TargetOptions
from dbcontract.conformance.target.preflight import Preflight
from dbcontract.conformance.target.target import Endpoint, Target, TargetError

from .running import Foreign
from .small import DATABASE, JSON, PACE, JudgedHere, Seen, Start, of_web

UNKNOWN = "12345678-1234-4234-8234-123456789abc"
FEW = ("PI-EXP-01", "PI-EXP-02", "PB-DB-01", "PB-REC-0?", "PB-AUTH-0?", "PB-ARCH-01", "PB-ASSET-0?")
HTML = {"Content-Type": "text/html; charset=utf-8"}

Ask = Callable[[Target], Preflight]


@pytest.fixture
def ask(catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]) -> Iterator[Ask]:
    benches: list[RuleRunner] = []

    def run(target: Target) -> Preflight:
        benches.append(
            RuleRunner(target, {rule.id: rule for rule in catalogue}, checks, descriptions=descriptions)
        )
        return benches[-1].preflight()

    yield run
    for rule_runner in benches:
        rule_runner.close()


def as_told(server: Foreign, tmp_path: Path, **changed: Any) -> Target:
    """The target as a file for the server describes it, with some of the facts changed."""
    wrong = Foreign(server.name, {**server.facts, **changed})
    file = wrong.target_file(tmp_path / "dbcontract.toml")
    text = re.sub(r"read_only_token_env|second_url", r"# \g<0>", file.read_text("utf-8"))
    file.write_text(text, "utf-8")
    return TargetOptions(target_file=file).resolve({"FOREIGN_TOKEN": str(changed.get("token", server.token))})


def test_what_is_right_is_let_through_by_a_few_gets(
    strict: Foreign, tmp_path: Path, ask: Ask, judged: JudgedHere
) -> None:
    file = strict.target_file(tmp_path / "dbcontract.toml")
    tokens = {"FOREIGN_TOKEN": strict.token, "FOREIGN_READ_ONLY_TOKEN": strict.read_only_token}
    target = TargetOptions(target_file=file).resolve(tokens)
    before, state = strict.administer("journal"), strict.snapshot()
    assert ask(target) == Preflight()
    asked = strict.administer("journal")[len(before) :]
    assert 1 < len(asked) <= 12
    assert {entry.partition(" ")[0] for entry in asked} == {"GET"}
    assert strict.snapshot() == state
    assert not [one for one in judged(target, *FEW).results if one.verdict is Verdict.FAILED]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"token": "a-token-that-was-withdrawn"},
            r"pixiebrix\.token_env: .*FOREIGN_TOKEN.* \(401\); put a valid",
        ),
        (
            {"organization": UNKNOWN},
            rf"pixiebrix\.organization: {UNKNOWN} is unknown .*; it sees [0-9a-f-]{{36}}",
        ),
        ({"databases": [UNKNOWN]}, rf"pixiebrix\.databases: {UNKNOWN} is unknown .*; the organization has "),
        (
            {"pieces": "{pixiebrix}"},
            r"pieces\.url: .* GET /database/export with 404 .*no Pieces OS.*port 1000",
        ),
        (
            {"pixiebrix": "{pieces}/v1"},
            r"pixiebrix\.url: .* as no PixieBrix API does; give the URL below which",
        ),
    ],
)
def test_a_mistake_ends_the_run_before_any_rule(
    strict: Foreign, tmp_path: Path, judged: JudgedHere, changed: dict[str, Any], words: str
) -> None:
    given = {
        key: value.format(**strict.facts) if isinstance(value, str) else value
        for key, value in changed.items()
    }
    with pytest.raises(TargetError, match=words) as caught:
        judged(as_told(strict, tmp_path, **given), *FEW)
    assert str(caught.value).count("\n") == 0
    assert str(given.get("token")) not in str(caught.value)


def test_a_forgotten_api_is_named(strict: Foreign, ask: Ask) -> None:
    endpoint = Endpoint(strict.pixiebrix.removesuffix("/api"), strict.token)
    assert endpoint.url != strict.pixiebrix
    (mistake,) = ask(Target("t", endpoints={"pixiebrix": endpoint})).mistakes
    assert mistake.endswith(f"as no PixieBrix API does; give {strict.pixiebrix}")


def test_flags_are_named_as_the_user_wrote_them(strict: Foreign, ask: Ask) -> None:
    wanted = TargetOptions(
        url=strict.pixiebrix,
        api="pixiebrix",
        token_env="TOKEN",
        own={"organization": (UNKNOWN,)},
        prefix="--dbcontract-",
    )
    for token, words in [
        ("no-good", "--dbcontract-token-env: "),
        (strict.token, "--dbcontract-organization: "),
    ]:
        (mistake,) = ask(wanted.resolve({"TOKEN": token})).mistakes
        assert mistake.startswith(words)


def test_a_database_of_another_organization_is_told(web: Start, ask: Ask) -> None:
    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        one = {"id": DATABASE, "organization_id": UNKNOWN}
        return 200, JSON, json.dumps(one if seen.path.endswith(f"{DATABASE}/") else []).encode()

    target = of_web(web(answer).url)
    (mistake,) = ask(target).mistakes
    assert f"pixiebrix.databases: {DATABASE} belongs to the organization {UNKNOWN}, and not to" in mistake


@pytest.mark.parametrize("found_in_it", [True, False])
def test_a_database_that_is_not_listed_leaves_its_archives_open_where_it_is_in_no_other_way(
    web: Start, ask: Ask, catalogue: Catalogue, found_in_it: bool
) -> None:
    """The list shows what the token may manage, and its archives may be read all the same."""

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        path = seen.path.partition("?")[0]
        archives = path.endswith("/record-archives/")
        known = found_in_it if archives else not path.endswith(f"/databases/{DATABASE}/")
        return (200, JSON, b"[]") if known else (404, JSON, b'{"detail": "Not found."}')

    found = ask(of_web(web(answer).url))
    assert found.mistakes == ()
    gap = found.skip_reason(catalogue["PB-ARCH-01"])
    assert gap is None if found_in_it else "pixiebrix.databases" in (gap or "")
    assert found.skip_reason(catalogue["PB-REC-01"]) is None


# Tokens


def test_without_a_token_nothing_of_pixiebrix_is_judged(strict: Foreign, judged: JudgedHere) -> None:
    target = Target(
        "t", endpoints={"pieces": Endpoint(strict.pieces), "pixiebrix": Endpoint(strict.pixiebrix)}, pace=PACE
    )
    result = judged(target, *FEW)
    verdicts = {api: {one.verdict for one in result.results if one.rule.api == api} for api in target.apis}
    assert verdicts == {"pieces": {Verdict.PASSED}, "pixiebrix": {Verdict.NOT_VERIFIED}}
    (listed,) = (one for one in result.results if one.rule.id == "PB-DB-01")
    assert "put one into the variable DBCONTRACT_TOKEN" in listed.reason
    with pytest.raises(TargetError, match=r"no token is given, .*put one into the variable DBCONTRACT_TOKEN"):
        judged(target.only("pixiebrix"), *FEW)


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_everywhere_accuses_nobody(
    web: Start, judged: JudgedHere, status: int
) -> None:
    server = web(lambda _: (status, JSON, b'{"detail": "no"}'))
    with pytest.raises(TargetError, match=rf"\({status}\)"):
        judged(of_web(server.url), *FEW)


def test_a_token_that_may_not_write_leaves_open_what_writes(
    web: Start, ask: Ask, catalogue: Catalogue
) -> None:
    server = web(lambda seen: (200 if seen.method == "GET" else 403, JSON, b"[]"))
    found = ask(of_web(server.url, "write"))
    assert found.mistakes == ()
    assert f"the token may not write to {DATABASE} (403)" in (found.skip_reason(catalogue["PB-REC-09"]) or "")
    assert found.skip_reason(catalogue["PB-REC-01"]) is None
    assert [seen.body for seen in server.seen if seen.method != "GET"] == [b"[]"]


def test_a_read_only_token_that_is_none_is_as_told(strict: Foreign, tmp_path: Path, ask: Ask) -> None:
    target = as_told(strict, tmp_path)
    scratch = replace(target.of(Scratch), read_only_token="withdrawn-token")
    (mistake,) = ask(replace(target, own=(scratch,))).mistakes
    assert mistake.startswith("pixiebrix.read_only_token_env: the target refuses")


# Addresses


@pytest.mark.parametrize("api", ["pieces", "pixiebrix"])
def test_a_redirect_to_another_address_is_told_and_not_followed(web: Start, ask: Ask, api: str) -> None:
    there = web(lambda _: (200, JSON, b"[]"))
    here = web(lambda seen: (308, {"Location": f"{there.url}/v2{seen.path}"}, b""))
    target = Target("t", endpoints={api: Endpoint(here.url, "the-secret-token")}, pace=PACE)
    (mistake,) = ask(target).mistakes
    assert mistake == f"{api}.url: {here.url} redirects to {there.url}/v2; give {there.url}/v2 instead"
    assert there.seen == []


@pytest.mark.parametrize("api", ["pieces", "pixiebrix"])
@pytest.mark.parametrize("status", [200, 404])
def test_a_website_is_not_an_api(web: Start, ask: Ask, api: str, status: int) -> None:
    server = web(lambda _: (status, HTML, b"<!DOCTYPE html><title>Welcome</title>"))
    (mistake,) = ask(Target("t", endpoints={api: Endpoint(server.url, "t")}, pace=PACE)).mistakes
    assert mistake.startswith(f"{api}.url: {server.url} answers ")
    assert "(text/html)" in mistake


@pytest.mark.parametrize("api", ["pieces", "pixiebrix"])
def test_a_proxy_without_a_server_behind_it_is_not_judged(web: Start, judged: JudgedHere, api: str) -> None:
    server = web(lambda _: (503, HTML, b"<h1>down for maintenance</h1>"))
    result = judged(Target("t", endpoints={api: Endpoint(server.url, "t")}, pace=PACE), *FEW)
    assert result.stopped == "unreachable"
    assert {one.verdict for one in result.results} == {Verdict.NOT_VERIFIED}


def test_a_second_instance_that_is_none_leaves_its_rules_open(
    web: Start, strict: Foreign, ask: Ask, catalogue: Catalogue
) -> None:
    website = web(lambda _: (404, HTML, b""))
    target = Target("t", endpoints={"pieces": Endpoint(strict.pieces, second_url=website.url)}, pace=PACE)
    found = ask(target)
    assert found.mistakes == ()
    moving = next(rule for rule in catalogue if rule.api == "pieces" and "second" in map(str, rule.needs))
    assert (found.skip_reason(moving) or "").startswith(f"pieces.second_url: {website.url} answers 404")
    assert found.skip_reason(catalogue["PI-EXP-01"]) is None
    same = replace(target, endpoints={"pieces": Endpoint(strict.pieces, second_url=strict.pieces)})
    assert ask(same).mistakes == (
        f"pieces.second_url: {strict.pieces} is the first instance; name another, empty one",
    )


def test_the_command_ends_with_2_and_one_sentence(strict: Foreign, tmp_path: Path) -> None:
    wrong = Foreign(strict.name, {**strict.facts, "token": "withdrawn-7f3a"})
    result = wrong.check(wrong.target_file(tmp_path / "t.toml"), "--only", "PB-DB-01", "--no-fuzzing")
    assert result.status == 2
    assert result.document == {}
    assert result.output.startswith("Error: pixiebrix.token_env: the target refuses the token of")
    assert result.output.count("\n") == 1
    assert "withdrawn" not in result.output


# Which API it is


def test_a_redirect_is_told_where_the_api_has_to_be_found_out(web: Start) -> None:
    there = web(lambda _: (200, JSON, b"[]"))
    here = web(lambda seen: (301, {"Location": f"{there.url}{seen.path}"}, b""))
    with pytest.raises(
        TargetError, match=rf"URL: {here.url} redirects to {there.url}; give {there.url} instead"
    ):
        TargetOptions(url=here.url).resolve({})


def test_what_is_not_an_api_at_all_is_told_with_what_it_answered(web: Start) -> None:
    here = web(lambda _: (404, HTML, b"nothing here"))
    words = r"--dbcontract-url: .* answers 404 Not Found \(text/html\), .*; say --dbcontract-api pieces or"
    with pytest.raises(TargetError, match=words):
        TargetOptions(url=here.url, prefix="--dbcontract-").resolve({})


def test_what_is_down_is_left_to_the_run(web: Start, judged: JudgedHere) -> None:
    here = web(lambda _: (502, HTML, b"bad gateway"))
    assert judged(TargetOptions(url=here.url).resolve({}), *FEW).stopped == "unreachable"
