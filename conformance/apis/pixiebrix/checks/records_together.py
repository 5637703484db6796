"""Requests about records, jobs and assets that are under way at the same time."""

from __future__ import annotations

from functools import partial
from typing import Any

from ....authoring.answer import Answer
from ....authoring.arrange import field_of, step
from ....authoring.check import check
from ....authoring.together import AT_ONCE, ROUNDS, together
from ..archives import Marks
from ..arrange import CREATED, Database
from ..context import PixieBrix
from ..exports import expect_marks, exported, write
from ..pages import every_item
from ..records import expect_data, found, path_of, read, written


def _write(ctx: PixieBrix, database: Database, key: str, data: dict[str, Any], strategy: str = "") -> Answer:
    body = {"data": data, **({"merge_strategy": strategy} if strategy else {})}
    return ctx.call("putRecord", path=path_of(database, key), json=body, described=False)


@check("PB-REC-33")
def writes_at_the_same_time_are_all_kept(ctx: PixieBrix) -> None:
    """Puts, posts and deletes records of one database at the same moment, three times, and lists them."""
    database = ctx.given.database()
    kept: list[str] = []
    for _ in range(ROUNDS):
        (gone,) = written(ctx, database, [{"probe": "going"}])
        put, *posted, last = [ctx.name("record") for _ in range(AT_ONCE)]
        batch = [{"id": key, "data": {"probe": key}} for key in posted]
        answers = together(
            partial(_write, ctx, database, put, {"probe": put}),
            partial(ctx.call, "createRecords", path=path_of(database), json=batch, described=False),
            partial(ctx.call, "deleteRecord", path=path_of(database, gone), described=False),
            partial(_write, ctx, database, last, {"probe": last}),
        )
        for answer in answers:
            answer.expect_status(*CREATED, 204)
        kept += [put, *posted, last]
        there = found(ctx, database, [*kept, gone])
        ctx.expect("the records that are there", sorted(kept), there)
    for key in kept[-AT_ONCE:]:
        expect_data(f"the data of {key}", {"probe": key}, read(ctx, database, key))


@check("PB-REC-33")
def one_key_at_the_same_time_is_one_record(ctx: PixieBrix) -> None:
    """Puts one new key four times at the same moment, beside a bad array, and looks for one whole version."""
    database = ctx.given.database()
    for _ in range(ROUNDS):
        key, beside = ctx.name("record"), ctx.name("record")
        versions: list[dict[str, Any]] = [
            {"n": number, str(number): [number] * 50} for number in range(AT_ONCE)
        ]
        bad = [{"id": beside, "data": {}}, {"id": ctx.name("record"), "data": "no object"}]
        *answers, refused = together(
            *(partial(_write, ctx, database, key, version) for version in versions),
            partial(ctx.call, "createRecords", path=path_of(database), json=bad, described=False),
        )
        for answer in answers:
            answer.expect_status(200, 201)
        with step("PB-REC-28", "refuse a bad array"):
            refused.expect_status(400)
        ctx.expect("the records that are there", [key], found(ctx, database, [key, beside]))
        shown = read(ctx, database, key).get("data")
        ctx.expect_true("the data", shown in versions, expected="one of the versions, whole", actual=shown)


@check("PB-REC-44")
def an_array_is_seen_whole_or_not_at_all(ctx: PixieBrix) -> None:
    """Posts and puts arrays of 300 records while the database is listed and exported, and counts what each of
    these shows.
    """
    database, ends = ctx.given.database(empty=True), ("createRecords", "putRecords", "putRecords")
    keys = [ctx.name("record") for _ in range(_MANY)]
    before: set[str] = set()
    for number, operation in enumerate(ends):
        mark = f"{ctx.name('mark')}."
        body = [{"id": key, "data": {"probe": mark}} for key in keys]
        list_ = partial(ctx.call, "listRecords", path=path_of(database), query={"page_size": 1_000})
        order = {"name": ctx.name("export"), "databases": [database.id]}
        write, job, *lists = together(
            partial(ctx.call, operation, path=path_of(database), json=body, described=False),
            partial(ctx.call, "createExportJob", json=order, described=False),
            *(partial(list_, described=False) for _ in range(AT_ONCE - 2)),
        )
        with step("PB-REC-39", "write many records"):
            write.expect_status(*CREATED)
        shows = [answer.expect_status(200) for answer in lists]
        if ctx.can("storage") and job.status in CREATED:
            details = ctx.given.finished_job(str(field_of(job.expect_json(dict), "id")))
            shows.append(exported(ctx, details))
        for shown in shows:
            counts = {one: shown.text.count(one) for one in (mark, *before)}
            whole = sorted(counts.values()) in ([0], [_MANY], [0, _MANY])
            what = f"how many records of an array are shown beside {operation} (number {number + 1})"
            ctx.expect_true(what, whole, expected=f"all {_MANY} of one array", actual=counts)
        before = {mark}


_MANY = 300
"""How many records are in an array; a page holds more."""


@check("PB-REC-34")
def merges_at_the_same_time_are_all_kept(ctx: PixieBrix) -> None:
    """Merges four fields into one record at the same moment, in each way of writing, by each strategy that
    keeps the others.
    """
    database = ctx.given.database()
    for strategy in ("shallow", "deep", "deep_append"):
        (key,) = written(ctx, database, [{"first": 0}])
        fields = [f"field{number}" for number in range(AT_ONCE)]
        calls = [
            partial(
                _merge, ctx, database, way, {"id": key, "data": {field: field}, "merge_strategy": strategy}
            )
            for field, way in zip(fields, _WAYS, strict=True)
        ]
        taken = [answer.expect_status(200, 201) for answer in together(*calls)]
        expected = {"first": 0, **{field: field for field in fields}}
        expect_data(f"the data after {len(taken)} {strategy} merges", expected, read(ctx, database, key))


