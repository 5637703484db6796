"""Imports wrongly found too new, or not too new (document: Database API | Python SDK, database_import)."""

from __future__ import annotations

from collections.abc import Generator

from semver import Version
from starlette.responses import Response

from ....state.errors import Wrong
from ....variants.defect import defect
from ....web.call import Call
from ....web.responses import text_response
from ..handlers import PiecesHandlers
from ..state.errors import ImportRejected, NewerExport
from ..state.exported import Exported, version_of
from ..state.pieces import ImportPlan, PiecesDatabase


def _core(version: Version) -> tuple[int, int, int]:
    return version.major, version.minor, version.patch


@defect("PI-VER-01", "PI-VER-04")
class NothingIsTooNew(PiecesDatabase):
    """Takes imports of any version and migration."""

    def plan_steps(self, document: object) -> Generator[None, None, ImportPlan]:
        return ImportPlan((yield from self._read(document)))


@defect("PI-VER-01", "PI-VER-04")
class NewerIsJustAnError(PiecesDatabase):
    """Answers an import that is too new with 500, as any other that it cannot use."""

    def plan_steps(self, document: object) -> Generator[None, None, ImportPlan]:
        try:
            return (yield from super().plan_steps(document))
        except NewerExport as error:
            raise ImportRejected(Wrong("unusable", error.wrong)) from None


@defect("PI-VER-01", "PI-VER-04", "PI-DESC-05")
class NewerIsConflict(PiecesHandlers):
    """Answers an import that is too new with 409."""

    async def importDatabase(self, call: Call) -> Response:
        try:
            return await super().importDatabase(call)
        except NewerExport as error:
            return text_response(f"{error}\n", 409)


@defect("PI-VER-01")
class MigrationDecidesAlone(PiecesDatabase):
    """Compares the migrations, and not the versions."""

    def _newer(self, version: Version) -> bool:
        return False


@defect("PI-VER-02", "PI-VER-03")
class OnlyMajorsCompared(PiecesDatabase):
    """Compares the major versions only."""

    def _newer(self, version: Version) -> bool:
        return version.major > self._semver.major


@defect("PI-VER-03")
class PatchesNotCompared(PiecesDatabase):
    """Compares major and minor versions, and no patches."""

    def _newer(self, version: Version) -> bool:
        return _core(version)[:2] > _core(self._semver)[:2]


@defect("PI-VER-04")
class MigrationNotCompared(PiecesDatabase):
    """Compares the versions, and not the migrations."""

    def _newer_migration(self, migration: int) -> bool:
        return False


@defect("PI-VER-05")
class OwnVersionTooNew(PiecesDatabase):
    """Takes imports of older versions only, and not those of its own."""

    def _newer(self, version: Version) -> bool:
        return version >= self._semver


@defect("PI-VER-05")
class OwnMigrationTooNew(PiecesDatabase):
    """Takes imports of lower migrations only, and not those of its own."""

    def _newer_migration(self, migration: int) -> bool:
        return migration >= self.migration


@defect("PI-VER-06")
class OnlyOwnVersionTaken(PiecesDatabase):
    """Answers an import of any other version than its own with 505."""

    def _newer(self, version: Version) -> bool:
        return version != self._semver


@defect("PI-VER-06")
class OlderMajorRefused(PiecesDatabase):
    """Fails at an import of an older major version, as one that needs a migration by hand."""

    def _read(self, document: object) -> Generator[None, None, Exported]:
        version = version_of(document.get("version")) if isinstance(document, dict) else None
        if version is not None and version.major < self._semver.major:
            raise ImportRejected(Wrong("to-be-migrated-first", version))
        return (yield from super()._read(document))


@defect("PI-VER-06")
class NumbersComparedEachAlone(PiecesDatabase):
    """Finds a version newer if any of its three numbers is higher."""

    def _newer(self, version: Version) -> bool:
        return any(one > own for one, own in zip(_core(version), _core(self._semver), strict=True))


@defect("PI-VER-07", "PI-VER-08")
class VersionsComparedAsText(PiecesDatabase):
    """Compares versions letter by letter, so that 10.0.0 comes before 9.0.0."""

    def _newer(self, version: Version) -> bool:
        return str(version) > self.version


@defect("PI-VER-07")
class NumbersComparedAsText(PiecesDatabase):
    """Compares the numbers of versions one after the other, and each as text."""

    def _newer(self, version: Version) -> bool:
        return list(map(str, _core(version))) > list(map(str, _core(self._semver)))


@defect("PI-VER-08")
class PreReleaseIsNewer(PiecesDatabase):
    """Finds a pre-release newer than its release, for its text is longer."""

    def _newer(self, version: Version) -> bool:
        if _core(version) == _core(self._semver):
            return len(str(version)) > len(self.version)
        return super()._newer(version)


@defect("PI-VER-08")
class PreReleaseUnknown(PiecesDatabase):
    """Reads three numbers as a version, and nothing behind them."""

    def _read(self, document: object) -> Generator[None, None, Exported]:
        version = version_of(document.get("version")) if isinstance(document, dict) else None
        if version is not None and version.prerelease is not None:
            raise ImportRejected(Wrong("not-a-version", str(version)), "version")
        return (yield from super()._read(document))


@defect("PI-VER-09")
class OnlyOwnMigrationTaken(PiecesDatabase):
    """Answers an import of any other migration than its own with 505."""

    def _newer_migration(self, migration: int) -> bool:
        return migration != self.migration


@defect("PI-VER-09")
class LowerMigrationRefused(PiecesDatabase):
    """Fails at an import of a lower migration, for it does not know how to migrate it."""

    def _read(self, document: object) -> Generator[None, None, Exported]:
        exported = yield from super()._read(document)
        if exported.migration is not None and exported.migration < self.migration:
            raise ImportRejected(Wrong("unknown-migration", exported.migration))
        return exported


@defect("PI-VER-06")
class VersionsAsOneNumber(PiecesDatabase):
    """Makes one number of a version, with two digits for minor and patch, and compares that."""

    def _newer(self, version: Version) -> bool:
        one, own = (
            major * 10_000 + minor * 100 + patch
            for major, minor, patch in (_core(version), _core(self._semver))
        )
        return one > own if one != own else super()._newer(version)
