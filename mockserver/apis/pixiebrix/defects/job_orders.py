"""Export jobs that accept bad orders, refuse good ones, or refuse in a wrong way."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from starlette.responses import Response

from ....state.instants import parse_instant
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import BodyRule, Validation
from ....web.problems import BadRequest, Problem
from ..handlers.jobs import JobHandlers
from ..state.jobs import MAX_NAME, Job
from ..state.pixiebrix import PixieBrixState
from ..state_of import state_of


class _Orders(Validation):
    """Sees orders of export jobs before they are checked."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id == "createExportJob" and isinstance(body, dict):
            self.order(body)
        super().values(rule, body, long=long)

    def order(self, body: dict[str, Any]) -> None:
        """Change an order, or refuse it."""


# What is missing


@defect("PB-JOB-05", "PB-JOB-16")
class JobNameOptional(_Orders):
    """Makes a name up for an order that has none."""

    def order(self, body: dict[str, Any]) -> None:
        body.setdefault("name", "export")


_NONE_NAMED = str(UUID(int=0))


class _NoneMeansAll(PixieBrixState):
    def create_job(self, name: str, database_ids: Iterable[str], *args: Any, **more: Any) -> Job:
        ids = list(database_ids)
        return super().create_job(name, list(self.databases) if ids == [_NONE_NAMED] else ids, *args, **more)


@defect("PB-JOB-06", "PB-JOB-16", also=(_NoneMeansAll,))
class DatabasesOptional(_Orders):
    """Exports all databases when an order has no field `databases`."""

    def order(self, body: dict[str, Any]) -> None:
        body.setdefault("databases", [_NONE_NAMED])


@defect("PB-JOB-07", "PB-JOB-16", also=(_NoneMeansAll,))
class NoDatabaseMeansAll(_Orders):
    """Exports all databases when the array of databases is empty."""

    def order(self, body: dict[str, Any]) -> None:
        if body.get("databases") == []:
            body["databases"] = [_NONE_NAMED]


# Values


def _is_uuid(value: object) -> bool:
    try:
        return UUID(str(value)).int >= 0
    except ValueError:
        return False


@defect("PB-JOB-08")
class WordsAmongDatabasesIgnored(_Orders):
    """Leaves out of an order's databases what is not a UUID, and exports the rest."""

    def order(self, body: dict[str, Any]) -> None:
        body["databases"] = [one for one in body.get("databases") or () if _is_uuid(one)]


def _too_long(most: int) -> BadRequest:
    return BadRequest({"name": [f"Ensure this field has no more than {most} characters."]})


@defect("PB-JOB-09")
class NameOf255Characters(_Orders):
    """Refuses names of more than 255 characters, for they become file names."""

    def order(self, body: dict[str, Any]) -> None:
        if len(str(body.get("name"))) > 255:
            raise _too_long(255)


@defect("PB-JOB-09")
class NameCountedInBytes(_Orders):
    """Counts the bytes of a name and not its characters."""

    def order(self, body: dict[str, Any]) -> None:
        if len(str(body.get("name")).encode()) > MAX_NAME:
            raise _too_long(MAX_NAME)


@defect("PB-JOB-09")
class NameBelow1024Characters(_Orders):
    """Refuses a name of 1,024 characters, where it should be the longest."""

    def order(self, body: dict[str, Any]) -> None:
        if len(str(body.get("name"))) >= MAX_NAME:
            raise _too_long(MAX_NAME)


@defect("PB-JOB-10", "PB-JOB-16")
class LongNamesCut(_Orders):
    """Cuts a name that is too long and takes the order."""

    def order(self, body: dict[str, Any]) -> None:
        if isinstance(body.get("name"), str):
            body["name"] = body["name"][:MAX_NAME]


@defect("PB-JOB-11", "PB-JOB-16")
class OtherMediaTypesAreJson(_Orders):
    """Exports JSON for every media type that it does not know."""

    def order(self, body: dict[str, Any]) -> None:
        if body.get("media_type") not in {None, "text/csv", "application/xlsx"}:
            body["media_type"] = "application/json"


def _refused_type(value: object) -> BadRequest:
    return BadRequest({"media_type": [f'"{value}" is not a valid choice.']})


@defect("PB-JOB-12")
class WorkbooksUnderTheirRegisteredTypeOnly(_Orders):
    """Wants the registered media type for a workbook and refuses application/xlsx."""

    def order(self, body: dict[str, Any]) -> None:
        if body.get("media_type") == "application/xlsx":
            raise _refused_type("application/xlsx")


@defect("PB-JOB-12")
class CsvIsMisspelt(_Orders):
    """Takes `test/csv` for CSV, as a misprint in the document has it, and refuses text/csv."""

    def order(self, body: dict[str, Any]) -> None:
        if body.get("media_type") == "text/csv":
            raise _refused_type("text/csv")


