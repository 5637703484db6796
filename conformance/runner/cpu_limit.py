"""A bound on the CPU time of one check, whatever the answer is that keeps it busy.

The time by the clock is looked at before each request; what computes without asking is stopped here, by a
timer of the process whose signal raises in the main thread, wherever it is: what the stack holds says whether
that may be, and no flag can be set too late.
"""

from __future__ import annotations

import gc
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from weakref import WeakSet

_AGAIN = 0.1
"""How many seconds of CPU after a signal comes the next: one may come at a wrong moment, or be swallowed."""
_LONGEST = 1_000_000.0
_WEAK = frozenset({weakref.__file__, WeakSet.__init__.__code__.co_filename})
"""The modules whose functions are callbacks of weak references."""


class CpuTimeIsUp(BaseException):
    """A check has computed for longer than it may. No `except Exception` in it holds this up."""


class CpuLimit:
    """How long something may compute; it holds in the main thread of a POSIX system, and elsewhere not.

    Where somebody else uses the same timer or signal, as a profiler does, it does not hold either.

    Args:
        seconds: of the thread's CPU time.
        spared: functions that are not broken off: what they have begun has to be ended.
    """

    def __init__(self, seconds: float, spared: Iterable[Callable[..., object]] = ()) -> None:
        self._seconds = min(max(seconds, 0.001), _LONGEST)
        self._spared = frozenset(_code_of(one) for one in spared)
        self._until = 0.0

    def run(self, function: Callable[[], None]) -> None:
        """Call a function; signal and timer are afterwards as they were.

        Raises:
            CpuTimeIsUp: it has taken too long.
            Exception: what the function raises.
        """
        if not _is_free():
            function()
            return
        self._until = time.thread_time() + self._seconds
        before = signal.signal(signal.SIGPROF, self._strike)
        try:
            signal.setitimer(signal.ITIMER_PROF, self._seconds, _AGAIN)
            _limited(function)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def _strike(self, _number: int, frame: FrameType | None) -> None:
        # The timer counts all threads of the process, as those of a mock in it.
        if time.thread_time() < self._until:
            return
        # What is raised in a callback of the garbage collector or of a weak reference, or in a finalizer, is
        # printed and lost.
        spared = self._spared.union(getattr(one, "__code__", None) for one in gc.callbacks)
        while frame is not None and frame.f_code not in spared and not _is_finalizer(frame.f_code):
            if frame.f_code is _limited.__code__:
                raise CpuTimeIsUp
            frame = frame.f_back


def _limited(function: Callable[[], None]) -> None:
    """The frame of this function tells that its caller is ready for the exception."""
    function()


def _is_finalizer(code: CodeType) -> bool:
    return code.co_name == "__del__" or code.co_filename in _WEAK


def _code_of(function: Callable[..., object]) -> CodeType:
    code: CodeType = function.__code__
    return code


def _is_free() -> bool:
    if not hasattr(signal, "SIGPROF") or threading.current_thread() is not threading.main_thread():
        return False
    return signal.getsignal(signal.SIGPROF) is signal.SIG_DFL and not any(
        signal.getitimer(signal.ITIMER_PROF)
    )
