"""What a check of PixieBrix starts from: databases, records, assets and export jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ...authoring.answer import Answer
from ...authoring.arrange import field_of, step
from ...authoring.check import CheckFailed, NotVerified, PrerequisiteFailed
from ...authoring.context import Context
from .arrange_access import GivenAccess
from .job_links import followed
from .scratch import Scratch

CREATED = (201, 200, 202)
"""What a step takes for success: which status it has to be is the subject of rules of their own."""

UNFINISHED = ("UNKNOWN", "PENDING", "STARTED")
FINAL_STATUSES = ("SUCCESS", "FAILURE")

_ASSET: Final = "Asset"
_ANY_TAKES: Final = "new databases of any type take assets"


@dataclass(frozen=True, slots=True)
class Database:
    """A database that may be written to.

    Attributes:
        ours: it was empty when the check got it, so that everything in it may go afterwards.
    """

    id: str
    name: str
    organization: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset that was created.

    Attributes:
        metadata: as the creation answered it.
        upload_url, fields: of the presigned upload.
    """

    database: str
    id: str
    filename: str
    metadata: dict[str, Any]
    upload_url: str = field(repr=False)
    fields: dict[str, str] = field(repr=False)


class GivenPixieBrix(GivenAccess):
    """Steps for PixieBrix."""

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self._used = 0

    def existing_database(self) -> str:
        """The id of any database of the organization, for checks that only read; a new one if there is none.

        Raises:
            NotVerified: there is none, and none can be made.
        """
        scratch = self._scratch
        if scratch.databases:
            return scratch.databases[0]
        path = {"organizationId": self.organization}
        with step("PB-DB-01", "list the databases"):
            answer = self._ctx.call("listDatabases", path=path)
            databases = answer.expect_status(200).expect_objects()
            if databases:
                return str(field_of(databases[0], "id"))
        if self._ctx.can("write"):
            return self.database().id
        raise NotVerified("the organization has no database")

    def database(self, *, empty: bool = False, assets: bool = False) -> Database:
        """A database that may be written to: another one at every call, new where one can be created.

        Args:
            empty: it must hold no records. A new one holds none; one that is configured is emptied, where
                `destroy` is allowed.
            assets: it takes assets, as one of the type Asset does; another one may refuse them.

        Raises:
            NotVerified: there is none (left), or it cannot be emptied.
        """
        if not assets:
            return self._next(empty=empty)
        refused: list[str] = []
        while True:
            try:
                found = self._next(empty=empty, type_=self._type_for_assets())
            except NotVerified as error:
                if not refused:
                    raise
                reason = f"{' and '.join(refused)} refuse assets, as databases of the type Key-Value may"
                raise NotVerified(f"{reason}; name one of the type Asset (pixiebrix.databases)") from error
            if found.name or self._takes_assets(found.id):
                return found
            refused.append(found.id)

    def _type_for_assets(self) -> str | None:
        """The type of a new database that takes assets; None where any does, or where none can be made."""
        scratch, seen = self._scratch, self._ctx.run.seen
        if self._used < len(scratch.databases) or not scratch.create_databases or not self._ctx.can("write"):
            return None
        if _ANY_TAKES not in seen:
            seen[_ANY_TAKES] = self._takes(self.new_database().id)
        return None if seen[_ANY_TAKES] else _ASSET

    def _takes_assets(self, database_id: str) -> bool:
        """Whether an asset can be made in a database, or ought to be: the type Asset may not refuse any."""
        seen, fact = self._ctx.run.seen, f"{database_id} takes assets"
        if fact not in seen:
            seen[fact] = self._takes(database_id) or self.type_of(database_id) == _ASSET
        return seen[fact]

    def _takes(self, database_id: str) -> bool:
        path, body = {"databaseId": database_id}, {"filename": "probe.png"}
        with step("PB-ASSET-04", "create an asset"):
            answer = self._ctx.call("createAsset", path=path, json=body, note="does it take assets?")
        return not answer.refused

    def type_of(self, database_id: str) -> str | None:
        """The type of a database; None where the list does not tell."""
        path = {"organizationId": self.organization}
        with step("PB-DB-01", "list the databases"):
            query = {"page_size": self._ctx.environment.of(Scratch).page_cap}
            databases = self._ctx.call("listDatabases", path=path, query=query).expect_status(200)
            types = {str(one.get("id")): one.get("type") for one in databases.expect_objects()}
        return types.get(database_id)

    def _next(self, *, empty: bool, type_: str | None = None) -> Database:
        if not self._ctx.can("write"):
            raise NotVerified("writing is not allowed", missing=("write",))
        scratch = self._scratch
        if self._used < len(scratch.databases):
            found = Database(scratch.databases[self._used], "", self.organization, ours=empty)
            self._used += 1
            if empty:
                self._empty(found)
            return found
        if not scratch.create_databases:
            reason = f"more than {len(scratch.databases)} scratch databases are needed (pixiebrix.databases)"
            raise NotVerified(reason)
        return self.new_database(type_)

    def new_database(self, type_: str | None = None) -> Database:
        """A new database, of a type where that matters.

        Raises:
            NotVerified: none may be created.
        """
        name, organization = self._ctx.name("database"), self.organization
        path = {"organizationId": organization}
        body = {"name": name} if type_ is None else {"name": name, "type": type_}
        with step("PB-DB-06", "create a database"):
            answer = self._ctx.call("createDatabase", path=path, json=body)
            database_id = str(field_of(answer.expect_status(*CREATED).expect_json(dict), "id"))
        return Database(database_id, name, organization, ours=True)

    def _empty(self, database: Database) -> None:
        path = {"databaseId": database.id}
        with step("PB-REC-01", "list the records"):
            records = self._ctx.call("listRecords", path=path, query={"page_size": 1})
            if not records.expect_status(200).expect_objects():
                return
        if not self._ctx.can("destroy"):
            reason = f"the database {database.id} is not empty, and emptying it is not allowed"
            raise NotVerified(reason, missing=("destroy",))
        with step("PB-REC-16", "empty the database"):
            self._clear(database)

    def _clear(self, database: Database) -> None:
        self._ctx.call("clearRecords", path={"databaseId": database.id}, note="empties").expect_status(204)

    def records(
        self, database: Database, data: Sequence[Mapping[str, Any]], *, keys: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """Add records, in one request.

        Args:
            database: see `database`.
            data: what each record holds.
            keys: of the records; by default new ones.

        Returns:
            The records as they were answered, or, where that makes no sense, as they were sent.
        """
        chosen = list(keys) if keys is not None else [self._ctx.name("record") for _ in data]
        path = {"databaseId": database.id}
        body = [{"id": key, "data": dict(one)} for key, one in zip(chosen, data, strict=True)]
        with step("PB-REC-09", "create records"):
            answer = self._ctx.call("createRecords", path=path, json=body)
            answer.expect_status(*CREATED)
        return _answered_or(answer, body)

    def record(
        self, database: Database, data: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> dict[str, Any]:
        """Add one record and give it back as it was answered."""
        keys = None if key is None else [key]
        return self.records(database, [data if data is not None else {"probe": True}], keys=keys)[0]

    def asset(
        self, database: Database | None = None, *, filename: str = "probe.png", described: bool = True
    ) -> Asset:
        """Create an asset, which is not uploaded yet; where many are made, not each need be described."""
        place = database or self.database(assets=True)
        path, body = {"databaseId": place.id}, {"filename": filename}
        with step("PB-ASSET-04", "create an asset"):
            answer = self._ctx.call("createAsset", path=path, json=body, described=described)
            answer.expect_status(*CREATED)
        return self.as_asset(place, filename, answer)

    def as_asset(self, place: Database, filename: str, answer: Answer) -> Asset:
        """What the answer to the creation of an asset gives."""
        with step("PB-ASSET-06", "read what the creation of an asset gives"):
            body = answer.expect_json(dict)
            metadata, fields = field_of(body, "asset"), field_of(body, "fields")
            self._ctx.expect_true("fields", isinstance(fields, dict), expected="an object", actual=fields)
            return Asset(
                database=place.id,
                id=str(field_of(body, "asset", "id")),
                filename=filename,
                metadata=dict(metadata),
                upload_url=str(field_of(body, "upload_url")),
                fields={str(name): str(value) for name, value in fields.items()},
            )

    def upload(self, asset: Asset, content: bytes, *, content_type: str = "image/png") -> Answer:
        """Send the file of an asset to the storage; whatever it answers is given back."""
        boundary = f"dbcontract-{self._ctx.random.getrandbits(64):016x}"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in asset.fields.items()
        ]
        head = f'Content-Disposition: form-data; name="file"; filename="{asset.filename}"\r\n'
        head = f"{''.join(parts)}--{boundary}\r\n{head}Content-Type: {content_type}\r\n\r\n"
        # A field may hold what is not text at all: JSON can escape half of a surrogate pair.
        body = head.encode(errors="replace") + content + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._ctx.fetch(asset.upload_url, method="POST", headers=headers, body=body)

    def marked(self, asset: Asset, *, uploaded: bool = True) -> Answer:
        """Set `is_uploaded`."""
        path = {"databaseId": asset.database, "assetId": asset.id}
        with step("PB-ASSET-15", "mark an asset as uploaded"):
            answer = self._ctx.call("updateAsset", path=path, json={"is_uploaded": uploaded})
            answer.expect_status(200, 202, 204)
        return answer

    def uploaded_asset(
        self,
        content: bytes = b"probe",
        *,
        database: Database | None = None,
        filename: str = "probe.png",
        content_type: str = "image/png",
    ) -> Asset:
        """Create an asset, upload its file and mark it as uploaded."""
        asset = self.asset(database, filename=filename)
        with step("PB-ASSET-17", "upload the file of an asset"):
            self.upload(asset, content, content_type=content_type).expect_status(200, 201, 204)
        self.marked(asset)
        return asset

    def job(self, *databases: Database, **order: Any) -> str:
        """Start an export job and give its id.

        Args:
            databases: to export from.
            order: further fields of the order: `name`, `media_type`, `filters`.
        """
        body = {"name": self._ctx.name("export"), "databases": [one.id for one in databases], **order}
        with step("PB-JOB-01", "create an export job"):
            created = self._ctx.call("createExportJob", json=body).expect_status(*CREATED).expect_json(dict)
        with step("PB-JOB-02", "read the id of an export job"):
            return str(field_of(created, "id"))

    def job_details(self, job_id: str) -> dict[str, Any]:
        """Read a job once."""
        with step("PB-JOB-18", "read an export job"):
            answer = self._ctx.call("getExportJob", path={"jobId": job_id})
            return answer.expect_status(200).expect_json(dict)

    def finished_job(
        self, job_id: str, *, look: Callable[[dict[str, Any]], object] | None = None
    ) -> dict[str, Any]:
        """The details of a job when its status is final, whichever it is.

        Args:
            job_id: of the job.
            look: called with the details each time that they are read.

        Raises:
            PrerequisiteFailed: it does not end, though the target's time has passed, or its status is unknown
            NotVerified: it does not end within the time that the pace gives.
        """
        pace = self._ctx.run.target.pace
        left = pace.job_wait
        while True:
            details = self.job_details(job_id)
            if look is not None:
                look(details)
            if details.get("status") in FINAL_STATUSES:
                return details
            if left <= 0:
                status = details.get("status")
                if status in UNFINISHED and not self._ctx.can("clock"):
                    # It had no more time than the pace gives; how long a job may take, nobody says.
                    reason = f"the job {job_id} is {status} after {pace.job_wait:g} s"
                    raise NotVerified(f"{reason}; raise pace.job_wait_seconds")
                message = f"to wait for the job {job_id} did not work: {status} after {pace.job_wait:g} s"
                raise PrerequisiteFailed("PB-JOB-21", message)
            left -= pace.job_poll
            if self._ctx.can("clock"):
                self._ctx.clock.advance(pace.job_poll * 5)
            if not self._ctx.environment.disposable:
                self._ctx.pause(pace.job_poll)

    def export(self, *databases: Database, **order: Any) -> Answer:
        """Run an export job to its end and fetch what it exported; `order` as for `job`."""
        details = self.finished_job(self.job(*databases, **order))
        with step("PB-JOB-21", "export records"):
            self._ctx.expect("the status of the job", "SUCCESS", details.get("status"))
        with step("PB-JOB-22", "find the link to the exported data"):
            link = field_of(details, "data")
            self._ctx.expect_true("the link", isinstance(link, str), expected="text", actual=link)
        with step("PB-JOB-24", "follow the link to the exported data"):
            return followed(self._ctx, link).expect_status(200)

    def record_limit(self, at_most: int) -> int:
        """Make the retention limit of databases small, where that is possible, and tell it.

        Raises:
            NotVerified: the target's limit is higher than `at_most` and cannot be changed.
        """
        try:
            self._ctx.environment.controls.change(record_limit=at_most)
        except NotVerified:
            limit = self._ctx.environment.of(Scratch).record_limit
            if limit > at_most:
                reason = f"the limit of {limit} records is too high to reach (limits.record_limit)"
                raise NotVerified(reason) from None
            return limit
        return at_most

    def page_cap(self, at_most: int) -> int:
        """Make the largest page of the counted lists small, where that is possible, and tell it."""
        try:
            self._ctx.environment.controls.change(max_page_size=at_most, max_records=at_most)
        except NotVerified:
            return self._ctx.environment.of(Scratch).page_cap
        return at_most

    def records_cap(self, at_most: int) -> int:
        """Make the largest page of records small, where that is possible, and tell it."""
        try:
            self._ctx.environment.controls.change(max_page_size=at_most, max_records=at_most)
        except NotVerified:
            return self._ctx.environment.of(Scratch).records_cap
        return at_most


def _answered_or(answer: Answer, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        answered = answer.expect_objects()
    except CheckFailed:
        return sent
    keys = [record.get("id") for record in answered]
    return answered if keys == [record["id"] for record in sent] else sent
