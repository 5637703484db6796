"""The media types beside JSON: what answers come as, and bodies that are forms."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from ....authoring.arrange import field_of
from ....authoring.check import check
from ..context import PixieBrix
from ..records import field_name, path_of, written

API_JSON: Final = "application/vnd.pixiebrix.api+json"
FLAT_JSON: Final = "application/vnd.pixiebrix.api.flat+json"
CSV: Final = "text/csv"
_BOUNDARY: Final = "dbcontract-form-boundary"


@check("PB-NEG-11")
def the_media_type_of_the_api_is_served(ctx: PixieBrix) -> None:
    """Asks for the databases and for the records of one as that type."""
    lists: dict[str, dict[str, str]] = {
        "listDatabases": {"organizationId": ctx.given.organization},
        "listRecords": {"databaseId": ctx.given.existing_database()},
    }
    for operation, path in lists.items():
        answer = ctx.call(operation, path=path, accept=API_JSON).expect_status(200)
        answer.expect_media_type(API_JSON).expect_json(list)


@check("PB-NEG-12")
def records_are_served_flat(ctx: PixieBrix) -> None:
    """Asks for the records of a database as that type."""
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
    """Writes a record and reads it as CSV: a row that names its field, and one with its value."""
    database, field, value = ctx.given.database(), field_name(ctx), ctx.name("a, b")
    (key,) = written(ctx, database, [{field: value}])
    answer = ctx.call("getRecord", path=path_of(database, key), accept=CSV).expect_status(200)
    rows = answer.expect_media_type(CSV).csv_rows()
    ctx.expect("the number of rows", 2, len(rows))
    columns = [index for index, name in enumerate(rows[0]) if name.endswith(field)]
    ctx.expect_true("the first row", len(columns) == 1, expected=f"one column {field}", actual=rows[0])
    ctx.expect("the value", value, rows[1][columns[0]])


@check("PB-NEG-14")
def bodies_may_be_urlencoded(ctx: PixieBrix) -> None:
    """Orders an export by such a form."""
    body = urlencode(_order(ctx)).encode()
    _expect_job(ctx, body, "application/x-www-form-urlencoded")


@check("PB-NEG-15")
def bodies_may_be_multipart(ctx: PixieBrix) -> None:
    """Orders an export by such a form."""
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in _order(ctx).items()
    ]
    body = "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode()
    _expect_job(ctx, body, f"multipart/form-data; boundary={_BOUNDARY}")


def _order(ctx: PixieBrix) -> dict[str, str]:
    """An order for an export as fields of a form: one database, so that a list needs no reading."""
    return {"name": ctx.name("a form & more"), "databases": ctx.given.database().id}


def _expect_job(ctx: PixieBrix, body: bytes, content_type: str) -> None:
    answer = ctx.call("createExportJob", body=body, content_type=content_type)
    accepted = 200 <= answer.status < 300
    ctx.expect_true(
        f"the answer to a form ({content_type})", accepted, expected="a 2xx", actual=answer.summary
    )
    field_of(answer.expect_json(dict), "id")
