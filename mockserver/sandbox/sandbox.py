"""A sandbox: one complete, isolated state of all APIs with its own clock, ids, settings, faults, journal."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..apis.installed import installed
from ..coverage.contract import CoveredContract
from ..coverage.watch import Watch
from ..extension_point import REFERENCE, Classes
from ..state.lifecycle import ApiState
from ..state.objects import ObjectStore
from ..storage.signing import SIGNER
from .api import RememberedApi
from .clock import Clock
from .faults import FaultBook
from .ids import IdSource, signing_secret
from .journal import Entry, Exchanged, Journal
from .limits import Limits
from .settings import ClockSetting, Settings, TokenGrant
from .turn import Turn

_LONG: Final = 5_000
"""Things that time has changed, from which on looking at them is not done between two other requests."""


@dataclass(slots=True)
class SandboxSettings:
    """The part of the settings that may change while a sandbox lives.

    Attributes:
        job_us: how long what takes time stays unfinished, such as an export job, in µs.
        job_polls: instead, how often it is looked at before it ends; None: the time decides.
        strict_bodies, auth: see `Settings`.
        tokens: accepted tokens by name; None means any.
        apis: the values of each API's own settings, by its name (see `ApiSettings`).
        signing_key: see `Settings`; taken up when the sandbox begins anew.
    """

    job_us: int = 2_000_000
    job_polls: int | None = None
    strict_bodies: bool = False
    auth: bool = True
    tokens: dict[str, TokenGrant] | None = None
    apis: dict[str, Any] = field(default_factory=dict)
    signing_key: str = field(default_factory=secrets.token_hex, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> SandboxSettings:
        """The changeable part of a server's settings."""
        return cls(
            job_us=round(settings.job_seconds * 1_000_000),
            strict_bodies=settings.strict_bodies,
            auth=settings.auth,
            tokens={grant.token: grant for grant in settings.tokens} or None,
            apis={
                name: api.settings.initial(settings)
                for name, api in installed(RememberedApi).items()
                if api.settings is not None
            },
            signing_key=settings.signing_key,
        )

    def copied(self) -> SandboxSettings:
        """The same settings, which change on their own."""
        tokens = None if self.tokens is None else dict(self.tokens)
        return replace(self, tokens=tokens, apis={name: copy(values) for name, values in self.apis.items()})


@dataclass(frozen=True, slots=True)
class Base:
    """A loaded data set from which sandboxes are made; never served itself, never changed.

    Attributes:
        name: the data set's name.
        as_of: the instant at which the data is "now", in µs.
        states: what each API remembers, by its name.
    """

    name: str
    seed: int
    as_of: int
    states: Mapping[str, ApiState]
    objects: ObjectStore


