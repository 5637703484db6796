"""The third round's faults of PixieBrix in records and conventions; comments name headings of contract.md."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

from ..servers.strict import __main__ as front
from ..servers.strict import records, rest
from ..servers.strict.__main__ import Strict
from ..servers.strict.rest import CSV, JSON, Call, Reply
from ..servers.strict.web import Pairs, Request
from ..servers.strict.world import Database, Row
from . import second_pixiebrix_a
from .registry import Kind, around, instead, pixiebrix, unlocked

Run = Callable[[Call], Reply]
Fits = Callable[[Row, str, str], bool]
Put = Callable[[Call, Database, dict[str, Any], str], Row]

MERGING = ("shallow", "deep", "deep_append")


def with_body(call: Call, body: Any) -> Call:
    """The same call with another body."""
    headers = {**call.request.headers, "Content-Type": JSON}
    return replace(call, request=replace(call.request, body=json.dumps(body).encode(), headers=headers))


# Databases and records: `merge_strategy` belongs to each record, the default is replace
@pixiebrix(Kind.COMBINED, "published")
def first_strategy_holds_for_all(server: Strict) -> None:
    """In an array of records the first one's merge strategy is used for all of them."""

    @around(server, "putRecords")
    @around(server, "createRecords")
    def change(right: Run, call: Call) -> Reply:
        body = call.body()
        if not isinstance(body, list) or not body or not all(isinstance(item, dict) for item in body):
            return right(call)
        if any(item.get("merge_strategy", "") not in (*records.STRATEGIES, "") for item in body):
            return right(call)
        first = body[0].get("merge_strategy", "")
        return right(with_body(call, [{**item, "merge_strategy": first} for item in body]))


# Databases and records: DELETE deletes; `merge_strategy` is about "a record that exists"
@pixiebrix(Kind.AFTER, "published")
def deleted_record_comes_back_in_a_merge(server: Strict) -> None:
    """A deleted record is only hidden, so that a later merge under its key brings its old fields back."""

    @around(server, "deleteRecord")
    @around(server, "clearRecords")
    def change(right: Run, call: Call) -> Reply:
        database = call.database()
        before = dict(database.rows)
        reply = right(call)
        graves: dict[str, Row] = vars(database).setdefault("graves", {})
        graves.update({key: row for key, row in before.items() if key not in database.rows})
        return reply

    @instead(records, "_put")
    def changed(right: Put, call: Call, database: Database, item: dict[str, Any], key: str) -> Row:
        grave = vars(database).get("graves", {}).pop(key, None)
        if grave is not None and item.get("merge_strategy") in MERGING:
            now = call.vault.clock.now()
            database.rows[key] = Row(key, grave.data, now, now)
        return right(call, database, item, key)


# Databases and records: shallow "updates its top-level keys", and leaves the others, whoever wrote them
@pixiebrix(Kind.SAME_TIME, "published")
def merges_at_once_lose_another(server: Strict) -> None:
    """A merge reads the record and writes it in two steps, so that of two at the same time one is lost."""

    @around(server, "putRecord")
    @around(server, "putRecords")
    def change(right: Run, call: Call) -> Reply:
        database, body = call.database(), call.body()
        items = body if isinstance(body, list) else [body]
        keys = [
            call.ids.get("key", item.get("id"))
            for item in items
            if isinstance(item, dict) and item.get("merge_strategy") in MERGING
        ]
        read = {key: database.rows[key] for key in keys if isinstance(key, str) and key in database.rows}
        if read:
            with unlocked(server):
                pass
            database.rows.update(read)
        return right(call)


# Databases and records: `end_date` is inclusive, on the creation date
@pixiebrix(Kind.COMPARED, "documented", like=second_pixiebrix_a.last_second_of_the_end_date_missing)
def end_date_ends_a_second_early(_: Strict) -> None:
    """`end_date` reaches to 23:59:59 sharp: a record created within the day's last second is left out."""


# Databases and records: `data__<field>=<value>` keeps the records whose field equals the value
@pixiebrix(Kind.IDENTITY, "documented")
def filter_values_are_decoded_twice(_: Strict) -> None:
    """A filter's value is URL-decoded a second time, so that a plus sign or a percent sign finds nothing."""

    instead(records, "_fits")(lambda right, row, name, value: right(row, name, unquote_plus(value)))


# Databases and records: names of fields are case-sensitive, before `__isnull` too
@pixiebrix(Kind.IDENTITY, "documented")
def isnull_folds_the_case_of_names(_: Strict) -> None:
    """`__isnull` finds a field of any case, while the filter by value is case-sensitive."""

    @instead(records, "_fits")
    def changed(right: Fits, row: Row, name: str, value: str) -> bool:
        folded = name.removesuffix("__isnull").casefold()
        if name.endswith("__isnull"):
            same = next((one for one in row.data if one.casefold() == folded), None)
            name = name if same is None else f"{same}__isnull"
        return right(row, name, value)


