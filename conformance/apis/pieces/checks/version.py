"""Which imports are too new for a Pieces OS."""

from __future__ import annotations

from collections.abc import Iterator

from ....authoring.answer import Answer
from ....authoring.check import check
from ..context import Pieces
from ..probes import next_major, own_schema, own_version, send

_HIGH = (90, 100, 1_000, 100_000, 2_000_000)


def _of_version(ctx: Pieces, *version: int, suffix: str = "") -> Answer:
    text = ".".join(map(str, version)) + suffix
    return send(ctx, ctx.given.importable(ctx.given.probe(), version=text), note=f"an import of {text}")


def _of_migration(ctx: Pieces, step: int) -> Answer:
    schema = own_schema(ctx)
    schema["migration"] += step
    return send(ctx, ctx.given.importable(ctx.given.probe(), schema=schema))


@check("PI-VER-01", control="importDatabase")
def a_newer_major_version_is_answered_505(ctx: Pieces) -> None:
    """Sends a probe import with the major version above the server's and looks at the status."""
    send(ctx, ctx.given.importable(ctx.given.probe(), version=next_major(ctx))).expect_status(505)


@check("PI-VER-02", control="importDatabase")
def a_newer_minor_version_is_answered_505(ctx: Pieces) -> None:
    """Sends a probe import with the minor version above the server's and looks at the status."""
    major, minor, _ = own_version(ctx).core
    _of_version(ctx, major, minor + 1, 0).expect_status(505)


@check("PI-VER-03", control="importDatabase")
def a_newer_patch_version_is_answered_505(ctx: Pieces) -> None:
    """Sends a probe import with the patch number above the server's and looks at the status."""
    major, minor, patch = own_version(ctx).core
    _of_version(ctx, major, minor, patch + 1).expect_status(505)


@check("PI-VER-04", control="importDatabase")
def a_newer_migration_is_answered_505(ctx: Pieces) -> None:
    """Sends probe imports with the migration one above that of the target's export, and with one of a digit
    more, whose text sorts before it; not verified where the export has no schema.
    """
    own = own_schema(ctx)["migration"]
    for newer in (own + 1, 10 ** len(str(own))):
        _of_migration(ctx, newer - own).expect_status(505)


@check("PI-VER-05")
def the_same_version_is_not_too_new(ctx: Pieces) -> None:
    """Sends a probe import with the version and schema of the target's own export."""
    answer = send(ctx, ctx.given.importable(ctx.given.probe()))
    ctx.expect_true(
        "an import of the server's own version",
        answer.status != 505,
        expected="not 505",
        actual=answer.summary,
    )


@check("PI-VER-06")
def an_older_version_is_taken(ctx: Pieces) -> None:
    """Sends probe imports with a lower patch, minor and major version, as far as there are such, and with
    high numbers behind these.
    """
    major, minor, patch = own_version(ctx).core
    # High, for a server that compares the numbers one by one, or makes one number of them.
    older = [
        *([(major, minor, patch - 1)] if patch else []),
        *([(major, minor - 1, high) for high in _HIGH] if minor else []),
        *([(major - 1, minor + _HIGH[0], patch + _HIGH[0])] if major else []),
        *([(major - 1, high, 0) for high in _HIGH[1:]] if major else []),
        *([(major - 1, 0, _HIGH[-1])] if major else []),
    ]
    if not older:
        ctx.skip("no version is older than that of the target, 0.0.0")
    for version in older:
        _of_version(ctx, *version).expect_status(204)


@check("PI-VER-07", control="importDatabase")
def versions_are_compared_number_by_number(ctx: Pieces) -> None:
    """Sends a newer version whose text sorts before the server's, and an older one that sorts behind it, as
    far as there are such.
    """
    own = own_version(ctx).core
    newer = next((one for one in _ten_times(own) if _text(one) < _text(own)), None)
    older = next((one for one in _one_digit_less(own) if _text(one) > _text(own)), None)
    if newer is None and older is None:
        ctx.skip(f"the order of the versions around {_text(own)} is that of their texts")
    if newer is not None:
        _of_version(ctx, *newer).expect_status(505)
    if older is not None:
        _of_version(ctx, *older).expect_status(204)


def _text(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


def _ten_times(version: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
    """Newer versions: one number has a digit more."""
    major, minor, patch = version
    yield 10 ** len(str(major)), minor, patch
    yield major, 10 ** len(str(minor)), patch
    yield major, minor, 10 ** len(str(patch))


def _one_digit_less(version: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
    """Older versions: one number has a digit less, and that is high."""
    major, minor, patch = version
    for digit in (9, 8):
        if major >= 10:
            yield _repeated(digit, major), minor, patch
        if minor >= 10:
            yield major, _repeated(digit, minor), patch
        if patch >= 10:
            yield major, minor, _repeated(digit, patch)


def _repeated(digit: int, number: int) -> int:
    return int(str(digit) * (len(str(number)) - 1))


@check("PI-VER-08")
def a_pre_release_is_older_than_its_release(ctx: Pieces) -> None:
    """Sends a probe import with `-alpha` behind the server's version; not verified where that is a
    pre-release itself.
    """
    version = own_version(ctx)
    if version.prerelease is not None:
        ctx.skip(f"the target's version is a pre-release itself ({version.prerelease})")
    _of_version(ctx, *version.core, suffix="-alpha").expect_status(204)


@check("PI-VER-09")
def a_migration_that_is_not_higher_is_taken(ctx: Pieces) -> None:
    """Sends probe imports with the migration one below that of the target's export, with 0, and with lower
    ones whose text sorts behind it.
    """
    own = own_schema(ctx)["migration"]
    if own < 1:
        ctx.skip("no migration is lower than that of the target")
    for older in sorted({own - 1, *(one for one in (9, 99, 0) if one < own)}):
        _of_migration(ctx, older - own).expect_status(204)
