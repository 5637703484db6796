"""Reading a sandbox's document, in steps; nothing is taken over before all is read and fits together."""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from dbcontract import openapi

from ..apis.installed import installed
from ..sandbox.clock import EARLIEST, LATEST, Clock
from ..sandbox.faults import Fault, FaultBook, make_fault
from ..sandbox.ids import IdSource
from ..sandbox.sandbox import Sandbox, SandboxSettings
from ..state import jsonio
from ..state.errors import StateError
from ..state.lifecycle import ApiState
from ..state.objects import ObjectStore, StoredObject
from ..storage.signing import Signer
from ..web.schemas import Compiler, findings
from .api import WrittenApi
from .format import FORMAT, DocumentError
from .json_walk import JSONSyntax, JSONWalk
from .section import Section, Steps
from .values import by_id, fields, flag, instant, listed, number, optional, text

_WHOLE = "non_field_errors"
_CLOCK = frozenset({"now", "frozen"})
_SETTINGS = frozenset({"job_us", "job_polls", "strict_bodies"})
_FAULTS = frozenset({"ordered", "count", "chance"})
_OBJECT = frozenset({"key", "content_type", "filename", "stored_at", "content"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that was read to its end and fits together."""

    data: str
    seed: int
    clock: tuple[int, bool]
    settings: SandboxSettings
    faults: FaultBook
    ids: IdSource
    signer: Signer
    states: Mapping[str, ApiState]
    objects: ObjectStore

    def become(self, sandbox: Sandbox) -> None:
        """Make the sandbox what the document says; its name, its tokens and its journal stay."""
        now, frozen = self.clock
        sandbox.base = replace(sandbox.base, name=self.data, seed=self.seed)
        sandbox.clock = Clock(at=now, frozen=frozen)
        sandbox.settings = replace(self.settings, auth=sandbox.settings.auth, tokens=sandbox.settings.tokens)
        sandbox.faults, sandbox.ids, sandbox.signer = self.faults, self.ids, self.signer
        sandbox.faults.count_in(sandbox.fired)
        # An API that leaves its state out of documents keeps it.
        sandbox.states = {**sandbox.states, **self.states}
        sandbox.objects = self.objects
        sandbox.settle()


def read(document: bytes, operations: tuple[str, ...]) -> Generator[None, None, Draft]:
    """Read a whole document.

    Raises:
        DocumentError: it is not a sandbox of this format.
    """
    try:
        walk = JSONWalk(document.decode())
    except UnicodeDecodeError as error:
        raise DocumentError({_WHOLE: [f"JSON parse error - not UTF-8: {error.reason}"]}) from None
    readers = _readers(operations)
    found: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    try:
        for name in walk.members():
            yield
            if name not in readers or name in found:
                errors[name] = ["Unknown field." if name not in readers else "This field is there twice."]
                walk.value()
                continue
            start = walk.position
            try:
                found[name] = yield from readers[name](walk)
            except JSONSyntax:
                raise
            except (StateError, TypeError, ValueError) as error:
                errors[name] = [f"Not as `GET state` gives it: {error}."]
                walk.position = start
                walk.value()
            if found.get("format", FORMAT) != FORMAT:
                # what another version means by the rest is not for this one to judge
                break
        else:
            walk.end()
    except JSONSyntax as error:
        raise DocumentError({_WHOLE: [f"JSON parse error - {error}."]}) from None
    except TypeError:
        raise DocumentError({_WHOLE: ["A sandbox is a JSON object as `GET state` gives it."]}) from None
    return (yield from _draft(found, errors, list(readers)))


def _draft(
    found: dict[str, Any], errors: dict[str, list[str]], names: list[str]
) -> Generator[None, None, Draft]:
    if "format" in found and found["format"] != FORMAT:
        msg = f'"{found["format"][:80]}" is not {FORMAT}; this version reads no other.'
        raise DocumentError({"format": [msg]})
    missing = [name for name in names if name not in found and name not in errors]
    errors |= {name: ["This field is required."] for name in missing}
    if errors:
        raise DocumentError(errors)
    now, _ = found["clock"]
    settings, as_written = found["settings"]
    states = {}
    for api, section in _sections().items():
        states[api] = yield from section.state(found, as_written, now)
    return Draft(
        data=found["data"],
        seed=found["seed"],
        clock=found["clock"],
        settings=settings,
        faults=found["faults"],
        ids=found["ids"],
        signer=found["signing_key"],
        states=states,
        objects=found["objects"],
    )


def _readers(operations: tuple[str, ...]) -> dict[str, Callable[[JSONWalk], Steps]]:
    """How each field is read, in the order in which they are written."""
    return {
        "format": _small(text),
        "data": _small(text),
        "seed": _small(number),
        "clock": _small(_clock),
        "settings": _small(_settings),
        "faults": _small(lambda value: _faults(value, operations)),
        "ids": _small(_ids),
        "signing_key": _small(_signer),
        **{
            member: partial(section.read, member)
            for section in _sections().values()
            for member in section.members
        },
        "objects": _objects,
    }


def _sections() -> dict[str, Section]:
    return {name: api.section for name, api in installed(WrittenApi).items() if api.section is not None}


def _small(read_value: Callable[[object], Any]) -> Callable[[JSONWalk], Steps]:
    """Read a field that is never long at once."""

    def steps(walk: JSONWalk) -> Steps:
        yield from ()
        return read_value(walk.value())

    return steps


def _clock(value: object) -> tuple[int, bool]:
    item = fields(value, _CLOCK)
    now = instant(item["now"])
    if not EARLIEST <= now <= LATEST:
        msg = "the clock shows the years 1 to 9999"
        raise ValueError(msg)
    return now, flag(item["frozen"])


def _settings(value: object) -> tuple[SandboxSettings, Mapping[str, Any]]:
    """The settings, and as they are written, for what a state keeps of them."""
    apis = {name: api.settings for name, api in installed(WrittenApi).items() if api.settings is not None}
    item = fields(value, _SETTINGS.union(*(one.members for one in apis.values())))
    settings = SandboxSettings(
        job_us=number(item["job_us"]),
        job_polls=optional(number, item["job_polls"]),
        strict_bodies=flag(item["strict_bodies"]),
        apis={name: one.load(item) for name, one in apis.items()},
    )
    return settings, item


def _faults(value: object, operations: tuple[str, ...]) -> FaultBook:
    item = fields(value, _FAULTS)
    book = FaultBook(0)
    book.restore(number(item["count"]), text(item["chance"]))
    orders = listed(item["ordered"])
    if not orders:
        return book
    shape = Compiler().compile(openapi.load("control")["components"]["schemas"]["FaultOrder"], "request")
    known: list[tuple[str, Fault]] = []
    for entry in orders:
        order = dict(entry) if isinstance(entry, dict) else {}
        id_ = text(order.pop("id", None))
        left = optional(lambda count: number(count, 1), order.pop("left", None))
        wrong = findings(shape, order)
        if wrong is not None:
            msg = f"{id_}: {jsonio.dumps(wrong).decode()}"
            raise ValueError(msg)
        fault = make_fault(order, id_, operations)
        if (left is None) != (fault.times is None) or (left or 0) > (fault.times or 0):
            msg = f"{id_}: left is {left} of {fault.times} times"
            raise ValueError(msg)
        book.add(fault, left)
        known.append((id_, fault))
    by_id(known)
    return book


def _ids(value: object) -> IdSource:
    ids = IdSource(0)
    ids.restore(text(value))
    return ids


def _signer(value: object) -> Signer:
    secret = base64.b64decode(text(value), validate=True)
    if len(secret) != 32:
        msg = "32 bytes are expected"
        raise ValueError(msg)
    return Signer(secret)


def _objects(walk: JSONWalk) -> Steps:
    store = ObjectStore()
    for _ in walk.items():
        yield
        item = fields(walk.value(), _OBJECT)
        key = text(item["key"])
        if key in store:
            msg = f"{key!r} is there twice"
            raise ValueError(msg)
        content = base64.b64decode(text(item["content"]), validate=True)
        kind, filename = text(item["content_type"]), text(item["filename"])
        store.put(key, StoredObject.of(content, kind, filename, instant(item["stored_at"])))
    return store
