"""What Ctrl-C, SIGTERM and SIGHUP do to a run: the first ends it in good order, the second leaves at once.

A Python handler that raises would be run wherever the main thread happens to be, also where exceptions are
swallowed. Here the handlers do nothing: the number of the signal is written to a socket by the interpreter
itself, and a thread of its own reads it, whatever the main thread does.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from types import FrameType, TracebackType
from typing import Any, Self

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_END = b"\0"
_STDERR = 2


class Interruption:
    """Ends a run when the user, the terminal or CI wants it; used as a context manager.

    Outside the main thread, where no handlers can be set, it does nothing.

    Args:
        cancelled: set by the first signal; a new event by default.
        stderr: the descriptor to tell what happens.

    Attributes:
        cancelled: the same.
        asked: whether a signal came.
    """

    def __init__(self, cancelled: threading.Event | None = None, stderr: int = _STDERR) -> None:
        self.cancelled = cancelled or threading.Event()
        self.asked = False
        self._stderr = stderr
        self._left: Callable[[], Iterable[str]] = tuple
        self._before: dict[int, Any] = {}
        self._wakeup = -1
        self._reading: socket.socket | None = None
        self._writing: socket.socket | None = None
        self._watching: threading.Thread | None = None

    def tells(self, left: Callable[[], Iterable[str]]) -> None:
        """Take what gives the things that stay at the target, if the user leaves before they are removed."""
        self._left = left

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        self._reading, self._writing = socket.socketpair()
        self._writing.setblocking(False)  # noqa: FBT003 (the socket's own signature)
        self._watching = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._watching.start()
        self._wakeup = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        for name in _NAMES:
            number = getattr(signal, name, None)
            # What the surroundings ignore, as nohup does, stays ignored.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, _noted)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching is None or self._reading is None or self._writing is None:
            return
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._writing.setblocking(True)  # noqa: FBT003 (the same)
        self._writing.sendall(_END)
        self._watching.join()
        self._reading.close()
        self._writing.close()

    def _watch(self) -> None:
        assert self._reading is not None  # noqa: S101 (the thread starts after it)
        while True:
            for number in self._reading.recv(64):
                if number == _END[0]:
                    return
                if number in self._before:
                    self._interrupt()

    def _interrupt(self) -> None:
        # The run sets the event, too, when it ends for another reason.
        if not self.asked:
            self.asked = True
            self.cancelled.set()
            self._say(["Interrupted: what was made is removed first. A second Ctrl-C leaves at once."])
            return
        self._say([f"stays at the target: {what}" for what in self._left()] or ["Nothing of this run stays."])
        os._exit(INTERRUPTED)

    def _say(self, lines: Iterable[str]) -> None:
        # No lock of the printing machinery is waited for: the main thread may hold it.
        shown = "\x1b[?25h" if os.isatty(self._stderr) else ""  # a progress bar hides the cursor
        text = shown + "".join(f"{line}\n" for line in lines)
        try:
            os.write(self._stderr, text.encode(errors="replace"))
        except OSError:
            return


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the number is on its way to the thread."""
