"""The media types beside JSON: what answers come as, and bodies that are forms."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlencode

from ....authoring.answer import Answer
from ....authoring.arrange import field_of
from ....authoring.check import NotVerified, check
from .. import asset_details
from ..archives import Marks
from ..arrange import CREATED
from ..context import PixieBrix
from ..exports import expect_marks, exported, write
from ..records import field_name, path_of, written

API_JSON: Final = "application/vnd.pixiebrix.api+json"
FLAT_JSON: Final = "application/vnd.pixiebrix.api.flat+json"
CSV: Final = "text/csv"
_BOUNDARY: Final = "dbcontract-form-boundary"


@check("PB-NEG-11")
def the_media_type_of_the_api_is_served(ctx: PixieBrix) -> None:
    """Asks for the databases and for the records of one as that type, and expects a JSON array of that media
    type.
    """
    lists: dict[str, dict[str, str]] = {
        "listDatabases": {"organizationId": ctx.given.organization},
        "listRecords": {"databaseId": ctx.given.existing_database()},
    }
    for operation, path in lists.items():
        answer = ctx.call(operation, path=path, accept=API_JSON).expect_status(200)
        answer.expect_media_type(API_JSON).expect_json(list)


@check("PB-NEG-12")
def records_are_served_flat(ctx: PixieBrix) -> None:
    """Asks for the records of a database as that type, and expects a JSON array of that media type."""
    path = {"databaseId": ctx.given.existing_database()}
    answer = ctx.call("listRecords", path=path, accept=FLAT_JSON).expect_status(200)
    answer.expect_media_type(FLAT_JSON).expect_json(list)


@check("PB-NEG-13")
def a_flat_record_has_its_data_beside_its_id(ctx: PixieBrix) -> None:
    """Writes a record, reads it flat, and looks for its key and the fields of its data."""
    database, field = ctx.given.database(), field_name(ctx)
    data = {field: ctx.name("value"), f"{field}_nested": {"a": [1, None]}}
    (key,) = written(ctx, database, [data])
    answer = ctx.call("getRecord", path=path_of(database, key), accept=FLAT_JSON).expect_status(200)
    record = answer.expect_json(dict)
    ctx.expect("its id", key, field_of(record, "id"))
    ctx.expect("the fields of its data", data, {name: record.get(name) for name in data})


@check("PB-CSV-07")
def a_record_comes_as_csv(ctx: PixieBrix) -> None:
    """Writes a record with two fields that differ in case and reads it as CSV: a row that names its fields,
    and one with their values.
    """
    database, field = ctx.given.database(), field_name(ctx)
    data = {field: ctx.name("a, b"), field.swapcase(): ctx.name("c")}
    (key,) = written(ctx, database, [data])
    answer = ctx.call("getRecord", path=path_of(database, key), accept=CSV).expect_status(200)
    rows = answer.expect_media_type(CSV).csv_rows()
    ctx.expect("the number of rows", 2, len(rows))
    for name, value in data.items():
        columns = [index for index, column in enumerate(rows[0]) if column.endswith(name)]
        ctx.expect_true("the first row", len(columns) == 1, expected=f"one column {name}", actual=rows[0])
        ctx.expect(f"the value under {name}", value, rows[1][columns[0]])


@check("PB-NEG-14")
def bodies_may_be_urlencoded(ctx: PixieBrix) -> None:
    """Orders an export of one database by such a form, and one of two, and looks for the records of both."""
    _expect_jobs(ctx, _urlencoded)


@check("PB-NEG-15")
def bodies_may_be_multipart(ctx: PixieBrix) -> None:
    """Orders an export of one database by such a form, and one of two, and looks for the records of both."""
    _expect_jobs(ctx, _multipart)


@check("PB-NEG-20")
def forms_are_taken_for_databases_and_assets(ctx: PixieBrix) -> None:
    """Creates an asset, marks and unmarks it by forms of both kinds, and reads its metadata; creates
    databases so at a place that is thrown away afterwards.
    """
    database = ctx.given.database(assets=True)
    for form in (_urlencoded, _multipart):
        name = ctx.name("a form & more")
        if ctx.environment.disposable:  # elsewhere nobody could tell that it is the run's, and delete it
            path = {"organizationId": database.organization}
            made = _sent(ctx, "createDatabase", path, form([("name", name)])).expect_json(dict)
            ctx.expect("the name of a database that came as a form", name, made.get("name"))
        path = {"databaseId": database.id}
        answer = _sent(ctx, "createAsset", path, form([("filename", f"{name}.png")]))
        asset = ctx.given.as_asset(database, f"{name}.png", answer)
        ctx.expect("the file name that came as a form", asset.filename, asset.metadata.get("filename"))
        path = {"databaseId": database.id, "assetId": asset.id}
        for mark in (True, False):
            _sent(ctx, "updateAsset", path, form([("is_uploaded", str(mark).lower())]))
            shown = asset_details.metadata(ctx, asset).get("is_uploaded")
            ctx.expect("the mark that came as a form", mark, shown)


def _sent(ctx: PixieBrix, operation: str, path: dict[str, str], form: tuple[bytes, str]) -> Answer:
    body, content_type = form
    answer = ctx.call(operation, path=path, body=body, content_type=content_type, described=False)
    what = f"the answer to a form ({operation}, {content_type})"
    ctx.expect_true(what, 200 <= answer.status < 300, expected="a 2xx", actual=answer.summary)
    return answer


def _urlencoded(pairs: list[tuple[str, str]]) -> tuple[bytes, str]:
    return urlencode(pairs).encode(), "application/x-www-form-urlencoded"


def _multipart(pairs: list[tuple[str, str]]) -> tuple[bytes, str]:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in pairs
    ]
    body = "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode()
    return body, f"multipart/form-data; boundary={_BOUNDARY}"


def _expect_jobs(ctx: PixieBrix, form: Callable[[list[tuple[str, str]]], tuple[bytes, str]]) -> None:
    """Order exports by forms; how a list is written in a form nobody says, so that of two may be refused."""
    databases, marks = [ctx.given.database()], Marks(ctx).new(2)
    name = ("name", ctx.name("a form & more"))
    one = _sent(ctx, "createExportJob", {}, form([name, ("databases", databases[0].id)]))
    field_of(one.expect_json(dict), "id")
    if not ctx.can("storage"):
        return
    with suppress(NotVerified):
        databases.append(ctx.given.database())
    for database, mark in zip(databases, marks, strict=False):
        write(ctx, database, [mark])
    body, content_type = form([name, *(("databases", each.id) for each in databases)])
    both = ctx.call("createExportJob", body=body, content_type=content_type)
    if both.status in CREATED:
        details = ctx.given.finished_job(str(field_of(both.expect_json(dict), "id")))
        expect_marks(ctx, exported(ctx, details), present=marks[: len(databases)])
