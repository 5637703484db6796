"""The filters on fields of a list of records: `data__<field>` and `data__<field>__isnull`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ....authoring.check import check
from ..archives import DAY
from ..arrange import Database
from ..context import PixieBrix
from ..pages import LARGEST
from ..records import day_of, field_name, found, path_of, written

ODD_VALUES = ("@", "&b=c", "=", "+", "%41", " ", "ü名😀")
"""Parts of values that have to be percent-encoded in a query; one looks encoded already."""

EMPTY: tuple[Any, ...] = ("", 0, False, [], {}, "null")
"""Values that are taken for null where the language says whether they are true."""


@check("PB-FILT-12")
def records_that_match_come(ctx: PixieBrix) -> None:
    """Writes records with and without a value, and looks for those with it."""
    database, value = ctx.given.database(), ctx.name("value")
    first, other, last = written(ctx, database, _color(value, "other", value))
    there = found(ctx, database, [first, last], {"data__color": value})
    ctx.expect(f"the records of the value, and not {other}", sorted([first, last]), there)


@check("PB-FILT-13")
def the_others_do_not_come(ctx: PixieBrix) -> None:
    """Writes records with two values, and without, and looks for what should not come."""
    database, value = ctx.given.database(), ctx.name("value")
    _, *others = written(ctx, database, [*_color(value, f"{value} no", ""), {"shape": value}])
    _expect(ctx, database, others, {"data__color": value}, came=[])


@check("PB-FILT-14")
def parts_do_not_match(ctx: PixieBrix) -> None:
    """Writes a value, parts of it, longer ones, and what matches it as a pattern, and filters by it."""
    database, value = ctx.given.database(), f"{ctx.name('value')}.with_more"
    parts = (value[:-2], value[2:], value[2:-2])
    longer = (f"{value}x", f"x{value}", f"x{value}x")
    patterns = (value.replace(".", "x"), value.replace("_", "x"))
    _, *others = written(ctx, database, _color(value, *parts, *longer, *patterns))
    _expect(ctx, database, others, {"data__color": value}, came=[])


@check("PB-FILT-15")
def the_case_of_values_counts(ctx: PixieBrix) -> None:
    """Writes a value in lower case and in upper case, and filters by each."""
    database, value = ctx.given.database(), ctx.name("value")
    lower, upper = written(ctx, database, _color(value.lower(), value.upper()))
    _expect(ctx, database, [lower], {"data__color": value.upper()}, came=[])
    _expect(ctx, database, [upper], {"data__color": value.lower()}, came=[])


@check("PB-FILT-16")
def the_case_of_names_counts(ctx: PixieBrix) -> None:
    """Writes one record with `name` and one with `Name`, the same value in both, and filters by each."""
    database, value = ctx.given.database(), ctx.name("value")
    keys = written(ctx, database, [{"name": value}, {"Name": value}])
    _expect(ctx, database, keys, {"data__name": value}, came=keys[:1])
    _expect(ctx, database, keys, {"data__Name": value}, came=keys[1:])


@check("PB-FILT-17")
def only_strings_match(ctx: PixieBrix) -> None:
    """Writes 5, true, null and a record without the field, and filters by the texts that stand for them."""
    database = ctx.given.database()
    keys = written(ctx, database, [{"color": 5}, {"color": True}, {"color": None}, {}])
    for text in ("5", "true", "null", "None"):
        _expect(ctx, database, keys, {"data__color": text}, came=[])


@check("PB-FILT-18")
def values_are_url_encoded(ctx: PixieBrix) -> None:
    """Writes one record for each value that needs encoding, and filters by each, percent-encoded."""
    database, name = ctx.given.database(), ctx.name("value")
    values = [f"{name}a{odd}b" for odd in ODD_VALUES]
    keys = written(ctx, database, _color(*values))
    for key, value in zip(keys, values, strict=True):
        _expect(ctx, database, keys, {"data__color": value}, came=[key])


@check("PB-FILT-19")
def names_are_url_encoded(ctx: PixieBrix) -> None:
    """Writes a field of two words and one beyond ASCII, and filters by their names, percent-encoded."""
    database, value = ctx.given.database(), ctx.name("value")
    for name in ("user email", "größe 名"):
        keys = written(ctx, database, [{name: value}, {name: "other"}, {"user": value}])
        _expect(ctx, database, keys, {f"data__{name}": value}, came=keys[:1])


@check("PB-FILT-20")
def the_example_works_as_it_is_written(ctx: PixieBrix) -> None:
    """Filters by a field of two words in the literal form of the example, equals sign encoded and all."""
    database, value = ctx.given.database(), f"{ctx.name('value')}@pixiebrix.com"
    keys = written(ctx, database, [{"user email": value}, {"user email": "other"}])
    query = f"data__user%20email%3D{quote(value, safe='')}&page_size={LARGEST}"
    answer = ctx.call("listRecords", path=path_of(database), query=query).expect_status(200)
    there = sorted(str(record.get("id")) for record in answer.expect_objects())
    ctx.expect("the records", keys[:1], [key for key in there if key in keys])


@check("PB-FILT-21")
def isnull_true_keeps_null(ctx: PixieBrix) -> None:
    """Writes no value, null and a string: one of the first two comes, and the string does not."""
    keys, there = _nulls(ctx, is_null=True)
    ctx.expect_true("the records with a string", keys[2] not in there, expected="none", actual=keys[2])
    ctx.expect_true("the records without a value", there, expected="one or both", actual="none")


@check("PB-FILT-22")
def isnull_false_keeps_the_others(ctx: PixieBrix) -> None:
    """Writes no value, null and a string: one of the first two stays out, and the string comes."""
    keys, there = _nulls(ctx, is_null=False)
    ctx.expect_true("the records with a string", keys[2] in there, expected=keys[2], actual=there)
    ctx.expect_true("the records without a value", len(there) < 3, expected="one or none", actual="both")


def _nulls(ctx: PixieBrix, *, is_null: bool) -> tuple[list[str], list[str]]:
    """The keys of records without the field, with null and with a string, and those of them that come.

    Whether null or only its absence counts, the documents do not say.
    """
    database, field = ctx.given.database(), field_name(ctx)
    keys = written(ctx, database, [{"probe": "value"}, {field: None}, {field: "value"}])
    return keys, found(ctx, database, keys, {f"data__{field}__isnull": is_null})


@check("PB-FILT-23")
def what_is_absent_is_null(ctx: PixieBrix) -> None:
    """Writes records without the field, one of which has it further inside, and filters both ways."""
    database, field = ctx.given.database(), field_name(ctx)
    keys = written(ctx, database, [{"probe": "value"}, {"inside": {field: "value"}}, {field: "value"}])
    _expect(ctx, database, keys, {f"data__{field}__isnull": True}, came=keys[:2])
    _expect(ctx, database, keys, {f"data__{field}__isnull": False}, came=keys[2:])


@check("PB-FILT-24")
def empty_and_false_are_not_null(ctx: PixieBrix) -> None:
    """Writes one record for each empty value and the text null, and filters both ways."""
    database, field = ctx.given.database(), field_name(ctx)
    keys = written(ctx, database, [{field: value} for value in EMPTY])
    _expect(ctx, database, keys, {f"data__{field}__isnull": True}, came=[])
    _expect(ctx, database, keys, {f"data__{field}__isnull": False}, came=keys)


@check("PB-FILT-25")
def several_filters_hold_together(ctx: PixieBrix) -> None:
    """Writes records that meet both, one or none of two filters; two on values, then one on absence."""
    database, value = ctx.given.database(), ctx.name("value")
    pairs = ((value, value), (value, "other"), ("other", value))
    data = [{"color": color, "shape": shape} for color, shape in pairs]
    keys = written(ctx, database, [*data, {"color": value}, {"color": "other"}])
    both = {"data__color": value, "data__shape": value}
    _expect(ctx, database, keys, both, came=keys[:1])
    _expect(ctx, database, keys, dict(reversed(both.items())), came=keys[:1])
    _expect(ctx, database, keys, {"data__color": value, "data__shape__isnull": False}, came=keys[:2])


@check("PB-FILT-26")
def fields_and_dates_hold_together(ctx: PixieBrix) -> None:
    """Filters by a value from the day of creation, and from the day after it."""
    database, value = ctx.given.database(), ctx.name("value")
    keys = written(ctx, database, _color(value, "other"))
    day = day_of(ctx, database, keys[0])
    _expect(ctx, database, keys, {"data__color": value, "start_date": day}, came=keys[:1])
    _expect(ctx, database, keys, {"data__color": value, "start_date": day + DAY}, came=[])


@check("PB-FILT-27")
def filters_look_at_the_whole_database(ctx: PixieBrix) -> None:
    """Writes ten records, and finds the first one and the last one with a page_size of 1 by their values."""
    database, value = ctx.given.database(), ctx.name("value")
    values = [f"{value}-{number}" for number in range(10)]
    keys = written(ctx, database, _color(*values))
    for number in (0, -1):
        query = {"data__color": values[number], "page_size": 1}
        answer = ctx.call("listRecords", path=path_of(database), query=query).expect_status(200)
        there = [record.get("id") for record in answer.expect_objects()]
        ctx.expect("the records of the first page", [keys[number]], there)


@check("PB-FILT-28")
def nothing_meets_the_filter(ctx: PixieBrix) -> None:
    """Filters by a value of this run that was never written."""
    path = {"databaseId": ctx.given.existing_database()}
    answer = ctx.call("listRecords", path=path, query={"data__color": ctx.name("unwritten")})
    ctx.expect("the records", [], answer.expect_status(200).expect_json(list))


def _color(*values: Any) -> list[dict[str, Any]]:
    return [{"color": value} for value in values]


def _expect(
    ctx: PixieBrix, database: Database, keys: list[str], query: Mapping[str, object], *, came: list[str]
) -> None:
    """Go on if of these keys exactly those come that should."""
    asked = " and ".join(f"{name}={value}" for name, value in query.items())
    ctx.expect(f"the records with {asked}", sorted(came), found(ctx, database, keys, query))
