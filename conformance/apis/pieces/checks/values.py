"""Imports of Pieces OS whose ids, bytes and numbers are unlike the plain ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ....authoring.arrange import step
from ....authoring.check import check
from ..context import Pieces
from ..exports import LISTS, OPTIONAL_LISTS, entries_of, missing_from
from ..probes import as_bytes, own_schema, own_schema_or, own_version, send

ALIKE: Final = (
    *("", "a", "A", "a ", " a", "a\t", "%61", "a\u200b", "\u0430"),
    *("\u00e9", "e\u0301", "ss", "\u00df", "1", "01", "1.0", "null", ".", "..", "a'b", 'a"b', "a\\b", "a/b"),
    *("\U0001f600", "\U0001f601", f"{'x' * 299}y", f"{'x' * 299}z", "x" * 300),
    *(f"{'x' * 1_100}y", f"{'x' * 1_100}z"),
    *("\ufb01", "fi", "\uff21", "K", "\u212a", "a\n"),
)
"""Ends of ids that a server takes for the same if it does not compare them as they are."""

SPECIAL: Final = ("__proto__", "constructor", "null", "0", " ", "")
"""Ids that mean something to a language; they cannot begin with the name of a run."""

SIZES: Final = (256, 257, 1_025, 4_097, 65_537, 262_145)
"""Lengths in bytes, each just above what a buffer holds; in JSON the longest is more than 1 MiB."""

_BLANKS: Final = 4 << 20

LARGE: Final = (2**31, 2**32, 2**53 + 1, 2**64)
"""Numbers that a type of fixed length cannot hold, or not exactly."""


@check("PI-IMP-26")
def ids_are_compared_as_they_are(ctx: Pieces) -> None:
    """Imports probes whose ids are alike in one import, then one of them with other bytes, and compares the
    bytes of all, in each list.
    """
    ctx.given.require_kept()
    for name in filter(ctx.given.keeps_new, LISTS):
        start = ctx.name("value")
        ids = [f"{start}{end}" for end in ALIKE] + (list(SPECIAL) if ctx.environment.disposable else [])
        probes = [ctx.given.probe([number, 7], id=one) for number, one in enumerate(ids)]
        _import_lists(ctx, {name: probes})
        _expect_each(ctx, probes, name)
        _import_lists(ctx, {name: [{**probes[1], "raw": [9]}]})
        _expect_each(ctx, [probe for probe in probes if probe is not probes[1]], name)


def _expect_each(ctx: Pieces, probes: list[dict[str, Any]], name: str) -> None:
    """Go on if each probe is in that list once, with its own bytes."""
    there: dict[str, list[object]] = {}
    for entry in entries_of(ctx.given.export(), name):
        there.setdefault(entry["id"], []).append(entry["raw"])
    wrong = {
        probe["id"][:80]: [str(raw)[:80] for raw in there.get(probe["id"], ())] or "not there"
        for probe in probes
        if there.get(probe["id"]) != [probe["raw"]]
    }
    ctx.expect(f"the entries that are not in {name} once, with their bytes", {}, wrong)


@check("PI-IMP-17", bulky=True)
def bytes_in_optional_lists_come_back(ctx: Pieces) -> None:
    """Imports all byte values, none, zeros and 65,537 bytes into each optional list, twice, and compares."""
    ctx.given.export()
    raws = [list(range(256)), [], [0], [0, 0, 1, 0, 0], list(ctx.random.randbytes(65_537))]
    for name in filter(ctx.given.keeps_new, OPTIONAL_LISTS):
        probes = [ctx.given.probe(raw) for raw in raws]
        for _ in range(2):
            _import_lists(ctx, {name: probes})
            _expect_each(ctx, probes, name)


@check("PI-IMP-12", bulky=True)
def bytes_come_back_whatever_their_number(ctx: Pieces) -> None:
    """Imports probes of up to 262,145 bytes, and bytes that begin and end with zeros, and compares."""
    ctx.given.require_kept()
    raws = [list(ctx.random.randbytes(size)) for size in SIZES]
    probes = ctx.given.imported(*map(ctx.given.probe, [*raws, [0], [0, 0, 1, 0, 0], [10, 13, 10], [32, 9]]))
    there = {entry["id"]: entry["raw"] for entry in entries_of(ctx.given.export())}
    wrong = [
        f"{len(probe['raw'])} bytes that begin with {probe['raw'][:4]}"
        for probe in probes
        if there.get(probe["id"]) != probe["raw"]
    ]
    if not ctx.environment.disposable:
        # Where the imported side wins, nothing long stays.
        ctx.given.imported(*({**probe, "raw": []} for probe in probes))
    ctx.expect("the entries whose bytes are others", [], wrong)


@check("PI-IMP-01")
def a_large_import_succeeds(ctx: Pieces) -> None:
    """Sends a probe import with more than 4 MiB of blanks between its fields, which JSON allows."""
    with step("PI-IMP-01", "send the same import without blanks"):
        send(ctx, ctx.given.importable(ctx.given.probe())).expect_status(204)
    body = as_bytes(ctx.given.importable(ctx.given.probe()))
    send(ctx, body.replace(b"{", b"{" + b" " * _BLANKS, 1)).expect_status(204)


@check("PI-IMP-27")
def the_schema_of_an_entry_comes_back(ctx: Pieces) -> None:
    """Imports probes with the schema of the target's export, with migration 0, with an unknown semantic and
    with none, into each list, and compares.
    """
    own = own_schema_or(ctx, 0)
    schemas = (own, {**own, "migration": 0}, {**own, "semantic": "UNKNOWN"}, None)
    ctx.given.require_kept()
    for name in filter(ctx.given.keeps_new, LISTS):
        probes = [
            ctx.given.probe() if one is None else {**ctx.given.probe(), "schema": one} for one in schemas
        ]
        _import_lists(ctx, {name: probes})
        there = {entry["id"]: entry.get("schema") for entry in entries_of(ctx.given.export(), name)}
        shown = [there.get(probe["id"], "not there") for probe in probes]
        ctx.expect(f"the schemas of the entries of {name}", list(schemas), shown)


@check("PI-IMP-17")
def an_id_may_be_in_every_list(ctx: Pieces) -> None:
    """Imports one id with other bytes in each list, at once and one list after the other, and compares."""
    ctx.given.export()
    names = [name for name in LISTS if ctx.given.keeps_new(name)]
    if len(names) < 2:
        return  # one id cannot be in two lists
    together, apart = ctx.name("value"), ctx.name("value")
    entries = {name: [ctx.given.probe([number + 1], id=together)] for number, name in enumerate(names)}
    _import_lists(ctx, entries)
    for number, name in enumerate(names):
        _import_lists(ctx, {name: [ctx.given.probe([9, number + 1], id=apart)]})
        entries[name].append(ctx.given.probe([9, number + 1], id=apart))
    after = ctx.given.export()
    for name in names:
        ctx.expect(f"the entries that {name} lacks", [], missing_from(after, entries[name], name))


def _import_lists(ctx: Pieces, entries: dict[str, list[dict[str, Any]]]) -> None:
    lists = {name: {"iterable": several} for name, several in entries.items()}
    with step("PI-IMP-01", "import entries"):
        send(ctx, ctx.given.importable(**lists)).expect_status(204)


@check("PI-IMP-14")
def an_entry_that_is_twice_in_one_import_is_there_once(ctx: Pieces) -> None:
    """Sends an import with the same probe twice, and counts; it may be refused as a whole."""
    ctx.given.export()
    if not ctx.given.keeps_new():
        return  # the other check of this rule has looked at what is there
    probe, other = ctx.given.probes(2)
    answer = send(ctx, ctx.given.importable(probe, other, probe))
    ids = [entry["id"] for entry in entries_of(ctx.given.export())]
    times = int(answer.status == 204)
    shown = {one["id"]: ids.count(one["id"]) for one in (probe, other)}
    ctx.expect(f"how often each entry is there after {answer.status}", dict.fromkeys(shown, times), shown)


@check("PI-VER-07", control="importDatabase")
def no_number_of_a_version_is_too_large(ctx: Pieces) -> None:
    """Sends imports of versions with huge numbers; any error will do."""
    major, minor, _ = own_version(ctx).core
    for version in _large_versions(major, minor):
        answer = send(ctx, ctx.given.importable(ctx.given.probe(), version=version))
        what = f"the answer to an import of {version}"
        ctx.expect_true(what, answer.status >= 400, expected="an error", actual=answer.summary)


def _large_versions(major: int, minor: int) -> Iterator[str]:
    for number in LARGE:
        yield f"{number}.0.0"
        yield f"{major}.{number}.0"
        yield f"{major}.{minor}.{number}"


@check("PI-VER-08")
def every_pre_release_is_older(ctx: Pieces) -> None:
    """Sends probe imports of the server's version with several pre-releases, some with build metadata."""
    version = own_version(ctx)
    if version.prerelease is not None:
        ctx.skip(f"the target's version is a pre-release itself ({version.prerelease})")
    text = ".".join(map(str, version.core))
    for suffix in ("-0", "-rc.1", "-beta.11+exp.sha.5114f85", "-x-y-z.--", f"-{10**20}"):
        body = ctx.given.importable(ctx.given.probe(), version=text + suffix)
        send(ctx, body, note=f"an import of {text}{suffix}").expect_status(204)


