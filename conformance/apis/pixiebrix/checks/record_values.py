"""Keys, fields and values that are unlike the plain ones, through every way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from ....authoring.arrange import step
from ....authoring.check import CheckFailed, check
from .. import archives as archived
from ..archives import Days, Marks
from ..arrange import CREATED, Database
from ..context import PixieBrix
from ..exports import elements, exported, succeeded, write
from ..records import expect_data, field_name, found, listed, path_of, read, same_json, written
from ..texts import ALIKE, SUB_DELIMS, WHOLE


def _nested(depth: int) -> dict[str, Any]:
    return {"in": _nested(depth - 1)} if depth else {}


VALUES: Final[Mapping[str, Any]] = {
    "text of 257": "y" * 256 + "z",
    "text of 4,097": "y" * 4_096 + "z",
    "text of 65,537": "\u00e9" * 65_536 + "z",
    "breaks": "one\u2028two\u2029three\u0085four\x0b\x0c\x1f",
    "blanks": " \t\u00a0\u3000 ",
    "null": None,
    "no text": "",
    "no list": [],
    "no object": {},
    "nulls": [None, {"null": None}, [None]],
    "text like a number": "0012.50",
    "text like a date": "2024-02-30T25:61:00Z",
    "text like JSON": '{"a": [1]}',
    "text like a formula": "=1+1",
    "text like markup": "<b>&amp;</b><!-- -->",
    "composed": "\u00e9",
    "decomposed": "e\u0301",
    "m" * 300: "a long name",
    "many": {str(number): number for number in range(300)},
    "deep": _nested(40),
    "beyond": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U00010348",
    "zero": 0,
    "fraction": 0.1,
    "small": 5e-324,
    "list of lists": [[[[[1]]]], [], [[]]],
    "a.b": {"c.d": 1},
    "a__b": "two lines",
    "A.B": "capitals",
    "": "no name",
    " ": "a blank",
    "__proto__": {"x": 1},
    "constructor": "c",
    "id": "not the key",
    "data": {"data": 1},
    "created_at": "not a time",
    "merge_strategy": "deep",
    "database": None,
    "\u00e9": 1,
    "e\u0301": 2,
    "\U0001f600": 3,
}
"""Data that come back changed where an implementation cuts, trims, folds, escapes or guesses."""

EXACT: Final[Mapping[str, Any]] = {
    "beyond 53 bits": 2**53 + 1,
    "beyond 64 bits": 2**64 + 1,
    "negative": -(2**63) - 1,
}
"""Numbers that not every implementation can hold; what it shows once, it has to show everywhere."""


@check("PB-REC-37")
def keys_are_compared_as_they_are(ctx: PixieBrix) -> None:
    """Writes records under keys that are alike, changes one and deletes one, and reads all the others each
    time; in the path each is encoded whole, and as little as it may be.
    """
    mine = ctx.can("destroy")  # else keys have to begin with the name of the run
    database, name = ctx.given.database(empty=mine), ctx.name("record")
    keys = [f"{name}{end}" for end in ALIKE] + (list(WHOLE) if mine else [])
    body = [{"id": key, "data": {"mark": key}} for key in keys]
    with step("PB-REC-09", "create records"):
        ctx.call("createRecords", path=path_of(database), json=body).expect_status(*CREATED)
    _expect_all(ctx, database, {key: {"mark": key} for key in keys})
    for key in keys[: len(ALIKE) - _LONG]:
        # Every byte may be encoded, and in either case (RFC 3986, 2.1); some need not be.
        encoded = "".join(f"%{byte:02x}" for byte in key.encode())
        for spelled in (encoded, quote(key, safe=SUB_DELIMS)):
            headers = {"Accept": ctx.accepted("getRecord")}
            where = f"/databases/{database.id}/records/{spelled}/"
            answer = ctx.raw("GET", where, headers=headers, operation_id="getRecord")
            record = answer.expect_status(200).expect_json(dict)
            ctx.expect(f"the key of the record at {spelled}", key, record.get("id"))
    changed, gone = keys[1], keys[9]
    ctx.call("putRecord", path=path_of(database, changed), json={"data": {"mark": "new"}}).expect_status(
        200, 201
    )
    ctx.call("deleteRecord", path=path_of(database, gone)).expect_status(204)
    left = {key: {"mark": key} for key in keys if key not in {changed, gone}}
    _expect_all(ctx, database, {**left, changed: {"mark": "new"}})


def _expect_all(ctx: PixieBrix, database: Database, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    ctx.expect("the keys in the list", sorted(wanted), found(ctx, database, wanted))
    for key, data in wanted.items():
        answer = ctx.call("getRecord", path=path_of(database, key), described=False)
        record = answer.expect_status(200).expect_json(dict)
        ctx.expect("the key of the record", key, record.get("id"))
        expect_data(f"the data of {key}", data, record)


@check("PB-REC-38")
def odd_values_come_back_in_every_way(ctx: PixieBrix) -> None:
    """Writes long, odd and empty values under odd names by POST and by PUT, and compares the record and the
    lists at both versions.
    """
    database = ctx.given.database(empty=True)
    keys = written(ctx, database, [VALUES, EXACT])
    put = ctx.name("record")
    with step("PB-REC-13", "put a record"):
        ctx.call("putRecord", path=path_of(database, put), json={"data": dict(VALUES)}).expect_status(
            *CREATED
        )
    exact: Any = read(ctx, database, keys[1]).get("data")
    wanted = {keys[0]: dict(VALUES), put: dict(VALUES), keys[1]: exact}
    for key, data in wanted.items():
        _expect_values("the record", data, read(ctx, database, key).get("data"))
    for version in ("1.0", "2.0"):
        answer = ctx.call("listRecords", path=path_of(database), version=version)
        if answer.status == 406:
            continue
        shown = {one.get("id"): one.get("data") for one in answer.expect_status(200).expect_objects()}
        for key, data in wanted.items():
            _expect_values(f"the list at {version}", data, shown.get(key))


def _expect_values(where: str, wanted: Any, shown: Any) -> None:
    """Go on if data are as they should be; else tell the fields that are not."""
    if same_json(wanted, shown):
        return
    if not isinstance(shown, dict) or not isinstance(wanted, dict):
        raise CheckFailed(f"the data in {where}", wanted, shown)
    for name in {**wanted, **shown}:
        one, other = wanted.get(name, "no such field"), shown.get(name, "no such field")
        if not same_json(one, other):
            raise CheckFailed(f"the field {name!r} in {where}", _shortened(one), _shortened(other))


def _shortened(value: Any) -> Any:
    return (
        f"{value[:20]}… of {len(value)} characters" if isinstance(value, str) and len(value) > 60 else value
    )


@check("PB-JOB-51")
def an_export_has_what_the_records_show(ctx: PixieBrix) -> None:
    """Writes odd, long and large values, reads them, and compares with a JSON export of them."""
    database, marks = ctx.given.database(), Marks(ctx).new(1)
    key = str(write(ctx, database, marks, {**VALUES, **EXACT})[0]["id"])
    shown = read(ctx, database, key).get("data")
    found_there = elements(ctx, exported(ctx, succeeded(ctx, database)), marks)[0].get("data")
    _expect_values("the export", shown, found_there)


@check("PB-ARCH-24")
def an_archive_has_what_the_records_show(ctx: PixieBrix) -> None:
    """Writes odd, long and large values, reads them, and compares with the line of the archive file."""
    database, days, key = ctx.given.database(), Days(ctx), ctx.name("record")
    today = days.today
    ctx.given.record(database, {**VALUES, **EXACT}, key=key)
    shown = read(ctx, database, key).get("data")
    days.next()
    file = archived.files_of(ctx, database, today)[0]
    lines = [line for line in file.jsonl() if isinstance(line, dict) and line.get("id") == key]
    ctx.expect("how many lines the record has", 1, len(lines))
    _expect_values("the archive file", shown, lines[0].get("data"))


@check("PB-REC-39")
def many_records_come_in_one_request(ctx: PixieBrix) -> None:
    """Posts 1,025 records in one request, puts them in another, and lists them by pages."""
    database = ctx.given.database(empty=True)
    keys = [ctx.name("record") for _ in range(_MANY)]
    for operation, value in (("createRecords", 1), ("putRecords", 2)):
        body = [{"id": key, "data": {"n": value}} for key in keys]
        ctx.call(operation, path=path_of(database), json=body, described=False).expect_status(*CREATED)
        records = [one for one in listed(ctx, database) if one.get("data") == {"n": value}]
        ctx.expect(f"the records after {operation}", sorted(keys), sorted(str(one["id"]) for one in records))
    first = ctx.call("listRecords", path=path_of(database), query={"page_size": 256}, described=False)
    ctx.expect("the records of a page of 256", 256, len(first.expect_status(200).expect_objects()))


@check("PB-REC-38")
def a_record_may_be_large(ctx: PixieBrix) -> None:
    """Puts a record with a text of 1 MiB and a letter, and compares its length and its end."""
    database, key = ctx.given.database(), ctx.name("record")
    text = "y" * (1 << 20) + "z"
    answer = ctx.call(
        "putRecord", path=path_of(database, key), json={"data": {"long": text}}, described=False
    )
    answer.expect_status(*CREATED)
    answer = ctx.call("getRecord", path=path_of(database, key), described=False).expect_status(200)
    data = answer.expect_json(dict).get("data")
    same = isinstance(data, dict) and data.get("long") == text
    ctx.expect_true("the record", same, expected=f"{len(text)} characters", actual=f"{answer.size} bytes")


_MANY = 1_025
_LONG = 3
"""How many keys at the end are long ones."""


@check("PB-FILT-29")
def texts_are_compared_as_they_are(ctx: PixieBrix) -> None:
    """Writes values that are alike, or the same number or date, some longer than 1,024 characters, and fields
    whose names are, and filters by each, fields also by `__isnull`.
    """
    database, name, field = ctx.given.database(), ctx.name("value"), field_name(ctx)
    values = [f"{name}{end}" for end in (*ALIKE, "x" * 1_024 + "a", "x" * 1_024 + "b")] + [*WHOLE, ""]
    keys = written(ctx, database, [{field: value} for value in values])
    for key, value in zip(keys, values, strict=True):
        ctx.expect(
            f"the records of {value[:60]!r}", [key], found(ctx, database, keys, {f"data__{field}": value})
        )
    names = [f"{field}{end}" for end in ("a", "A", "\u00e9", "e\u0301", "a ", "a-b", "a.b", "1")]
    names += ["id", "created_at", "data", "key"]  # what a record has itself
    fields = written(ctx, database, [{one: name} for one in names])
    for key, one in zip(fields, names, strict=True):
        for query in ({f"data__{one}": name}, {f"data__{one}__isnull": False}):
            ctx.expect(f"the records by {query}", [key], found(ctx, database, fields, query))
