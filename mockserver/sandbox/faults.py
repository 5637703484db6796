"""Faults that a user orders: an operation answers wrongly, late, not at all, or fails inside.

Pure bookkeeping; the gateway acts on what is drawn here.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .ids import generator_state, restore_generator

Connection = Literal["drop", "truncate"]

STORAGE_OPERATIONS = ("downloadObject", "uploadObject")
"""The operations of the storage beside the APIs, which no description names."""

_OF_THE_MESSAGE = frozenset({"content-length", "transfer-encoding"})
"""Headers that frame the message: the server sets them, for a wrong one there is `connection`."""
BODILESS = frozenset({204, 205, 304})
"""Statuses whose answers have no body."""
_ID = re.compile(r"fault-([1-9][0-9]{0,17})")


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
        delay: wait for this many seconds first, drawn evenly from these bounds.
        connection: `drop` closes the connection unanswered, `truncate` in the middle of the body.
        after_entries: an import fails inside once this many entries are merged.
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

    @property
    def inside(self) -> bool:
        """Whether it strikes in the middle of the operation, if that comes so far."""
        return self.after_entries is not None or self.error_message is not None

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
    errors = _effect_errors(order) | _answer_errors(order)
    if operation not in known:
        errors["operation"] = [
            f'"{operation}" is not an operation; possible are: {", ".join(sorted(known))}.'
        ]
    inside = order.get("inside") or {}
    if "after" in inside and operation != "importDatabase":
        errors["inside"] = ["`after` counts merged entries and is possible for importDatabase only."]
    if "error_message" in inside and operation != "createExportJob":
        errors["inside"] = [
            "`error_message` makes an export job fail and is possible for createExportJob only."
        ]
    if errors:
        raise FaultError(errors)
    return Fault(
        id=id_,
        operation=operation,
        status=order.get("status"),
        body=order.get("body"),
        headers=tuple((order.get("headers") or {}).items()),
        delay=_delay(order.get("delay")),
        connection=order.get("connection"),
        after_entries=inside.get("after"),
        error_message=inside.get("error_message"),
        times=order.get("times"),
        probability=order.get("probability", 1.0),
    )


def _effect_errors(order: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with the combination of effects."""
    errors: dict[str, list[str]] = {}
    effects = [name for name in ("status", "connection", "inside") if order.get(name) is not None]
    if len(effects) > 1:
        errors[effects[1]] = [
            f"Not together with {effects[0]}: a fault has one effect, and a delay if wanted."
        ]
    delay = _delay(order.get("delay"))
    if not effects and delay is None:
        errors["status"] = ["A fault needs an effect; possible are: status, connection, inside, delay."]
    if delay is not None and delay[0] > delay[1]:
        errors["delay"] = ["`min` is larger than `max`."]
    return errors


def _answer_errors(order: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with the answer that a status is to come with."""
    status = order.get("status")
    errors = {
        name: ["Possible together with a status only."]
        for name in ("body", "headers")
        if order.get(name) is not None and status is None
    }
    if order.get("body") is not None and status in BODILESS:
        errors["body"] = [f"An answer with status {status} has none."]
    headers = order.get("headers") or {}
    if not all(_is_header(name, value) for name, value in headers.items()):
        errors["headers"] = ["Header names are tokens and values printable ASCII (RFC 9110, 5.1 and 5.5)."]
    elif any(name.lower() in _OF_THE_MESSAGE for name in headers):
        errors["headers"] = ["Content-Length and Transfer-Encoding are set by the server; see `connection`."]
    return errors


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
    """The faults of one sandbox, in the order in which they were ordered."""

    __slots__ = ("_count", "_faults", "_fired", "_left", "_random")

    def __init__(self, seed: int, name: str = "", fired: Counter[str] | None = None) -> None:
        """Begin without faults.

        Args:
            seed: of the data set.
            name: of the sandbox.
            fired: counts, by operation, how often a fault has struck.
        """
        self._fired: Counter[str] = Counter() if fired is None else fired
        self._faults: dict[str, Fault] = {}
        self._left: dict[str, int] = {}
        self._count = 0
        self._random = random.Random(f"faults {seed}/{name}")  # noqa: S311 - repeatable on purpose

    def count_in(self, fired: Counter[str]) -> None:
        """Count from now on here how often a fault strikes, by operation."""
        self._fired = fired

    def __len__(self) -> int:
        return len(self._faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults.values()))

    @property
    def count(self) -> int:
        """How many have been ordered so far."""
        return self._count

    @property
    def chance(self) -> str:
        """Where the generator of delays and strikes stands, as text."""
        return generator_state(self._random)

    def restore(self, count: int, chance: str) -> None:
        """Go on as another book would: after this many faults, with its chance.

        Raises:
            ValueError: the text says of no generator where it stands.
        """
        restore_generator(self._random, chance)
        self._count = count

    def next_id(self) -> str:
        """The name of the next fault, which stays free until it is ordered."""
        return f"fault-{self._count + 1}"

    def order(self, fault: Fault) -> None:
        """Add a new fault, which has the next id."""
        self._count += 1
        self.add(fault)

    def add(self, fault: Fault, left: int | None = None) -> None:
        """Have a fault; of several for one operation the first that strikes counts.

        Args:
            fault: with an id that this book has given.
            left: how often it will still strike, if it has struck before.

        Raises:
            ValueError: the id is in use, or one that this book has yet to give.
        """
        number = _ID.fullmatch(fault.id)
        if fault.id in self._faults or number is None or int(number[1]) > self._count:
            msg = f"{fault.id[:80]} is not an id for a fault here"
            raise ValueError(msg)
        self._faults[fault.id] = fault
        if fault.times is not None:
            self._left[fault.id] = fault.times if left is None else left

    def take_over(self, other: FaultBook) -> None:
        """Order what another book has, each as often as it would still strike there."""
        self._count = max(self._count, other.count)
        for fault in other:
            self.add(fault, other.left(fault))

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
        """The fault that strikes this call of an operation, if one does.

        It is used up by that; one that strikes inside only when it does so (see `use`).
        """
        for fault in self._faults.values():
            if fault.operation != operation:
                continue
            if fault.probability < 1.0 and self._random.random() >= fault.probability:
                continue
            if not fault.inside:
                self.use(fault)
            return fault
        return None

    def use(self, fault: Fault) -> bool:
        """Count one strike; False if the fault has been taken back or used up since it was drawn."""
        if self._faults.get(fault.id) is not fault:
            return False
        self._fired[fault.operation] += 1
        if fault.times is not None:
            self._left[fault.id] -= 1
            if self._left[fault.id] <= 0:
                self.remove(fault.id)
        return True

    def delay_of(self, fault: Fault) -> float:
        """The seconds that this strike waits."""
        return self._random.uniform(*fault.delay) if fault.delay is not None else 0.0
