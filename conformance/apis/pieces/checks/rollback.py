"""What is left of an import of Pieces OS that failed: nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import check
from ..context import Pieces
from ..exports import (
    LISTS,
    OPTIONAL_COLLECTIONS,
    OPTIONAL_LISTS,
    REQUIRED_COLLECTIONS,
    entries_of,
    missing_from,
    with_entries,
)
from ..failing import ways_to_fail
from ..probes import (
    as_bytes,
    brought_to,
    conflicting,
    expect_unchanged,
    failed,
    next_major,
    own_schema,
    own_schema_or,
    putting_back,
    send,
    thin,
)

_BRACKETS = 2
_LOOKS = 3
_MANY = 1_000
_MOST_EXPORTS = 50
_MOST_BYTES = 200_000_000


def _expect_rollback(ctx: Pieces, rule_id: str, *bodies: object) -> None:
    """Send imports that have to fail by another rule, and expect the database unchanged."""
    before = ctx.given.own
    with ctx.given.restoring():
        for body in bodies:
            failed(rule_id, send(ctx, body, look=False))
        expect_unchanged(ctx, before, "the failed import")


def _after_good_ones(ctx: Pieces, bad: dict[str, Any]) -> dict[str, Any]:
    """An import of two good probes and a bad one; its values come first, for servers that read in order."""
    return _values_first(ctx.given.importable(*ctx.given.witnesses(2), bad))


def _values_first(body: dict[str, Any], **last: object) -> dict[str, Any]:
    rest = {name: value for name, value in body.items() if name not in last and name != "values"}
    return {"values": body["values"], **rest, **last}


def _good_probes(ctx: Pieces, **last: object) -> dict[str, Any]:
    return _values_first(ctx.given.importable(*ctx.given.witnesses(2)), **last)


@check("PI-ROLL-01", control="importDatabase")
def malformed_json_changes_nothing(ctx: Pieces) -> None:
    """Sends a probe import cut behind its last probe, and expects the database unchanged."""
    probes = ctx.given.witnesses(2)
    whole = as_bytes(ctx.given.importable(*probes))
    end = whole.rindex(as_bytes(probes[-1])) + len(as_bytes(probes[-1]))
    _expect_rollback(ctx, "PI-ERR-04", whole[:end])


@check("PI-ROLL-02", control="importDatabase")
def a_body_that_is_not_an_object_changes_nothing(ctx: Pieces) -> None:
    """Sends an array that holds a probe import, and expects the database unchanged."""
    _expect_rollback(ctx, "PI-ERR-05", [_good_probes(ctx)])


@check("PI-ROLL-03", control="importDatabase")
def a_missing_field_changes_nothing(ctx: Pieces) -> None:
    """Sends a probe import without `websites`, then one without `version`, and expects the database
    unchanged.
    """
    bodies = [_good_probes(ctx), _good_probes(ctx)]
    bodies[0].pop("websites", None)
    del bodies[1]["version"]
    _expect_rollback(ctx, "PI-ERR-06", *bodies)


@check("PI-ROLL-04", control="importDatabase")
def a_field_of_the_wrong_type_changes_nothing(ctx: Pieces) -> None:
    """Sends good probes in `values` and a string for `websites`, then one for the last list of values, and
    expects the database unchanged.
    """
    names = ("websites", "workstreamEventValues") if ctx.can("destroy") else ("workstreamEventValues",)
    _expect_rollback(ctx, "PI-ERR-07", *(_good_probes(ctx, **{name: "W10="}) for name in names))


@check("PI-ROLL-05", control="importDatabase")
def a_byte_above_255_changes_nothing(ctx: Pieces) -> None:
    """Sends two good probes and a third whose last byte is 256, and expects the database unchanged."""
    _expect_rollback(ctx, "PI-ERR-08", _after_good_ones(ctx, ctx.given.probe([1, 2, 256])))


@check("PI-ROLL-06", control="importDatabase")
def a_negative_byte_changes_nothing(ctx: Pieces) -> None:
    """Sends two good probes and a third whose last byte is -1, and expects the database unchanged."""
    _expect_rollback(ctx, "PI-ERR-09", _after_good_ones(ctx, ctx.given.probe([1, 2, -1])))


@check("PI-ROLL-07", control="importDatabase")
def a_byte_that_is_not_a_whole_number_changes_nothing(ctx: Pieces) -> None:
    """Sends two good probes and a third whose last byte is true, then 1.5, and expects the database
    unchanged.
    """
    bad: list[dict[str, Any]] = [{**ctx.given.probe(), "raw": [1, 2, value]} for value in (True, 1.5)]
    _expect_rollback(ctx, "PI-ERR-10", *(_after_good_ones(ctx, one) for one in bad))


@check("PI-ROLL-08", control="importDatabase")
def an_incomplete_entry_changes_nothing(ctx: Pieces) -> None:
    """Sends two good probes and a third without raw, and expects the database unchanged."""
    _expect_rollback(ctx, "PI-ERR-11", _after_good_ones(ctx, {"id": ctx.name("value")}))


@check("PI-ROLL-09", control="importDatabase")
def a_version_that_is_none_changes_nothing(ctx: Pieces) -> None:
    """Sends good probes with a word for the version, and expects the database unchanged."""
    _expect_rollback(ctx, "PI-ERR-12", _good_probes(ctx, version="latest"))


@check("PI-ROLL-10", control="importDatabase")
def a_newer_version_changes_nothing(ctx: Pieces) -> None:
    """Sends good probes with the next major version, and expects the database unchanged."""
    _expect_rollback(ctx, "PI-VER-01", _good_probes(ctx, version=next_major(ctx)))


@check("PI-ROLL-11", control="importDatabase")
def a_newer_migration_changes_nothing(ctx: Pieces) -> None:
    """Sends good probes with a migration one above the server's, and expects the database unchanged."""
    schema = own_schema(ctx)
    schema["migration"] += 1
    _expect_rollback(ctx, "PI-VER-04", _good_probes(ctx, schema=schema))


