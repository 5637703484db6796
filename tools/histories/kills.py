"""Servers with `--state` that are killed while clients write: what comes back with the next one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from served import served

from .clients import Client, Shared, prepared
from .events import Event, History
from .models import judge

CLIENTS = 4
ADDING = {"add": 4.0, "merge": 2.0, "read": 1.0, "export": 1.0}
FILE = "kept.json"
KEPT = ("--state", FILE)
POLL = 0.005
KNOWN = -1
"""When there was what an earlier server left: before the first event."""


def kills(folder: Path, *, rounds: int, seed: str) -> list[str]:
    """What was wrong after servers were killed, each once.

    What was acknowledged before the last save that ended has to be there, in a state that there was; what
    came later may be there or not.

    Args:
        folder: where the file is kept.
        rounds: how many servers.
        seed: of what the clients do, and of when they are interrupted.
    """
    chance, found = random.Random(seed), list[str]()  # noqa: S311 - repeatable on purpose
    known: list[Event] = []
    shared: Shared | None = None
    for number in range(rounds):
        history = History()
        with served(folder, *KEPT, findings=found) as (base, process):
            if shared is None:
                shared = replace(prepared(base, history), sandboxes=False)
            shared = replace(shared, base=base, history=history)
            killed = threading.Event()
            working = [
                threading.Thread(
                    target=Client(shared, number * CLIENTS + one, seed).run,
                    args=(sys.maxsize, killed.is_set, ADDING),
                )
                for one in range(CLIENTS)
            ]
            for thread in working:
                thread.start()
            for _ in range(chance.randint(1, 3)):
                since = save(process, folder, history)
            process.send_signal(signal.SIGUSR1)
            enough = history.now() + chance.randrange(40)
            while history.events[-1].began < enough and process.poll() is None:
                time.sleep(POLL)
            process.kill()
            killed.set()
            for thread in working:
                thread.join()
        found += [f"round {number}: {wrong}" for wrong in history.wrong if not wrong.startswith("NoAnswer")]
        found += [f"round {number}: {wrong}" for wrong in judge([*known, *history.events])]
        known = restored(folder, shared, [*known, *history.events], since)
        found += [f"after round {number}: {wrong}" for wrong in judge(known)]
        known = settled(known)
    return found


def restored(folder: Path, shared: Shared, events: list[Event], since: int) -> list[Event]:
    """The writes, and what a new server has of them."""
    history = History()
    with served(folder, *KEPT, findings=history.wrong) as (base, _):
        client = Client(replace(shared, base=base, history=history), 0, "")
        client.do(client.read)
        client.do(client.export)
        client.close()
    if history.wrong:
        raise AssertionError(history.wrong)
    last = max(event.ended or 0 for event in events) + 1
    seen = [replace(event, began=since, ended=last) for event in history.events]
    return [
        event for event in events if event.kind in {"add", "import"} and event.of[:8] != "archives"
    ] + seen


def settled(events: list[Event]) -> list[Event]:
    """What the last readings have, as writes that were there before."""
    read = {name for event in events if event.kind == "read" for name in event.answer}
    read |= {name for event in events if event.kind == "export" for name in event.answer[0]}
    writes = [event for event in events if event.kind in {"add", "import"}]
    return [
        replace(event, answer=201, began=KNOWN, ended=KNOWN)
        for event in writes
        if (event.sent[0] if event.kind == "import" else event.sent) in read
    ]


def save(process: subprocess.Popen[bytes], folder: Path, history: History) -> int:
    """Have the state saved; the moment at which it was asked for."""
    file = folder / FILE
    before, asked = file.stat().st_ino if file.exists() else 0, history.now()
    process.send_signal(signal.SIGUSR1)
    while not file.exists() or file.stat().st_ino == before:
        if process.poll() is not None:
            raise AssertionError("the server has ended")
        time.sleep(POLL)
    return asked
