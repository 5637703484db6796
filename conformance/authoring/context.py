"""What a check gets: calls of the API, questions to ask, things set up for it, time and failures.

Each API has a context of its own, which sends its headers and knows what can be set up (`arrange`).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, NoReturn
from uuid import UUID

from schemathesis.core import NOT_SET

from ..environment.environment import Environment
from ..http.spool import Spool
from ..http.wire import Request
from ..schema.calls import Operation, query_string
from ..schema.trace import Trace
from .answer import Answer
from .caller import Caller
from .check import CheckFailed, NotVerified
from .clock import Clock, NightGuard
from .run import Run


class Context(Caller):
    """One check at one place.

    Attributes:
        rule_id: the rule that is checked.
        random: seeded by the run's seed and the rule.
        clock: of the target.
    """

    def __init__(self, run: Run, environment: Environment, rule_id: str, trace: Trace | None = None) -> None:
        super().__init__(run, environment, trace)
        self.rule_id = rule_id
        self.random = random.Random(f"{run.seed}/{rule_id}")  # noqa: S311 (repeatable on purpose)
        self.clock = Clock(
            environment.controls, date_header=self._date_header, wait=self._wait, guard=self._guard()
        )

    # Questions

    def expect(self, what: str, expected: object, actual: object) -> None:
        """Go on if two values are equal.

        Raises:
            CheckFailed: they are not.
        """
        if expected != actual or isinstance(expected, bool) is not isinstance(actual, bool):
            raise CheckFailed(what, expected, actual)

    def expect_true(self, what: str, ok: object, *, expected: object, actual: object) -> None:
        """Go on if something holds; `expected` and `actual` tell what it is.

        Raises:
            CheckFailed: it does not.
        """
        if not ok:
            raise CheckFailed(what, expected, actual)

    def fail(self, what: str, *, expected: object, actual: object) -> NoReturn:
        """The target does not do what the rule says.

        Raises:
            CheckFailed: always.
        """
        raise CheckFailed(what, expected, actual)

    def skip(self, reason: str) -> NoReturn:
        """The rule cannot be exercised on this target.

        Raises:
            NotVerified: always.
        """
        raise NotVerified(reason)

    # Surroundings

    def name(self, what: str = "probe") -> str:
        """A name that is used nowhere else, and tells which run made the thing."""
        return f"{self.run.mark}{what}-{next(self.run.numbers)}"

    def invented_id(self) -> str:
        """A UUID that was never issued: what is sent to it can do nothing."""
        found = str(UUID(int=self.random.getrandbits(128), version=4))
        gate = self.run.session.gate
        if gate is not None:
            gate.invent(self.api, found)
        return found

    def may(
        self, operation_id: str, *, path: Mapping[str, object] | None = None, json: Any = NOT_SET
    ) -> bool:
        """Whether a call is one that the run may make; what may not is refused before it is sent."""
        call = self.description.call(operation_id, path=path, json=json)
        return self.may_send(call.operation.method, call.url(""), call.body)

    def may_send(self, method: str, path: str, body: bytes | Spool | None = None) -> bool:
        """The same for a request below the base URL."""
        gate = self.run.session.gate
        return gate is None or gate.admits(Request(method, self.base_url + path, (), body))

    def pause(self, seconds: float) -> None:
        """Wait in real time, for what the target does by itself."""
        self.run.session.sleep(seconds, self.until)

    def _accept(self, operation: Operation, accept: str | None, version: str | None) -> str:
        """What the operation produces, JSON if that is not said; with a version where one is asked for."""
        if accept is None:
            accept = operation.produces[0] if operation.produces else "application/json"
        return f"{accept}; version={version}" if accept and version else accept

    def _guard(self) -> NightGuard | None:
        """What is asked before a night."""
        return None

    def _wait(self, seconds: float) -> None:
        if not self.can("wait"):
            reason = "the target's clock cannot be moved, and waiting is not allowed"
            raise NotVerified(reason, missing=("clock", "wait"))
        self.until += seconds
        self.run.session.waited += seconds
        self.run.session.sleep(seconds, self.until)

    def _date_header(self, fresh: bool) -> str | None:  # noqa: FBT001 (its only caller is the clock)
        for exchange in () if fresh else reversed(self.trace.exchanges):
            if exchange.received is not None:
                dates = [value for name, value in exchange.received.headers if name.lower() == "date"]
                return dates[0] if dates else None
        return self.raw("GET", "/", note="asks for the time").headers.get("Date")


__all__ = ["Answer", "Context", "Trace", "query_string"]
