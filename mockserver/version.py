"""The version of the installed package."""

from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _version

DISTRIBUTIONS = ("dbcontract", "dbcontract-mock")
"""What brings this package: the whole of it, or the mock alone."""


@cache
def version() -> str:
    """The installed version; `0` when the package runs from a bare checkout."""
    for name in DISTRIBUTIONS:
        with suppress(PackageNotFoundError):
            return _version(name)
    return "0"
