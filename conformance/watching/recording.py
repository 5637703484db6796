"""A data set of what was seen: a mock that serves it looks like the implementation.

Only what the format of data sets has room for is taken, so no link and no upload form gets in; credentials
that passed are masked wherever else they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from ..http.redaction import Redactor
from .seen import Seen

if TYPE_CHECKING:
    from .pretending import Pretender  # which loads what only data sets need

Entry = dict[str, Any]
FORMAT = "dbcontract-dataset/1"


class Recording:
    """What was seen of one API. An API that can be recorded has one of its own."""

    def take(self, seen: Seen) -> None:
        """Take in an exchange."""

    def entries(self) -> Iterator[Entry]:
        """What is known now, as entries of a data set, what others refer to first."""
        return iter(())

    def pretended(self, entry: Entry, pretender: Pretender) -> Entry:
        """An entry without the personal data that could be told, in any text where the API does not say."""
        return {**pretender.value(entry), "kind": entry["kind"]}


class WalkFailed(Exception):
    """What is there could not be read; the message says where and why."""


class Fetch(Protocol):
    """Reads an address below the base URL of an API, or an absolute one, with headers."""

    def __call__(self, path: str, headers: Mapping[str, str], *, needed: bool = True) -> Seen | None:
        """What was answered with 200.

        Args:
            path: or the whole of a link.
            headers: to send beside those of the target.
            needed: without it there is nothing to record; else a refusal is noted, and the result is None.

        Raises:
            WalkFailed: it is needed, and was not given; or the token is not accepted.
        """


@dataclass(frozen=True, kw_only=True)
class RecordingPractice:
    """How an API is recorded.

    Attributes:
        recording: makes what was seen; None where nothing of the API goes into data sets.
        walk: reads all there is; what is read is taken by the recording. The second argument has the ids that
            the user named, if any. Raises `WalkFailed` for what cannot be read.
    """

    recording: Callable[[], Recording] | None = None
    walk: Callable[[Fetch, tuple[str, ...]], None] | None = None


def data_set(
    recordings: Iterable[Recording],
    redactor: Redactor,
    *,
    name: str = "recorded",
    now: datetime | None = None,
    pretender: Pretender | None = None,
) -> list[Entry]:
    """The data set of some recordings.

    Args:
        recordings: one for each API.
        redactor: knows the credentials that passed.
        name: of the data set.
        now: the instant that is now in it.
        pretender: replaces personal data, where these have to be left out.
    """
    instant = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="microseconds")
    header = {
        "kind": "dataset",
        "format": FORMAT,
        "name": name,
        "seed": None,
        "as_of": instant.replace("+00:00", "Z"),
    }
    found = [header]
    for recording in recordings:
        entries = [masked(entry, redactor) for entry in recording.entries()]
        found += [recording.pretended(one, pretender) for one in entries] if pretender else entries
    return found


def masked(value: Any, redactor: Redactor) -> Any:
    """A JSON value without credentials and signatures; long arrays of numbers stay as they are."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, dict):
        return {name: masked(one, redactor) for name, one in value.items()}
    if isinstance(value, list) and not (value and isinstance(value[0], int)):
        return [masked(one, redactor) for one in value]
    return value
