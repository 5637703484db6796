"""What a sandbox holds of PixieBrix, for somebody who looks: lists that are cut, counts that are not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from ...sandbox.sandbox import Sandbox
from ...state.instants import day_to_date, format_instant
from .keys import asset_key
from .state.assets import Asset
from .state.databases import Database
from .state.jobs import Job
from .state.records import CREATED, DATA, KEY, UPDATED, Row
from .state_of import state_of

SHOWN: Final = 100
"""How many jobs, archives and assets are listed, the newest ones."""


def overview(sandbox: Sandbox, now: int) -> Mapping[str, Any]:
    """Databases, jobs, archives and assets at an instant (µs), as the control API has them."""
    state = state_of(sandbox)
    databases = list(state.databases.values())
    assets = [asset for database in databases for asset in database.assets.values()]
    archives = [(database, day) for database in databases for day in database.archives]
    return {
        "next_midnight": format_instant(state.next_midnight),
        "databases": [describe_database(database) for database in databases],
        "jobs": _listed(
            sorted(state.jobs.values(), key=lambda job: job.created_at), lambda job: _job(job, now)
        ),
        "archives": _listed(sorted(archives, key=lambda one: one[1]), _archive),
        "assets": _listed(
            sorted(assets, key=lambda asset: asset.created_at), lambda one: _asset(sandbox, one)
        ),
    }


def describe_database(database: Database) -> dict[str, Any]:
    """A database in a line."""
    return {
        "id": database.id,
        "name": database.name,
        "organization_id": database.organization_id,
        "type": database.type,
        "records": len(database.records),
    }


def describe_records(database: Database, offset: int, limit: int) -> list[dict[str, Any]]:
    """Some records of a database in the order of their creation, with both of their instants."""
    return [_record(row) for row in database.records.slice(offset, offset + limit)]


def _record(row: Row) -> dict[str, Any]:
    return {
        "id": row[KEY],
        "data": json.loads(row[DATA]),
        "created_at": format_instant(row[CREATED]),
        "updated_at": format_instant(row[UPDATED]),
    }


def _listed(found: list[Any], describe_one: Any) -> dict[str, Any]:
    return {"count": len(found), "latest": [describe_one(one) for one in islice(reversed(found), SHOWN)]}


def _job(job: Job, now: int) -> dict[str, Any]:
    return {
        "id": job.id,
        "name": job.name,
        "media_type": job.media_type,
        "status": job.status(now),
        "progress": _progress(job, now),
        "records": sum(len(rows) for _, rows in job.parts),
        "created_at": format_instant(job.created_at),
        "error_message": job.error_message if job.status(now) == "FAILURE" else None,
    }


def _progress(job: Job, now: int) -> float | None:
    """From 0 to 1 by the clock; None where it is the number of polls that decides, or nothing at all."""
    if job.status(now) != "STARTED":
        return 1.0
    if job.polls_left or job.finishes_at is None:
        return None
    whole = job.finishes_at - job.created_at
    return round(max(0.0, min(1.0, (now - job.created_at) / whole)), 3) if whole > 0 else 1.0


def _archive(one: tuple[Database, int]) -> dict[str, Any]:
    database, day = one
    archive = database.archives[day]
    return {
        "database_id": database.id,
        "database": database.name,
        "date": day_to_date(day),
        "records": len(archive.rows),
        "created_at": format_instant(archive.created_at),
    }


def _asset(sandbox: Sandbox, asset: Asset) -> dict[str, Any]:
    stored = sandbox.objects.get(asset_key(asset.database_id, asset.id, asset.filename))
    return {
        "id": asset.id,
        "database_id": asset.database_id,
        "filename": asset.filename,
        "is_uploaded": asset.is_uploaded,
        "size": None if stored is None else len(stored.content),
        "content_type": None if stored is None else stored.content_type,
        "created_at": format_instant(asset.created_at),
    }