@check("PI-ROLL-12", control="importDatabase")
def a_collection_that_cannot_be_read_changes_nothing(ctx: Pieces) -> None:
    """Sends good probes and random bytes in the last collection. Where that is refused, expects the database
    unchanged; where it is accepted and the collection was empty, the same bytes; else it is not verified.
    """
    # 0xff begins no text in UTF-8, and no number of most binary formats.
    noise = [255, *ctx.random.randbytes(63)]
    body = _good_probes(ctx, websites=noise)
    before = ctx.given.own
    with ctx.given.restoring():
        answer = send(ctx, body)
        if answer.status >= 400:
            expect_unchanged(ctx, before, "the failed import")
        elif before.get("websites"):
            ctx.skip("the target merges any bytes with a collection that it has, in a way of its own")
        else:
            ctx.expect("the collection that was empty", noise, ctx.given.export().get("websites"))


@check("PI-ROLL-12", control="importDatabase")
def a_collection_that_cannot_be_merged_changes_nothing(ctx: Pieces) -> None:
    """Sends good probes, optional parts and random bytes where a collection holds something, and compares."""
    before = ctx.given.own
    noise = conflicting(ctx)
    if not noise:
        return  # only what is there can be in the way
    # Bytes that make sense to the target, for a collection that it has nothing in.
    sense = next(before[name] for name in REQUIRED_COLLECTIONS if len(before.get(name) or ()) > _BRACKETS)
    more: dict[str, object] = {name: sense for name in OPTIONAL_COLLECTIONS if not before.get(name)}
    more |= {name: {"iterable": ctx.given.probes(1)} for name in OPTIONAL_LISTS}
    with ctx.given.restoring():
        for parts in ({}, more):
            if send(ctx, _good_probes(ctx, **parts, **noise)).status >= 400:
                expect_unchanged(ctx, before, "the failed import")


@check("PI-ROLL-13")
def a_failure_inside_a_merge_changes_nothing(ctx: Pieces) -> None:
    """Provokes a failure inside an import of five probes after none, some and all of its entries, and where
    there is a second instance inside an import of the whole database there, and expects the database
    unchanged each time.
    """
    ctx.given.require_kept()
    before = ctx.given.own
    lists = {"values": 3, "messageValues": 1, "workstreamEventValues": 1}
    body = thin(ctx, **{name: ctx.given.probes(count) for name, count in lists.items()})
    for merged in (0, 2, 4, 5):
        ctx.inject.fail_import_inside(after=merged)
        with putting_back(ctx):
            failed("PI-ERR-13", send(ctx, body, note=f"fails after {merged} entries"))
            expect_unchanged(ctx, before, f"an import that failed after {merged} entries")
    # Only now it is certain that nothing else was wrong with the import.
    if send(ctx, body, note="nothing fails any more").status != 204:
        ctx.skip("the target accepts no import of empty collections, with which the failures were provoked")
    if ctx.can("second"):
        _expect_no_part_of_a_move(ctx, before)


