"""The third round's faults of PixieBrix in jobs, archives, assets; comments name headings of contract.md."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from ..servers.strict import jobs, storage
from ..servers.strict.__main__ import Strict
from ..servers.strict.files import Archives
from ..servers.strict.rest import Call, Reply, invalid
from ..servers.strict.world import ORGANIZATION, Archive, Database, Vault
from .registry import Kind, around, instead, pixiebrix, unlocked
from .third_pixiebrix_a import with_body

Run = Callable[[Call], Reply]
Night = Callable[[Archives, Vault], None]
Table = Callable[[list[str], list[list[Any]]], bytes]
Parts = list[tuple[str, str | None, bytes]]

NAME_LIMIT = 1024
LINK_KEPT = timedelta(minutes=55)


def _old(database: Database, today: date) -> set[date]:
    """The dates before today on which records were updated last."""
    return {day for row in database.rows.values() if (day := row.updated.date()) < today}


# Export jobs: "The link gives exactly the chosen databases' records"; the name is only a label
@pixiebrix(Kind.IDENTITY, "documented")
def jobs_of_one_name_share_an_artifact(server: Strict) -> None:
    """Artifacts are stored under the job's name: a second job of that name replaces the first one's."""

    @around(server, "createExportJob")
    def change(right: Run, call: Call) -> Reply:
        reply = right(call)
        job = call.vault.jobs[reply.data["id"]]
        key = f"exports/{job.name}.{job.key.rpartition('.')[2]}"
        call.vault.blobs[key] = call.vault.blobs.pop(job.key)
        job.key = key
        return reply


# Export jobs: `name`, at most 1024 characters
@pixiebrix(Kind.SIZES, "published")
def job_name_is_measured_in_bytes(server: Strict) -> None:
    """The limit of a job's name counts bytes: one in another script is refused below 1024 characters."""

    @around(server, "createExportJob")
    def change(right: Run, call: Call) -> Reply:
        name = call.fields().get("name")
        if isinstance(name, str) and len(name) <= NAME_LIMIT < len(name.encode()):
            raise invalid({"name": ["Ensure this field has no more than 1024 characters."]})
        return right(call)


# Export jobs: `filters` is optional, with default `{}`; the link gives exactly the records that pass it
@pixiebrix(Kind.AFTER, "documented")
def filters_stay_for_the_next_job(server: Strict) -> None:
    """The default of `filters` is one shared object: a job without filters gets those of the job before."""

    @around(server, "createExportJob")
    def change(right: Run, call: Call) -> Reply:
        body, shared = call.fields(), vars(call.vault).setdefault("shared", {})
        if "filters" not in body and shared:
            return right(with_body(call, {**body, "filters": shared}))
        reply = right(call)
        shared.update(body.get("filters") or {})
        return reply


# Export jobs: "exactly the chosen databases' records", in the chosen format
@pixiebrix(Kind.FIDELITY, "documented")
def csv_artifact_quotes_formulas(_: Strict) -> None:
    """A job's CSV puts an apostrophe before texts that look like formulas, telephone numbers too."""

    def guarded(value: Any) -> Any:
        return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value

    instead(jobs, "table")(
        lambda right, columns, rows: right(columns, [[guarded(value) for value in row] for row in rows])
    )


# Export jobs: "exactly the chosen databases' records", in the chosen format
@pixiebrix(Kind.IDENTITY, "documented")
def xlsx_texts_are_shared_by_folded_case(_: Strict) -> None:
    """A workbook's shared texts are looked up without their case: a text comes as its first spelling."""

    @instead(jobs, "_workbook")
    def changed(right: Table, columns: list[str], rows: list[list[Any]]) -> bytes:
        texts: dict[str, str] = {}

        def shared(value: Any) -> Any:
            return texts.setdefault(value.casefold(), value) if isinstance(value, str) else value

        return right(columns, [[shared(value) for value in row] for row in rows])


# Archives and retention: each link works for 1 hour, and asking the endpoint again gives a fresh link
@pixiebrix(Kind.LONG, "documented")
def asking_keeps_an_old_link(server: Strict) -> None:
    """A link is cached for 55 minutes from its last asking, so that who asks often gets a dead one."""

    @instead(Archives, "_shown")
    def changed(
        right: Callable[..., dict[str, Any]], self: Archives, database: Database, one: Archive
    ) -> dict[str, Any]:
        now, shown = server.clock.now(), right(self, database, one)
        file, until = vars(one).get("kept", (shown["file"], now))
        vars(one)["kept"] = (file if now < until else shown["file"], now + LINK_KEPT)
        return {**shown, "file": vars(one)["kept"][0]}


