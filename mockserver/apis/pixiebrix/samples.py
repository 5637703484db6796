"""What a sandbox holds of PixieBrix, as the banner lists it, and to try operations on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..base import Shown
from .state_of import state_of

if TYPE_CHECKING:
    from ...sandbox.sandbox import Sandbox

SHOWN = 8
"""How many ids of a kind are listed; the operations list the others."""


@dataclass(frozen=True, slots=True)
class SampleIds:
    """Ids of things that exist, to try operations on; None where a data set has nothing of the kind.

    Attributes:
        database: one of the organization's databases that holds the record.
        asset_database: the database of the asset, which may be another one.
        asset: an asset that can be downloaded, where there is one.
    """

    organization: str | None = None
    database: str | None = None
    record: str | None = None
    asset_database: str | None = None
    asset: str | None = None
    filename: str | None = None
    job: str | None = None

    @classmethod
    def of(cls, sandbox: Sandbox) -> SampleIds:
        """Choose from a sandbox what lets most operations answer with something to see."""
        state = state_of(sandbox)
        databases = list(state.databases.values())
        filled = next((one for one in databases if len(one.records)), databases[0] if databases else None)
        assets = [asset for one in databases for asset in one.assets.values()]
        asset = next((one for one in assets if one.is_uploaded), assets[0] if assets else None)
        records = filled.records.rows() if filled else ()
        return cls(
            organization=filled.organization_id if filled else next(iter(state.organizations), None),
            database=filled.id if filled else None,
            record=records[0][2] if records else None,
            asset_database=asset.database_id if asset else filled.id if filled else None,
            asset=asset.id if asset else None,
            filename=asset.filename if asset else None,
            job=next(iter(state.jobs), None),
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
