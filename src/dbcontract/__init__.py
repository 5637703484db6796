"""dbcontract: a mock server and conformance kit for two documented Database APIs, Pieces OS and PixieBrix."""

from typing import TYPE_CHECKING

__all__ = ["__version__"]

if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> str:
    # Lazy: reading the metadata costs some milliseconds, and `dbcontract serve` should start at once.
    if name == "__version__":
        from dbcontract.mockserver.version import version

        return version()
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
