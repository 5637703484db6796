"""What computes for too long is broken off where it may be, and nowhere else."""

import gc
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType

import pytest

from dbcontract.conformance.runner.cpu_limit import CpuLimit, CpuTimeIsUp

LITTLE, MORE = 0.05, 0.3
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="needs a POSIX system")


def burn(seconds: float) -> None:
    """Compute, and let no exception of the usual kinds end it."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        with suppress(Exception):
            sum(range(1_000))


def for_ever() -> None:
    burn(float("inf"))


@pytest.fixture
def as_before() -> Iterator[None]:
    """Signal and timer are not left behind."""
    before = signal.getsignal(signal.SIGPROF)
    yield
    assert signal.getsignal(signal.SIGPROF) is before
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


@pytest.mark.usefixtures("as_before")
def test_what_computes_for_ever_is_broken_off() -> None:
    with pytest.raises(CpuTimeIsUp):
        CpuLimit(LITTLE).run(for_ever)


@pytest.mark.usefixtures("as_before")
def test_a_callback_of_the_garbage_collector_is_not_broken_off() -> None:
    ended = []

    def callback(phase: str, _info: object) -> None:
        burn(LITTLE + MORE)
        ended.append(phase)

    def collects() -> None:
        gc.callbacks.append(callback)
        try:
            gc.collect()
        finally:
            gc.callbacks.remove(callback)
        for_ever()

    with pytest.raises(CpuTimeIsUp):
        CpuLimit(LITTLE).run(collects)
    assert ended == ["start", "stop"]


@pytest.mark.usefixtures("as_before")
def test_what_ends_or_raises_does_so() -> None:
    def breaks() -> None:
        raise KeyError("id")

    CpuLimit(60).run(lambda: burn(0.001))
    with pytest.raises(KeyError):
        CpuLimit(60).run(breaks)


@pytest.mark.usefixtures("as_before")
def test_the_time_of_other_threads_does_not_count() -> None:
    thread = threading.Thread(target=burn, args=(MORE,))

    def waits() -> None:
        thread.start()
        thread.join()

    CpuLimit(LITTLE).run(waits)
    assert not thread.is_alive()


@pytest.mark.usefixtures("as_before")
def test_what_has_to_be_ended_is_ended_first() -> None:
    ended = []

    def within() -> None:
        burn(MORE)
        ended.append("within")

    def spared() -> None:
        within()
        ended.append("spared")

    def cleans_up() -> None:
        try:
            for_ever()
        finally:
            spared()
            for_ever()

    with pytest.raises(CpuTimeIsUp):
        CpuLimit(LITTLE, [spared]).run(cleans_up)
    assert ended == ["within", "spared"]


def test_it_does_not_hold_in_other_threads() -> None:
    ended = []

    def in_a_thread() -> None:
        CpuLimit(LITTLE).run(lambda: burn(MORE))
        ended.append(True)

    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    assert ended


@pytest.mark.usefixtures("as_before")
def test_who_has_the_signal_keeps_it() -> None:
    came: list[int] = []

    def handler(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    signal.signal(signal.SIGPROF, handler)
    try:
        CpuLimit(LITTLE).run(lambda: burn(MORE))
        assert signal.getsignal(signal.SIGPROF) is handler
    finally:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
    assert not came


def test_who_has_the_timer_keeps_it() -> None:
    signal.setitimer(signal.ITIMER_PROF, 3_600)
    try:
        CpuLimit(LITTLE).run(lambda: burn(MORE))
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 3_000
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
