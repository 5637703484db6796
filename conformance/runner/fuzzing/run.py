"""Fuzzing: one run of Schemathesis' engine over an API; its failures feed rules that all answers feed.

Its defaults are wrong for APIs that document statuses above 499 and lawful 404s, so that everything is set
here, and per operation by the API itself (`Scope.settings`).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.engine.core import EventStream

from ...apis.base import apis, practice_of
from ...apis.practice import Practice
from ...authoring.check import CheckFailed, NotVerified, PrerequisiteFailed
from ...authoring.cleanup import clean_up_after
from ...authoring.context import Context
from ...authoring.run import Run
from ...authoring.scope import Scope, scope_of
from ...catalogue.findings import (
    ACCEPTED,
    BODY,
    FOUND,
    GONE,
    HEADERS,
    MEDIA_TYPE,
    REFUSED,
    SERVER_ERROR,
    STATUS,
)
from ...environment.effects import effects
from ...environment.session import Cancelled
from ...schema.conformance import SchemaFindings
from .reader import Reader
from .settings import Fuzzed, FuzzingSettings, Progress
from .transport import SessionTransport, engine_of, sending_by

_WALKS = "stateful"
"""Schemathesis' name of the phase that makes calls in sequences."""
_FEW = 5
"""So often in each phase is an operation called at most whose things no operation deletes."""
_CALLS = 2_000
"""About as many calls does fuzzing make."""


def fuzzing(
    api: str, run: Run, schema_findings: SchemaFindings, settings: FuzzingSettings, progress: Progress
) -> Fuzzed:
    """Fuzz an API of the target, in a place of its own, and write what comes of it into the schema findings.

    Where writing is not allowed only the operations that read are called, on what is there.

    Raises:
        KeyboardInterrupt: the user stopped it.
    """
    environment = run.environments.open()
    gate = run.session.gate
    since = gate.inventory.last if gate is not None else 0
    try:
        context = practice_of(api, Practice).context(run, environment, f"fuzzing {api}")
        return _fuzz(context, schema_findings, settings, progress)
    except (NotVerified, PrerequisiteFailed, CheckFailed) as error:
        return Fuzzed(0, f"the fuzzing of {api} could not begin: {run.redactor.text(str(error))}")
    finally:
        clean_up_after(run, since)
        run.environments.close(environment)


def _fuzz(
    ctx: Context, schema_findings: SchemaFindings, settings: FuzzingSettings, progress: Progress
) -> Fuzzed:
    scope = scope_of(ctx)
    config = SchemathesisConfig.from_dict(_config(ctx, settings, scope))
    schema = schemathesis.openapi.from_dict(scope.called, config=config)
    reader = Reader(ctx.api, ctx.run.redactor, schema_findings, scope.described)
    seconds, few = _seconds(ctx, settings), _Few(ctx, scope.few)
    transport = SessionTransport(
        ctx.run.session,
        private=tuple(name for name, _ in ctx.endpoint.headers),
        until=time.monotonic() + seconds,
        no_answer=reader.read_no_answer,
        enough=few.enough,
    )
    stream = engine_of(sending_by(transport, schema)).execute()
    transport.ends(stream.stop)
    # A limit in the configuration would not only end fuzzing: its phases would repeat until then.
    late = threading.Timer(seconds, transport.end, ["late"])
    late.start()
    try:
        problem = _follow(stream, ctx, reader, transport, progress=progress, few=few)
    finally:
        late.cancel()
        stream.stop()
    if transport.ending == "stopped":
        raise Cancelled
    problem = "; ".join(
        filter(None, [problem or _why_early(transport, seconds), _unjudged(transport), reader.settle()])
    )
    return Fuzzed(transport.calls, f"the fuzzing of {ctx.api} {problem}" if problem else None)


class _Few:
    """Counts what operations have made in a phase, at a target where it stays."""

    def __init__(self, ctx: Context, operations: tuple[str, ...]) -> None:
        self._gate = ctx.run.session.gate
        known = effects(ctx.api)
        self._things = {name: known[name].thing for name in operations}
        self._before: Mapping[str, int] = {}
        self.begin()

    def begin(self) -> None:
        """Begin a phase."""
        self._before = Counter(self._gate.inventory.made) if self._gate is not None else {}

    def enough(self, operation: str) -> bool:
        """Whether an operation would make one more than there may be."""
        thing = self._things.get(operation)
        if thing is None or self._gate is None:
            return False
        return self._gate.inventory.made[thing] - self._before.get(thing, 0) >= _FEW


