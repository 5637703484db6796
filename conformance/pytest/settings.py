"""What the user chose on pytest's command line; light to import, as every run of pytest does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = "conformance"
"""The node that all items belong to."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose, unchecked.

    Attributes:
        own: what the options of single APIs were given, by their names.
        named: ids given as `conformance::ID`.
        shard: as I/N.
        alone: no other tests were asked for.
    """

    url: str | None
    target_file: Path | None
    api: str | None
    allow: str
    token_env: str | None
    own: Mapping[str, tuple[str, ...]]
    proxy: str | None
    only: tuple[str, ...]
    named: tuple[str, ...]
    alone: bool
    reports: tuple[str, ...]
    baseline_file: Path | None
    seed: int
    fuzzing: bool
    shard: str | None = None