def _expect_no_part_of_a_move(ctx: Pieces, source: dict[str, Any]) -> None:
    """Provoke failures inside an import of a whole database into an empty server, collections and all."""
    second = ctx.second()
    empty = second.given.own
    for merged in (1, sum(len(entries_of(source, name)) for name in LISTS)):
        second.inject.fail_import_inside(after=merged)
        failed("PI-ERR-13", send(second, source, note=f"fails after {merged} entries"))
        expect_unchanged(second, empty, f"a move that failed after {merged} entries")


@check("PI-ROLL-14")
def a_failed_import_overwrites_no_entry(ctx: Pieces) -> None:
    """Imports a probe, then its id with other bytes before a byte of 256, and compares the bytes."""
    old = ctx.given.imported(ctx.given.probe([1, 2, 3]))[0]
    body = ctx.given.importable({**old, "raw": [9, 8]}, ctx.given.probe([256]))
    failed("PI-ERR-08", send(ctx, body))
    raws = [entry["raw"] for entry in entries_of(ctx.given.export()) if entry["id"] == old["id"]]
    ctx.expect("the bytes of the entry after the failed import", [old["raw"]], raws)


@check("PI-ROLL-14")
def no_way_to_fail_overwrites_an_entry(ctx: Pieces) -> None:
    """Imports a probe into each list, then their ids with other bytes in an import that fails, in each way
    that there is, and compares the bytes.
    """
    ctx.given.require_kept()
    names = [name for name in LISTS if ctx.given.keeps_new(name)]
    for way in ways_to_fail(ctx):
        old = {name: ctx.given.probe([1, 2, 3]) for name in names}
        with step("PI-IMP-01", "import entries"):
            lists = {name: {"iterable": [entry]} for name, entry in old.items()}
            send(ctx, ctx.given.importable(**lists)).expect_status(204)
        changed = {name: [{**entry, "raw": [9, 8, 7, 6]}] for name, entry in old.items()}
        document = with_entries(way.document(ctx.given.probe()), changed)
        if send(ctx, document, look=False, note=way.name).status < 400:
            continue  # what has to fail, other rules say
        after = ctx.given.export()
        for name, entry in old.items():
            what = f"the entries of {name} that have other bytes after {way.name}"
            ctx.expect(what, [], missing_from(after, [entry], name))


@check("PI-ROLL-15")
def a_failed_import_keeps_what_earlier_ones_brought(ctx: Pieces) -> None:
    """Imports two probes one after the other, then fails at a third import, and looks for both."""
    earlier = [*ctx.given.imported(), *ctx.given.imported()]
    failed("PI-ERR-08", send(ctx, ctx.given.importable(ctx.given.probe([256]))))
    gone = missing_from(ctx.given.export(), earlier)
    ctx.expect("the earlier imports' entries that are gone after the failed import", [], gone)


@check("PI-ROLL-15")
def a_failed_import_keeps_every_optional_part(ctx: Pieces) -> None:
    """Imports entries with a schema, lists with one and, where it may, optional collections; then fails in
    each way that there is, and looks for all that an export showed of them before.
    """
    ctx.given.require_kept()
    schema, own = own_schema_or(ctx, 0), ctx.given.own
    lists = {
        name: {"iterable": [{**probe, "schema": schema} for probe in ctx.given.probes(2)], "schema": schema}
        for name in LISTS
        if ctx.given.keeps_new(name)
    }
    with step("PI-IMP-19", "import entries and lists with schemas"):
        send(ctx, ctx.given.importable(**lists)).expect_status(204)
    if ctx.can("destroy"):  # what cannot be read may be refused
        send(
            ctx,
            ctx.given.importable(**{n: brought_to(ctx, n) for n in OPTIONAL_COLLECTIONS if not own.get(n)}),
        )
    ways = list(ways_to_fail(ctx))
    before, *again = (_optional_parts(ctx.given.export()) for _ in range(_LOOKS))
    # What a server changes by itself, no import has to keep.
    before = {
        part: content for part, content in before.items() if all(content == one.get(part) for one in again)
    }
    for way in ways:
        if way.fail().status < 400:
            continue  # what has to fail, other rules say
        after = _optional_parts(ctx.given.export())
        lost = [part for part, content in before.items() if after.get(part) != content]
        ctx.expect(f"the optional parts that are lost or others after {way.name}", [], lost)


def _optional_parts(export: dict[str, Any]) -> dict[str, object]:
    """The schemas of an export and of its lists and entries; which optional collections hold something."""
    parts: dict[str, object] = {name: True for name in OPTIONAL_COLLECTIONS if export.get(name)}
    parts["schema"] = export.get("schema")
    for name in LISTS:
        for entry in entries_of(export, name):
            parts[f"the schema of {entry['id']} in {name}"] = entry.get("schema")
        if export.get(name) is not None:
            parts[f"the schema of {name}"] = export[name].get("schema")
    return {part: content for part, content in parts.items() if content is not None}


