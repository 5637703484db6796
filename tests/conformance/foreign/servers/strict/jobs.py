"""Export jobs and the three formats of what they export."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from .files import attachment, line
from .rest import UUID, Call, Operation, Reply, cell, detail, invalid, table, text_field
from .storage import HOUR, Storage
from .world import ORGANIZATION, Blob, Database, Job, Row, fresh, iso

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS = {"application/json": "json", "text/csv": "csv", "application/xlsx": "xlsx"}
FIXED = ["id", "database", "created_at", "updated_at"]


def _moment(filters: dict[str, Any], name: str) -> datetime | None:
    value = filters.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise invalid({"filters": {name: ["Not a valid timestamp."]}}) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _databases(call: Call, body: dict[str, Any]) -> list[Database]:
    ids = body.get("databases")
    if "databases" not in body:
        raise invalid({"databases": ["This field is required."]})
    if not isinstance(ids, list) or not ids:
        raise invalid({"databases": ["Expected a list of one or more ids."]})
    wrong = {str(i): ["Must be a valid UUID."] for i, one in enumerate(ids) if not _is_uuid(one)}
    if wrong:
        raise invalid({"databases": wrong})
    found = {one.lower(): call.vault.databases.get(one.lower()) for one in ids}
    mine = [one for one in found.values() if one is not None and one.organization == ORGANIZATION]
    if len(mine) < len(found):
        raise invalid({"databases": ["Object does not exist."]})
    return mine


def _is_uuid(value: Any) -> bool:
    return isinstance(value, str) and UUID.fullmatch(value) is not None


def _workbook(columns: list[str], rows: list[list[Any]]) -> bytes:
    """The smallest workbook that readers open: one sheet of texts."""
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml"

    def text(value: Any) -> str:
        clean = re.sub(
            "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
            lambda m: f"_x{ord(m[0]):04X}_",
            cell(value),
        )
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(clean)}</t></is></c>'

    lines = "".join(f"<row>{''.join(text(value) for value in row)}</row>" for row in [columns, *rows])
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{sheet}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
        '<sheet name="Records" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{content}')
    return out.getvalue()


def _artifact(media: str, rows: list[tuple[Database, Row]]) -> bytes:
    items = [line(database, row) for database, row in rows]
    if media == "application/json":
        return json.dumps(items, ensure_ascii=False).encode()
    names = sorted({name for item in items for name in item["data"]})
    columns = [*FIXED, *(f"data.{name}" for name in names)]
    cells = [[*(item[name] for name in FIXED), *(item["data"].get(name) for name in names)] for item in items]
    return table(columns, cells) if media == "text/csv" else _workbook(columns, cells)


class Jobs:
    """A job exports at once, and tells of it in two steps: pending, started, finished."""

    def __init__(self, storage: Storage, failure: Callable[[], str | None]) -> None:
        self.storage = storage
        self.failure = failure

    def created(self, call: Call) -> Reply:
        body = call.known("name", "databases", "media_type", "filters")
        name = text_field(body, "name", 1024) or ""
        databases = _databases(call, body)
        media = body.get("media_type", "application/json")
        if not isinstance(media, str) or media not in ENDINGS:
            raise invalid({"media_type": [f'"{media}" is not a valid choice.']})
        filters = body.get("filters")
        if not isinstance(filters, dict | None) or set(filters or ()) - {"start_date", "end_date"}:
            raise invalid({"filters": ["Expected an object with start_date and end_date."]})
        start, end = (_moment(filters or {}, one) for one in ("start_date", "end_date"))
        rows = [
            (database, row)
            for database in databases
            for row in sorted(database.rows.values(), key=lambda row: (row.created, row.key))
            if (start is None or row.created >= start) and (end is None or row.created <= end)
        ]
        now, number = call.vault.clock.now(), fresh()
        ending = ENDINGS[media]
        job = Job(
            number, name, now, f"exports/{number}.{ending}", attachment(f"{name}.{ending}"), self.failure()
        )
        kind = XLSX if ending == "xlsx" else media
        call.vault.blobs[job.key] = Blob(_artifact(media, rows), kind, now)
        call.vault.jobs[job.id] = job
        return Reply(201, {"id": job.id, "status": "PENDING"})

    def read(self, call: Call) -> Reply:
        job = call.vault.jobs.get(call.ids["job"].lower())
        if job is None:
            raise detail(404, "Not found.")
        job.looks += 1
        status = (
            "PENDING"
            if job.looks == 1
            else "STARTED"
            if job.looks == 2
            else "FAILURE"
            if job.error
            else "SUCCESS"
        )
        now = call.vault.clock.now()
        if status == "SUCCESS" and (job.link_until is None or now >= job.link_until):
            job.link, job.link_until = (
                self.storage.link(job.key, job.disposition),
                now + timedelta(seconds=HOUR - 1),
            )
        return Reply(
            200,
            {
                "id": job.id,
                "name": job.name,
                "status": status,
                "created_at": iso(job.created),
                "data": job.link if status == "SUCCESS" else None,
                "error_message": job.error if status == "FAILURE" else None,
            },
        )

    def operations(self) -> list[Operation]:
        return [
            Operation("POST", "/databases/records/jobs/", self.created, "createExportJob"),
            Operation("GET", "/databases/records/jobs/{job}/", self.read, "getExportJob"),
        ]
