"""One session of `dbcontract proxy`: what it listens on, what it shows while it runs, and how it ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.text import Text

from dbcontract.conformance.report.shown import visible

from .errors import CommandError
from .files import atomic_writer, check_writable
from .serve import ready_file_errors

if TYPE_CHECKING:
    from dbcontract.conformance.catalogue.rules import Catalogue, Rule
    from dbcontract.conformance.proxy.app import Options
    from dbcontract.conformance.proxy.upstreams import Upstreams
    from dbcontract.conformance.results.results import RunResult
    from dbcontract.conformance.watching.observer import Judged, Observer

_SWITCH = 0.000_2
"""Seconds after which the thread that judges lets the one that passes on go first."""
_ENDS = ("SIGINT", "SIGTERM", "SIGHUP")
_COLOURS = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


@dataclass(frozen=True)
class Passing:
    """From where to where things are passed.

    Attributes:
        url: of the implementation, as the user named it.
        own: the proxy's own.
    """

    url: str
    own: str
    bound: socket.socket
    upstreams: Upstreams
    options: Options
    ready_file: Path | None

    @classmethod
    @contextmanager
    def prepared(
        cls,
        upstream: str,
        *,
        host: str,
        port: int,
        storages: tuple[str, ...],
        ready_file: Path | None,
        **options: Any,
    ) -> Iterator[Self]:
        """Read what the flags say, and listen.

        Raises:
            CommandError: what they say is wrong, or the address is taken.
        """
        from dbcontract.conformance.proxy.app import Options
        from dbcontract.conformance.proxy.run import StartError, bind
        from dbcontract.conformance.proxy.upstreams import Upstreams, tls, upstream_of
        from dbcontract.conformance.target.target import TargetError, base_url

        try:
            url = base_url(upstream, where="UPSTREAM")
            behind = Upstreams(
                upstream_of(url, where="UPSTREAM"),
                [upstream_of(one, where="--storage", prefixed=True) for one in storages],
            )
            tls(options.get("ca_bundle"))
            bound = bind(host, port)
        except (TargetError, StartError) as error:
            raise CommandError(str(error)) from error
        with bound:
            address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not a bind
            address = f"[{address}]" if ":" in address else address
            taken = bound.getsockname()[1]
            for one in (behind.main, *behind.storages):
                if one.port == taken and _is_here(one.host, bound):
                    raise CommandError(f"{one.origin}: this is the proxy itself; give another --port")
            if ready_file is not None:
                with ready_file_errors(ready_file):
                    check_writable(ready_file)
            yield cls(url, f"http://{address}:{taken}", bound, behind, Options(**options), ready_file)


def _is_here(host: str, bound: socket.socket) -> bool:
    """Whether a host is one that the socket answers for."""
    try:
        there = {found[4][0] for found in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    own = bound.getsockname()[0]
    return own in there or (own in {"0.0.0.0", "::"} and bool(there & {"127.0.0.1", "::1"}))  # noqa: S104


def watch(
    passing: Passing,
    rules: Sequence[Rule],
    catalogue: Catalogue,
    apis: Sequence[str],
    *,
    words: Sequence[str],
    selection: str,
    sole_writer: bool,
    seconds: float | None,
    requests: int | None,
    quiet: bool,
    recording: bool,
) -> tuple[RunResult, Observer]:
    """Pass on and judge until it is over; gives the result, and the observer that is closed."""
    import dbcontract
    from dbcontract.conformance.proxy.app import Proxy
    from dbcontract.conformance.proxy.run import serve
    from dbcontract.conformance.schema.description import Description
    from dbcontract.conformance.watching.observer import Observer
    from dbcontract.conformance.watching.outcome import Session, outcome

    # The thread that judges would keep what passes waiting for five milliseconds at a time.
    sys.setswitchinterval(_SWITCH)
    stop, shown = threading.Event(), _Lines(quiet=quiet)
    count = 0

    def listen(judged: Judged) -> None:
        nonlocal count
        count += 1
        if count == requests:
            stop.set()
        shown.show(judged)

    observer = Observer(
        passing.url,
        rules,
        {api: Description(api) for api in apis},
        sole_writer=sole_writer,
        listener=listen,
        recording=recording,
    )
    started, started_at = time.monotonic(), datetime.now(UTC)
    with ExitStack() as at_the_end:
        at_the_end.enter_context(_signals(stop))

        def ready() -> None:
            if passing.ready_file is not None:
                _write_ready_file(passing.ready_file, passing.own)
                at_the_end.callback(passing.ready_file.unlink, missing_ok=True)
            shown.say(
                f"{passing.own} passes on to {passing.upstreams.main.origin}. Ctrl-C ends it and reports."
            )

        proxy = Proxy(passing.upstreams, observer, passing.options)
        serve(proxy, passing.bound, stop=stop, seconds=seconds, ready=ready)
        observer.close()
    versions = dict(catalogue.versions)
    chosen = shlex.split(selection)
    session = Session(
        name=passing.url,
        command=shlex.join(["dbcontract", "proxy", *words, *chosen]),
        check=shlex.join(["dbcontract", "check", *words]),
        selection=selection,
        started_at=started_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=time.monotonic() - started,
        kit_version=dbcontract.__version__,
        catalogues={api: versions[api] for api in apis},
    )
    return outcome(observer, rules, session), observer


def _write_ready_file(path: Path, url: str) -> None:
    with ready_file_errors(path), atomic_writer(path) as stream:
        stream.write(json.dumps({"base_url": url, "pid": os.getpid()}, indent=2).encode() + b"\n")


class _Unread(Console):
    """A console that leaves standard output alone where nobody reads standard error any more."""

    def on_broken_pipe(self) -> None:
        """Go on: rich would end the thread."""
        raise BrokenPipeError


class _Lines:
    """A line on stderr for each exchange; nothing in it is taken for markup, or obeyed by a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = _Unread(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet

    def say(self, text: str) -> None:
        """A line of the proxy's own."""
        self._print(Text(text))

    def _print(self, line: Text) -> None:
        try:
            self._console.print(line)
        except OSError:  # nobody reads any more, or the disk is full: what passes is judged all the same
            self._quiet = True
            # What is left in the buffer would fail once more at the end, and with it the exit status.
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), sys.stderr.fileno())

    def show(self, judged: Judged) -> None:
        """The line of an exchange: what was asked, status, milliseconds, and the rules that it breaks."""
        if self._quiet:
            return
        status, colour = str(judged.status), _COLOURS.get((judged.status or 0) // 100, "red")
        if judged.status is None:
            status = visible(judged.problem or "no answer", "")
        line = Text.assemble(
            visible(judged.told, ""), " ", (status, colour), (f" {judged.seconds * 1000:.0f} ms", "dim")
        )
        if judged.findings:
            line.append("  ✗ " + ", ".join(judged.findings), "bold red")
        self._print(line)


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """Let the signals that end the command end the session in good order."""

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before: dict[int, Any] = {}
    for name in _ENDS:
        number = getattr(signal, name, None)
        # What the surroundings ignore, as nohup does, stays ignored.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
