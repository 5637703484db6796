"""The databases of an organization: their list, and new ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ....authoring.arrange import field_of, step
from ....authoring.check import CheckFailed, NotVerified, check
from ....authoring.formats import as_timestamp, is_uuid
from ..arrange import Database
from ..calls import expect_refused
from ..context import PixieBrix
from ..pages import every_item
from ..records import later, listed, written


@check("PB-DB-01")
def the_list_is_an_array(ctx: PixieBrix) -> None:
    """Lists the databases of the configured organization."""
    ctx.call("listDatabases", path=_path(ctx)).expect_status(200).expect_objects()


@check("PB-DB-02")
def the_list_shows_what_is_there(ctx: PixieBrix) -> None:
    """Looks on all pages for databases that are there twice, and for records of the first and the last."""
    ids = [str(item.get("id")).lower() for item in _databases(ctx)]
    if not ids:
        ctx.skip("the list shows no database")
    twice = sorted(one for one, count in Counter(ids).items() if count > 1)
    ctx.expect("the databases that are in the list more than once", [], twice)
    for one in {ids[0]: None, ids[-1]: None}:
        answer = ctx.call("listRecords", path={"databaseId": one}, query={"page_size": 1})
        there = answer.status != 404
        ctx.expect_true(f"the records of {one}", there, expected="a database", actual=answer.summary)


@check("PB-DB-03")
def the_list_has_no_other_organizations_databases(ctx: PixieBrix) -> None:
    """Compares the organization of each item with the one in the path."""
    items = _items(ctx)
    with step("PB-DB-04", "read the organization of each database"):
        owners = {str(field_of(item, "organization_id")).lower() for item in items}
    ctx.expect("the organizations of the databases", {ctx.given.organization.lower()}, owners)


@check("PB-DB-04")
def a_database_has_its_fields(ctx: PixieBrix) -> None:
    """Checks the fields of each item, those that may be missing only where they are there."""
    for item in _items(ctx):
        number, schema = item.get("num_records", 0), item.get("enforce_schema", False)
        fields = {
            "id, a UUID": is_uuid(item.get("id")),
            "name, a text": isinstance(item.get("name"), str),
            "organization_id, a UUID": is_uuid(item.get("organization_id")),
            "created_at, a timestamp": as_timestamp(item.get("created_at")) is not None,
            "enforce_schema, a boolean": isinstance(schema, bool),
            "owner_field, a text or null": isinstance(item.get("owner_field"), str | None),
            "last_write_at, a timestamp or null": item.get("last_write_at") is None
            or as_timestamp(item["last_write_at"]) is not None,
            "num_records, a whole number from 0": type(number) is int and number >= 0,
        }
        for field, right in fields.items():
            ctx.expect_true("the fields of a database", right, expected=field, actual=item)


@check("PB-DB-05")
def the_type_is_one_of_two(ctx: PixieBrix) -> None:
    """Looks at the type of each item."""
    types = [item["type"] for item in _items(ctx) if "type" in item]
    if not types:
        ctx.skip("no database of the list has a type")
    for one in types:
        known = one in ("Key-Value", "Asset")
        ctx.expect_true("the type of a database", known, expected="Key-Value or Asset", actual=one)


@check("PB-DB-06")
def a_database_is_created(ctx: PixieBrix) -> None:
    """Creates a database and compares status and name."""
    _may_create(ctx)
    name = ctx.name("database")
    answer = ctx.call("createDatabase", path=_path(ctx), json={"name": name})
    created = answer.expect_status(201).expect_json(dict)
    ctx.expect("the name of the new database", name, created.get("name"))


@check("PB-DB-07")
def a_new_database_is_listed(ctx: PixieBrix) -> None:
    """Creates two databases and looks for their ids and names in the list, on all pages."""
    made = {one.id.lower(): one.name for one in (_new(ctx), _new(ctx))}
    ctx.expect("the number of ids of two new databases", 2, len(made))
    names = {str(item.get("id")).lower(): item.get("name") for item in _databases(ctx)}
    ctx.expect("the names of the new databases", made, {one: names.get(one) for one in made})


@check("PB-DB-08")
def a_new_database_is_empty(ctx: PixieBrix) -> None:
    """Writes a record to one new database, then creates another and lists its records."""
    written(ctx, _new(ctx), [{"probe": True}])
    records = listed(ctx, _new(ctx))
    ctx.expect("the records of a new database", [], records)


@check("PB-DB-09")
def a_database_must_have_a_name(ctx: PixieBrix) -> None:
    """Creates a database with a name, then posts an empty object."""
    _new(ctx)
    ctx.call("createDatabase", path=_path(ctx), json={}).expect_status(400)


@check("PB-DB-10")
def a_database_counts_its_records(ctx: PixieBrix) -> None:
    """Writes three records, and one of them again, and compares the number before and after; not verified
    where the field is missing.
    """
    database = ctx.given.database()
    before = _field(ctx, database, "num_records")
    keys = written(ctx, database, [{"probe": 1}] * 3)
    ctx.given.record(database, {"probe": 2}, key=keys[0])
    after = _field(ctx, database, "num_records")
    ctx.expect("num_records after three new records", before + 3, after)


@check("PB-DB-11")
def a_database_tells_when_it_was_written(ctx: PixieBrix) -> None:
    """Compares the time before and after a new record, and after that of one that is there, with some time
    between them; not verified where it is missing.
    """
    database = ctx.given.database()
    keys = written(ctx, database, [{"probe": 1}])
    before = _field(ctx, database, "last_write_at")
    for key in (None, keys[0]):
        later(ctx)
        ctx.given.record(database, {"probe": 2}, key=key)
        after = _field(ctx, database, "last_write_at")
        times = [as_timestamp(before), as_timestamp(after)]
        grown = times[1] is not None and (times[0] is None or times[0] < times[1])
        ctx.expect_true("last_write_at after a write", grown, expected=f"later than {before}", actual=after)
        before = after


@check("PB-DB-12")
def an_unknown_organization_is_not_found(ctx: PixieBrix) -> None:
    """Lists the databases of the organization, then those of an invented UUID."""
    with step("PB-DB-01", "list the databases"):
        ctx.call("listDatabases", path=_path(ctx)).expect_status(200)
    invented = {"organizationId": ctx.invented_id()}
    ctx.call("listDatabases", path=invented).expect_status(404)


@check("PB-DB-13")
def a_database_can_be_deleted(ctx: PixieBrix) -> None:
    """Creates two databases with a record each, deletes the first and lists the records of both."""
    gone, kept = _new(ctx), _new(ctx)
    for database in (gone, kept):
        written(ctx, database, [{"probe": True}])
    path = {"organizationId": gone.organization, "databaseId": gone.id}
    ctx.call("deleteDatabase", path=path).expect_status(204)
    expect_refused(ctx, ctx.call("listRecords", path={"databaseId": gone.id}), "a list of what was deleted")
    left = ctx.call("listRecords", path={"databaseId": kept.id}).expect_status(200).expect_objects()
    ctx.expect("the number of records of the other database", 1, len(left))


@check("PB-DB-13")
def a_deleted_database_is_gone_everywhere(ctx: PixieBrix) -> None:
    """Deletes a database whose records, assets and archives were read, and asks for each of them again."""
    gone = _new(ctx)
    (key,) = written(ctx, gone, [{"probe": True}])
    path, one = {"databaseId": gone.id}, {"databaseId": gone.id, "recordKey": key}
    whole = {"organizationId": gone.organization, "databaseId": gone.id}
    reads = (("listRecords", path), ("getRecord", one), ("listAssets", path), ("listRecordArchives", whole))
    for operation, where in reads:
        ctx.call(operation, path=where, described=False)
    ctx.call("deleteDatabase", path=whole).expect_status(204)
    for _ in range(2):
        for operation, where in reads:
            expect_refused(ctx, ctx.call(operation, path=where), f"{operation} in a deleted database")
    with step("PB-DB-01", "list the databases"):
        left = [one.get("id") for one in every_item(ctx, "listDatabases", _path(ctx))]
    ctx.expect_true("the list", gone.id not in left, expected="no deleted database", actual=gone.id)


@check("PB-DB-14")
def the_name_has_a_longest(ctx: PixieBrix) -> None:
    """Creates databases with names of 256 characters, of one byte and of two bytes each, then posts one with
    257.
    """
    _may_create(ctx)
    for letter in "\u00dfn":
        longest = f"{ctx.name('database')} ".ljust(256, letter)
        body = {"name": longest, "owner_field": letter * 256}
        made = ctx.call("createDatabase", path=_path(ctx), json=body).expect_status(201).expect_json(dict)
        ctx.expect("the name of the new database", longest, made.get("name"))
    answer = ctx.call("createDatabase", path=_path(ctx), json={"name": f"{longest}n"})
    expect_refused(ctx, answer, "a name of 257 characters")


@check("PB-DB-15")
def the_owner_field_is_kept(ctx: PixieBrix) -> None:
    """Creates a database with an owner field, and looks at the answer and the list; then one without, which
    has none of it.
    """
    _may_create(ctx)
    body = {"name": ctx.name("database"), "owner_field": "user email"}
    answer = ctx.call("createDatabase", path=_path(ctx), json=body)
    with step("PB-DB-06", "create a database"):
        created = answer.expect_status(201).expect_json(dict)
    listed_ones = [item for item in _databases(ctx) if item.get("name") == body["name"]]
    for place, item in (("the answer", created), *(("the list", one) for one in listed_ones)):
        ctx.expect(f"the owner field in {place}", body["owner_field"], item.get("owner_field"))
    answer = ctx.call("createDatabase", path=_path(ctx), json={"name": ctx.name("database")})
    with step("PB-DB-06", "create a database"):
        plain = answer.expect_status(201).expect_json(dict).get("owner_field")
    ctx.expect_true(
        "the owner field of one without", plain != body["owner_field"], expected="none", actual=plain
    )


def _path(ctx: PixieBrix) -> dict[str, str]:
    return {"organizationId": ctx.given.organization}


def _databases(ctx: PixieBrix) -> list[dict[str, Any]]:
    return every_item(ctx, "listDatabases", _path(ctx))


def _items(ctx: PixieBrix) -> list[dict[str, Any]]:
    """The databases of the list; there is at least one."""
    with step("PB-DB-01", "list the databases"):
        items = _databases(ctx)
    if not items:
        raise NotVerified("the organization has no database")
    return items


def _may_create(ctx: PixieBrix) -> None:
    if not ctx.scratch.create_databases:
        raise NotVerified("creating databases is not allowed (pixiebrix.create_databases)")


def _new(ctx: PixieBrix) -> Database:
    """A database that is new for certain, and not one that is configured."""
    _may_create(ctx)
    while not (database := ctx.given.database()).name:
        continue
    return database


def _field(ctx: PixieBrix, database: Database, name: str) -> Any:
    """A field of a database in the list.

    Raises:
        NotVerified: databases have no such field.
        PrerequisiteFailed: the database is not in the list.
    """
    with step("PB-DB-02", "find the database in the list"):
        items: list[Mapping[str, Any]] = [
            item for item in _databases(ctx) if str(item.get("id")).lower() == database.id.lower()
        ]
        if not items:
            raise CheckFailed("the list of databases", f"one with the id {database.id}", "no such database")
    if name not in items[0]:
        raise NotVerified(f"databases have no field {name}")
    with step("PB-DB-04", f"read {name}"):
        value = items[0][name]
        if name == "num_records" and type(value) is not int:
            raise CheckFailed(name, "a whole number", value)
    return value
