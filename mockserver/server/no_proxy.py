"""Keeping a proxy of the environment away from a mock on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

NAMES: Final = ("NO_PROXY", "no_proxy")
"""Both spellings: some clients read the one, some the other."""


def without_proxy(environment: Mapping[str, str], url: str) -> dict[str, str]:
    """What the variables have to be so that clients go straight to the host of a URL, to others as ever."""
    host = urlsplit(url).hostname or ""
    known = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    words = [word.strip() for word in known.split(",") if word.strip()]
    if "*" not in words:
        names = [host, "localhost"] if host in {"127.0.0.1", "::1"} else [host]
        words += [name for name in names if name not in words]
    return dict.fromkeys(NAMES, ",".join(words))
