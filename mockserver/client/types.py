"""What `client` takes and gives: plain values, read from the control API's JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal, Self, TypedDict
from urllib.parse import parse_qs

Instant = datetime | str
"""A time: a datetime or ISO 8601 text; without an offset it is UTC."""

JobPace = Literal["immediate"] | float | Mapping[str, float]
"""How long export jobs take: not at all, seconds of the clock, or `{"polls": n}` polls of the job."""


class Inside(TypedDict, total=False):
    """How an operation fails inside; one of the two.

    Attributes:
        after: an import (`importDatabase`) fails when this many entries are merged.
        error_message: an export job (`createExportJob`) ends as FAILURE with this message.
    """

    after: int
    error_message: str


def as_text(instant: object) -> str:
    """The instant as the control API takes it.

    Raises:
        TypeError: it is neither a datetime nor text.
    """
    if isinstance(instant, str):
        return instant
    if not isinstance(instant, datetime):
        msg = f"{instant!r} is not a time: give a datetime or ISO 8601 text"
        raise TypeError(msg)
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat()


def as_datetime(text: str) -> datetime:
    """An instant of the control API, in UTC."""
    return datetime.fromisoformat(text)


class _Shown:
    """What the control API shows, with the fields as it names them."""

    __slots__ = ()

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> Self:
        """Read it from JSON."""
        return cls(**{field.name: shown[field.name] for field in fields(cls)})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Database(_Shown):
    """A PixieBrix database of a sandbox.

    Attributes:
        organization_id: None for a database of the user's own.
        type: `Key-Value` or `Asset`.
        records: how many it held when it was asked about.
    """

    id: str
    name: str
    organization_id: str | None
    type: str
    records: int


@dataclass(frozen=True, slots=True)
class MockSettings(_Shown):
    """The settings of a sandbox.

    Attributes:
        record_limit: how many records a database may hold before the nightly job archives the oldest dates.
        job_pace: `{"seconds": s}` or `{"polls": n}`: what an export job takes.
        os_version: of the Pieces server; newer exports are refused with 505.
        migration: the database version of the Pieces server.
        max_records: of one answer of the records endpoint.
        requests_per_minute: of one token before it is answered 429; None: no limit.
        default_version: the version of PixieBrix where `Accept` asks for none.
        strict_bodies: whether fields of a PixieBrix body that are not described are refused.
    """

    record_limit: int
    job_pace: Mapping[str, float]
    os_version: str
    migration: int
    default_page_size: int
    max_page_size: int
    max_records: int
    requests_per_minute: int | None
    default_version: str
    strict_bodies: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """An ordered fault (see `FaultControl.add`).

    Attributes:
        delay: the bounds of the seconds that it waits.
        times: how often it was to strike; None: for ever.
        left: how often it will still strike; None: for ever.
    """

    id: str
    operation: str
    status: int | None
    body: Any
    headers: Mapping[str, str]
    delay: tuple[float, float] | None
    connection: str | None
    inside: Mapping[str, Any] | None
    times: int | None
    probability: float
    left: int | None

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> Fault:
        """Read one from JSON."""
        delay = shown.get("delay")
        return cls(
            id=shown["id"],
            operation=shown["operation"],
            status=shown.get("status"),
            body=shown.get("body"),
            headers=shown.get("headers", {}),
            delay=None if delay is None else (delay["min"], delay["max"]),
            connection=shown.get("connection"),
            inside=shown.get("inside"),
            times=shown["times"],
            probability=shown["probability"],
            left=shown["left"],
        )


@dataclass(frozen=True, slots=True)
class Message(_Shown):
    """A request or a response in the journal, its secrets masked.

    Attributes:
        headers: by lower-case name.
        body: the first 16 KiB, as text; what is not UTF-8 is replaced.
        size: of the whole body in bytes.
        truncated: whether there was more than `body` holds.
    """

    headers: Mapping[str, str]
    body: str
    size: int
    truncated: bool

    def json(self) -> Any:
        """The body parsed as JSON.

        Raises:
            ValueError: it is not JSON, or it was truncated.
        """
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One exchange with a sandbox.

    Attributes:
        number: counts up from 1.
        request_id: the `X-Request-Id` of its answer.
        at: when, by the sandbox's clock.
        operation: the operationId, None where there is none at that path.
        path: as sent, percent-encoded, without the sandbox.
        query: as sent, without the question mark.
        status: 0 when the connection was closed without an answer.
        milliseconds: of real time until the answer was out.
    """

    number: int
    request_id: str
    at: datetime
    operation: str | None
    method: str
    path: str
    query: str
    status: int
    milliseconds: float
    request: Message
    response: Message

    @property
    def params(self) -> dict[str, list[str]]:
        """The query's parameters, decoded: all values of each name."""
        return parse_qs(self.query, keep_blank_values=True)

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> JournalEntry:
        """Read one from JSON."""
        values = {field.name: shown[field.name] for field in fields(cls)}
        values["at"] = as_datetime(shown["at"])
        values["request"] = Message.of(shown["request"])
        values["response"] = Message.of(shown["response"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class ClientFinding(_Shown):
    """Something that a client does wrong.

    Attributes:
        kind: short, such as `token-to-storage`.
        title: what the client does.
        remedy: what it should do instead.
        level: how sure it is that this is wrong: `documented`, `published` or `inferred`.
        source: the text that says so.
        count: how often it was done.
        cases: the different cases, the first ones: what was `said` of each, its `count`, the `number` of its
            first exchange, and that as `evidence`, its secrets masked.
    """

    kind: str
    title: str
    remedy: str
    level: str
    source: str
    count: int
    cases: Sequence[Mapping[str, Any]]
