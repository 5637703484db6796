"""The formats of reports: a module each, which is called as its format and holds a `Format` as `FORMAT`.

Light to import: the command line and the pytest plugin name the formats without a report to make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ...results.results import RunResult

__all__ = ["FORMATS", "Format"]


@dataclass(frozen=True, slots=True)
class Format:
    """One format of reports.

    Attributes:
        purpose: what it is for, as the table of the guide has it.
        suffix: how its files end.
        render: makes the report (text, UTF-8) of a result.
        complete: whether it names each rule and what is to know of the run.
    """

    purpose: str
    suffix: str
    render: Callable[[RunResult], str]
    complete: bool = True


class _Formats(Mapping[str, Format]):
    """The formats by name; a module is imported when its format is asked for."""

    def __getitem__(self, name: str) -> Format:
        if name not in self:
            raise KeyError(name)
        found: Format = import_module(f"{__name__}.{name}").FORMAT
        return found

    def __contains__(self, name: object) -> bool:
        return name in tuple(self)

    def __iter__(self) -> Iterator[str]:
        return (info.name for info in iter_modules(__path__))

    def __len__(self) -> int:
        return sum(1 for _ in self)


FORMATS: Final[Mapping[str, Format]] = _Formats()
"""Every format by its name. Options, help and the guide have them from here."""
