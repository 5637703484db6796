"""Asking PixieBrix to the letter, and its refusals."""

from __future__ import annotations

import json

from .client import TOKEN, V2, PixieBrix
from .raw import Answer, literal

AUTH = ("Authorization", f"Token {TOKEN}")
AT_2_0 = ("Accept", V2["Accept"])


def ask(pb: PixieBrix, target: str | bytes, method: str = "GET", *headers: tuple[str, str | bytes]) -> Answer:
    """Send a target to the letter, with a token; at version 2.0, unless the headers say otherwise."""
    own = [] if any(name == "Accept" for name, _ in headers) else [AT_2_0]
    answer = literal(pb.running.base_url, method, target, [AUTH, *own, *headers])
    assert b"Traceback" not in answer.body
    assert b"Internal error" not in answer.body
    return answer


def refused(answer: Answer, status: int) -> None:
    """Fail unless PixieBrix refused with that status and a reason."""
    assert answer.status == status, answer
    assert answer.media_type == "application/json"
    body = json.loads(answer.body)
    assert list(body) == ["detail"]
    assert body["detail"]
