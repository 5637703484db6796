"""The tokens of one sandbox, changed while it lives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .mock import Mock, TokenGrant


def status(mock: Mock, token: str, method: str = "GET") -> int:
    """What a token gets for reading the databases, or for creating one."""
    path = f"/organizations/{mock.organization}/databases/"
    body = {"name": "Another"} if method == "POST" else None
    return mock.api(method, path, json=body, headers={"Authorization": f"Token {token}"}).status_code


def test_only_the_tokens_that_are_set_are_accepted(mock: Mock) -> None:
    assert status(mock, "anything") == 200
    mock.control("PATCH", "/settings", {"tokens": ["one", "two:read-only"]})
    assert [status(mock, token) for token in ("one", "two", "anything", "two:read-only")] == [
        200,
        200,
        401,
        401,
    ]
    assert (status(mock, "one", "POST"), status(mock, "two", "POST")) == (201, 403)


def test_null_accepts_any_again(mock: Mock) -> None:
    mock.control("PATCH", "/settings", {"tokens": ["one"]})
    mock.control("PATCH", "/settings", {"tokens": None})
    assert status(mock, "anything") == 200


def test_tokens_are_never_shown(mock: Mock) -> None:
    shown = mock.control("PATCH", "/settings", {"tokens": ["secret-of-one"], "record_limit": 7})
    assert shown["record_limit"] == 7
    for told in (shown, mock.control("GET", "/settings"), mock.control("GET", "/state")):
        assert "secret-of-one" not in str(told)


@pytest.mark.parametrize("tokens", [[], ["two words"], ["one", "two:write"], [""], "one", ["ä"], [1]])
def test_what_is_not_a_token_changes_nothing(mock: Mock, tokens: object) -> None:
    refused = mock.control("PATCH", "/settings", {"tokens": tokens, "record_limit": 7}, 400)
    assert "tokens" in refused
    assert status(mock, "anything") == 200
    assert mock.control("GET", "/settings")["record_limit"] == 500_000


def test_other_sandboxes_and_a_reset_sandbox_have_those_of_the_start(start: Callable[..., Mock]) -> None:
    mock = start(tokens=(TokenGrant("first"),))
    mock.control("PATCH", "/settings", {"tokens": ["second"]})
    assert (status(mock, "first"), status(mock, "second")) == (401, 200)
    assert status(Mock(f"{mock.base}/~other"), "first") == 200
    mock.control("POST", "/reset")
    assert (status(mock, "first"), status(mock, "second")) == (200, 401)
