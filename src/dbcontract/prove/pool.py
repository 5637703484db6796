"""Many runs of the kit, in several processes."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Final

from dbcontract.conformance.runner.collecting import spare_what_is_loaded
from dbcontract.mockserver.variants.registry import Variant, discover

from .impact import Impact, overrides
from .outcome import Outcome
from .running import Prover

REFERENCE: Final = ""
"""The name that stands for the mock as it is."""

_LEARN: Final = "?"
"""The name that stands for what can be reached."""
_FEW: Final = 3
_WORTH_LEARNING: Final = 16
"""This many runs: to learn which rules a variant can reach takes as long as that spares in them."""
_PATIENCE = 5.0
"""Seconds that a process has to end."""


class WorkerDied(Exception):
    """A process ended before its time; what it wrote to standard error says why."""


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processes() -> int:
    """How many at a time are worth it: one more than processors, as some defects wait on purpose."""
    return processors() + 1


def sample(known: Sequence[Variant], count: int, seed: str) -> list[Variant]:
    """How many of the variants, in their order; the same seed gives the same ones."""
    chosen = random.Random(seed).sample(range(len(known)), min(count, len(known)))  # noqa: S311 - no secret
    return [known[index] for index in sorted(chosen)]


def run_all(
    names: Sequence[str], *, jobs: int, seed: int = 1, begins: Callable[[str], None] = lambda _: None
) -> Iterator[Outcome]:
    """The outcomes of the variants with these names (and of `REFERENCE`), as they come.

    Args:
        names: at most once each.
        jobs: how many processes run at a time; few names are run in this one.
        seed: of what the checks generate.
        begins: is told each name when its run begins.

    Raises:
        WorkerDied: a process ended before its time.
    """
    known = {one.name: one for one in discover()}
    chosen = [known[name] for name in names if name != REFERENCE]
    # These take longest, whatever can be reached; begun last, one would be waited for alone.
    long = {one.name for one in chosen if one.fuzzing or one.wait or overrides(one) is None}
    ordered = sorted(names, key=lambda name: name != REFERENCE and name not in long)
    fuzzing, wait = any(one.fuzzing for one in chosen), any(one.wait for one in chosen)
    if jobs == 1 or len(names) <= _FEW:
        with Prover(seed=seed, fuzzing=fuzzing, wait=wait) as prover:
            for name in ordered:
                begins(name)
                yield prover.run(known.get(name))
        return
    count = min(jobs, len(names))
    workers = [_Worker(seed, fuzzing=fuzzing, wait=wait) for _ in range(count)]
    try:
        yield from _shared_out(workers, ordered, begins, learn=len(names) > _WORTH_LEARNING)
    finally:
        for worker in workers:
            worker.end()


def _shared_out(
    workers: Sequence[_Worker], names: Sequence[str], begins: Callable[[str], None], *, learn: bool
) -> Iterator[Outcome]:
    """Each worker gets the next name when it is done with one; the first one may learn for all before."""
    left, impact = iter(names), None
    busy: dict[Connection, _Worker] = {}

    def give(worker: _Worker) -> None:
        name = next(left, None)
        if name is not None:
            begins(name)
            worker.order(name, impact)
            busy[worker.connection] = worker

    if learn:
        workers[0].order(_LEARN, None)
        busy[workers[0].connection] = workers[0]
    for worker in workers[learn:]:
        give(worker)
    while busy:
        for ready in wait_for(list(busy)):
            assert isinstance(ready, Connection)  # noqa: S101 (it is one of ours)
            worker = busy.pop(ready)
            done = worker.done()
            if isinstance(done, Impact):
                impact = done
            give(worker)
            if isinstance(done, Outcome):
                yield done


class _Worker:
    """A process that runs what it is told, one after another.

    Attributes:
        connection: takes names, and what was learnt; gives outcomes, or what it was told to learn.
    """

    def __init__(self, seed: int, *, fuzzing: bool, wait: bool) -> None:
        # A forked process would share this one's threads and locks.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._knows = False
        self._process = context.Process(target=_work, args=(theirs, seed, fuzzing, wait), daemon=True)
        self._process.start()
        theirs.close()

    def order(self, name: str, impact: Impact | None) -> None:
        """Have it run a variant, or learn; it is told once what can be reached, as soon as that is known."""
        if impact is not None and not self._knows:
            self.connection.send(impact)
            self._knows = True
        self.connection.send(name)

    def done(self) -> Outcome | Impact:
        """What came of the order. Raises `WorkerDied`."""
        try:
            done: Outcome | Impact = self.connection.recv()
        except EOFError:
            raise WorkerDied("a process of the proof ended before its time") from None
        return done

    def end(self) -> None:
        """End the process, whatever it is at."""
        self.connection.close()
        self._process.terminate()
        self._process.join(_PATIENCE)


# A process takes no keywords.
def _work(connection: Connection, seed: int, fuzzing: bool, wait: bool) -> None:  # noqa: FBT001
    # Ctrl-C reaches every process of the terminal; the first one decides, and ends these.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable()  # what breaks on purpose is not news
    known = {one.name: one for one in discover()}
    with Prover(seed=seed, fuzzing=fuzzing, wait=wait) as prover:
        spare_what_is_loaded()
        first = True
        while True:
            try:
                order: str | Impact = connection.recv()
            except EOFError:
                return
            if isinstance(order, Impact):
                prover.impact = order
                continue
            connection.send(prover.learn() if order == _LEARN else prover.run(known.get(order)))
            if first:
                # What is there after a run stays, such as the values that were generated for it.
                spare_what_is_loaded()
                first = False
