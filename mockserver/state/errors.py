"""What can go wrong in the state: domain errors, without status codes (each API has a table for those)."""

from __future__ import annotations

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


class InvalidInput(StateError):
    """Input that validation refuses.

    `errors` is keyed by field; a value is a list of messages, or an object of the same shape, nested as the
    input is (the elements of an array are keyed by their index as text).
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
    """Bytes that are not JSON we accept, or a value that JSON cannot hold. `reason` is a short sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
