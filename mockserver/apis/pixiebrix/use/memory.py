"""What is remembered of a client's earlier exchanges with PixieBrix, within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from ....coverage.exchange import Exchange
from ....state.instants import SECOND

MOST: Final = 10_000
"""How many records, assets, jobs and links are remembered, of each kind the latest."""
HOUR: Final = 3_600 * SECOND
FINISHED: Final = frozenset({"SUCCESS", "FAILURE"})
WRITES: Final = frozenset({"createRecords", "putRecords", "putRecord"})
_LINK = re.compile(r"<([^>]*)>[^,]*?rel=\"?(\w+)")
_EXPIRED = b"expired"
_FIRST: Final = ("/databases/", "/organizations/")

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
Address = tuple[str, tuple[tuple[str, str], ...]]
"""A path and the parameters behind it, whatever their order."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was last seen.

    Attributes:
        data: its link.
        at: when it was first seen with this status and link, in µs.
    """

    status: str
    data: str
    at: int


def address(path: str, query: str) -> Address:
    """What a URL addresses, wherever the API is: what stands before its own paths does not matter."""
    begins = min((at for name in _FIRST if (at := path.find(name)) >= 0), default=0)
    return path[begins:].rstrip("/"), tuple(sorted(parse_qsl(query, keep_blank_values=True)))


def is_expired(exchange: Exchange) -> bool:
    """Whether storage refuses a link because its hour is over."""
    return exchange.status == 403 and _EXPIRED in exchange.response.body


def split(link: str) -> tuple[str, str]:
    """Path and query of a URL; both empty for what is not one."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return "", ""
    return parts.path, parts.query


def links_of(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """Relation and target of each link in the header `Link`."""
    for target, relation in _LINK.findall(exchange.response.headers.get("link", "")):
        yield relation, target


class PixieBrixMemory:
    """What a sandbox's client has seen.

    Attributes:
        keys: the records that were seen and not deleted since, by database and key: when, in µs.
        assets: whether each asset was last seen as uploaded, by id.
        jobs: by id.
        pages: what the header `Link` led to.
        expired: the paths of storage at which a link was refused because its hour was over.
        again_at: when a token may send requests again, in µs.
        began: when the first exchange was, in µs.
    """

    def __init__(self) -> None:
        self.keys: dict[tuple[str, str], int] = {}
        self.assets: dict[str, bool] = {}
        self.jobs: dict[str, Job] = {}
        self.pages: dict[Address, None] = {}
        self.expired: dict[str, str] = {}
        self.again_at: dict[str, int] = {}
        self.began: int | None = None

    def note(self, exchange: Exchange) -> None:
        """Remember what an exchange shows."""
        if self.began is None:
            self.began = exchange.at
        if exchange.status == 429:
            wait = exchange.response.headers.get("retry-after", "")
            if wait.isdecimal() and len(wait) < 6:
                token = exchange.request.headers.get("authorization", "")
                _keep(self.again_at, token, exchange.at + int(wait) * SECOND)
        for _, target in links_of(exchange):
            _keep(self.pages, address(*split(target)), None)
        note = getattr(self, f"_{exchange.operation}", None)
        if note is not None and exchange.status:
            note(exchange)

    def _written(self, exchange: Exchange) -> None:
        if exchange.succeeded:
            for key, _ in written(exchange):
                _keep(self.keys, (database_of(exchange), key), exchange.at)

    _createRecords = _putRecords = _putRecord = _written  # noqa: N815 - called as the operations are

    def _listRecords(self, exchange: Exchange) -> None:  # noqa: N802
        if exchange.succeeded:
            for record in exchange.response.objects:
                if isinstance(record.get("id"), str):
                    _keep(self.keys, (database_of(exchange), record["id"]), exchange.at)

    def _getRecord(self, exchange: Exchange) -> None:  # noqa: N802
        key = database_of(exchange), exchange.segments[-1]
        if exchange.succeeded:
            _keep(self.keys, key, exchange.at)
        elif exchange.status == 404:
            self.keys.pop(key, None)

    def _deleteRecord(self, exchange: Exchange) -> None:  # noqa: N802
        if exchange.succeeded:
            self.keys.pop((database_of(exchange), exchange.segments[-1]), None)

    def _clearRecords(self, exchange: Exchange) -> None:  # noqa: N802
        if exchange.succeeded:
            database = database_of(exchange)
            for key in [one for one in self.keys if one[0] == database]:
                del self.keys[key]

    def _createAsset(self, exchange: Exchange) -> None:  # noqa: N802
        self._note_asset(exchange.response.object.get("asset"))

    def _listAssets(self, exchange: Exchange) -> None:  # noqa: N802
        for asset in exchange.response.objects:
            self._note_asset(asset)

    def _getAsset(self, exchange: Exchange) -> None:  # noqa: N802
        self._note_asset(exchange.response.object)

    _updateAsset = _getAsset  # noqa: N815

    def _note_asset(self, asset: Any) -> None:
        if isinstance(asset, Mapping) and isinstance(asset.get("id"), str):
            _keep(self.assets, asset["id"], bool(asset.get("is_uploaded")))

    def _getExportJob(self, exchange: Exchange) -> None:  # noqa: N802
        shown = exchange.response.object
        status, data = shown.get("status"), shown.get("data")
        if isinstance(status, str):
            id_, link = exchange.segments[-1], data if isinstance(data, str) else ""
            before = self.jobs.get(id_)
            same = before is not None and (before.status, before.data) == (status, link)
            at = before.at if same and before is not None else exchange.at
            _keep(self.jobs, id_, Job(status, link, at))

    def _downloadObject(self, exchange: Exchange) -> None:  # noqa: N802
        if is_expired(exchange):
            _keep(self.expired, exchange.path, exchange.query)
        elif exchange.succeeded:
            self.expired.pop(exchange.path, None)


def database_of(exchange: Exchange) -> str:
    """The id of the database in a path, in lower case; empty where there is none."""
    found = [
        after
        for before, after in zip(exchange.segments, exchange.segments[1:], strict=False)
        if before == "databases"
    ]
    return found[-1].lower() if found else ""


def written(exchange: Exchange) -> list[tuple[str, Mapping[str, Any]]]:
    """The records that a write is about, each with its key."""
    if exchange.operation == "putRecord":
        return [(exchange.segments[-1], exchange.request.object)]
    return [(one["id"], one) for one in exchange.request.objects if isinstance(one.get("id"), str)]


def _keep(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > MOST:
        del kept[next(iter(kept))]
