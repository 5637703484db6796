"""How a check can end, other than well."""

from __future__ import annotations


class CheckFailed(Exception):
    """The target does not do what the rule says.

    Attributes:
        what: what was looked at, as a phrase: "the status of the download".
        expected, actual: any values; they are shown as text.
    """

    def __init__(self, what: str, expected: object, actual: object) -> None:
        super().__init__(f"{what}: expected {expected}, got {actual}")
        self.what = what
        self.expected = expected
        self.actual = actual


class NotVerified(Exception):
    """The rule could not be exercised on this target.

    Attributes:
        reason: why, in one sentence without a full stop.
        missing: the capabilities that would have helped.
    """

    def __init__(self, reason: str, *, missing: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing = missing


class PrerequisiteFailed(Exception):
    """A set-up step did not work, so that nothing can be said about the rule itself.

    Attributes:
        rule: the id of the rule that the failing step belongs to.
        what: what was tried and what came of it.
    """

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{what} ({rule})")
        self.rule = rule
        self.what = what
