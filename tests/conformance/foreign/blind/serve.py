"""Serve the strict server with one fault: `python serve.py --fault NAME`; without the option, as it is."""

import argparse
import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    # a script, not a module: where the tests run, the current folder is kept off the path
    sys.path.insert(0, str(Path(__file__).parents[2]))
    importlib.import_module("foreign.blind.faults").main(argparse.ArgumentParser())
