"""The garbage collector of a process that judges."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc, weakref
from dbcontract.conformance.runner.collecting import spare_what_is_loaded

class Ring:
    pass

def ring():
    one = Ring()
    one.itself = one
    return weakref.ref(one)

spare_what_is_loaded()
known = gc.get_freeze_count() - len(gc.get_objects()) > 0
rings = [ring() for _ in range(20_000)]
print(known, any(one() is None for one in rings), gc.get_count()[0] < 20_000)
"""


def test_what_is_loaded_is_not_walked_again_and_cycles_are_still_found() -> None:
    """In a process of its own, as it concerns everything in it."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True"]
