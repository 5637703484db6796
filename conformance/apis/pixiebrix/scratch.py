"""What of a PixieBrix target may be used: the keys that only this API has in a target file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from ..base import Key, Kind, OwnKeys

_NOBODY = '"00000000-0000-0000-0000-000000000000"'
_ONE_OF = "For the checks of permissions, which without it are not verified: "


def _limit(name: str, documented: str, told: str) -> Key:
    return Key(name=name, kind=Kind.LIMIT, help=told, example=documented)


@dataclass(frozen=True, slots=True)
class Scratch(OwnKeys):
    """What of a PixieBrix target may be used.

    Attributes:
        organization: its id.
        databases: ids of databases that checks may write to.
        create_databases: whether checks may create databases.
        read_only_token: a token without write permission.
        foreign_organization, foreign_database: ids of what exists, but the token may not see.
        record_limit: how many records a database may hold before the nightly archiving.
        page_cap: the largest page of every list but that of records.
        records_cap: the largest page of records.
    """

    organization: str | None = None
    databases: tuple[str, ...] = ()
    create_databases: bool = False
    read_only_token: str | None = field(default=None, repr=False)
    foreign_organization: str | None = None
    foreign_database: str | None = None
    record_limit: int = 500_000
    page_cap: int = 1_000
    records_cap: int = 10_000

    keys: ClassVar[tuple[Key, ...]] = (
        Key(
            name="organization",
            kind=Kind.ID,
            help="The PixieBrix organization.",
            option="organization",
            example=_NOBODY,
            needed=True,
        ),
        Key(
            name="databases",
            kind=Kind.IDS,
            help="Databases that the checks may write to; a few checks need two or three.",
            option="database",
            option_help="A database that may be written to.",
            example="[]",
            needed=True,
        ),
        Key(
            name="create_databases",
            kind=Kind.FLAG,
            help="Whether checks may create databases. They are deleted again where the target can do that.",
            example="false",
        ),
        Key(
            name="read_only_token_env",
            kind=Kind.SECRET,
            help=_ONE_OF + "the variable with a token that may not write.",
            field="read_only_token",
            example='"PIXIEBRIX_READ_ONLY_TOKEN"',
        ),
        Key(
            name="foreign_organization",
            kind=Kind.ID,
            help=_ONE_OF + "an organization that the token may not see.",
            example=_NOBODY,
        ),
        Key(
            name="foreign_database",
            kind=Kind.ID,
            help=_ONE_OF + "a database that the token may not see.",
            example=_NOBODY,
        ),
        _limit("record_limit", "500000", "Records of a database before the nightly job archives."),
        _limit("page_cap", "1000", "The largest page of every list but that of records."),
        _limit("records_cap", "10000", "The largest page of records."),
    )

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """The second token."""
        return () if self.read_only_token is None else ((self.read_only_token, "READ_ONLY_TOKEN"),)

    def on_mock(self, health: Mapping[str, Any]) -> Scratch:
        """Its first organization, unless the user named one; there, databases may be created."""
        told = health.get("organizations")
        first = next((one for one in told if isinstance(one, str)), None) if isinstance(told, list) else None
        return replace(self, organization=self.organization or first, create_databases=True)

    def in_sandbox(self) -> Scratch:
        """Without the databases that the user has named: they are made there."""
        return replace(
            self, databases=(), create_databases=True, foreign_organization=None, foreign_database=None
        )

    def with_read_only(self, token: str) -> Scratch:
        """With another second token."""
        return replace(self, read_only_token=token)

    def rehearsed(self, ask: Callable[[str], Any], read_only: str) -> Scratch:
        """As many databases of one organization of the mock as the user has given."""
        databases = ask("/databases")
        organization = databases[0]["organization_id"]
        own = [str(one["id"]) for one in databases if one["organization_id"] == organization]
        return replace(
            self,
            organization=str(organization),
            databases=tuple(own[: len(self.databases)]),
            read_only_token=None if self.read_only_token is None else read_only,
            foreign_organization=None,
            foreign_database=None,
        )