class Sandbox:
    """State, clock, ids, storage, settings, faults, journal and implementation of one isolated mock.

    `prefix` is what stands before every path of this sandbox (empty for the default sandbox); `life` is
    another for each sandbox that is made, also under a name that there was before; `fired` is how often
    faults have struck each operation, and a reset does not begin it anew; `limits` are the server's.
    """

    __slots__ = (
        "_made_ids",
        "base",
        "classes",
        "clock",
        "faults",
        "fired",
        "ids",
        "implementation",
        "journal",
        "life",
        "limits",
        "name",
        "objects",
        "prefix",
        "settings",
        "signer",
        "states",
        "turn",
        "variants",
        "watch",
    )

    def __init__(
        self,
        base: Base,
        clock: Clock,
        settings: SandboxSettings,
        *,
        name: str = "",
        classes: Classes = REFERENCE,
        variants: tuple[str, ...] = (),
        limits: Limits | None = None,
    ) -> None:
        self.name = name
        self.limits = limits or Limits()
        self.life = secrets.token_hex(8)
        self.prefix = f"/~{name}" if name else ""
        self._made_ids = 0
        self.fired: Counter[str] = Counter()
        self.journal = Journal(self.limits)
        self.watch: Watch | None = None
        self.turn = Turn()
        self.reset(base, clock, settings, classes, variants)

    @classmethod
    def make(cls, base: Base, settings: Settings, *, name: str = "", classes: Classes = REFERENCE) -> Sandbox:
        """A fresh sandbox over a data set, with its clock as the settings say."""
        clock = make_clock(settings.clock, base.as_of)
        sandbox_settings = SandboxSettings.of(settings)
        return cls(
            *(base, clock, sandbox_settings),
            name=name,
            classes=classes,
            variants=settings.variants,
            limits=settings.limits,
        )

    def reset(
        self,
        base: Base,
        clock: Clock,
        settings: SandboxSettings,
        classes: Classes = REFERENCE,
        variants: tuple[str, ...] = (),
    ) -> None:
        """Begin anew over a data set: nothing of what happened remains, the journal neither.

        Args:
            base: the data set.
            clock: the sandbox's own from now on.
            settings: the sandbox's own from now on.
            classes: what serves it.
            variants: the names of the variants in these classes.
        """
        self.base = base
        self.clock = clock
        self.settings = settings
        self.ids = IdSource(base.seed, self.name)
        self.classes = classes
        self.implementation = classes.make()
        self.variants = variants
        self.signer = classes[SIGNER](signing_secret(settings.signing_key, self.name))
        self.states: dict[str, Any] = self._forked(base.states)
        self.objects = base.objects.fork()
        self.faults = FaultBook(base.seed, self.name, self.fired)
        self.journal.clear()
        if self.watch is not None:
            self.watch.begin_anew()
        for state in self.states.values():
            state.rewind(min(base.as_of, clock.now()))

    @property
    def title(self) -> str:
        """What it is called where tests are told apart."""
        return f"sandbox {self.name}" if self.name else "the default sandbox"

    @property
    def max_upload(self) -> int:
        """Bytes that an uploaded file has at most."""
        return self.limits.upload

    def next_request_id(self) -> str:
        """The id of a request whose client has not given any; a reset does not begin anew."""
        self._made_ids += 1
        return f"{'~' + self.name if self.name else 'mock'}-{self._made_ids}"

    def record(self, exchange: Exchanged) -> None:
        """Take an exchange into the journal, and count what it met, if that is wanted."""
        self.journal.add(exchange)
        if self.watch is not None:
            self.watch.see(Entry(*exchange).exchange())

    def watched(self, contract: CoveredContract) -> Watch:
        """What counts what is met here; when that begins now, with what the journal still has."""
        if self.watch is None:
            self.watch = Watch(contract)
            for entry in self.journal.latest():
                self.watch.see(entry.exchange())
        return self.watch

    def become(self, classes: Classes, variants: tuple[str, ...]) -> None:
        """Be served by other classes from now on; what the sandbox holds stays."""
        self.classes = classes
        self.implementation = classes.make()
        self.variants = variants
        self.settle()

    def set_like(self, other: Sandbox) -> None:
        """Take over what another one is set to: settings and tokens, classes, faults; not what it holds."""
        self.settings = other.settings.copied()
        self.become(other.classes, other.variants)
        for name, state in self.states.items():
            state.set_like(other.states[name])
        self.faults.take_over(other.faults)

    def settle(self) -> None:
        """Give what the sandbox holds to the classes that serve it, after other classes made it."""
        before = self.states
        self.states = self._forked(before)
        for state in before.values():
            state.release()
        self.signer = self.classes[SIGNER](self.signer.secret)

    def _forked(self, states: Mapping[str, ApiState]) -> dict[str, Any]:
        """Independent states of the classes that serve this sandbox."""
        points = {name: installed(RememberedApi)[name].state for name in states}
        return {
            name: state.fork(None if (point := points[name]) is None else self.classes[point])
            for name, state in states.items()
        }

    def now(self) -> int:
        """The sandbox's instant in µs, after all has happened that happens by itself until then."""
        now = self.clock.now()
        for state in self.states.values():
            state.catch_up(now, self.ids)
        return now

    def clock_moved(self) -> None:
        """Tell the states that the clock was set: what came nearer again is still to come."""
        now = self.clock.now()
        for state in self.states.values():
            state.clock_moved(now)

    @property
    def waiting(self) -> bool:
        """Whether a request has to wait until `ready`."""
        return self.turn.taken or self._late()

    async def ready(self) -> None:
        """Wait until nobody has the sandbox for itself, and a long night that has passed is over.

        The night is worked off in a thread, so that other sandboxes are served meanwhile.
        """
        while self.waiting:
            async with self.turn.alone():
                if self._late():
                    await asyncio.to_thread(self.now)

    def _late(self) -> bool:
        now = self.clock.now()
        for state in self.states.values():  # noqa: SIM110 - each request asks, and this is half of `any`
            if state.late(now) > _LONG:
                return True
        return False


def make_clock(setting: ClockSetting, as_of: int) -> Clock:
    """The clock that a setting asks for; `as_of` is where a frozen one without a time stands."""
    if setting.frozen and setting.at is None:
        setting = replace(setting, at=as_of)
    return Clock(at=setting.at, frozen=setting.frozen)
