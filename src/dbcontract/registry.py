"""What the modules of a package declare: functions or classes on which a decorator left a note.

Importing such a module registers nothing, so nothing global has to be filled, or emptied by a test. Checks
are declared in this way, and variants of the mock.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Generic, TypeVar

Note = TypeVar("Note")


class Registry(Generic[Note]):
    """The declarations whose notes are of one class."""

    def __init__(self, kind: type[Note]) -> None:
        self._kind = kind
        self._attribute = f"__{kind.__module__}.{kind.__qualname__}__"

    def leave(self, note: Note, declared: Any) -> None:
        """Leave a note on a function or class."""
        setattr(declared, self._attribute, note)

    def of(self, module: ModuleType) -> Iterator[tuple[Any, Note]]:
        """What a module declares itself, with its notes, in the order of the source.

        What it imports is another module's, and a subclass of what is declared is not declared by that.
        """
        for member in vars(module).values():
            note = getattr(member, "__dict__", {}).get(self._attribute)
            if isinstance(note, self._kind) and member.__module__ == module.__name__:
                yield member, note

    def within(self, package: str) -> Iterator[tuple[Any, Note]]:
        """What the modules of a package declare, module by module; imports them."""
        parent = import_module(package)
        for name in sorted(found.name for found in pkgutil.iter_modules(parent.__path__, f"{package}.")):
            yield from self.of(import_module(name))
