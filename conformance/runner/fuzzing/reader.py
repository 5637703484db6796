"""Reads what Schemathesis' engine recorded of fuzzing, into the schema findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import jsonschema_rs
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure
from schemathesis.engine import Status
from schemathesis.engine.recorder import Interaction, ScenarioRecorder
from schemathesis.generation.case import Case

from ...catalogue.findings import ACCEPTED, FOUND, FUZZING_ONLY, GONE, NO_ANSWER, REFUSED, STATUS
from ...http.evidence import BODY_SHOWN, Exchange
from ...http.redaction import Redactor
from ...http.wire import Received, Request
from ...schema.conformance import SchemaFindings, Violation
from ...schema.description import Finding, is_redirect_as_described
from ...schema.latitude import as_draft_4, tolerated

_ERROR: Final = 400
_REFUSED: Final = frozenset({401, 403, 429})
"""Answers of a target that did not look at the call itself."""


class Reader:
    """Reads what the engine recorded."""

    def __init__(
        self, api: str, redactor: Redactor, schema_findings: SchemaFindings, description: Mapping[str, Any]
    ) -> None:
        self._redactor = redactor
        self._schema_findings = schema_findings
        self._relaxed = _relaxed_bodies(api, description)
        self._statuses = {
            operation["operationId"]: [int(status) for status in operation["responses"] if status.isdecimal()]
            for item in description["paths"].values()
            for operation in item.values()
            if "operationId" in operation
        }
        self._read = 0
        self._passed: set[tuple[str, str]] = set()
        self._answers: dict[str, set[int]] = {}

    def read(self, recorder: ScenarioRecorder, *, walked: bool) -> None:
        """Take in one scenario: every check that was made, and every failure.

        What was made or deleted before, only a sequence of calls can tell.
        """
        self._read += len(recorder.interactions)
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is not None and case_id in recorder.cases:
                operation = _operation_id(recorder.cases[case_id].value)
                self._answers.setdefault(operation, set()).add(interaction.response.status_code)
        for case_id, checks in recorder.checks.items():
            case = recorder.cases[case_id].value
            operation = _operation_id(case)
            for node in checks:
                if node.status is Status.SUCCESS:
                    if walked or node.name not in {FOUND, GONE}:
                        self._passed.add((node.name, operation))
                elif node.failure_info is not None:
                    self._fail(
                        node.name, operation, node.failure_info.failure, case, recorder.interactions[case_id]
                    )

    def settle(self) -> str | None:
        """Note what was exercised; the operations that let no call in, in words.

        A wrong call that is refused shows something only where a right one is not, and where none of the
        calls came past the credentials, no answer shows anything.
        """
        shut = {op: _REFUSED.issuperset(statuses) for op, statuses in self._answers.items()}
        accepted = {op for op, statuses in self._answers.items() if min(statuses) < 400}
        self._schema_findings.succeeded |= accepted
        for name, operation in sorted(self._passed):
            if operation in accepted or not (shut[operation] or name in FUZZING_ONLY):
                self._schema_findings.exercise(name, operation)
        refused = sorted(operation for operation, is_shut in shut.items() if is_shut)
        return f"was refused every call of {', '.join(refused)}" if refused else None

    def _fail(
        self, name: str, operation: str, failure: Failure, case: Case[Any], interaction: Interaction
    ) -> None:
        if name == REFUSED and (self._harmless(operation, case) or _refuses(interaction)):
            return
        if name == ACCEPTED and _has_blanks(case.body):
            return
        if name == STATUS and self._redirects(operation, interaction):
            return
        finding = Finding(name, operation, failure.title, failure.message)
        evidence = _exchange(operation, interaction).as_evidence(self._read, self._redactor, shown=BODY_SHOWN)
        self._schema_findings.add(Violation(finding, evidence))

    def _harmless(self, operation: str, case: Case[Any]) -> bool:
        """Whether a body is only absent, or not so wrong that every server has to refuse it."""
        validator = self._relaxed.get(operation)
        if case.body is NOT_SET or validator is None:
            return True
        return not isinstance(case.body, bytes) and bool(validator.is_valid(case.body))

    def _redirects(self, operation: str, interaction: Interaction) -> bool:
        answer = interaction.response
        return answer is not None and is_redirect_as_described(self._statuses[operation], answer.status_code)

    def read_no_answer(self, operation: str, exchange: Exchange) -> None:
        """Take in a call that got no complete answer."""
        self._read += 1
        problem = self._redactor.text(exchange.problem or "")
        finding = Finding(NO_ANSWER, operation, "No complete answer", problem)
        evidence = exchange.as_evidence(self._read, self._redactor, shown=BODY_SHOWN)
        self._schema_findings.add(Violation(finding, evidence))


def _refuses(interaction: Interaction) -> bool:
    """Whether an answer is a refusal; that its status is not one of the usual is a finding of its own."""
    return interaction.response is not None and interaction.response.status_code >= _ERROR


def _has_blanks(body: Any) -> bool:
    """Whether a text of a body is blank: some servers cut blanks off, and find nothing left."""
    objects = (one for one in (body if isinstance(body, list) else [body]) if isinstance(one, Mapping))
    return any(isinstance(text, str) and not text.strip() for one in objects for text in one.values())


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
    return Exchange(request, received, operation=operation, note="from fuzzing")


def _pairs(headers: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for name, values in headers.items():
        for value in values:
            yield name, value


def _relaxed_bodies(api: str, description: Mapping[str, Any]) -> dict[str, Any]:
    """Validators of the request bodies by operation, that let pass what some servers take."""
    relaxed = tolerated(api, description)
    found = {}
    for item in relaxed["paths"].values():
        for operation in item.values():
            content = (
                operation.get("requestBody", {}).get("content", {}) if isinstance(operation, dict) else {}
            )
            if "application/json" in content:
                schema = {**content["application/json"]["schema"], "components": relaxed["components"]}
                found[operation["operationId"]] = jsonschema_rs.Draft4Validator(as_draft_4(schema))
    return found
