"""Rules of PixieBrix that a single exchange shows: who is let in, errors, versions, jobs, assets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from ...authoring.formats import is_uuid
from ...outcomes import CheckFailed
from ...watching.seen import Memory, Seen, Watch, watches
from .asset_details import is_url, problems
from .watched import LISTS, asset_of, is_one_of

_VERSIONS: Final = frozenset({"1.0", "1.1", "2.0"})


def told(seen: Seen) -> str:
    """What an exchange is called in sentences."""
    return f"{seen.passage.request.method} {urlsplit(seen.url).path}"


def single_version(seen: Seen) -> str | None:
    """The version that a request asks for in its only media range."""
    accept = seen.sent_headers.get_all("accept")
    return seen.version if len(accept) == 1 and "," not in accept[0] else None


@watches("PB-AUTH-02", "listDatabases")
def without_a_token(seen: Seen, _: Memory) -> bool | None:
    """Looks at the answers to requests that have no credentials of any kind."""
    names = ("authorization", "cookie", "x-api-key", "proxy-authorization")
    if any(name in seen.sent_headers for name in names):
        return None
    if seen.succeeded:
        raise CheckFailed(f"the status of {told(seen)} without a token", "401", seen.status)
    return seen.status == 401 or None


@watches("PB-AUTH-04")
def scheme_named(seen: Seen, _: Memory) -> bool | None:
    """Looks for the header in every 401 of the operations."""
    if seen.operation is None or seen.status != 401:
        return None
    if "WWW-Authenticate" not in seen.headers:
        raise CheckFailed(f"the headers of the 401 to {told(seen)}", "WWW-Authenticate", "none of that name")
    return True


def _detail(rule: str, status: int) -> Watch[Memory]:
    def look(seen: Seen, _: Memory) -> bool | None:
        if seen.operation is None or seen.status != status or not seen.answer.is_whole:
            return None
        if seen.object is None or not isinstance(seen.object.get("detail"), str):
            body = seen.answer.content[:200].decode(errors="replace")
            raise CheckFailed(
                f"the body of the {status} to {told(seen)}", "an object with a text `detail`", body
            )
        return True

    look.__doc__ = f"Looks at the body of every {status} of the operations."
    return watches(rule)(look)


detail_of_401: Final = _detail("PB-AUTH-05", 401)
detail_of_403: Final = _detail("PB-ERR-04", 403)
detail_of_404: Final = _detail("PB-ERR-01", 404)
detail_of_406: Final = _detail("PB-NEG-07", 406)


@watches("PB-ERR-05", *LISTS, "createExportJob", "getExportJob", "getRecord", "getAsset")
def errors_are_json(seen: Seen, _: Memory) -> bool | None:
    """Looks at the media type of errors, where the client accepts JSON."""
    accept = seen.sent_headers.get("accept") or "*/*"
    if seen.status not in {400, 401, 403, 404} or ("json" not in accept and "*/*" not in accept):
        return None
    if seen.headers.media_type != "application/json":
        raise CheckFailed(
            f"the media type of {told(seen)}", "application/json", seen.headers.get("Content-Type")
        )
    return True


@watches("PB-NEG-03", *LISTS)
def version_told(seen: Seen, _: Memory) -> bool | None:
    """Looks at the Content-Type of lists that are asked for at version 2.0."""
    if seen.status != 200 or single_version(seen) != "2.0":
        return None
    if seen.headers.media_parameters.get("version") != "2.0":
        raise CheckFailed(
            f"the Content-Type of {told(seen)}", "version=2.0", seen.headers.get("Content-Type")
        )
    return True


@watches("PB-NEG-05", *LISTS, "getExportJob")
def invented_version(seen: Seen, _: Memory) -> bool | None:
    """Looks at the answers to requests for a version that there is not."""
    version = single_version(seen)
    if version is None or version in _VERSIONS or not version.replace(".", "").isdigit():
        return None
    if seen.succeeded:
        raise CheckFailed(f"the status of {told(seen)} at version {version}", "406", seen.status)
    return seen.status == 406 or None


@watches("PB-ARCH-02", "listRecordArchives")
def archives_at_1(seen: Seen, _: Memory) -> bool | None:
    """Looks at the answers to requests for archives at version 1.0."""
    if single_version(seen) != "1.0":
        return None
    if seen.succeeded:
        raise CheckFailed(f"the status of {told(seen)} at version 1.0", "a refusal", seen.status)
    return seen.status == 406 or None


def _created(seen: Seen) -> bool | None:
    """Whether an answer to something new has the status of it; None for one that refuses."""
    if not seen.succeeded:
        return None
    if seen.status != 201:
        raise CheckFailed(f"the status of {told(seen)}", "201", seen.status)
    return True


@watches("PB-REC-08", "createRecords")
def record_created(seen: Seen, _: Memory) -> bool | None:
    """Looks at the answers to records that are posted one by one."""
    if not isinstance(seen.sent, dict) or not _created(seen):
        return None
    wanted = seen.sent.get("id")
    if seen.object is not None and isinstance(wanted, str) and wanted and seen.object.get("id") != wanted:
        raise CheckFailed(f"the id in the answer to {told(seen)}", wanted, seen.object.get("id"))
    return True


@watches("PB-REC-23", "createRecords", "putRecord", "putRecords")
def strategy_kept_out(seen: Seen, _: Memory) -> bool | None:
    """Looks at the answers to writes that have a strategy."""
    several = seen.sent if isinstance(seen.sent, list) else [seen.sent]
    if not seen.succeeded or not any(isinstance(one, dict) and "merge_strategy" in one for one in several):
        return None
    answered = seen.objects or ([seen.object] if seen.object is not None else [])
    if any("merge_strategy" in one for one in answered):
        raise CheckFailed(f"the answer to {told(seen)}", "a record without merge_strategy", answered[0])
    return bool(answered) or None


@watches("PB-DB-03", "listDatabases")
def of_the_organization(seen: Seen, _: Memory) -> bool | None:
    """Looks at the organization of each database in the lists."""
    organization = seen.ids.get("organizationId", "").lower()
    given = [item["organization_id"] for item in seen.objects or () if "organization_id" in item]
    for other in given if seen.status == 200 else ():
        if str(other).lower() != organization:
            raise CheckFailed(f"the organization of a database in {told(seen)}", organization, other)
    return bool(given) or None


@watches("PB-DB-06", "createDatabase")
def database_created(seen: Seen, _: Memory) -> bool | None:
    """Looks at the answers to databases that are posted."""
    if not _created(seen):
        return None
    wanted = seen.sent.get("name") if isinstance(seen.sent, dict) else None
    if seen.object is not None and isinstance(wanted, str) and seen.object.get("name") != wanted:
        raise CheckFailed(f"the name in the answer to {told(seen)}", wanted, seen.object.get("name"))
    return True


def _of_new_job(
    rule: str, how: str, look: Callable[[dict[str, Any]], object], expected: str
) -> Watch[Memory]:
    def watch(seen: Seen, _: Memory) -> bool | None:
        if not seen.succeeded or seen.object is None:
            return None
        wrong = look(seen.object)
        if wrong is not None:
            raise CheckFailed(f"the answer to {told(seen)}", expected, wrong)
        return True

    watch.__doc__ = how
    return watches(rule, "createExportJob")(watch)


def _unless(value: object, *, good: bool) -> object:
    return None if good else f"{value!r}"


job_has_an_id: Final = _of_new_job(
    "PB-JOB-02",
    "Looks for the id in the answers to new jobs.",
    lambda job: _unless(job.get("id"), good=is_uuid(job.get("id"))),
    "an id that is a UUID",
)
job_has_begun: Final = _of_new_job(
    "PB-JOB-03",
    "Looks at the status in the answers to new jobs.",
    lambda job: _unless(job.get("status"), good=is_one_of(job.get("status"), "STARTED", "PENDING")),
    "the status STARTED",
)
job_is_not_pending: Final = _of_new_job(
    "PB-JOB-49",
    "Looks whether new jobs are still pending.",
    lambda job: _unless(job.get("status"), good=job.get("status") != "PENDING"),
    "the status STARTED",
)


@watches("PB-JOB-04", "createExportJob")
def job_created(seen: Seen, _: Memory) -> bool | None:
    """Looks at the status of the answers to new jobs."""
    return _created(seen)


@watches("PB-JOB-22", "getExportJob")
def job_has_a_link(seen: Seen, _: Memory) -> bool | None:
    """Looks at the data of jobs that have succeeded."""
    if seen.status != 200 or seen.object is None or seen.object.get("status") != "SUCCESS":
        return None
    if not is_url(seen.object.get("data")):
        raise CheckFailed(f"`data` of {told(seen)}", "an absolute URL", seen.object.get("data"))
    return True


@watches("PB-JOB-23", "getExportJob")
def job_has_no_link_yet(seen: Seen, _: Memory) -> bool | None:
    """Looks at the data of jobs that have not succeeded."""
    status = seen.object.get("status") if seen.object is not None else None
    if seen.status != 200 or seen.object is None or status is None or is_one_of(status, "SUCCESS"):
        return None
    if seen.object.get("data") is not None:
        raise CheckFailed(f"`data` of {told(seen)}", "null", seen.object["data"])
    return True


@watches("PB-JOB-47", "getExportJob")
def job_says_why(seen: Seen, _: Memory) -> bool | None:
    """Looks at the message of jobs that have failed."""
    if seen.status != 200 or seen.object is None or seen.object.get("status") != "FAILURE":
        return None
    message = seen.object.get("error_message")
    if not isinstance(message, str) or not message.strip():
        raise CheckFailed(f"`error_message` of {told(seen)}", "a text that is not blank", message)
    return True


@watches("PB-ASSET-05", "createAsset")
def asset_created(seen: Seen, _: Memory) -> bool | None:
    """Looks at the status of the answers to new assets."""
    return _created(seen)


@watches("PB-ASSET-06", "createAsset")
def asset_has_a_form(seen: Seen, _: Memory) -> bool | None:
    """Looks for the form of the upload in the answers to new assets."""
    if not seen.succeeded or seen.object is None:
        return None
    fields = seen.object.get("fields")
    good = isinstance(fields, dict) and all(isinstance(one, str) for one in fields.values())
    if asset_of(seen) is None or not is_url(seen.object.get("upload_url")) or not good:
        expected = "asset, upload_url and fields, an object of strings"
        raise CheckFailed(f"the answer to {told(seen)}", expected, ", ".join(seen.object))
    return True


def _of_asset(
    rule: str, *operations: str
) -> Callable[[Callable[[Seen, dict[str, Any]], object]], Watch[Memory]]:
    """Look at the metadata of one asset; what is given is what is wrong with it."""

    def decorate(look: Callable[[Seen, dict[str, Any]], object]) -> Watch[Memory]:
        def watch(seen: Seen, _: Memory) -> bool | None:
            item = asset_of(seen)
            if (
                not seen.succeeded
                or item is None
                or (seen.operation == "getAsset" and "meta" not in seen.query)
            ):
                return None
            wrong = look(seen, item)
            if wrong is not None:
                raise CheckFailed(f"the metadata in {told(seen)}", look.__name__.replace("_", " "), wrong)
            return True

        watch.__doc__ = look.__doc__
        return watches(rule, *operations)(watch)

    return decorate


@_of_asset("PB-ASSET-08", "createAsset", "getAsset")
def the_six_fields(_: Seen, item: dict[str, Any]) -> object:
    """Looks at the fields in the metadata of single assets."""
    wrong = list(problems(item))
    return f"no {', no '.join(wrong)}" if wrong else None


@_of_asset("PB-ASSET-09", "createAsset", "getAsset")
def its_own_address(seen: Seen, item: dict[str, Any]) -> object:
    """Looks at the download URL in the metadata of single assets."""
    url, path = item.get("download_url"), f"/databases/{seen.ids.get('databaseId')}/assets/{item.get('id')}"
    good = is_url(url) and urlsplit(str(url)).path.rstrip("/").lower().endswith(path.lower())
    return None if good else url


@_of_asset("PB-ASSET-13", "createAsset")
def the_name_that_was_sent(seen: Seen, item: dict[str, Any]) -> object:
    """Compares the file name in the answers to new assets with the one that was sent."""
    wanted = seen.sent.get("filename") if isinstance(seen.sent, dict) else None
    return item.get("filename") if isinstance(wanted, str) and item.get("filename") != wanted else None


@_of_asset("PB-ASSET-14", "createAsset")
def a_mark_that_is_false(_: Seen, item: dict[str, Any]) -> object:
    """Looks at the mark in the answers to new assets."""
    return None if item.get("is_uploaded") is False else f"{item.get('is_uploaded')!r}"


@watches("PB-ASSET-16", "updateAsset")
def asset_changed(seen: Seen, _: Memory) -> bool | None:
    """Compares the mark in the answers to changes with the one that was sent."""
    if not seen.succeeded:
        return None
    wanted = seen.sent.get("is_uploaded") if isinstance(seen.sent, dict) else None
    marked = seen.object.get("is_uploaded") if seen.object is not None else None
    if seen.status != 200 or (isinstance(wanted, bool) and marked is not wanted and not seen.beside):
        raise CheckFailed(
            f"the answer to {told(seen)}", f"200 and is_uploaded {wanted}", f"{seen.status}, {marked}"
        )
    return True