# Archives and retention: "every record that was updated on that date", its last version of that date
@pixiebrix(Kind.LONG, "documented")
def nights_write_old_files_anew(_: Strict) -> None:
    """Each night writes the files of older dates too, without the records that were updated again since."""

    @instead(Archives, "night")
    def changed(right: Night, self: Archives, vault: Vault) -> None:
        for database in vault.databases.values():
            for day in _old(database, vault.clock.now().date()) & database.archives.keys():
                old = database.archives[day]
                self._write(vault, database, day)
                database.archives[day] = old
        right(self, vault)


# Archives and retention: "a database may hold 500,000 records"
@pixiebrix(Kind.COMBINED, "documented")
def limit_counts_all_databases(_: Strict) -> None:
    """Retention counts the records of the whole organization against the limit of one database."""

    @instead(Archives, "night")
    def changed(right: Night, self: Archives, vault: Vault) -> None:
        right(self, vault)
        mine = [one for one in vault.databases.values() if one.organization == ORGANIZATION]
        today = vault.clock.now().date()
        for database in mine:
            while sum(len(one.rows) for one in mine) > self.record_limit and _old(database, today):
                oldest = min(_old(database, today))
                database.rows = {k: row for k, row in database.rows.items() if row.updated.date() != oldest}


# Conventions: `Link` with next; Archives and retention: `ordering=date` is ascending, on each page
@pixiebrix(Kind.COMBINED, "published")
def next_archives_forget_the_order(server: Strict) -> None:
    """The links to other pages of archives lack `ordering`: the second page is of the opposite order."""

    @around(server, "listRecordArchives")
    def change(right: Run, call: Call) -> Reply:
        reply = right(call)
        headers = [
            (name, re.sub("ordering=[^&>]*&", "", value) if name == "Link" else value)
            for name, value in reply.headers
        ]
        return replace(reply, headers=tuple(headers))


# Archives and retention: a file is JSON Lines of the records' last versions
@pixiebrix(Kind.FIDELITY, "documented")
def archive_text_is_encoded_twice(_: Strict) -> None:
    """The archive's bytes are read as Latin-1 and encoded again: other letters than ASCII's are spoilt."""

    @instead(Archives, "_write")
    def changed(
        right: Callable[[Vault, Database, date], None], vault: Vault, database: Database, day: date
    ) -> None:
        right(vault, database, day)
        key = database.archives[day].key
        items = [json.loads(one) for one in vault.blobs[key].content.splitlines()]
        text = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)
        content = text.encode().decode("latin-1").encode()
        vault.blobs[key] = replace(vault.blobs[key], content=content)


# Archives and retention: only records of the oldest dates leave the records API
@pixiebrix(Kind.SAME_TIME, "documented")
def night_forgets_what_comes_meanwhile(server: Strict) -> None:
    """Retention writes back the records that it read at its start: what is written while it works is gone."""

    @instead(Archives, "night")
    def changed(right: Night, self: Archives, vault: Vault) -> None:
        full = [one for one in vault.databases.values() if len(one.rows) > self.record_limit]
        read = [(one, dict(one.rows)) for one in full]
        if read:
            with unlocked(server):
                pass
        for database, rows in read:
            database.rows = rows
        right(self, vault)


# Assets: the download is "404 unless `is_uploaded` is true", of this asset
@pixiebrix(Kind.IDENTITY, "documented")
def marking_one_asset_marks_its_namesakes(server: Strict) -> None:
    """Marking an asset as uploaded marks every asset of the same file name in its database."""

    @around(server, "updateAsset")
    def change(right: Run, call: Call) -> Reply:
        reply = right(call)
        assets = call.database().assets
        marked = assets[reply.data["id"]]
        for one in assets.values():
            if one.filename == marked.filename and "is_uploaded" in call.fields():
                one.uploaded = marked.uploaded
        return reply


# Assets: what is downloaded is what was uploaded, byte for byte
@pixiebrix(Kind.FIDELITY, "inferred")
def upload_loses_its_last_line_ends(_: Strict) -> None:
    """The storage takes the line ends at the end of a file for the form's own, and cuts them off."""

    instead(storage, "multipart")(
        lambda right, body, boundary: [
            (name, file, content.rstrip(b"\r\n")) for name, file, content in right(body, boundary)
        ]
    )
