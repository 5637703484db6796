"""The checks of versions against servers that compare them wrongly."""

from __future__ import annotations

from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.exports import Version
from dbcontract.conformance.results.results import Verdict

from .judging import WRONG, told, verdict_on
from .small_pieces import SmallPieces


class Comparing(SmallPieces):
    """Compares the texts of versions in some way."""

    def newer_version(self, document: dict[str, Any]) -> None:
        document = {**document, "version": self.read_as(document["version"])}
        super().newer_version(document)

    def read_as(self, version: str) -> str:
        raise NotImplementedError


class NeverNewer(Comparing):
    def read_as(self, version: str) -> str:
        del version
        return self.version


class MajorOnly(SmallPieces):
    def is_newer(self, version: Version) -> bool:
        return version.major > int(self.version.partition(".")[0])


class NotThePatch(SmallPieces):
    def is_newer(self, version: Version) -> bool:
        return f"{version.major}.{version.minor}" != "11.10" and super().is_newer(version)


class AnyNumber(SmallPieces):
    """One higher number is enough."""

    def is_newer(self, version: Version) -> bool:
        return version.major > 11 or version.minor > 10 or version.patch > 3


class AnyOther(SmallPieces):
    def is_newer(self, version: Version) -> bool:
        return version.core != (11, 10, 3)


class AsText(SmallPieces):
    def is_newer(self, version: Version) -> bool:
        return ".".join(map(str, version.core)) > self.version


class AtLeast(SmallPieces):
    def is_newer(self, version: Version) -> bool:
        return version.core >= (11, 10, 3)


class LabelIsNewer(SmallPieces):
    def is_newer(self, version: Version) -> bool:
        return version.prerelease is not None or super().is_newer(version)


class AsError(SmallPieces):
    tolerant = frozenset({"newer_version", "newer_migration"})

    def bad_version(self, document: dict[str, Any]) -> None:
        super().bad_version({**document, "version": "x" if document["version"] != self.version else "1.0.0"})


class AnyMigration(SmallPieces):
    tolerant = frozenset({"newer_migration"})


class MigrationByTwo(SmallPieces):
    def is_newer_migration(self, migration: int) -> bool:
        return migration > self.migration + 1


class OtherMigration(SmallPieces):
    def is_newer_migration(self, migration: int) -> bool:
        return migration != self.migration


class SameMigration(SmallPieces):
    def is_newer_migration(self, migration: int) -> bool:
        return migration >= self.migration


SERVERS = [
    ("PI-VER-01", NeverNewer),
    ("PI-VER-01", AsError),
    ("PI-VER-02", MajorOnly),
    ("PI-VER-03", MajorOnly),
    ("PI-VER-03", NotThePatch),
    ("PI-VER-04", AnyMigration),
    ("PI-VER-04", MigrationByTwo),
    ("PI-VER-05", AtLeast),
    ("PI-VER-05", SameMigration),
    ("PI-VER-06", AnyNumber),
    ("PI-VER-06", AnyOther),
    ("PI-VER-06", AsError),
    ("PI-VER-07", AsText),
    ("PI-VER-08", LabelIsNewer),
    ("PI-VER-09", OtherMigration),
]


@pytest.mark.parametrize(("rule", "server"), SERVERS)
def test_a_wrong_server_fails(rule: str, server: type[SmallPieces]) -> None:
    result = verdict_on(server(), rule)
    assert result.verdict in WRONG, told(result)


@pytest.mark.parametrize(
    ("own", "rule", "sent"),
    [
        ("11.10.3", "PI-VER-06", ["11.10.2", "11.9.93", "10.100.93"]),
        ("2.0.0", "PI-VER-06", ["1.90.90"]),
        ("11.10.3", "PI-VER-07", ["100.10.3", "9.10.3"]),
        ("9.2.1", "PI-VER-07", ["10.2.1"]),
        ("10.12.0", "PI-VER-07", ["10.100.0", "9.12.0"]),
        ("99.0.1", "PI-VER-07", ["100.0.1"]),
        ("1.2.3+b.7", "PI-VER-08", ["1.2.3-alpha"]),
    ],
)
def test_which_versions_are_sent(own: str, rule: str, sent: list[str]) -> None:
    class Noting(SmallPieces):
        version = own

        def merge(self, document: dict[str, Any]) -> None:
            if document["version"] != own:  # not the ones that ask what is taken at all
                noted.append(document["version"])
            super().merge(document)

        def is_newer(self, version: Version) -> bool:
            newer = super().is_newer(version)
            if newer:
                noted.append(".".join(map(str, version.core)))
            return newer

    noted: list[str] = []
    assert verdict_on(Noting(), rule).verdict is Verdict.PASSED
    assert [one for one in noted if one in sent] == sent


@pytest.mark.parametrize(
    ("own", "rule"), [("0.0.0", "PI-VER-06"), ("0.0.0", "PI-VER-07"), ("1.0.0-rc.1", "PI-VER-08")]
)
def test_where_there_is_no_such_version_nothing_is_verified(own: str, rule: str) -> None:
    class Other(SmallPieces):
        version = own

    assert verdict_on(Other(), rule).verdict is Verdict.NOT_VERIFIED


def test_without_a_semantic_version_nothing_can_be_newer() -> None:
    class Named(SmallPieces):
        tolerant = frozenset({"bad_version"})

        def export(self) -> dict[str, Any]:
            return {**super().export(), "version": "spring"}

    result = verdict_on(Named(), "PI-VER-01")
    assert (result.verdict, result.because_of) == (Verdict.NOT_VERIFIED, "PI-EXP-14")