# Filters


def _dates(body: dict[str, Any]) -> dict[str, str]:
    filters = body.get("filters")
    return filters if isinstance(filters, dict) else {}


class _Dates(_Orders, ABC):
    """Refuses a date that is not of its liking."""

    def order(self, body: dict[str, Any]) -> None:
        for name, text in _dates(body).items():
            if not self.good(str(text)):
                raise BadRequest({"filters": {name: ["Datetime has wrong format."]}})

    @abstractmethod
    def good(self, text: str) -> bool:
        """Whether it is."""


@defect("PB-JOB-13")
class FiltersNeedBothDates(_Orders):
    """Refuses filters that have only one of the two dates."""

    def order(self, body: dict[str, Any]) -> None:
        missing = {"start_date", "end_date"} - _dates(body).keys()
        if len(missing) == 1:
            raise BadRequest({"filters": {missing.pop(): ["This field is required."]}})


@defect("PB-JOB-13")
class EmptyFiltersRefused(_Orders):
    """Refuses an order whose filters are there and empty."""

    def order(self, body: dict[str, Any]) -> None:
        if body.get("filters") == {}:
            raise BadRequest({"filters": ["This field may not be empty."]})


@defect("PB-JOB-14")
class JobDatesInUtcOnly(_Dates):
    """Refuses timestamps with an offset."""

    def good(self, text: str) -> bool:
        return not re.search(r"[+-]\d\d:\d\d$", text)


@defect("PB-JOB-14")
class JobDatesWithoutFractions(_Dates):
    """Refuses timestamps with fractions of a second."""

    def good(self, text: str) -> bool:
        return "." not in text


@defect("PB-JOB-14")
class JobDatesOfMilliseconds(_Dates):
    """Refuses timestamps that have more than three digits of a second's fraction."""

    def good(self, text: str) -> bool:
        return not re.search(r"\.\d{4}", text)


def _is_instant(text: object) -> bool:
    try:
        return parse_instant(str(text)) is not None
    except ValueError:
        return False


@defect("PB-JOB-15")
class BadJobDatesIgnored(_Orders):
    """Leaves a filter out that it cannot read."""

    def order(self, body: dict[str, Any]) -> None:
        if _dates(body):
            body["filters"] = {name: text for name, text in _dates(body).items() if _is_instant(text)}


@defect("PB-JOB-15")
class JobDatesRollOver(_Orders):
    """Takes the 30th of February for the first of March."""

    def order(self, body: dict[str, Any]) -> None:
        for name, text in _dates(body).items():
            if re.match(r"\d{4}-02-(29|30|31)T", str(text)) and not _is_instant(text):
                _dates(body)[name] = f"{text[:4]}-03-01{text[10:]}"


class _Refused422(Problem):
    """Values that the description refuses, as some frameworks answer them."""

    status = 422


# How it is refused


@defect("PB-JOB-15", "PB-JOB-16")
class InvalidOrdersAre422(Validation):
    """Answers 422 to an order of an export job that is invalid."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        try:
            super().values(rule, body, long=long)
        except BadRequest as error:
            raise _Refused422(error.detail) if rule.operation_id == "createExportJob" else error from None


@defect("PB-JOB-10", "PB-JOB-15", "PB-JOB-16", "PB-DESC-03", "PB-DESC-07")
class InvalidOrdersCrash(Validation):
    """Breaks down with a 500 when a field of an order is missing or wrong."""

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        try:
            super().values(rule, body, long=long)
        except BadRequest:
            if rule.operation_id == "createExportJob":
                raise RuntimeError("an order was not checked") from None
            raise


@defect("PB-JOB-17")
class UnknownDatabaseIs404(JobHandlers):
    """Answers 404 to an order for a database that does not exist."""

    async def createExportJob(self, call: Call) -> Response:
        for id_ in call.body["databases"]:
            state_of(call.sandbox).database(id_.lower())
        return await super().createExportJob(call)


@defect("PB-JOB-17")
class UnknownDatabasesSkipped(PixieBrixState):
    """Leaves databases that do not exist out of an export, and says nothing."""

    def create_job(self, name: str, database_ids: Iterable[str], *args: Any, **more: Any) -> Job:
        ids = list(database_ids)
        known = [id_ for id_ in ids if id_ in self.databases]
        return super().create_job(name, known or ids, *args, **more)


@defect("PB-JOB-17")
class UnknownDatabaseUnderDetail(PixieBrixState):
    """Tells of an unknown database under `detail` and not under `databases`."""

    def _job_errors(self, name: str, ids: list[str], media_type: str) -> dict[str, Any]:
        errors = super()._job_errors(name, ids, media_type)
        return {"detail": "A database does not exist."} if "databases" in errors else errors
