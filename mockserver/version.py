"""The version of the installed package."""

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _version


@cache
def version() -> str:
    """The installed version; `0` when the package runs from a bare checkout."""
    try:
        return _version("dbcontract")
    except PackageNotFoundError:
        return "0"
