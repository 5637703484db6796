"""Readings of different things that are under way at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from ....authoring.answer import Answer
from ....authoring.check import CheckFailed, NotVerified, check
from ....authoring.together import AT_ONCE, ROUNDS, together
from ..context import PixieBrix
from ..records import path_of, written

Reading = Callable[[], Answer]


@check("PB-NEG-21")
def each_reading_gets_its_own_answer(ctx: PixieBrix) -> None:
    """Reads two things by each operation, pages of lists, records, jobs, assets and archives, one after the
    other and then both twice at the same moment, three times, and compares the ids in the answers.
    """
    for operation, readings in _readings(ctx):
        alone = [_ids(reading()) for reading in readings]
        if alone[0] is None or None in alone or alone[0] == alone[1]:
            continue  # not there, or not to be told from each other; that they are there, other rules say
        for _ in range(ROUNDS):
            answers = together(*readings * (AT_ONCE // len(readings)))
            for number, answer in enumerate(answers):
                reading, expected = readings[number % 2], alone[number % 2]
                # A list may have changed meanwhile, by others' doing.
                if _ids(answer) != expected and _ids(reading()) == expected:
                    raise CheckFailed(f"what {operation} gives beside another one", expected, _ids(answer))


def _ids(answer: Answer) -> list[str] | None:
    """The ids of what an answer shows; None if it shows nothing."""
    if answer.status != 200 or not answer.is_json(list, dict):
        return None
    body = answer.json()
    shown = body if isinstance(body, list) else [body]
    ids = [str(one["id"]) for one in shown if isinstance(one, dict) and "id" in one]
    return ids or None


def _readings(ctx: PixieBrix) -> Iterator[tuple[str, list[Reading]]]:
    """Pairs of readings by one operation, which give different things."""

    def read(operation: str, *paths: dict[str, str], **query: object) -> tuple[str, list[Reading]]:
        call = partial(ctx.call, operation, query=query, described=False)
        return operation, [partial(call, path=path) for path in paths]

    def pages(operation: str, path: dict[str, str]) -> tuple[str, list[Reading]]:
        call = partial(ctx.call, operation, path=path, described=False, version="2.0")
        return operation, [partial(call, query={"page": number, "page_size": 1}) for number in (1, 2)]

    databases, organization = [ctx.given.database()], {"organizationId": ctx.given.organization}
    with suppress(NotVerified):
        databases.append(ctx.given.database())
    keys = [written(ctx, database, [{"n": 0}, {"n": 1}]) for database in databases]
    yield read("getRecord", *(path_of(databases[0], key) for key in keys[0]))
    yield pages("listRecords", path_of(databases[0]))
    yield read("getExportJob", *({"jobId": ctx.given.job(databases[0])} for _ in range(2)))
    yield pages("listDatabases", organization)
    yield pages("listRecordArchives", {**organization, "databaseId": databases[0].id})
    if len(databases) > 1:
        yield read("listRecords", *map(path_of, databases))
    with suppress(NotVerified):  # no database takes assets
        place = ctx.given.database(assets=True)
        assets = [ctx.given.asset(place) for _ in range(2)]
        yield pages("listAssets", {"databaseId": place.id})
        paths = [{"databaseId": place.id, "assetId": asset.id} for asset in assets]
        yield read("getAsset", *paths, meta=True)
