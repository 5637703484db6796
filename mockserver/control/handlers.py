"""The control API at `/_mock/`: everything that a user of the mock decides while it runs.

Every call is finished when it answers.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from ..apis.pieces.state.pieces import PiecesDatabase
from ..sandbox.clock import EARLIEST, LATEST
from ..sandbox.faults import Fault, FaultError, make_fault
from ..sandbox.journal import JournalFilter
from ..sandbox.loading import DataError
from ..sandbox.registry import SandboxNameError, Worlds
from ..sandbox.sandbox import Base, World, WorldSettings, make_clock
from ..sandbox.settings import SettingsError, TokenGrant
from ..snapshot import snapshot as document
from ..state.errors import InvalidInput, NotFound
from ..state.instants import DAY, format_instant, parse_moment
from ..storage.keys import asset_key
from ..variants.registry import UnknownDeviation, classes_of, discover
from ..version import version
from ..web.body import header
from ..web.call import ABSENT, Call
from ..web.responses import ChunkedResponse, json_response
from . import overview
from .events import JournalEvents

_PLAIN_SETTINGS = (
    "default_page_size",
    "max_page_size",
    "max_records",
    "requests_per_minute",
    "default_version",
    "strict_bodies",
)
"""Those that are taken as they come."""

CAPABILITIES = ("read", "write", "destroy", "storage", "clock", "inject", "second")


INERT = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "text/plain"})
"""Media types that a browser only shows; an upload of any other one is handed out as bytes."""
UNTRUSTED = {
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


class ControlHandlers:
    """The operations of `openapi/control.yaml` by operationId.

    Args:
        worlds: the worlds of this server.
        operations: the operationIds of the served APIs, for faults.
    """

    def __init__(self, worlds: Worlds, operations: tuple[str, ...]) -> None:
        self._worlds = worlds
        self._operations = operations
        self._apis = sorted(worlds.settings.apis)
        self._loading = asyncio.Lock()

    async def getHealth(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """What this server is, and that it answers."""
        world = call.world
        return json_response(
            {
                "name": "dbcontract",
                "version": version(),
                "status": "ok",
                "world": world.name,
                "data": world.base.name,
                "seed": world.base.seed,
                "apis": self._apis,
                "capabilities": CAPABILITIES,
                "sandboxes": self._worlds.count,
                "organizations": list(world.pixiebrix.organizations),
                "defects": list(world.deviations),
                "faults": len(world.faults),
            },
            call.answer,
        )

    async def resetWorld(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Begin anew, with the data set of the start or another one.

        Raises:
            InvalidInput: the data set is unknown or cannot be read.
        """
        world, settings = call.world, self._worlds.settings
        base = await self._base(call, self._worlds.base)
        clock, world_settings = make_clock(settings.clock, base.as_of), WorldSettings.of(settings)
        world.reset(base, clock, world_settings, self._worlds.classes, settings.deviations)
        return await self.getHealth(call)

    async def _base(self, call: Call, usual: Base) -> Base:
        """The data set that a body asks for, or the usual one.

        Raises:
            InvalidInput: the data set is unknown or cannot be read.
        """
        order = {} if call.body is ABSENT else call.body
        if not order:
            return usual
        settings = self._worlds.settings
        data, seed = order.get("data", settings.data), order.get("seed", settings.seed)
        try:
            # In a thread: others are served meanwhile. One at a time: of two that want the same, the
            # second finds it ready.
            async with self._loading:
                return await asyncio.to_thread(self._worlds.base_of, data, seed)
        except DataError as error:
            raise InvalidInput({"data": [str(error)]}) from error

    async def getState(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The whole world as one document."""
        call.world.now()
        return ChunkedResponse(document.dump_chunks(call.world), call.answer.content_type)

    async def putState(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Put a whole world back; a document that is none changes nothing.

        Raises:
            InvalidInput: the document has another version or another shape.
        """
        try:
            for _ in document.restore_steps(call.world, call.body, self._operations):
                await asyncio.sleep(0)
        except document.DocumentError as error:
            raise InvalidInput(error.errors) from error
        return Response(None, 204)

    async def listWorldDatabases(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The databases of all organizations."""
        call.world.now()
        databases = call.world.pixiebrix.databases.values()
        return json_response([overview.describe_database(one) for one in databases], call.answer)

    async def listWorldRecords(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Some records of a database.

        Raises:
            NotFound: there is no such database.
        """
        call.world.now()
        database = call.world.pixiebrix.database(call.path["databaseId"])
        offset, limit = call.query.get("offset", 0), call.query.get("limit", overview.SHOWN)
        return json_response(overview.describe_records(database, offset, limit), call.answer)

    async def getOverview(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """What the world holds, in lists that are cut."""
        return json_response(overview.describe(call.world), call.answer)

    async def getAssetContent(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The bytes of an upload, as nothing that a browser would run.

        Raises:
            NotFound: there is no such asset, or nothing was uploaded.
        """
        world, asset_id = call.world, call.path["assetId"]
        for database in world.pixiebrix.databases.values():
            asset = database.assets.get(asset_id)
            if asset is None:
                continue
            stored = world.objects.get(asset_key(database.id, asset_id, asset.filename))
            if stored is not None:
                inert = stored.content_type if stored.content_type in INERT else "application/octet-stream"
                return Response(stored.content, 200, UNTRUSTED, inert)
        raise NotFound("asset", asset_id)

    async def getClock(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The world's instant, and whether it stands still."""
        world = call.world
        return json_response({"now": format_instant(world.now()), "frozen": world.clock.frozen}, call.answer)

    async def updateClock(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Set the instant, freeze or let run; nights that pass run their jobs."""
        world, order = call.world, call.body
        instant = _within(parse_moment(order["now"]), "now") if "now" in order else None
        if order.get("frozen") is True:
            world.clock.freeze(instant)
        elif instant is not None:
            world.clock.set(instant)
        if order.get("frozen") is False:
            world.clock.resume()
        world.clock_moved()
        return await self.getClock(call)

    async def advanceClock(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Move the clock by seconds or to the next midnight; nights that pass run their jobs."""
        world, order = call.world, call.body
        now = world.now()
        span = (now // DAY + 1) * DAY - now if "to" in order else round(order["seconds"] * 1_000_000)
        _within(now + span, "to" if "to" in order else "seconds")
        world.clock.advance(span)
        world.clock_moved()
        return await self.getClock(call)

    async def getSettings(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The world's settings."""
        return json_response(describe_settings(call.world), call.answer)

    async def updateSettings(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Change some settings; all of them or none.

        Raises:
            InvalidInput: the OS version is no semantic version, or a token is none.
        """
        apply_settings(call.world, call.body)
        return await self.getSettings(call)

    async def listFaults(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The faults that are ordered."""
        return json_response([_shown(call.world, fault) for fault in call.world.faults], call.answer)

    async def addFault(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Order a fault.

        Raises:
            InvalidInput: an unknown operation or an impossible fault.
        """
        world = call.world
        try:
            fault = make_fault(call.body, world.faults.next_id(), self._operations)
        except FaultError as error:
            raise InvalidInput(error.errors) from error
        world.faults.add(fault)
        return json_response(_shown(world, fault), call.answer, 201)

    async def clearFaults(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Take all faults back."""
        call.world.faults.clear()
        return Response(None, 204)

    async def deleteFault(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Take one fault back.

        Raises:
            NotFound: it is not ordered, or no more.
        """
        if not call.world.faults.remove(call.path["faultId"]):
            raise NotFound("fault", call.path["faultId"])
        return Response(None, 204)

    async def getDefects(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """What is on in this world, and what there is."""
        known = [one.describe() for one in await asyncio.to_thread(discover)]
        return json_response({"on": call.world.deviations, "known": known}, call.answer)

    async def putDefects(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Serve this world with these defects and no others.

        Raises:
            InvalidInput: there is none of such a name.
        """
        names = tuple(call.body["names"])
        try:
            classes = await asyncio.to_thread(classes_of, names)
        except UnknownDeviation as error:
            raise InvalidInput({"names": [str(error)]}) from error
        call.world.become(classes, names)
        return await self.getDefects(call)

    async def listRequests(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The journal: the exchanges that pass the filters, oldest first."""
        found = list(call.world.journal.select(_filter(call.query)))
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
        return JournalEvents(call.world.journal, after)

    async def clearRequests(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Forget the journal."""
        call.world.journal.clear()
        return Response(None, 204)

    async def countRequests(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """How many exchanges pass the filters."""
        order = {} if call.body is ABSENT else call.body
        count = sum(1 for _ in call.world.journal.select(_filter(order)))
        return json_response({"count": count}, call.answer)

    async def listSandboxes(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """The sandboxes of this server, the least recently used first."""
        names = self._worlds.names()
        return json_response([self._sandbox(name) for name in names], call.answer)

    def _sandbox(self, name: str) -> dict[str, Any]:
        world = self._worlds.peek(name)
        return {
            "name": name,
            "data": "" if world is None else world.base.name,
            "requests": 0 if world is None else len(world.journal),
        }

    async def putSandbox(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Make a sandbox that is set as this world is.

        Raises:
            InvalidInput: the name is none, or the data set is unknown or cannot be read.
        """
        name = call.path["sandboxName"]
        base = await self._base(call, call.world.base)
        try:
            self._worlds.sandbox_like(name, call.world, base)
        except SandboxNameError as error:
            raise InvalidInput({"sandboxName": [str(error)]}) from error
        return json_response(self._sandbox(name), call.answer, 201)

    async def clearSandboxes(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Forget all sandboxes."""
        del call
        self._worlds.remove_all()
        return Response(None, 204)

    async def deleteSandbox(self, call: Call) -> Response:  # noqa: N802 - the operationId
        """Forget one sandbox.

        Raises:
            NotFound: there is none of that name.
        """
        if not self._worlds.remove(call.path["sandboxName"]):
            raise NotFound("sandbox", call.path["sandboxName"])
        return Response(None, 204)


def describe_settings(world: World) -> dict[str, Any]:
    """A world's settings as the control API shows and takes them."""
    settings = world.settings
    pace: dict[str, Any] = {"seconds": settings.job_us / 1_000_000}
    if settings.job_looks is not None:
        pace = {"looks": settings.job_looks}
    return {
        "record_limit": world.pixiebrix.record_limit,
        "job_pace": pace,
        "os_version": world.pieces.version,
        "migration": world.pieces.migration,
        "default_page_size": settings.default_page_size,
        "max_page_size": settings.max_page_size,
        "max_records": settings.max_records,
        "requests_per_minute": settings.requests_per_minute,
        "default_version": settings.default_version,
        "strict_bodies": settings.strict_bodies,
    }


def apply_settings(world: World, order: dict[str, Any]) -> None:
    """Change the settings that an order (checked by the description) names; all of them or none.

    Raises:
        InvalidInput: the OS version is no semantic version, or a token is none.
    """
    if "os_version" in order and not PiecesDatabase.is_version(order["os_version"]):
        raise InvalidInput({"os_version": [f'"{order["os_version"]}" is no semantic version such as 9.0.0.']})
    settings = world.settings
    if "tokens" in order:
        settings.tokens = _grants(order["tokens"])
    pace = order.get("job_pace")
    if pace == "immediate":
        settings.job_us, settings.job_looks = 0, None
    elif isinstance(pace, dict) and "looks" in pace:
        settings.job_looks = pace["looks"]
    elif isinstance(pace, dict):
        settings.job_us, settings.job_looks = round(pace["seconds"] * 1_000_000), None
    for name in _PLAIN_SETTINGS:
        if name in order:
            setattr(settings, name, order[name])
    if "record_limit" in order:
        world.pixiebrix.record_limit = order["record_limit"]
    if "os_version" in order or "migration" in order:
        world.pieces.become(order.get("os_version"), order.get("migration"))


def _grants(tokens: list[str] | None) -> dict[str, TokenGrant] | None:
    try:
        grants = [TokenGrant.parse(token) for token in tokens or ()]
    except SettingsError as error:
        raise InvalidInput({"tokens": [str(error)]}) from error
    return {grant.token: grant for grant in grants} or None


def _within(instant: int, field: str) -> int:
    if not EARLIEST <= instant <= LATEST:
        raise InvalidInput({field: ["The clock shows the years 1 to 9999."]})
    return instant


def _shown(world: World, fault: Fault) -> dict[str, Any]:
    return {**fault.describe(), "left": world.faults.left(fault)}


def _filter(asked: dict[str, Any]) -> JournalFilter:
    since = asked.get("since")
    return JournalFilter(
        operation=asked.get("operation"),
        method=asked.get("method"),
        path=asked.get("path"),
        status=asked.get("status"),
        since=None if since is None else parse_moment(since),
    )
