"""The garbage collector of a serving process: half a million records need not be walked again and again."""

from __future__ import annotations

import gc
import time

# CPU seconds of one run from which on it must have walked something large that lives.
_SLOW = 0.004


def spare_what_lives() -> None:
    """Keep the data out of the collector's sight; for a process that serves and does nothing else.

    Whatever is not a cycle is freed as ever, also what the collector does not see.
    """
    gc.collect()
    gc.freeze()
    # What a request leaves behind is found while it is young. To collect everything, which looks at all that
    # was ever written, would hold other requests up: only once in ten million new objects.
    gc.set_threshold(1_000, 10, 1_000)
    gc.callbacks.append(_Freezer())


class _Freezer:
    """Takes what made a run slow, such as a table that was just copied, out of the runs to come."""

    def __init__(self) -> None:
        self._began = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.thread_time()
        elif info["generation"] < 2 and time.thread_time() - self._began > _SLOW:
            gc.freeze()
