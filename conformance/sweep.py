"""The sweep: one run of Schemathesis' engine over an API; its failures feed rules that all answers feed.

Its defaults are wrong for these APIs, so that everything is set here, per operation where it has to be: 500
and 505 of Pieces OS are documented, an asset without a file is a lawful 404, and the ids have to exist.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import Interaction, ScenarioRecorder
from schemathesis.generation.case import Case

from dbcontract import openapi

from .check import PIECES, CheckFailed, NotVerified, PrerequisiteFailed
from .context import Context, Pieces, PixieBrix
from .described import ACCEPTED, BODY, FOUND, GONE, HEADERS, MEDIA_TYPE, REFUSED, STATUS, Ledger, Violation
from .description import NO_ANSWER, SERVER_ERROR, Finding, is_redirect_as_described, of_the_documents
from .evidence import BODY_SHOWN, Exchange
from .exported import OPTIONAL_COLLECTIONS, REQUIRED_COLLECTIONS
from .redaction import Redactor
from .run import Run
from .wire import Received, Request

Progress = Callable[[str, int], None]

_WALKS = "stateful"
"""Schemathesis' name of the phase that makes calls in sequences."""
_WRITING = ("post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """How much to sweep.

    Attributes:
        examples: generated calls of each operation, in the fuzzing phase.
        walks: sequences of calls, and the steps of each.
        seconds: after which the sweep ends, whatever is left.
    """

    examples: int = 20
    walks: int = 10
    steps: int = 8
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep was.

    Attributes:
        calls: how many were made.
        problem: why it could not be made, or ended early.
    """

    calls: int
    problem: str | None = None


def sweep(api: str, run: Run, ledger: Ledger, settings: SweepSettings, progress: Progress) -> Swept:
    """Sweep an API of the target, in a place of its own, and write what comes of it into the ledger.

    Where writing is not allowed only the operations that read are called, on what is there.

    Raises:
        KeyboardInterrupt: the user stopped it.
    """
    place = run.places.open()
    try:
        context = (Pieces if api == PIECES else PixieBrix)(run, place, f"sweep {api}")
        return _sweep(context, ledger, settings, progress)
    except (NotVerified, PrerequisiteFailed, CheckFailed) as error:
        return Swept(0, f"the sweep of {api} could not begin: {run.redactor.text(str(error))}")
    finally:
        run.places.close(place)


def _sweep(ctx: Context, ledger: Ledger, settings: SweepSettings, progress: Progress) -> Swept:
    description = of_the_documents(openapi.load(ctx.api))
    parameters = _existing(ctx, description)
    config = SchemathesisConfig.from_dict(_config(ctx, settings, parameters))
    if not ctx.can("write"):
        description = _reading(description)
    schema = schemathesis.openapi.from_dict(_importable(ctx, description), config=config)
    reader = _Reader(ctx.run.redactor, ledger, description)
    problem = None
    phase = ""
    stream = from_schema(schema).execute()
    # A limit in the configuration would not only end the sweep: its phases would repeat until then.
    late = threading.Timer(settings.seconds, stream.stop)
    late.start()
    try:
        for event in stream:
            if isinstance(event, events.PhaseStarted):
                phase = event.phase.name.value
            elif isinstance(event, events.ScenarioFinished):
                reader.read(event.recorder, walked=phase == _WALKS)
                progress(phase, reader.calls)
            elif isinstance(event, events.NonFatalError):
                reader.read_error(event)
            elif isinstance(event, events.Interrupted) and late.is_alive():
                raise KeyboardInterrupt
            elif isinstance(event, events.FatalError):
                problem = f"broke: {type(event.exception).__name__}: {event.exception}"
            elif isinstance(event, events.EngineFinished):
                problem = problem or _why_early(event, settings, timed_out=not late.is_alive())
    finally:
        late.cancel()
    if problem is not None:
        problem = f"the sweep of {ctx.api} {problem}"
    return Swept(reader.calls, problem)


def _why_early(event: events.EngineFinished, settings: SweepSettings, *, timed_out: bool) -> str | None:
    if timed_out:
        return f"ended early, after {settings.seconds} s"
    explanation = event.stop_reason.skip_explanation
    return f"ended early: {explanation}" if explanation is not None else None


def _existing(ctx: Context, description: dict[str, Any]) -> dict[str, Any]:
    """Ids that exist, for the path parameters; the ones in bodies go into the description."""
    if not isinstance(ctx, PixieBrix):
        return {}
    given = ctx.given
    database = given.database().id if ctx.can("write") else given.existing_database()
    schemas = description["components"]["schemas"]
    schemas["ExportJobRequest"]["properties"]["databases"]["items"]["enum"] = [database]
    return {"path.organizationId": given.organization, "path.databaseId": database}


def _importable(ctx: Context, description: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the description, whose imports are of the target's own version, with empty collections.

    Otherwise nearly all would be refused for their version, whatever else is wrong with them. Where nothing
    may be lost that is as well: a wrong server may take an empty collection for a new content.
    """
    found = copy.deepcopy(dict(description))
    if not (isinstance(ctx, Pieces) and ctx.can("write") and ctx.can("destroy")):
        return found
    try:
        own = ctx.given.own
    except PrerequisiteFailed:
        return found  # What is wrong with the export, its own rules say.
    schemas = found["components"]["schemas"]
    fields = schemas["ExportedDatabaseInput"]["properties"]
    required, optional = schemas["ByteCollection"], schemas["OptionalByteCollection"]
    fields.update({name: {**required, "maxItems": 0} for name in REQUIRED_COLLECTIONS})
    fields.update({name: {**optional, "maxItems": 0} for name in OPTIONAL_COLLECTIONS})
    if isinstance(own.get("version"), str):
        fields["version"]["enum"] = [own["version"]]
    schema = own.get("schema")
    if isinstance(schema, Mapping) and type(schema.get("migration")) is int:
        schemas["EmbeddedModelSchemaInput"]["properties"]["migration"]["maximum"] = schema["migration"]
    return found


def _config(ctx: Context, settings: SweepSettings, parameters: Mapping[str, Any]) -> dict[str, Any]:
    pace = ctx.run.target.pace
    token = {"Authorization": f"Token {ctx.endpoint.token}"} if ctx.endpoint.token else {}
    config: dict[str, Any] = {
        "seed": ctx.run.seed,
        "base-url": ctx.base_url,
        "headers": {**dict(ctx.endpoint.headers), **token},
        "continue-on-failure": True,
        "request-timeout": pace.wire.read,
        "tls-verify": ctx.run.target.ca_bundle or True,
        "parameters": dict(parameters),
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
            SERVER_ERROR: {"enabled": ctx.api != PIECES},
            ACCEPTED: {"enabled": ctx.api != PIECES},
            REFUSED: {"enabled": True},
            FOUND: {"enabled": True},
            GONE: {"enabled": True},
        },
        "phases": {
            "coverage": {"unexpected-methods": []},
            "stateful": {"max-steps": settings.steps, "generation": {"max-examples": settings.walks}},
        },
        "operations": [
            # What is not described in the query is ignored or refused, as the server likes.
            {"include-method": ["GET"], "checks": {REFUSED: {"enabled": False}}},
            # An asset whose file never came is not found, and that is right.
            {"include-operation-id": "getAsset", "checks": {FOUND: {"enabled": False}}},
        ],
    }
    if pace.requests_per_second is not None:
        config["rate-limit"] = f"{max(1, int(pace.requests_per_second))}/s"
    return config


def _reading(description: Mapping[str, Any]) -> dict[str, Any]:
    """A description of what reads alone: what it does not have, nothing can call."""
    found = copy.deepcopy(dict(description))
    for item in found["paths"].values():
        for method in [name for name in item if name in _WRITING]:
            del item[method]
    for item in found["paths"].values():
        for response in item.get("get", {}).get("responses", {}).values():
            response.pop("links", None)
    return found


def _relaxed_bodies(description: Mapping[str, Any]) -> dict[str, Any]:
    """Validators of the request bodies by operation, that let unknown fields pass."""
    relaxed = _without_closing(description)
    found = {}
    for item in relaxed["paths"].values():
        for operation in item.values():
            content = (
                operation.get("requestBody", {}).get("content", {}) if isinstance(operation, dict) else {}
            )
            if "application/json" in content:
                schema = {**content["application/json"]["schema"], "components": relaxed["components"]}
                found[operation["operationId"]] = jsonschema_rs.Draft4Validator(_as_draft_4(schema))
    return found


def _without_closing(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _without_closing(one)
            for key, one in value.items()
            if not (key == "additionalProperties" and one is False)
        }
    return [_without_closing(one) for one in value] if isinstance(value, list) else value


def _as_draft_4(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema has it."""
    if isinstance(value, list):
        return [_as_draft_4(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    plain = {
        key: _as_draft_4(one) for key, one in value.items() if key not in {"nullable", "example", "examples"}
    }
    return {"anyOf": [plain, {"type": "null"}]} if value.get("nullable") is True else plain


class _Reader:
    """Reads what the engine recorded."""

    def __init__(self, redactor: Redactor, ledger: Ledger, description: Mapping[str, Any]) -> None:
        self._redactor = redactor
        self._ledger = ledger
        self._relaxed = _relaxed_bodies(description)
        self._ids = {
            f"{method.upper()} {path}": operation["operationId"]
            for path, item in description["paths"].items()
            for method, operation in item.items()
            if "operationId" in operation
        }
        self._statuses = {
            operation["operationId"]: [int(status) for status in operation["responses"]]
            for item in description["paths"].values()
            for operation in item.values()
            if "operationId" in operation
        }
        self.calls = 0

    def read(self, recorder: ScenarioRecorder, *, walked: bool) -> None:
        """Take in one scenario: every check that was made, and every failure.

        What was made or deleted before, only a walk of several calls can tell.
        """
        self.calls += len(recorder.interactions)
        for case_id, checks in recorder.checks.items():
            case = recorder.cases[case_id].value
            operation = _operation_id(case)
            for node in checks:
                if node.status is Status.SUCCESS:
                    if walked or node.name not in {FOUND, GONE}:
                        self._ledger.exercise(node.name, operation)
                elif node.failure_info is not None:
                    self._fail(
                        node.name, operation, node.failure_info.failure, case, recorder.interactions[case_id]
                    )

    def _fail(
        self, name: str, operation: str, failure: Failure, case: Case[Any], interaction: Interaction
    ) -> None:
        if name == REFUSED and self._harmless(operation, case):
            return
        if name == STATUS and self._redirects(operation, interaction):
            return
        finding = Finding(name, operation, failure.title, failure.message)
        evidence = _exchange(operation, interaction).as_evidence(self.calls, self._redactor, shown=BODY_SHOWN)
        self._ledger.add(Violation(finding, evidence))

    def _harmless(self, operation: str, case: Case[Any]) -> bool:
        """Whether a body is only absent, or wrong only in fields that the description does not know."""
        validator = self._relaxed.get(operation)
        if case.body is NOT_SET or validator is None:
            return True
        return not isinstance(case.body, bytes) and bool(validator.is_valid(case.body))

    def _redirects(self, operation: str, interaction: Interaction) -> bool:
        answer = interaction.response
        return answer is not None and is_redirect_as_described(self._statuses[operation], answer.status_code)

    def read_error(self, event: events.NonFatalError) -> None:
        """Take in what went wrong on the network; other errors are the generator's own affair."""
        if "requests" not in type(event.value).__module__ and "urllib3" not in type(event.value).__module__:
            return
        message = self._redactor.text(f"{event.info.title}: {event.info.message}")
        operation = self._ids.get(event.label, event.label)
        finding = Finding(NO_ANSWER, operation, "No complete answer", message)
        exchange = Exchange(Request("", ""), operation=operation, problem=message)
        self._ledger.add(Violation(finding, exchange.as_evidence(self.calls, self._redactor)))


def _operation_id(case: Case[Any]) -> str:
    return str(case.operation.definition.raw["operationId"])


def _exchange(operation: str, interaction: Interaction) -> Exchange:
    sent, got = interaction.request, interaction.response
    request = Request(sent.method, sent.uri, tuple(_pairs(sent.headers)), sent.body)
    received = None
    if got is not None:
        received = Received(
            got.status_code, got.message, tuple(_pairs(got.headers)), got.content or b"", got.elapsed
        )
    return Exchange(request, received, operation=operation, note="from the sweep")


def _pairs(headers: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for name, values in headers.items():
        for value in values:
            yield name, value
