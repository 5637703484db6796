"""Many clients at once against one real server, and whether what they saw could have come in some order.

`python tools/consistency.py` (or `tox run -e consistency`): 64 clients for a minute do what
`histories.clients` has. Each writes down what it sent, saw, and when; `histories.models` judges it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from histories.clients import Client, prepared
from histories.events import REFUSED, History
from histories.kills import kills
from histories.models import judge
from served import served


def campaign(
    base: str, *, clients: int, operations: int, seed: str, until: Callable[[], bool] = lambda: False
) -> tuple[History, list[str]]:
    """Let the clients work side by side.

    Args:
        base: URL of a server with a data set of its own.
        clients: how many.
        operations: how many each of them does at most.
        seed: the same one makes the same clients; how they meet is up to the machine.
        until: whether the time is over.

    Returns:
        What they did, and what was wrong.
    """
    history = History()
    shared = prepared(base, history)
    working = [
        threading.Thread(target=Client(shared, number, seed).run, args=(operations, until))
        for number in range(clients)
    ]
    for one in working:
        one.start()
    for one in working:
        one.join()
    Client(shared, clients, seed).last_look()
    return history, [*history.wrong, *judge(history.events)]


def summary(history: History) -> str:
    """How many operations of each kind there were, and how many of all had no effect or no answer."""
    kinds = Counter(f"{event.of.partition(':')[0]} {event.kind}" for event in history.events)
    refused = sum(event.answer == REFUSED for event in history.events)
    lost = sum(event.ended is None for event in history.events)
    objects = len({event.of for event in history.events})
    listed = ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items()))
    return (
        f"{len(history.events):,} events of {objects} objects: {listed}\n"
        f"{refused:,} refused or cut off before their end, {lost:,} cut off before their answer"
    )


def main() -> int:
    """Run it against a server of its own; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument(
        "--kills", type=int, default=20, help="servers with --state that are killed afterwards"
    )
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, said = Path(name), list[str]()
        with served(folder, findings=said) as (base, _):
            end = time.monotonic() + options.seconds
            history, findings = campaign(
                base,
                clients=options.clients,
                operations=sys.maxsize,
                seed=options.seed,
                until=lambda: time.monotonic() > end,
            )
        findings += said + kills(folder, rounds=options.kills, seed=options.seed)
    print("\n".join([summary(history), *(one[:500] for one in findings[:20] or ["nothing was wrong"])]))
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
