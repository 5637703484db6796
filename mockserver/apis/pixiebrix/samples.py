"""What a sandbox holds of PixieBrix, as the banner lists it, and to try operations on."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..base import NextStep, Shown
from .state_of import state_of

if TYPE_CHECKING:
    from ...sandbox.sandbox import Sandbox

SHOWN = 8
"""How many ids of a kind are listed; the operations list the others."""


_UPLOAD: Final = (
    r"""sed -E 's/.*"upload_url":"([^"]*)","fields":\{([^}]*)\}.*/-F \2 -F "file=hello" "\1"/; """
    r"""s/","/" -F "/g; s/":"/=/g' | xargs curl -s"""
)
"""Makes a form of the answer's fields, with the file as the last one, which storages of that kind want."""

_LINK: Final = r"""sed -E 's/.*"data":"([^"]*)".*/"\1"/' | xargs curl -s"""


@dataclass(frozen=True, slots=True)
class SampleIds:
    """Ids of things that exist, to try operations on; None where a data set has nothing of the kind.

    Attributes:
        database: one of the organization's databases that holds the record.
        asset_database: the database of the asset, which may be another one.
        asset: an asset that can be downloaded, where there is one.
        job: one that has succeeded, where there is one; `job_file` is then the name of its file.
    """

    organization: str | None = None
    database: str | None = None
    record: str | None = None
    asset_database: str | None = None
    asset: str | None = None
    filename: str | None = None
    job: str | None = None
    job_file: str | None = None

    @classmethod
    def of(cls, sandbox: Sandbox) -> SampleIds:
        """Choose from a sandbox what lets most operations answer with something to see."""
        state, now = state_of(sandbox), sandbox.clock.now()
        databases = list(state.databases.values())
        filled = next((one for one in databases if len(one.records)), databases[0] if databases else None)
        assets = [asset for one in databases for asset in one.assets.values()]
        asset = next((one for one in assets if one.is_uploaded), assets[0] if assets else None)
        records = filled.records.rows() if filled else ()
        jobs = sorted(state.jobs.values(), key=lambda one: one.status(now) != "SUCCESS")
        job = jobs[0] if jobs else None
        return cls(
            organization=filled.organization_id if filled else next(iter(state.organizations), None),
            database=filled.id if filled else None,
            record=records[0][2] if records else None,
            asset_database=asset.database_id if asset else filled.id if filled else None,
            asset=asset.id if asset else None,
            filename=asset.filename if asset else None,
            job=job.id if job else None,
            job_file=job.artifact_name() if job and job.status(now) == "SUCCESS" else None,
        )

    def path_parameter(self, name: str, path: str) -> str | None:
        """The value for a parameter of a path of the description; None if there is nothing to put there."""
        values = {
            "organizationId": self.organization,
            # Not the organization's path, so that one deletion does not take away what the next one deletes.
            "databaseId": self.asset_database
            if "/assets/" in path or path == "/databases/{databaseId}/"
            else self.database,
            "recordKey": self.record,
            "assetId": self.asset,
            "jobId": self.job,
        }
        return values.get(name)

    def body(self, example: Any) -> Any:
        """The body of an example, with a database that exists; None if there is none."""
        if isinstance(example, dict) and "databases" in example:
            return {**example, "databases": [self.database]} if self.database else None
        return example

    def next_step(self, operation: str) -> NextStep | None:
        """What an asset is created for, and what an export job is looked at for."""
        if operation == "createAsset":
            return NextStep("upload to it (file=@PATH sends a file)", _UPLOAD)
        if operation == "getExportJob" and self.job_file:
            return NextStep("download its file", f"{_LINK} -o {shlex.quote(self.job_file)}")
        return None


def shown(sandbox: Sandbox) -> list[Shown]:
    """What the sandbox holds."""
    state = state_of(sandbox)
    databases = list(state.databases.values())
    assets = [asset for database in databases for asset in database.assets.values()]
    kinds: list[tuple[str, Iterable[tuple[str, str]], int]] = [
        (
            "Organizations",
            ((one.id, one.name) for one in state.organizations.values()),
            len(state.organizations),
        ),
        (
            "Databases",
            ((one.id, f"{one.name}  {one.type}, {len(one.records)} records") for one in databases),
            len(databases),
        ),
        (
            "Assets",
            ((one.id, one.filename + ("" if one.is_uploaded else "  not uploaded")) for one in assets),
            len(assets),
        ),
        ("Export jobs", ((one.id, one.name) for one in state.jobs.values()), len(state.jobs)),
    ]
    return [Shown(kind, tuple(islice(items, SHOWN)), count) for kind, items, count in kinds if count]