@check("PI-ROLL-16")
def after_a_failed_import_the_next_one_works(ctx: Pieces) -> None:
    """Fails at an import, sends it again repaired and with one probe less, and looks for all of them."""
    ctx.given.require_kept()
    *good, last, dropped = ctx.given.probes(4)
    failed("PI-ERR-08", send(ctx, ctx.given.importable(*good, dropped, {**last, "raw": [256]})))
    with step("PI-ROLL-05", "fail at an import"):
        _expect_none(ctx, ctx.given.export(), dropped, "after it failed")
    send(ctx, ctx.given.importable(*good, last)).expect_status(204)
    after = ctx.given.export()
    missing = missing_from(after, [*good, last])
    ctx.expect("the repaired import's entries that did not arrive", [], missing)
    _expect_none(ctx, after, dropped, "after the next one")


@check("PI-ROLL-16")
def the_next_import_works_however_the_last_one_failed(ctx: Pieces) -> None:
    """Fails at an import in each way that there is, by what is sent and from inside, twice, and each time
    imports at once into every list.
    """
    ctx.given.require_kept()
    names = [name for name in LISTS if ctx.given.keeps_new(name)]
    for way in ways_to_fail(ctx):
        for times in (1, 2):
            if not all(way.fail().status >= 400 for _ in range(times)):
                break
            probes = {name: ctx.given.probes(1) for name in names}
            lists = {name: {"iterable": entries} for name, entries in probes.items()}
            send(ctx, ctx.given.importable(**lists), note=f"after {way.name}").expect_status(204)
            after = ctx.given.export()
            for name, entries in probes.items():
                what = f"what {name} lacks of an import right after {way.name}"
                ctx.expect(what, [], missing_from(after, entries, name))


@check("PI-ROLL-16")
def what_failed_inside_can_be_sent_again(ctx: Pieces) -> None:
    """Where a failure inside an import can be provoked, sends the same bytes again and looks for all."""
    ctx.given.export()
    if not ctx.can("inject") or not ctx.given.keeps_new():
        return  # what fails by what is in it, fails again
    probes = ctx.given.probes(3)
    body = as_bytes(ctx.given.importable(*probes))
    ctx.inject.fail_import_inside(after=2)
    if send(ctx, body, look=False).status < 400:
        return
    send(ctx, body, note="the same again").expect_status(204)
    ctx.expect("the entries that did not arrive", [], missing_from(ctx.given.export(), probes))


def _expect_none(ctx: Pieces, export: dict[str, Any], probe: dict[str, Any], when: str) -> None:
    found = [entry["id"] for entry in entries_of(export) if entry["id"] == probe["id"]]
    ctx.expect(f"the failed import's entries that are there {when}", [], found)


@check("PI-ROLL-17", bulky=True)
def no_export_shows_half_a_merge(ctx: Pieces) -> None:
    """Exports again and again while a thousand probes are imported."""
    ctx.given.require_kept()
    probes = [ctx.given.probe([number % 256]) for number in range(_MANY)]
    body, ids = as_bytes(ctx.given.importable(*probes)), {probe["id"] for probe in probes}
    exports: list[Answer] = []
    with ThreadPoolExecutor(1) as pool:
        # Not held against the description, which is for one exchange of a check at a time.
        importing = pool.submit(send, ctx, body, described=False)
        while not exports or not (importing.done() or _are_enough(exports)):
            exports.append(ctx.call("exportDatabase", described=False))
    with step("PI-IMP-13", "import many entries"):
        importing.result().expect_status(204)
    for answer in exports:
        if answer.status == 200:
            shown = len(ids.intersection(entry["id"] for entry in entries_of(answer.expect_json(dict))))
            what = f"the entries of the import, of which there are {_MANY}, in an export meanwhile"
            ctx.expect_true(what, shown in {0, _MANY}, expected="all or none", actual=shown)


def _are_enough(exports: list[Answer]) -> bool:
    return len(exports) == _MOST_EXPORTS or sum(answer.size for answer in exports) > _MOST_BYTES


@check("PI-ROLL-18", control="importDatabase")
def an_incomplete_schema_changes_nothing(ctx: Pieces) -> None:
    """Sends two good probes and a third whose schema lacks its semantic, and expects the
    database unchanged.
    """
    migration = own_schema_or(ctx, 0)["migration"]
    bad = {**ctx.given.probe(), "schema": {"migration": migration}}
    _expect_rollback(ctx, "PI-ERR-14", _after_good_ones(ctx, bad))
