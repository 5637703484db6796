"""The control API at `/_mock/`: everything that a user of the mock decides while it runs.

Every call is finished when it answers.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from starlette.responses import Response

from ..apis.base import served_apis
from ..sandbox.clock import EARLIEST, LATEST
from ..sandbox.faults import Fault, FaultError, make_fault
from ..sandbox.journal import JournalFilter
from ..sandbox.loading import DataError
from ..sandbox.registry import Sandboxes, SandboxNameError
from ..sandbox.sandbox import Base, Sandbox, SandboxSettings, make_clock
from ..snapshot import snapshot as document
from ..state import jsonio
from ..state.errors import InvalidInput, NotFound
from ..state.instants import DAY, format_instant, parse_moment
from ..variants.registry import UnknownVariant, classes_of, discover
from ..version import version
from ..web.body import header
from ..web.call import ABSENT, Call
from ..web.responses import ChunkedResponse, json_response
from . import overview
from .coverage import CoverageHandlers
from .events import JournalEvents
from .metrics import MetricsHandlers
from .settings import apply_settings, describe_settings

CAPABILITIES = ("read", "write", "destroy", "storage", "clock", "inject", "second")


class ControlHandlers:
    """The operations of `openapi/control.yaml` by operationId.

    Args:
        sandboxes: the sandboxes of this server.
        operations: the operationIds of the served APIs, for faults.
    """

    def __init__(self, sandboxes: Sandboxes, operations: tuple[str, ...]) -> None:
        self._sandboxes = sandboxes
        self._operations = operations
        self._apis = sorted(sandboxes.settings.apis)
        self._loading = asyncio.Lock()
        self._brought = [
            CoverageHandlers(sandboxes),
            MetricsHandlers(sandboxes),
            *(api.control for api in served_apis().values() if api.control is not None),
        ]

    def __getattr__(self, name: str) -> Any:
        """An operation about coverage or metrics, or one that an API brings."""
        for one in self.__dict__.get("_brought", ()):
            if hasattr(one, name):
                return getattr(one, name)
        msg = f"{type(self).__name__} has no operation {name}"
        raise AttributeError(msg)

    async def getHealth(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """What this server is, and that it answers."""
        sandbox = call.sandbox
        return json_response(
            {
                "name": "dbcontract",
                "version": version(),
                "status": "ok",
                "sandbox": sandbox.name,
                "data": sandbox.base.name,
                "seed": sandbox.base.seed,
                "apis": self._apis,
                "capabilities": CAPABILITIES,
                "sandboxes": self._sandboxes.count,
                "defects": list(sandbox.variants),
                "faults": len(sandbox.faults),
                "store": None if self._sandboxes.keeping is None else self._sandboxes.keeping.status(),
                **{
                    name: value
                    for api in served_apis().values()
                    for name, value in api.health(sandbox).items()
                },
            },
            call.answer,
        )

    async def resetSandbox(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Begin anew, with the data set of the start or another one.

        Raises:
            InvalidInput: the data set is unknown or cannot be read.
        """
        sandbox, settings = call.sandbox, self._sandboxes.settings
        base = await self._base(call, self._sandboxes.base)
        await sandbox.turn.free()
        clock, sandbox_settings = make_clock(settings.clock, base.as_of), SandboxSettings.of(settings)
        sandbox.reset(base, clock, sandbox_settings, self._sandboxes.classes, settings.variants)
        return await self.getHealth(call)

    async def _base(self, call: Call, usual: Base) -> Base:
        """The data set that a body asks for, or the usual one.

        Raises:
            InvalidInput: the data set is unknown or cannot be read.
        """
        order = {} if call.body is ABSENT else call.body
        if not order:
            return usual
        settings = self._sandboxes.settings
        data, seed = order.get("data", settings.data), order.get("seed", settings.seed)
        field, uploaded = "data", order.get("document")
        load = partial(self._sandboxes.base_of, data, seed)
        if uploaded is not None:
            if "data" in order:
                raise InvalidInput({"document": ["Give `data` or `document`, not both."]})
            entries = uploaded if isinstance(uploaded, list) else [uploaded]
            field, content = "document", b"\n".join(map(jsonio.dumps, entries))
            load = partial(self._sandboxes.base_of_document, content, seed)
        try:
            # In a thread: others are served meanwhile. One at a time: of two that want the same, the
            # second finds it ready.
            async with self._loading:
                return await asyncio.to_thread(load)
        except DataError as error:
            raise InvalidInput({field: [str(error)]}) from error

    async def getState(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The whole sandbox as one document."""
        call.sandbox.now()
        return ChunkedResponse(document.dump_chunks(call.sandbox), call.answer.content_type)

    async def putState(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Put a whole sandbox back; an invalid document changes nothing.

        Raises:
            InvalidInput: the document has another version or another shape.
        """
        try:
            for _ in document.restore_steps(call.sandbox, call.body, self._operations):
                await asyncio.sleep(0)
                await call.sandbox.turn.free()
        except document.DocumentError as error:
            raise InvalidInput(error.errors) from error
        return Response(None, 204)

    async def getOverview(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """What the sandbox holds, in lists that are cut."""
        return json_response(overview.describe(call.sandbox), call.answer)

    async def getClock(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The sandbox's instant, and whether it stands still."""
        sandbox = call.sandbox
        return json_response(
            {"now": format_instant(sandbox.now()), "frozen": sandbox.clock.frozen}, call.answer
        )

    async def updateClock(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Set the instant, freeze or let run; nights that pass run their jobs."""
        sandbox, order = call.sandbox, call.body
        instant = _within(parse_moment(order["now"]), "now") if "now" in order else None
        sandbox.now()
        if order.get("frozen") is True:
            sandbox.clock.freeze(instant)
        elif instant is not None:
            sandbox.clock.set(instant)
        if order.get("frozen") is False:
            sandbox.clock.resume()
        sandbox.clock_moved()
        await sandbox.ready()
        return await self.getClock(call)

    async def advanceClock(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Move the clock by seconds or to the next midnight; nights that pass run their jobs."""
        sandbox, order = call.sandbox, call.body
        now = sandbox.now()
        span = (now // DAY + 1) * DAY - now if "to" in order else round(order["seconds"] * 1_000_000)
        _within(now + span, "to" if "to" in order else "seconds")
        sandbox.clock.advance(span)
        sandbox.clock_moved()
        await sandbox.ready()
        return await self.getClock(call)

    async def getSettings(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The sandbox's settings."""
        return json_response(describe_settings(call.sandbox), call.answer)

    async def updateSettings(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Change some settings; all of them or none.

        Raises:
            InvalidInput: the OS version is not a semantic version, or a token is not one.
        """
        apply_settings(call.sandbox, call.body)
        return await self.getSettings(call)

    async def listFaults(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The faults that are ordered."""
        return json_response([_shown(call.sandbox, fault) for fault in call.sandbox.faults], call.answer)

    async def addFault(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Order a fault.

        Raises:
            InvalidInput: an unknown operation or an impossible fault.
        """
        sandbox = call.sandbox
        if len(sandbox.faults) >= sandbox.limits.faults:
            message = f"The sandbox has {sandbox.limits.faults} faults; take some back first."
            raise InvalidInput({"non_field_errors": [message]})
        try:
            fault = make_fault(call.body, sandbox.faults.next_id(), self._operations)
        except FaultError as error:
            raise InvalidInput(error.errors) from error
        sandbox.faults.order(fault)
        return json_response(_shown(sandbox, fault), call.answer, 201)

    async def clearFaults(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Take all faults back."""
        call.sandbox.faults.clear()
        return Response(None, 204)

    async def deleteFault(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Take one fault back.

        Raises:
            NotFound: it is not ordered, or no more.
        """
        if not call.sandbox.faults.remove(call.path["faultId"]):
            raise NotFound("fault", call.path["faultId"])
        return Response(None, 204)

    async def getDefects(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """What is on in this sandbox, and what there is."""
        known = [one.describe() for one in await asyncio.to_thread(discover)]
        return json_response({"on": call.sandbox.variants, "known": known}, call.answer)

    async def putDefects(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Serve this sandbox with these defects and no others.

        Raises:
            InvalidInput: there is none of such a name.
        """
        names = tuple(call.body["names"])
        try:
            classes = await asyncio.to_thread(classes_of, names)
        except UnknownVariant as error:
            raise InvalidInput({"names": [str(error)]}) from error
        await call.sandbox.turn.free()
        call.sandbox.become(classes, names)
        return await self.getDefects(call)

    async def listRequests(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The journal: the exchanges that pass the filters, oldest first."""
        found = list(call.sandbox.journal.select(_filter(call.query)))
        limit = call.query.get("limit")
        if limit is not None:
            found = found[-limit:] if limit else []
        return json_response([entry.describe() for entry in found], call.answer)

    async def watchRequests(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The exchanges as they come, until the client goes away."""
        seen = header(call.scope["headers"], b"last-event-id") or ""
        after = (
            int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else call.query.get("after", 0)
        )
        return JournalEvents(call.sandbox.journal, after)

    async def clearRequests(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Forget the journal."""
        call.sandbox.journal.clear()
        return Response(None, 204)

    async def countRequests(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """How many exchanges pass the filters."""
        order = {} if call.body is ABSENT else call.body
        count = sum(1 for _ in call.sandbox.journal.select(_filter(order)))
        return json_response({"count": count}, call.answer)

    async def listSandboxes(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The sandboxes of this server, the least recently used first."""
        names = self._sandboxes.names()
        return json_response([self._sandbox(name) for name in names], call.answer)

    def _sandbox(self, name: str) -> dict[str, Any]:
        sandbox = self._sandboxes.peek(name)
        return {
            "name": name,
            "data": "" if sandbox is None else sandbox.base.name,
            "requests": 0 if sandbox is None else len(sandbox.journal),
        }

    async def putSandbox(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Make a sandbox that is set as this sandbox is.

        Raises:
            InvalidInput: the name is not one, or the data set is unknown or cannot be read.
        """
        name = call.path["sandboxName"]
        base = await self._base(call, call.sandbox.base)
        try:
            made = self._sandboxes.sandbox_like(name, call.sandbox, base)
        except SandboxNameError as error:
            raise InvalidInput({"sandboxName": [str(error)]}) from error
        if self._sandboxes.keeping is not None:
            self._sandboxes.keeping.took(made)
        return json_response(self._sandbox(name), call.answer, 201)

    async def clearSandboxes(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Forget all sandboxes."""
        del call
        names = self._sandboxes.names()
        self._sandboxes.remove_all()
        if self._sandboxes.keeping is not None:
            await self._sandboxes.keeping.forget(*names)
        return Response(None, 204)

    async def deleteSandbox(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Forget one sandbox.

        Raises:
            NotFound: there is none of that name.
        """
        name, keeping = call.path["sandboxName"], self._sandboxes.keeping
        was_here = self._sandboxes.remove(name)
        # Another server may have stored it.
        was_kept = await keeping.forget(name) if keeping is not None else False
        if not (was_here or was_kept):
            raise NotFound("sandbox", name)
        return Response(None, 204)


def _within(instant: int, field: str) -> int:
    if not EARLIEST <= instant <= LATEST:
        raise InvalidInput({field: ["The clock shows the years 1 to 9999."]})
    return instant


def _shown(sandbox: Sandbox, fault: Fault) -> dict[str, Any]:
    return {**fault.describe(), "left": sandbox.faults.left(fault)}


def _filter(asked: dict[str, Any]) -> JournalFilter:
    since = asked.get("since")
    return JournalFilter(
        operation=asked.get("operation"),
        method=asked.get("method"),
        path=asked.get("path"),
        status=asked.get("status"),
        since=None if since is None else parse_moment(since),
    )
