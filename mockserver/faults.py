"""Faults that a user orders: an operation answers wrongly, late, not at all, or fails inside.

Pure bookkeeping; the gateway acts on what is drawn here.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Connection = Literal["drop", "truncate"]

STORAGE_OPERATIONS = ("downloadObject", "uploadObject")
"""The operations of the storage beside the APIs, which no description names."""

MAX_DELAY = 60.0
"""The longest delay, in seconds: a test that waits longer has hung."""


class FaultError(ValueError):
    """A fault that cannot be ordered.

    Attributes:
        errors: what is wrong, keyed by field.
    """

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(texts)}" for name, texts in errors.items()))
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class Fault:
    """One ordered fault.

    Attributes:
        operation: the operationId that it strikes.
        status: answer with this status instead of the operation's answer.
        body: of that answer: text as it is, anything else as JSON; by default the documented example.
        delay: wait for so many seconds first, drawn evenly from these bounds.
        connection: `drop` closes the connection unanswered, `truncate` in the middle of the body.
        after_entries: an import fails inside once so many entries are merged.
        error_message: an export job ends as FAILURE with this message.
        times: how often it strikes before it is gone; None for ever.
        probability: how likely it strikes when it could.
    """

    id: str
    operation: str
    status: int | None = None
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    delay: tuple[float, float] | None = None
    connection: Connection | None = None
    after_entries: int | None = None
    error_message: str | None = None
    times: int | None = None
    probability: float = 1.0

    def describe(self) -> dict[str, Any]:
        """The fault as the control API shows and takes it."""
        shown: dict[str, Any] = {"id": self.id, "operation": self.operation}
        if self.status is not None:
            shown["status"] = self.status
        if self.body is not None:
            shown["body"] = self.body
        if self.headers:
            shown["headers"] = dict(self.headers)
        if self.delay is not None:
            shown["delay"] = {"min": self.delay[0], "max": self.delay[1]}
        if self.connection is not None:
            shown["connection"] = self.connection
        if self.after_entries is not None:
            shown["inside"] = {"after": self.after_entries}
        if self.error_message is not None:
            shown["inside"] = {"error_message": self.error_message}
        shown["times"] = self.times
        shown["probability"] = self.probability
        return shown


def make_fault(order: Mapping[str, Any], id_: str, operations: Iterable[str]) -> Fault:
    """The fault that a well-formed order asks for (its shape is checked by the control API's description).

    Raises:
        FaultError: an unknown operation, or a fault that this operation cannot have.
    """
    known = [*operations, *STORAGE_OPERATIONS]
    operation = order["operation"]
    errors: dict[str, list[str]] = {}
    if operation not in known:
        errors["operation"] = [f'"{operation}" is no operation; possible are: {", ".join(sorted(known))}.']
    inside = order.get("inside") or {}
    if "after" in inside and operation != "importDatabase":
        errors["inside"] = ["`after` counts merged entries and is possible for importDatabase only."]
    if "error_message" in inside and operation != "createExportJob":
        errors["inside"] = [
            "`error_message` makes an export job fail and is possible for createExportJob only."
        ]
    effects = [name for name in ("status", "connection", "inside") if order.get(name) is not None]
    if len(effects) > 1:
        errors[effects[1]] = [
            f"Not together with {effects[0]}: a fault has one effect, and a delay if wanted."
        ]
    if not effects and order.get("delay") is None:
        errors["status"] = ["A fault needs an effect: status, delay, connection or inside."]
    if "body" in order and order.get("status") is None:
        errors["body"] = ["A body needs a status."]
    delay = _delay(order.get("delay"))
    if delay is not None and delay[0] > delay[1]:
        errors["delay"] = ["`min` is larger than `max`."]
    headers = tuple((order.get("headers") or {}).items())
    if any(not _is_header(name, value) for name, value in headers):
        errors["headers"] = ["Header names are tokens and values printable ASCII (RFC 9110, 5.1 and 5.5)."]
    if errors:
        raise FaultError(errors)
    return Fault(
        id=id_,
        operation=operation,
        status=order.get("status"),
        body=order.get("body"),
        headers=headers,
        delay=delay,
        connection=order.get("connection"),
        after_entries=inside.get("after"),
        error_message=inside.get("error_message"),
        times=order.get("times"),
        probability=order.get("probability", 1.0),
    )


def _delay(given: Any) -> tuple[float, float] | None:
    if given is None:
        return None
    if isinstance(given, Mapping):
        return float(given["min"]), float(given["max"])
    return float(given), float(given)


def _is_header(name: str, value: str) -> bool:
    return (
        bool(name)
        and name.isascii()
        and all(sign.isalnum() or sign in "!#$%&'*+-.^_`|~" for sign in name)
        and value.isascii()
        and (value.isprintable() or not value)
    )


class FaultBook:
    """The faults of one world, in the order in which they were ordered."""

    __slots__ = ("_count", "_faults", "_left", "_random")

    def __init__(self, seed: int, name: str = "") -> None:
        self._faults: dict[str, Fault] = {}
        self._left: dict[str, int] = {}
        self._count = 0
        self._random = random.Random(f"faults {seed}/{name}")  # noqa: S311 - repeatable on purpose

    def __len__(self) -> int:
        return len(self._faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults.values()))

    def next_id(self) -> str:
        """A name for the next fault."""
        self._count += 1
        return f"fault-{self._count}"

    def add(self, fault: Fault) -> None:
        """Order a fault; of several for one operation the first that strikes counts."""
        self._faults[fault.id] = fault
        if fault.times is not None:
            self._left[fault.id] = fault.times

    def remove(self, id_: str) -> bool:
        """Take one back. Whether it was there."""
        self._left.pop(id_, None)
        return self._faults.pop(id_, None) is not None

    def clear(self) -> None:
        """Take all back."""
        self._faults.clear()
        self._left.clear()

    def left(self, fault: Fault) -> int | None:
        """How often a fault will still strike; None for ever."""
        return self._left.get(fault.id)

    def draw(self, operation: str) -> Fault | None:
        """The fault that strikes this call of an operation, if one does; it is used up by that."""
        for fault in self._faults.values():
            if fault.operation != operation:
                continue
            if fault.probability < 1.0 and self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                self._left[fault.id] -= 1
                if self._left[fault.id] <= 0:
                    self.remove(fault.id)
            return fault
        return None

    def delay_of(self, fault: Fault) -> float:
        """The seconds that this strike waits."""
        return self._random.uniform(*fault.delay) if fault.delay is not None else 0.0
