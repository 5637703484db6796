"""What a night at the target may take: nothing that the run did not create.

The nightly job archives the oldest dates of each database that holds more records than it may. What a run
writes counts there, too, so that a night might take what was there before. No night is let come then, neither
by a hook nor by a clock that goes over midnight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...authoring.arrange import step
from ...authoring.check import CheckFailed, NotVerified
from ...authoring.context import Context
from .scratch import Scratch
from .writes import Writes

_PAGE: Final = 1_000
_MOST: Final = 100
"""How many pages of a list are looked through at most."""

_LOOKED: Final = "the databases of the organization were looked at before the first night"
_WITHIN: Final = "{} is within its limit of records"


class Guard:
    """Looks before each night; places that are thrown away need none.

    Where `destroy` is allowed, the scratch databases may lose records; the others may not.

    Args:
        ctx: of the check that wants the night.
    """

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._gate = ctx.run.session.gate
        self._seen = ctx.run.seen

    @property
    def has_to_look(self) -> bool:
        """Whether anything may have changed since a night was last found harmless."""
        return self._gate is not None and (not self._seen.get(_LOOKED) or any(self._doubtful()))

    def require(self) -> None:
        """Go on if a night takes nothing that the run did not create.

        Raises:
            NotVerified: it might.
            PrerequisiteFailed: the databases or their records cannot be listed.
        """
        if self._gate is None:
            return
        for database in list(self._doubtful()):
            self._look_at(database)
        if not self._seen.get(_LOOKED):
            for database, count in self._others():
                if count > self._limit:
                    self._refuse(database, f"holds {count} records")
            self._seen[_LOOKED] = True

    @property
    def _limit(self) -> int:
        return self._ctx.environment.of(Scratch).record_limit

    def _doubtful(self) -> Iterator[str]:
        """The scratch databases with records of others that were not looked at, or where the run has some."""
        gate = self._gate
        if gate is None or self._ctx.can("destroy"):
            return
        written = {one.inside for one in gate.inventory.since() if one.thing == "record"}
        for database in self._ctx.environment.of(Scratch).databases:
            if gate.keeper(Writes).holds_nothing_else(database):
                continue
            if database in written or _WITHIN.format(database) not in self._seen:
                yield database

    def _look_at(self, database: str) -> None:
        if self._holds_more(database):
            self._refuse(database, "holds more records, those of this check among them")
        self._seen[_WITHIN.format(database)] = True

    def _holds_more(self, database: str) -> bool:
        """Whether a database holds more records than it may: whether there is a page so far back."""
        limit = self._limit
        first = self._records(database, 1, 1)
        if len(first) > 1:  # It knows no pages of one.
            return sum(len(page) for page in self._pages(database)) > limit
        return bool(first) and bool(self._records(database, limit + 1, 1))

    def _pages(self, database: str) -> Iterator[list[dict[str, Any]]]:
        for number in range(1, _MOST + 1):
            page = self._records(database, number, _PAGE)
            yield page
            if len(page) != _PAGE:
                return

    def _records(self, database: str, number: int, size: int) -> list[dict[str, Any]]:
        with step("PB-REC-01", "count records before a night"):
            query = {"page": number, "page_size": size}
            answer = self._ctx.call(
                "listRecords", path={"databaseId": database}, query=query, described=False
            )
            if number > 1 and answer.refused:
                return []  # The list ends before.
            return answer.expect_status(200).expect_objects()

    def _others(self) -> Iterator[tuple[str, int]]:
        """The databases of the organization that are not there for tests, as far as the list tells."""
        gate, organization = self._gate, self._ctx.environment.of(Scratch).organization
        if gate is None or organization is None:
            return
        for one in self._listed(organization):
            id_, count = str(one.get("id")), one.get("num_records")
            ours = gate.inventory.find("database", id_, self._ctx.endpoint) is not None
            if type(count) is int and not ours and id_ not in self._ctx.environment.of(Scratch).databases:
                yield id_, count

    def _listed(self, organization: str) -> Iterator[Mapping[str, Any]]:
        for number in range(1, _MOST + 1):
            query = {"page": number, "page_size": _PAGE}
            path = {"organizationId": organization}
            try:
                answer = self._ctx.call("listDatabases", path=path, query=query, described=False)
                items = answer.expect_status(200).expect_objects()
            except CheckFailed:
                return  # The list may be refused; what is wrong with it otherwise, its own rules say.
            yield from items
            if "next" not in answer.links:
                return

    def _refuse(self, database: str, what: str) -> None:
        raise NotVerified(
            f"a night would archive records that the run did not create: {database} {what}, and may hold "
            f"{self._limit} (limits.record_limit); name an empty database (pixiebrix.databases), or put the "
            "limit right"
        )
