"""What a catalogue says of a rule in one word. Light to import: the command line names these in its help."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """Who says so, which decides how a violation is reported."""

    DOCUMENTED = "documented"
    """One of the two documents. A violation makes the target non-conformant."""
    PUBLISHED = "published"
    """The vendor, elsewhere in public. Non-conformant too, counted apart."""
    INFERRED = "inferred"
    """No vendor text; it follows from them or from common sense. A violation is a warning."""


class Capability(StrEnum):
    """What the check of a rule needs of its target, or of the user's leave."""

    READ = "read"
    """The target may be asked. `WRITE` takes it along."""
    WRITE = "write"
    """Data may be created, and changed or deleted where the run created them."""
    DESTROY = "destroy"
    """Data may be deleted or overwritten that the run did not create."""
    STORAGE = "storage"
    """The presigned upload and download URLs can be reached."""
    CLOCK = "clock"
    """The target's time can be moved."""
    INJECT = "inject"
    """An internal failure can be provoked."""
    WAIT = "wait"
    """Up to an hour may pass: really, or by moving the clock, so that `CLOCK` is as good."""
    SECOND = "second"
    """There is a second, empty instance."""


ALLOWABLE: Final = tuple(map(str, (Capability.WRITE, Capability.DESTROY, Capability.WAIT)))
"""What is a matter of permission; the other capabilities are a matter of what the target can do."""
