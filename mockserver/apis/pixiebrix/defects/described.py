"""Answers that are not as described, and calls that are not taken as described (published specification)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from ....state.errors import NotFound
from ....variants.defect import defect
from ....web.call import Call, Exchange
from ....web.connexion.validation import BodyRule, Validation
from ....web.errors import Refusal
from ....web.parameters import Pairs
from ....web.problems import BadRequest, Problem, UnknownPath
from ....web.wire_policy import WirePolicy
from ..errors import PixieBrixErrors
from ..handlers.jobs import JobHandlers
from ..handlers.records import RecordHandlers
from ..state.filters import FieldEquals, Filter
from ..state.jobs import Job

_KNOWN = frozenset({"page", "page_size", "ordering", "meta", "start_date", "end_date"})
_ASSET = re.compile(r"/api/databases/[^/]+/assets/[^/]+")


class _Moved(Problem):
    status = 301


@defect("PB-DESC-01")
class ApiInAnotherFolder(WirePolicy):
    """Serves the API below /api/v2/, and not below /api/."""

    def path(self, exchange: Exchange, path: str) -> str:
        if path.startswith("/api/v2/"):
            return super().path(exchange, path.replace("/v2", "", 1))
        if path.startswith("/api/"):
            msg = "Not found."
            raise UnknownPath(msg)
        return super().path(exchange, path)


@defect("PB-DESC-02")
class SlashDemanded(WirePolicy):
    """Knows the paths that end with a slash in the documents with that slash alone."""

    def path(self, exchange: Exchange, path: str) -> str:
        if path.startswith("/api/") and not path.endswith("/") and not _ASSET.fullmatch(path):
            msg = "Not found."
            raise UnknownPath(msg)
        return super().path(exchange, path)


@defect("PB-DESC-02")
class SlashAddedByRedirect(WirePolicy):
    """Redirects every request without a slash to the path with one, those with a body too."""

    def path(self, exchange: Exchange, path: str) -> str:
        if path.startswith("/api/") and not path.endswith("/") and not _ASSET.fullmatch(path):
            location = f"{exchange.sandbox.prefix}{exchange.path}/"
            raise _Moved("Moved permanently.", {"Location": location})
        return super().path(exchange, path)


@defect("PB-DESC-04")
class JobsSentAsText(JobHandlers):
    """Sends the JSON of an export job as text/plain."""

    async def getExportJob(self, call: Call) -> Response:
        answer = await super().getExportJob(call)
        answer.headers["content-type"] = answer.headers["content-type"].replace(
            "application/json", "text/plain"
        )
        return answer


@defect("PB-DESC-05")
class OtherTypeUnderMessage(PixieBrixErrors):
    """Says under `message`, not under `detail`, that a body is not sent as JSON."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, detail={"message": found.detail}) if found.status == 415 else found


@defect("PB-DESC-11")
class UnknownParametersRefused(Validation):
    """Answers 400 to a query parameter that it does not know."""

    def pairs(self, operation_id: str, query: bytes) -> Pairs:
        found = super().pairs(operation_id, query)
        unknown = {name for name, _ in found if name not in _KNOWN and not name.startswith("data__")}
        if unknown:
            raise BadRequest({name: ["Unknown parameter."] for name in unknown})
        return found


@defect("PB-DESC-11")
class UnknownParametersAreFilters(RecordHandlers):
    """Takes every query parameter that it does not know for a filter on a field of that name."""

    def _filters(self, call: Call) -> list[Filter]:
        others = [(name, value) for name, value in call.pairs if name not in _KNOWN]
        plain = [FieldEquals(name, value) for name, value in others if not name.startswith("data__")]
        return [*super()._filters(call), *plain]


@defect("PB-DESC-03", "PB-DESC-07", "PB-DESC-08")
class NamesInLatin1(Validation):
    """Fails with a 500 at a name of a database that is not written in Latin letters."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        super().values(rule, body, long=long)
        if rule.operation_id == "createDatabase":
            body["name"].encode("latin-1")


@defect("PB-DESC-08", "PB-NEG-20", "PB-DB-14", fuzzing=True)
class NamesOfPlainLetters(Validation):
    """Refuses a name of a database in which there is anything but letters, digits, dashes and blanks."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        super().values(rule, body, long=long)
        if rule.operation_id == "createDatabase" and not re.fullmatch(r"[A-Za-z0-9 -]+", body["name"]):
            raise BadRequest({"name": ["Only letters, digits, dashes and blanks are allowed."]})


@defect("PB-DESC-09", fuzzing=True)
class OddFiltersAreNone(Validation):
    """Exports everything where the filters of an export job are not an object."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        ordered = rule.operation_id == "createExportJob" and isinstance(body, dict)
        if ordered and not isinstance(body.get("filters"), dict):
            body.pop("filters", None)
        super().values(rule, body, long=long)


@defect("PB-DESC-12", "PB-JOB-18", fuzzing=True)
class RunningJobsNotFound(JobHandlers):
    """Finds an export job only once it has ended."""

    def describe_job(self, job: Job, call: Call) -> dict[str, Any]:
        shown = super().describe_job(job, call)
        if shown["status"] == "STARTED":
            raise NotFound("job", job.id)
        return shown
