"""A world: one complete, isolated state of both APIs with its own clock, ids, links and settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .clock import Clock
from .ids import IdSource, signing_secret
from .settings import ClockSetting, Settings, TokenGrant
from .state.objects import ObjectStore
from .state.pieces import PiecesDatabase
from .state.pixiebrix import PixieBrixState
from .storage.signing import Signer


@dataclass(slots=True)
class WorldSettings:
    """The part of the settings that may change while a world lives.

    Attributes:
        job_us: how long an export job stays `STARTED`, in µs.
        default_page_size, max_page_size: of every paginated list (contract: Conventions).
        max_records: of one answer of the records endpoint (document: Retrieve Organization Database Records).
        tokens: accepted tokens by name; empty means any.
    """

    job_us: int = 2_000_000
    default_page_size: int = 100
    max_page_size: int = 1_000
    max_records: int = 10_000
    auth: bool = True
    tokens: dict[str, TokenGrant] | None = None

    @classmethod
    def of(cls, settings: Settings) -> WorldSettings:
        """The changeable part of a server's settings."""
        return cls(
            job_us=round(settings.job_seconds * 1_000_000),
            auth=settings.auth,
            tokens={grant.token: grant for grant in settings.tokens} or None,
        )


@dataclass(frozen=True, slots=True)
class Base:
    """A loaded data set from which worlds are made; never served itself, never changed.

    Attributes:
        name: the data set's name.
        as_of: the instant at which the data is "now", in µs.
    """

    name: str
    seed: int
    as_of: int
    pixiebrix: PixieBrixState
    pieces: PiecesDatabase
    objects: ObjectStore


class World:
    """State, clock, ids, storage and settings of one isolated mock.

    `prefix` is what stands before every path of this world (empty for the default world).
    """

    __slots__ = ("base", "clock", "ids", "name", "objects", "pieces", "pixiebrix", "prefix", "settings", "signer")

    def __init__(self, base: Base, clock: Clock, settings: WorldSettings, *, name: str = "") -> None:
        self.name = name
        self.prefix = f"/~{name}" if name else ""
        self.base = base
        self.clock = clock
        self.settings = settings
        self.ids = IdSource(base.seed, name)
        self.signer = Signer(signing_secret(base.seed, name))
        self.pixiebrix = base.pixiebrix.fork()
        self.pieces = base.pieces.fork()
        self.objects = base.objects.fork()
        self.pixiebrix.rewind(min(base.as_of, clock.now()))

    @classmethod
    def make(cls, base: Base, settings: Settings, *, name: str = "") -> World:
        """A fresh world over a data set, with its clock as the settings say."""
        return cls(base, make_clock(settings.clock, base.as_of), WorldSettings.of(settings), name=name)

    def now(self) -> int:
        """The world's instant in µs, after every nightly job that is due by then has run."""
        now = self.clock.now()
        self.pixiebrix.catch_up(now, self.ids)
        return now


def make_clock(setting: ClockSetting, as_of: int) -> Clock:
    """The clock that a setting asks for; `as_of` is where a frozen one without a time stands."""
    if setting.frozen and setting.at is None:
        setting = replace(setting, at=as_of)
    return Clock(at=setting.at, frozen=setting.frozen)
