"""The campaign of `tox run -e fuzz` in small, counted by requests; test_schemathesis.py has the two APIs."""

from __future__ import annotations

import random
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

# The web framework warns of its own dependencies while it is imported; nothing here uses those parts.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dbcontract.mockserver.server.run import ServerThread

from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings

TOOLS = Path(__file__).resolve().parents[2] / "tools"
FEW = ("--phases", "examples,fuzzing", "--max-examples", "3")


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> Any:
    """tools/fuzz.py."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return import_module("fuzz")


def served(*variants: str) -> ServerThread:
    return ServerThread(Settings(port=0, clock=ClockSetting(frozen=True), variants=variants))


def test_what_is_nearly_http_gets_a_documented_answer_and_changes_nothing(
    fuzz: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with served() as running:
        campaign, batches = fuzz.Campaign(running.base_url), iter(range(15))
        campaign.run(random.Random("1"), lambda: next(batches, None) is not None)
    assert campaign.findings == []
    assert {200, 400} <= set(campaign.statuses)
    assert not caplog.records


def test_the_control_api_answers_as_it_is_described(fuzz: Any, tmp_path: Path) -> None:
    with served() as running:
        calls, found = fuzz.described.fuzz("control", running.base_url, tmp_path, seed="1", bounds=FEW)
    assert found == []
    assert calls > 50


def test_a_refusal_that_changes_something_is_found(fuzz: Any, tmp_path: Path) -> None:
    bounds = ("--phases", "coverage", "--max-failures", "1")
    with served("missing-field-found-last") as running:
        _, found = fuzz.described.fuzz("pieces", running.base_url, tmp_path, seed="1", bounds=bounds)
    assert any("500 was answered, and the state is another one" in one for one in found)