_WAYS = ("putRecord", "putRecord", "createRecords", "putRecords")


def _merge(ctx: PixieBrix, database: Database, way: str, item: dict[str, Any]) -> Answer:
    if way == "putRecord" or (way == "putRecords" and not ctx.can("destroy")):
        return _write(ctx, database, item["id"], item["data"], item["merge_strategy"])
    return ctx.call(way, path=path_of(database), json=[item], described=False)


@check("PB-NEG-16")
def answers_at_the_same_time_have_their_own_form(ctx: PixieBrix) -> None:
    """Asks for pages of two lists at 1.0 and 2.0 and as CSV, one after the other and then at the same moment,
    and compares.
    """
    databases = [ctx.given.database() for _ in range(2 if ctx.scratch.create_databases else 1)]
    # At version 2.0 a page has one of the three; at 1.0 there are no pages.
    keys = [key for database in databases for key in written(ctx, database, [{"mark": 1}] * 3)]
    forms = (("application/json", "1.0"), ("application/json", "2.0"), ("text/csv", "2.0"))
    asked = [(number, *form) for number in range(len(databases)) for form in forms]
    alone = [_form(_ask(ctx, databases[number], kind, version), keys) for number, kind, version in asked]
    for _ in range(ROUNDS):
        calls = [partial(_ask, ctx, databases[number], kind, version) for number, kind, version in asked]
        for one, expected, answer in zip(asked, alone, together(*calls), strict=True):
            ctx.expect(f"status, form and records of {one[1:]}", expected, _form(answer, keys))


def _ask(ctx: PixieBrix, database: Database, kind: str, version: str) -> Answer:
    asked: dict[str, Any] = {"accept": kind, "version": version, "query": {"page_size": 1}}
    return ctx.call("listRecords", path=path_of(database), described=False, **asked)


def _form(answer: Answer, keys: list[str]) -> tuple[object, ...]:
    version = answer.media_parameters.get("version")
    return answer.status, answer.media_type, version, sorted(answer.containing({*keys}))


@check("PB-JOB-50")
def jobs_at_the_same_time_give_their_own_data(ctx: PixieBrix) -> None:
    """Orders exports of two databases under one name at the same moment, three times, and compares their
    data.
    """
    databases = [ctx.given.database(), ctx.given.database()]
    marks = Marks(ctx).new(2)
    for database, mark in zip(databases, marks, strict=True):
        write(ctx, database, [mark])
    for _ in range(ROUNDS):
        name = ctx.name("export")
        orders = [{"name": name, "databases": [database.id]} for database in databases]
        calls = [partial(ctx.call, "createExportJob", json=order, described=False) for order in orders]
        with step("PB-JOB-01", "create export jobs"):
            created = [answer.expect_status(*CREATED).expect_json(dict) for answer in together(*calls)]
        for number, job in enumerate(created):
            details = ctx.given.finished_job(str(field_of(job, "id")))
            absent = [marks[1 - number]]
            expect_marks(ctx, exported(ctx, details), present=[marks[number]], absent=absent)


@check("PB-ASSET-39")
def assets_at_the_same_time_are_apart(ctx: PixieBrix) -> None:
    """Creates, uploads and marks four assets of one name at the same moment, and downloads each."""
    database = ctx.given.database(assets=True)
    path, body = {"databaseId": database.id}, {"filename": "probe.bin"}
    contents = [ctx.random.randbytes(64) for _ in range(AT_ONCE)]

    def bring(content: bytes) -> tuple[str, Answer, Answer]:
        created = ctx.call("createAsset", path=path, json=body, described=False)
        asset = ctx.given.as_asset(database, "probe.bin", created)
        uploaded = ctx.given.upload(asset, content)
        marked = ctx.call(
            "updateAsset",
            path={**path, "assetId": asset.id},
            json={"is_uploaded": True},
            described=False,
        )
        return asset.id, uploaded, marked

    brought = together(*(partial(bring, content) for content in contents))
    for _, uploaded, marked in brought:
        with step("PB-ASSET-18", "upload and mark an asset"):
            uploaded.expect_status(200, 201, 204)
            marked.expect_status(200, 202, 204)
    downloads = [
        partial(ctx.call, "getAsset", path={**path, "assetId": one}, follow=True, described=False)
        for one, _, _ in brought
    ]
    for content, answer in zip(contents, together(*downloads), strict=True):
        with step("PB-ASSET-18", "download an asset"):
            answer.expect_status(200)
        ctx.expect("the bytes of the download", content, answer.content)


@check("PB-DB-16")
def databases_at_the_same_time_are_all_made(ctx: PixieBrix) -> None:
    """Creates four databases at the same moment, and looks for each in the list, under its name."""
    if not ctx.scratch.create_databases:
        ctx.skip("databases may not be created (pixiebrix.create_databases)")
    path, names = {"organizationId": ctx.given.organization}, [ctx.name("database") for _ in range(AT_ONCE)]
    calls = [
        partial(ctx.call, "createDatabase", path=path, json={"name": one}, described=False) for one in names
    ]
    with step("PB-DB-06", "create databases"):
        made = [answer.expect_status(*CREATED).expect_json(dict) for answer in together(*calls)]
    listed = {str(one.get("id")): one.get("name") for one in _every(ctx, path)}
    shown = [listed.get(str(field_of(one, "id"))) for one in made]
    ctx.expect("the names in the list of the databases that were created", names, shown)


def _every(ctx: PixieBrix, path: dict[str, str]) -> list[dict[str, Any]]:
    with step("PB-DB-01", "list the databases"):
        return every_item(ctx, "listDatabases", path)
