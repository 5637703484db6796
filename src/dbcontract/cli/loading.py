"""What a command needs is loaded without delay."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_PLUGINS: Final = "HYPOTHESIS_NO_PLUGINS"


@contextmanager
def loading_at_once() -> Iterator[None]:
    """Load what checks need while the collector rests, and Hypothesis without what other packages add to it.

    The collector would walk all that is loaded so far time and again, for a sixth of the start; what trio,
    for example, adds takes a tenth, and no check has a use for it.
    """
    was_on, before = gc.isenabled(), os.environ.get(_PLUGINS)
    gc.disable()
    os.environ[_PLUGINS] = "1"
    try:
        import hypothesis  # noqa: F401 - reads the variable
    finally:
        # Nothing that a hook of the user starts is to inherit it.
        os.environ.pop(_PLUGINS)
        if before is not None:
            os.environ[_PLUGINS] = before
    try:
        yield
    finally:
        if was_on:
            gc.enable()
