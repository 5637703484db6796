"""Serve the strict server with one fault: `python serve.py --fault NAME`; without the option, as it is.

`python serve.py --each` serves one after the other, each in a fork: a line of standard input has the
options, and the next line ends that server, which is acknowledged.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path


def each(main: Callable[[argparse.ArgumentParser], None]) -> None:
    """Serve until standard input ends."""
    while line := sys.stdin.readline():
        reading, writing = os.pipe()
        if not (child := os.fork()):
            os.close(writing)
            sys.stdin = os.fdopen(reading)
            sys.argv[1:] = line.split()
            main(argparse.ArgumentParser())
            os._exit(0)
        os.close(reading)
        sys.stdin.readline()
        os.close(writing)
        os.waitpid(child, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


if __name__ == "__main__":
    # a script, not a module: where the tests run, the current folder is kept off the path
    sys.path.insert(0, str(Path(__file__).parents[2]))
    served = importlib.import_module("foreign.blind.faults").main
    if sys.argv[1:] == ["--each"]:
        each(served)
    else:
        served(argparse.ArgumentParser())