# Databases and records: DELETE is "limited by the same filters as the list where there are any"
@pixiebrix(Kind.COMPARED, "published")
def clearing_does_not_know_isnull(server: Strict) -> None:
    """DELETE of the records does not heed `__isnull`: such a filter alone deletes everything."""

    @around(server, "clearRecords")
    def change(right: Run, call: Call) -> Reply:
        parts = call.request.query.split("&")
        query = "&".join(part for part in parts if not part.partition("=")[0].endswith("__isnull"))
        return right(replace(call, request=replace(call.request, query=query)))


# Conventions: `Link` with next (RFC 8288) leads to the next page of the same list
@pixiebrix(Kind.TRANSPORT, "published")
def links_leave_the_plus(_: Strict) -> None:
    """Links to other pages carry a plus sign of a filter unencoded, where it means a space."""

    instead(Call, "_at")(lambda right, self, page: right(self, page).replace("%2B", "+"))


# Conventions: `page_size`, "a larger value gets the maximum", and `Link` with next as it applies
@pixiebrix(Kind.SIZES, "published")
def capped_page_is_the_last(_: Strict) -> None:
    """Where `page_size` is above the maximum, the next page is told from the size that was asked."""

    @instead(Call, "page")
    def changed(
        right: Callable[..., Reply], self: Call, items: list[Any], *, cap: int = 1000, total: bool = True
    ) -> Reply:
        reply = right(self, items, cap=cap, total=total)
        if self.version != "2.0":
            return reply
        asked, number = self._whole("page_size", 100, 400, ""), self._whole("page", 1, 404, "")
        if asked <= cap or number * asked < len(items):
            return reply
        links = [one for name, value in reply.headers if name == "Link" for one in value.split(", ")]
        left = ", ".join(one for one in links if not one.endswith('rel="next"'))
        others = [header for header in reply.headers if header[0] != "Link"]
        return replace(reply, headers=(*others, *([("Link", left)] if left else [])))


# Conventions: record operations produce CSV, and lists have pages at 2.0 with `Link`, in every media type
@pixiebrix(Kind.COMBINED, "published")
def csv_pages_have_no_links(server: Strict) -> None:
    """A page of records in CSV comes without its `Link`, as if there were no more."""

    @around(server, "listRecords")
    def change(right: Run, call: Call) -> Reply:
        reply = right(call)
        return replace(reply, headers=()) if call.media == CSV else reply


# Conventions: the version is a media-type parameter, whose value may be quoted as any other's
@pixiebrix(Kind.TRANSPORT, "published")
def quoted_version_is_none(_: Strict) -> None:
    """A version in quotes is overlooked, and the answer is that of the default version."""

    instead(front, "negotiate")(
        lambda right, accept, operation: right(re.sub(r';\s*version="[^"]*"', "", accept), operation)
    )


# Conventions: bodies may be forms; Export jobs: `databases`, one or more
@pixiebrix(Kind.TRANSPORT, "published")
def form_keeps_the_last_database(_: Strict) -> None:
    """Of a form's repeated `databases` only the last is read, and the job exports that one alone."""

    @instead(rest, "_form")
    def changed(right: Callable[[Pairs], dict[str, Any]], pairs: Pairs) -> dict[str, Any]:
        found = right(pairs)
        if "databases" in found:
            found["databases"] = found["databases"][-1:]
        return found


# Conventions: `X-Total-Count`; Databases and records: DELETE deletes the database
@pixiebrix(Kind.AFTER, "published")
def total_counts_deleted_databases(server: Strict) -> None:
    """The total of an organization's databases is a counter that goes up with each new one and never down."""

    @around(server, "deleteDatabase")
    def deleted(right: Run, call: Call) -> Reply:
        reply = right(call)
        vars(call.vault)["gone"] = vars(call.vault).get("gone", 0) + 1
        return reply

    @around(server, "listDatabases")
    def listed(right: Run, call: Call) -> Reply:
        reply, gone = right(call), vars(call.vault).get("gone", 0)
        headers = [
            (name, str(int(value) + gone) if name == "X-Total-Count" else value)
            for name, value in reply.headers
        ]
        return replace(reply, headers=tuple(headers))


# Conventions: a wrong token gets 401
@pixiebrix(Kind.AFTER, "inferred")
def token_is_known_by_its_start(_: Strict) -> None:
    """Tokens are cached under their first 16 characters: after a right one its likes are let in."""
    cache: dict[str, str] = {}

    @instead(front, "permitted")
    def changed(
        right: Callable[[Request, dict[str, bool]], None], request: Request, tokens: dict[str, bool]
    ) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        known = cache.get(token[:16])
        if known is not None and scheme.lower() == "token":
            request = replace(request, headers={**request.headers, "Authorization": f"Token {known}"})
        right(request, tokens)
        cache.setdefault(token[:16], token)