def _follow(
    stream: EventStream,
    ctx: Context,
    reader: Reader,
    transport: SessionTransport,
    *,
    progress: Progress,
    few: _Few,
) -> str | None:
    """Read what the engine tells, to its end; what is wrong with the engine itself."""
    problem = None
    phase = ""
    for event in stream:
        if ctx.run.cancelled.is_set():
            transport.end("stopped")
        if isinstance(event, events.PhaseStarted):
            phase = event.phase.name.value
            few.begin()
        elif isinstance(event, events.ScenarioFinished):
            reader.read(event.recorder, walked=phase == _WALKS)
            progress(phase, transport.calls)
        elif isinstance(event, events.Interrupted) and transport.ending is None:
            raise KeyboardInterrupt
        elif isinstance(event, events.FatalError):
            problem = f"broke: {type(event.exception).__name__}: {event.exception}"
        elif isinstance(event, events.EngineFinished) and transport.ending is None:
            explanation = event.stop_reason.skip_explanation
            problem = problem or (f"ended early: {explanation}" if explanation is not None else None)
    return problem


def _seconds(ctx: Context, settings: FuzzingSettings) -> float:
    """How long fuzzing may take: longer at a target whose pace is slow."""
    rate = ctx.run.target.pace.requests_per_second
    return max(settings.seconds, _CALLS / rate) if rate is not None else settings.seconds


def _why_early(transport: SessionTransport, seconds: float) -> str | None:
    if transport.ending == "late":
        return f"ended early, after {seconds:g} s"
    told = transport.ending in {"throttled", "unreachable"}
    return f"ended early: {transport.problem}" if told else None


def _unjudged(transport: SessionTransport) -> str | None:
    parts = []
    if transport.cut:
        parts.append(
            f"{transport.cut} answers, which were longer than pace.max_body_bytes or pace.max_memory_bytes"
        )
    if transport.slow:
        parts.append(
            f"{transport.slow} calls, which took longer than pace.read_seconds or pace.total_seconds"
        )
    return f"could not judge {' and '.join(parts)}" if parts else None


def _accept(version: str | None) -> dict[str, str]:
    return {} if version is None else {"Accept": f"application/json; version={version}"}


def _config(ctx: Context, settings: FuzzingSettings, scope: Scope) -> dict[str, Any]:
    schema_rules = apis()[ctx.api].schema_rules.values()
    token = {"Authorization": f"Token {ctx.endpoint.token}"} if ctx.endpoint.token else {}
    asked = {one.id: one.asked_version for one in ctx.description.operations}
    newest = max((version for version in asked.values() if version is not None), default=None)
    return {
        "seed": ctx.run.seed,
        "base-url": ctx.base_url,
        "headers": {**dict(ctx.endpoint.headers), **token, **_accept(newest)},
        "continue-on-failure": True,
        "parameters": dict(scope.parameters),
        "cache": {"enabled": False},
        "generation": {
            "max-examples": settings.examples,
            "no-shrink": True,
            "database": "none",
            "with-security-parameters": False,
            # No database of the usual kind holds a NUL, and a refusal of it says nothing.
            "allow-x00": False,
        },
        "checks": {
            "enabled": False,
            **{name: {"enabled": True} for name in (STATUS, MEDIA_TYPE, HEADERS, BODY)},
            SERVER_ERROR: {"enabled": any(SERVER_ERROR in kinds for kinds in schema_rules)},
            ACCEPTED: {"enabled": any(ACCEPTED in kinds for kinds in schema_rules)},
            REFUSED: {"enabled": True},
            FOUND: {"enabled": True},
            GONE: {"enabled": True},
        },
        "phases": {
            "coverage": {"unexpected-methods": []},
            "stateful": {"max-steps": settings.steps, "generation": {"max-examples": settings.walks}},
        },
        "operations": [
            # Which version is the default, is left open.
            *(
                {"include-operation-id": name, "headers": _accept(version)}
                for name, version in asked.items()
                if version != newest
            ),
            # What is not described in the query is ignored or refused, as the server likes.
            {"include-method": ["GET"], "checks": {REFUSED: {"enabled": False}}},
            *scope.settings,
        ],
    }
