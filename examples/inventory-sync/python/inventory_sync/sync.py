"""Brings a remote stock list in step with a local one."""

from __future__ import annotations

from dataclasses import dataclass

from .inventory import Inventory, Stock


@dataclass(frozen=True)
class Changes:
    """What was changed, by article number."""

    written: list[str]
    removed: list[str]


def sync(local: Stock, inventory: Inventory) -> Changes:
    """Make the remote list equal to the local one, and touch nothing that is equal already."""
    remote = inventory.read()
    written = {article: pieces for article, pieces in local.items() if remote.get(article) != pieces}
    removed = sorted(remote.keys() - local.keys())
    if written:
        inventory.write(written)
    for article in removed:
        inventory.remove(article)
    return Changes(sorted(written), removed)
