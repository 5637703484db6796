"""The clock of a target that is moved by hooks, and whose time only its Date headers tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dbcontract.conformance.authoring.check import NotVerified
from dbcontract.conformance.authoring.clock import Clock
from dbcontract.conformance.environment.hooks import HookControls
from dbcontract.conformance.http.wire import Wire
from dbcontract.conformance.target.target import Endpoint, HttpHook, Target

START = datetime(2026, 3, 1, 21, 15, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


class Hooked:
    """A target with a clock: the hook moves it, and its Date headers follow, or not."""

    def __init__(self, web: Callable[..., object], *, date_follows: bool = True) -> None:
        self.instant = START
        self.date_follows = date_follows
        self.asked: list[bool] = []
        url = web(self._move).url  # type: ignore[attr-defined]
        hook = HttpHook(f"{url}/advance/{{seconds}}")
        target = Target("hooked", endpoints={"pixiebrix": Endpoint(url)}, hooks=(("advance_clock", hook),))
        self.clock = Clock(HookControls(target, "run", Wire()), date_header=self._date, wait=lambda _: None)

    def _move(self, seen: object) -> tuple[int, dict[str, str], bytes]:
        self.instant += timedelta(seconds=float(seen.path.rpartition("/")[2]))  # type: ignore[attr-defined]
        return 204, {}, b""

    def _date(self, fresh: bool) -> str:
        self.asked.append(fresh)
        shown = self.instant if self.date_follows else START
        return format_datetime(shown, usegmt=True)


def test_each_midnight_is_the_next_one(web: Callable[..., object]) -> None:
    target = Hooked(web)
    for nights in range(3):
        target.clock.advance_to_next_midnight()
        late = target.clock.now() - (MIDNIGHT + timedelta(days=nights))
        assert timedelta(0) <= late < timedelta(minutes=1)


def test_after_a_move_the_time_is_asked_anew(web: Callable[..., object]) -> None:
    target = Hooked(web)
    target.clock.advance(60)
    assert target.clock.now() == START + timedelta(minutes=1)
    assert target.clock.now() == START + timedelta(minutes=1)
    assert target.asked == [True, False]


@pytest.mark.parametrize("move", [Clock.advance_to_next_midnight, lambda clock: clock.advance(3_600)])
def test_dates_that_stay_behind_tell_nothing(
    web: Callable[..., object], move: Callable[[Clock], None]
) -> None:
    target = Hooked(web, date_follows=False)
    target.clock.now()
    with pytest.raises(NotVerified, match="do not follow"):
        move(target.clock)
