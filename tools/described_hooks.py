"""A check of Schemathesis for `tools/described.py`: what is refused changes nothing."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urljoin

import requests
import schemathesis
from schemathesis.core.transport import Response
from schemathesis.generation.meta import TestPhase

_LAST: dict[str, str] = {}
"""What the state was when it was last looked at, by server: hooks are functions and have no other place."""


@schemathesis.hook
def before_call(
    _context: schemathesis.HookContext, case: schemathesis.Case[Any], _kwargs: dict[str, Any]
) -> None:
    """Look at the state before the first call."""
    base = case.operation.base_url or ""
    if base not in _LAST:
        _LAST[base] = _state(base)


@schemathesis.check
def refused_changes_nothing(
    _context: schemathesis.CheckContext, response: Response, case: schemathesis.Case[Any]
) -> None:
    """The state is the same after a refusal. What a single call has changed is taken back."""
    base = case.operation.base_url or ""
    alone = case.meta is not None and case.meta.phase.name is not TestPhase.STATEFUL
    if response.status_code < 300 and alone and case.method != "GET":
        requests.post(urljoin(base, "/_mock/reset"), timeout=30).raise_for_status()
    before, _LAST[base] = _LAST[base], _state(base)
    if response.status_code >= 400 and before != _LAST[base]:
        raise AssertionError(f"{response.status_code} was answered, and the state is another one")


def _state(base: str) -> str:
    return hashlib.sha256(requests.get(urljoin(base, "/_mock/state"), timeout=30).content).hexdigest()
