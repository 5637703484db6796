"""The checks of the links to archive files, against the mock and against links that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.requests import Request

from dbcontract.conformance.apis.pixiebrix.checks import links
from dbcontract.conformance.results.results import Verdict
from dbcontract.mockserver.apis.pixiebrix.handlers.archives import ArchiveHandlers
from dbcontract.mockserver.state.instants import HOUR, SECOND
from dbcontract.mockserver.storage import app as storage
from dbcontract.mockserver.storage.errors import AccessDenied, Expired, NoSuchKey
from dbcontract.mockserver.storage.signing import Signer

from .judging_pixiebrix import Judge, Wrong, judging, rules_of, told, wrong, wrongs_in

RULES = rules_of(links)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(links) as one:
        yield one


@pytest.mark.parametrize("rule", RULES)
def test_the_mock_passes(judge: Judge, rule: str) -> None:
    result = judge(rule)
    assert result.verdict is Verdict.PASSED, told(result)


@pytest.mark.parametrize("rule", RULES)
def test_bare_names_are_not_verified(judge: Judge, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _change_items(monkeypatch, lambda item: {**item, "file": f"{item['date']}.jsonl"})
    result = judge(rule)
    assert result.verdict is Verdict.NOT_VERIFIED, told(result)
    assert "bare name" in result.reason


@pytest.mark.parametrize("rule", RULES)
def test_without_waiting_an_hour_is_not_verified(judge: Judge, rule: str) -> None:
    result = judge.of_database("Customers", "storage")(rule)
    waits = rule in {"PB-LINK-02", "PB-LINK-03", "PB-LINK-04", "PB-LINK-05"}
    assert result.verdict is (Verdict.NOT_VERIFIED if waits else Verdict.PASSED), told(result)


def test_a_link_without_a_signature_cannot_be_forged(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    _change_items(monkeypatch, lambda item: {**item, "file": item["file"].partition("?")[0]})
    monkeypatch.setattr(Signer, "verify", lambda *_: None)
    assert judge("PB-LINK-07").verdict is Verdict.NOT_VERIFIED


def test_a_relative_link_is_followed(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    _change_items(monkeypatch, lambda item: {**item, "file": item["file"][item["file"].index("/~") :]})
    assert judge("PB-LINK-01").verdict is Verdict.PASSED


def _change_items(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    original = ArchiveHandlers.describe_archive
    patch.setattr(ArchiveHandlers, "describe_archive", lambda self, *args: change(original(self, *args)))


def _lifetime(patch: pytest.MonkeyPatch, microseconds: int) -> None:
    """Let links live for another time."""
    original = Signer.presigned_get
    patch.setattr(
        Signer, "presigned_get", lambda *args, **more: original(*args, **{**more, "lifetime": microseconds})
    )


def _refusal(patch: pytest.MonkeyPatch, error: type[Exception], refuse: Callable[[], Exception]) -> None:
    """Let the storage refuse otherwise."""
    original = Signer.verify

    def verify(*args: Any) -> None:
        try:
            original(*args)
        except error:
            raise refuse() from None

    patch.setattr(Signer, "verify", verify)


@wrong("PB-LINK-01", "PB-LINK-06")
def nothing_behind_the_link(patch: pytest.MonkeyPatch) -> None:
    async def nothing(_sandbox: Any, key: str, _now: int) -> None:
        raise NoSuchKey(key)

    patch.setattr(storage, "find", nothing)


@wrong("PB-LINK-02")
def half_an_hour(patch: pytest.MonkeyPatch) -> None:
    _lifetime(patch, HOUR // 2)


@wrong("PB-LINK-02")
def a_minute_and_a_second_too_short(patch: pytest.MonkeyPatch) -> None:
    _lifetime(patch, HOUR - 61 * SECOND)


@wrong("PB-LINK-03", "PB-LINK-04")
def two_hours(patch: pytest.MonkeyPatch) -> None:
    _lifetime(patch, 2 * HOUR)


@wrong("PB-LINK-02")
def links_that_are_kept(patch: pytest.MonkeyPatch) -> None:
    # A link is handed out until it has expired, so that it may be old already when it comes.
    original = Signer.presigned_get
    kept: dict[tuple[str, str], tuple[int, str]] = {}

    def presigned_get(self: Signer, base: str, key: str, now: int, **more: Any) -> str:
        issued, _ = kept.get((base, key), (0, ""))
        if now >= issued + HOUR:
            kept[base, key] = now, original(self, base, key, now, **more)
        return kept[base, key][1]

    patch.setattr(Signer, "presigned_get", presigned_get)


@wrong("PB-LINK-02", "PB-LINK-05")
def the_same_link_for_ever(patch: pytest.MonkeyPatch) -> None:
    original = Signer.presigned_get
    kept: dict[tuple[str, str], str] = {}

    def presigned_get(self: Signer, base: str, key: str, now: int, **more: Any) -> str:
        return kept.setdefault((base, key), original(self, base, key, now, **more))

    patch.setattr(Signer, "presigned_get", presigned_get)


@wrong("PB-LINK-04")
def expired_is_410(patch: pytest.MonkeyPatch) -> None:
    error = NoSuchKey("it")
    error.status = 410
    _refusal(patch, Expired, lambda: error)


@wrong("PB-LINK-04")
def expired_has_a_code_of_its_own(patch: pytest.MonkeyPatch) -> None:
    error = AccessDenied("Request has expired")
    error.code = "ExpiredToken"
    _refusal(patch, Expired, lambda: error)


@wrong("PB-LINK-03", "PB-LINK-04", "PB-LINK-07")
def nothing_is_verified(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Signer, "verify", lambda *_: None)


@wrong("PB-LINK-07")
def the_path_is_not_signed(patch: pytest.MonkeyPatch) -> None:
    original = Signer._sign_get  # noqa: SLF001 - what is signed
    patch.setattr(Signer, "_sign_get", lambda self, _, query: original(self, "/", query))


@wrong("PB-LINK-06", "PB-LINK-04")
def the_token_is_wanted(patch: pytest.MonkeyPatch) -> None:
    original = storage._download  # noqa: SLF001 - the request is needed

    async def download(sandbox: Any, key: str, request: Any, find: Any) -> Any:
        if "authorization" not in request.headers:
            error = AccessDenied()
            error.status = 401
            raise error
        headers = [one for one in request.scope["headers"] if one[0] != b"authorization"]
        return await original(sandbox, key, Request({**request.scope, "headers": headers}), find)

    patch.setattr(storage, "_download", download)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_wrong_links_violate_just_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(RULES, beside=one.red) == one.red
