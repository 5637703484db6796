"""PixieBrix's part of a sandbox's document."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any

from ....snapshot.format import DocumentError, array
from ....snapshot.json_walk import JSONWalk
from ....snapshot.section import Steps
from ....snapshot.values import number
from ....state import jsonio
from ..state.pixiebrix import PixieBrixState
from . import reading
from .writing import write_database, write_job


class PixieBrixSection:
    """Organizations, databases with their records, and jobs, each a member of the document."""

    members = ("organizations", "databases", "jobs")

    def write(self, state: PixieBrixState) -> Iterator[tuple[str, Iterable[bytes]]]:
        """The members, in pieces."""
        organizations = [{"id": item.id, "name": item.name} for item in state.organizations.values()]
        yield "organizations", (jsonio.dumps(organizations),)
        yield "databases", array(write_database(database) for database in state.databases.values())
        yield "jobs", array(write_job(job, state) for job in state.jobs.values())

    def read(self, name: str, walk: JSONWalk) -> Steps:
        """One member.

        Raises:
            TypeError, ValueError, StateError: it is not as it was written.
        """
        if name == "organizations":
            return reading.read_organizations(walk.value())
        read = reading.read_databases if name == "databases" else reading.read_jobs
        return (yield from read(walk))

    def state(
        self, found: Mapping[str, Any], settings: Mapping[str, Any], now: int
    ) -> Generator[None, None, PixieBrixState]:
        """The state that the members make.

        Raises:
            DocumentError: they contradict each other.
            TypeError, ValueError: the record limit is none.
        """
        state = PixieBrixState(number(settings["record_limit"]), now=now)
        state.organizations = found["organizations"]
        try:
            state.databases, state.jobs = yield from reading.settle(
                found["databases"], found["jobs"], state.organizations
            )
        except ValueError as error:
            raise DocumentError({"databases": [f"Not as `GET state` gives it: {error}."]}) from error
        return state
