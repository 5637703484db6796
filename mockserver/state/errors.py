"""What can go wrong in the state: domain errors; status and wording are of each API's `errors.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class StateError(Exception):
    """The root of all errors that the state raises on purpose."""


class NotFound(StateError):
    """There is no such thing, or it is not where it was looked for.

    `what` is one of organization, database, record, job, asset, archive; `id` is the id or key that was asked
    for.
    """

    def __init__(self, what: str, id: str) -> None:  # noqa: A002  # named as the attribute
        super().__init__(f"no {what} {id!r}")
        self.what = what
        self.id = id


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a value.

    Attributes:
        code: what, in kebab case; each API says in its `errors.py` how it words it.
        value: that a sentence about it has to name; None where it names none.
    """

    code: str
    value: object = None

    def __str__(self) -> str:
        return self.code if self.value is None else f"{self.code}: {self.value}"

    def __repr__(self) -> str:
        return repr(str(self))


class InvalidInput(StateError):
    """Input that validation refuses.

    `errors` is keyed by field; a value is a list of what is wrong, or an object of the same shape, nested as
    the input is (the elements of an array are keyed by their index as text). What the state refuses is a
    `Wrong` each; a handler may give sentences.
    """

    def __init__(self, errors: dict[str, Any]) -> None:
        super().__init__(repr(errors))
        self.errors = errors


class BrokenSchema(StateError):
    """Records that break the schema of their database.

    `errors` has one dict a record, empty where it is valid.
    """

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(repr(errors))
        self.errors = errors


class MalformedJSON(StateError):
    """Bytes that are not JSON we accept, or a value that JSON cannot hold; `wrong` says which of the two."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(str(wrong))
        self.wrong = wrong