@check("PI-VER-03", control="importDatabase")
def a_pre_release_of_a_newer_version_is_newer(ctx: Pieces) -> None:
    """Sends probe imports of a pre-release of the next patch, and of that patch with build metadata."""
    major, minor, patch = own_version(ctx).core
    for suffix in ("-alpha", "-alpha+001", "+build.7"):
        version = f"{major}.{minor}.{patch + 1}{suffix}"
        body = ctx.given.importable(ctx.given.probe(), version=version)
        send(ctx, body, note=f"an import of {version}").expect_status(505)


@check("PI-VER-12")
def build_metadata_do_not_count(ctx: Pieces) -> None:
    """Sends probe imports of the server's version with build metadata of several forms."""
    text = ".".join(map(str, own_version(ctx).core))
    prerelease = own_version(ctx).prerelease
    text += f"-{prerelease}" if prerelease else ""
    for build in ("build.1", "9999", "0.0.0", "zzz-9"):
        body = ctx.given.importable(ctx.given.probe(), version=f"{text}+{build}")
        send(ctx, body, note=f"an import of {text}+{build}").expect_status(204)


@check("PI-VER-04", control="importDatabase")
def a_newer_migration_is_too_new_for_any_version(ctx: Pieces) -> None:
    """Sends probe imports of older versions, and of huge migrations; of these any error will do."""
    schema = own_schema(ctx)
    major, minor, patch = own_version(ctx).core
    older = [(major, minor, patch - 1), (major, minor - 1, patch), (major - 1, minor, patch)]
    for version in (".".join(map(str, one)) for one in older if min(one) >= 0):
        plain = ctx.given.importable(ctx.given.probe(), version=version)
        with step("PI-VER-06", "import an older version"):
            send(ctx, plain).expect_status(204)
        newer = {**schema, "migration": schema["migration"] + 1}
        body = ctx.given.importable(ctx.given.probe(), schema=newer, version=version)
        send(ctx, body, note=f"version {version}, a newer migration").expect_status(505)
    for number in LARGE:
        huge = {**schema, "migration": schema["migration"] + number}
        answer = send(ctx, ctx.given.importable(ctx.given.probe(), schema=huge))
        what = f"the answer to an import of migration {huge['migration']}"
        ctx.expect_true(what, answer.status >= 400, expected="an error", actual=answer.summary)
