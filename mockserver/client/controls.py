"""Parts of a `MockClient`: clock, faults, defects and coverage of its sandbox."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from .http import ControlConnection, MockError
from .types import ClientFinding, Fault, Inside, Instant, as_datetime, as_text

_Faults = list[Fault]  # in the class below, `list` is a method
_Findings = list[ClientFinding]


class ControlledSandbox:
    """The control API of one sandbox.

    Args:
        connection: to the server.
        path: of the sandbox, empty for the default one.
    """

    def __init__(self, connection: ControlConnection, path: str) -> None:
        self._connection = connection
        self._path = f"{path}/_mock"

    def call(
        self, method: str, path: str, body: object = None, query: Mapping[str, Any] | None = None
    ) -> Any:
        """Call an operation by its path below `/_mock`."""
        return self._connection.call(method, self._path + path, body, query)

    def delete_sandbox(self, name: str) -> None:
        """Forget a sandbox; one that was never used does not exist, which is as well."""
        try:
            self.call("DELETE", f"/sandboxes/{name}")
        except MockError as error:
            if error.status != 404:
                raise


class ClockControl:
    """The clock of a sandbox. Each UTC midnight that passes runs the nightly job.

    The methods that move it return where it then stands. All raise `MockError` for what is not a time, or
    outside the years 1 to 9999.
    """

    def __init__(self, sandbox: ControlledSandbox) -> None:
        self._sandbox = sandbox

    def now(self) -> datetime:
        """The sandbox's instant, in UTC."""
        return as_datetime(self._sandbox.call("GET", "/clock")["now"])

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return bool(self._sandbox.call("GET", "/clock")["frozen"])

    def advance(
        self,
        span: timedelta | None = None,
        /,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> datetime:
        """Move by a span, a timedelta or parts of one; a frozen clock stays frozen, at the new instant."""
        whole = (span or timedelta()) + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._moved("POST", "/clock/advance", {"seconds": whole.total_seconds()})

    def advance_to_next_midnight(self) -> datetime:
        """Move to where the next day (UTC) begins and the nightly job has run."""
        return self._moved("POST", "/clock/advance", {"to": "next-midnight"})

    def set(self, at: Instant) -> datetime:
        """Move to an instant; a frozen clock stays frozen, a running one goes on from there."""
        return self._moved("PATCH", "/clock", {"now": as_text(at)})

    def freeze(self, at: Instant | None = None) -> datetime:
        """Stand still, where the clock is or at an instant."""
        order = {"frozen": True} if at is None else {"frozen": True, "now": as_text(at)}
        return self._moved("PATCH", "/clock", order)

    def resume(self) -> datetime:
        """Run again, from where the clock stands."""
        return self._moved("PATCH", "/clock", {"frozen": False})

    def _moved(self, method: str, path: str, order: Mapping[str, object]) -> datetime:
        return as_datetime(self._sandbox.call(method, path, order)["now"])


class FaultControl:
    """The faults of a sandbox: operations that answer wrongly, late, not at all, or fail inside."""

    def __init__(self, sandbox: ControlledSandbox) -> None:
        self._sandbox = sandbox

    def add(
        self,
        operation: str,
        *,
        status: int | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        delay: float | tuple[float, float] | None = None,
        connection: Literal["drop", "truncate"] | None = None,
        inside: Inside | None = None,
        times: int | None = None,
        probability: float = 1.0,
    ) -> Fault:
        """Order a fault: one of status, connection and inside, or a delay, or both.

        Of several faults for one operation, the first that strikes counts.

        Args:
            operation: the operationId that it strikes; of the storage `downloadObject` or `uploadObject`.
            status: answer with this status.
            body: of that answer: text as it is, anything else as JSON; by default the documented example.
            headers: of that answer.
            delay: wait for this many seconds first, or for a time drawn from these bounds; 60 at most.
            connection: close the connection unanswered (`drop`), or in the middle of the body (`truncate`).
            inside: let an import fail halfway, or an export job fail.
            times: strike so often and then be gone; None: for ever.
            probability: strike so often of all the times it could, from 0 to 1.

        Raises:
            MockError: an unknown operation or an impossible fault; the message lists what is possible.
        """
        wait = {"min": delay[0], "max": delay[1]} if isinstance(delay, tuple) else delay
        order = {
            "status": status,
            "body": body,
            "headers": None if headers is None else dict(headers),
            "delay": wait,
            "connection": connection,
            "inside": inside,
            "times": times,
        }
        given = {name: value for name, value in order.items() if value is not None}
        given |= {"operation": operation, "probability": probability}
        return Fault.of(self._sandbox.call("POST", "/faults", given))

    def list(self) -> _Faults:
        """The ordered faults, in their order; those that are used up are gone."""
        return [Fault.of(shown) for shown in self._sandbox.call("GET", "/faults")]

    def remove(self, fault: Fault | str) -> None:
        """Take one back, named by itself or its id.

        Raises:
            MockError: it is not ordered, or no more.
        """
        name = fault if isinstance(fault, str) else fault.id
        self._sandbox.call("DELETE", f"/faults/{quote(name, safe='')}")

    def clear(self) -> None:
        """Take all back."""
        self._sandbox.call("DELETE", "/faults")


class DefectControl:
    """The defects of a sandbox: what it does wrong on purpose (`dbcontract defects` lists them)."""

    def __init__(self, sandbox: ControlledSandbox) -> None:
        self._sandbox = sandbox

    def on(self) -> list[str]:
        """The names of those that are on."""
        return [str(name) for name in self._sandbox.call("GET", "/defects")["on"]]

    def set(self, *names: str) -> None:
        """Let these be on and no others; what the sandbox holds stays.

        Raises:
            MockError: there is none of such a name; nothing has changed.
        """
        self._sandbox.call("PUT", "/defects", {"names": list(names)})

    def clear(self) -> None:
        """Let the sandbox behave as documented."""
        self.set()


class CoverageControl:
    """What a client's requests to a sandbox met of the contract, and what they do wrong.

    Counting begins with the first call of any of these, with what the journal has then. Calls of the control
    API, such as those of this object, never count.
    """

    def __init__(self, sandbox: ControlledSandbox) -> None:
        self._sandbox = sandbox

    def document(self, *, only_met: bool = False, all_sandboxes: bool = False) -> dict[str, Any]:
        """All of it, as the control API tells it (see `mockserver/coverage/coverage.schema.json`).

        Args:
            only_met: without what was not met, and without the lines that bring it about.
            all_sandboxes: of all sandboxes of the server together.
        """
        query = {"met": "true" if only_met else None, "sandboxes": "all" if all_sandboxes else None}
        found: dict[str, Any] = self._sandbox.call("GET", "/coverage", query=query)
        return found

    def situations(self) -> set[str]:
        """The ids of the situations that were met."""
        apis = self.document(only_met=True)["apis"]
        return {str(one["id"]) for api in apis for one in api["situations"]}

    def findings(self) -> _Findings:
        """What the client does wrong."""
        return [ClientFinding.of(shown) for shown in self.document(only_met=True)["findings"]]

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Let what is requested in the block not count: what a test arranges is not what its client does."""
        self._sandbox.call("PATCH", "/coverage", {"paused": True})
        try:
            yield
        finally:
            self._sandbox.call("PATCH", "/coverage", {"paused": False})

    def clear(self) -> None:
        """Forget what was met, and what was done wrong."""
        self._sandbox.call("DELETE", "/coverage")
