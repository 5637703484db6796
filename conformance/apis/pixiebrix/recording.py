"""What was seen of PixieBrix, as a data set has it: databases with their records, archives and assets."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from ...authoring.formats import as_date, as_timestamp, is_uuid
from ...watching.recording import Entry, Fetch, Recording, WalkFailed
from ...watching.seen import Recent, Seen
from .asset_details import is_url
from .watched import asset_of

if TYPE_CHECKING:
    from ...watching.pretending import Pretender

_V2: Final = {"Accept": "application/json; version=2.0"}
_PAGES: Final = 1_000
_LARGEST: Final = 1_000
_FIRST: Final = "1970-01-01T00:00:00.000000Z"
_ORGANIZATION: Final = "Organization {}"


class DatabaseRecording(Recording):
    """What answers told of databases, and of what lies in them; later answers count more."""

    def __init__(self) -> None:
        self._organizations: dict[str, str] = {}
        self._databases: dict[str, Entry] = {}
        self._schemas: dict[str, dict[str, Any]] = {}
        self._records: dict[str, dict[str, Entry]] = {}
        self._lines: dict[tuple[str, str], list[Entry]] = {}
        self._assets: dict[str, dict[str, Entry]] = {}
        self._files: dict[str, tuple[str, bytes]] = {}
        self._leads: Recent[str, tuple[str, ...]] = Recent()  # each list of archives has fresh links

    def take(self, seen: Seen) -> None:
        """Take in an exchange."""
        if not seen.passage.api:
            self._take_file(seen)
        elif seen.passage.deletes:
            self._take_deletion(seen)
        elif seen.operation == "getAsset" and "meta" not in seen.query:
            self._take_download(seen)
        elif seen.succeeded:
            self._take_answer(seen)

    def _take_answer(self, seen: Seen) -> None:
        names, database = seen.passage.names, seen.ids.get("databaseId", "").lower()
        if names.rest:
            self._take_part(names.rest, database, seen)
        elif names.kind == "organization":
            self._organizations |= {
                item["id"].lower(): item["name"]
                for item in _items(seen)
                if is_uuid(item.get("id")) and isinstance(item.get("name"), str)
            }
        elif names.kind == "asset" and seen.operation != "listAssets":
            self._take_asset(database, asset_of(seen) or {})
        else:
            for item in _items(seen):
                self._take_item(names.kind, database, item, seen)

    def _take_part(self, part: str, database: str, seen: Seen) -> None:
        """What lies below a database and has no id of its own."""
        if part == "record-archives":
            self._take_archives(database, seen)
        elif part == "schema" and seen.object is not None:
            with suppress(ValueError, TypeError, RecursionError):
                schema = json.loads(seen.object.get("schema_text") or "")
                if isinstance(schema, dict):
                    self._schemas[database] = schema

    def _take_item(self, kind: str, database: str, item: dict[str, Any], seen: Seen) -> None:
        if kind == "database":
            self._take_database(item, seen.ids.get("organizationId"))
        elif kind == "record":
            self._take_record(database, item)
        elif kind == "asset":
            self._take_asset(database, item)

    def _take_database(self, item: Mapping[str, Any], organization: str | None) -> None:
        found, created = item.get("id"), _instant(item.get("created_at"))
        if not is_uuid(found) or not isinstance(item.get("name"), str) or not item["name"] or created is None:
            return
        owner = item.get("organization_id", organization)
        owner = owner.lower() if is_uuid(owner) else None
        self._databases[str(found).lower()] = {
            "kind": "database",
            "id": str(found).lower(),
            "name": item["name"][:256],
            "organization_id": owner,
            "created_at": created,
            "enforce_schema": item.get("enforce_schema") is True,
            "owner_field": item["owner_field"] if isinstance(item.get("owner_field"), str) else None,
            "type": "Asset" if item.get("type") == "Asset" else "Key-Value",
        }

    def _take_record(self, database: str, item: Mapping[str, Any]) -> None:
        created = _instant(item.get("created_at"))
        if created is not None and isinstance(item.get("id"), str) and isinstance(item.get("data"), dict):
            updated = _instant(item.get("updated_at")) or created
            entry = {"id": item["id"], "data": item["data"], "created_at": created, "updated_at": updated}
            self._records.setdefault(database, {})[item["id"]] = entry

    def _take_asset(self, database: str, item: Mapping[str, Any]) -> None:
        created, updated = _instant(item.get("created_at")), _instant(item.get("updated_at"))
        good = is_uuid(item.get("id")) and isinstance(item.get("filename"), str) and item["filename"]
        if good and created is not None and isinstance(item.get("is_uploaded"), bool):
            found = str(item["id"]).lower()
            self._assets.setdefault(database, {})[found] = {
                "kind": "asset",
                "database": database,
                "id": found,
                "filename": item["filename"][:255],
                "is_uploaded": item["is_uploaded"],
                "created_at": created,
                "updated_at": updated or created,
            }

    def _take_download(self, seen: Seen) -> None:
        asset = seen.ids.get("assetId", "").lower()
        location = seen.headers.get("Location")
        if seen.status == 200:
            self._keep(asset, seen)
        elif location is not None:
            self._lead(seen, location, (asset,))

    def _take_archives(self, database: str, seen: Seen) -> None:
        for item in seen.objects or ():
            if isinstance(item.get("file"), str) and as_date(item.get("date")) is not None:
                self._lead(seen, item["file"], (database, item["date"]))
                self._lines.setdefault((database, item["date"]), [])

    def _take_file(self, seen: Seen) -> None:
        lead = self._leads.get(seen.url)
        if lead is None or seen.passage.request.method != "GET":
            return
        location = seen.headers.get("Location")
        if location is not None and 300 <= seen.status < 400:
            self._lead(seen, location, lead)
        elif seen.status == 200 and len(lead) == 1:
            self._keep(lead[0], seen)
        elif seen.status == 200 and (lines := _lines(seen)) is not None:
            self._lines[lead[0], lead[1]] = lines

    def _lead(self, seen: Seen, link: str, to: tuple[str, ...]) -> None:
        with suppress(ValueError):  # not every text is a link
            self._leads[urljoin(seen.url, link)] = to

    def _keep(self, asset: str, seen: Seen) -> None:
        if seen.answer.is_whole:
            spool = seen.answer.spool
            content = seen.answer.content if spool is None else b"".join(spool.parts())
            self._files[asset] = (seen.headers.get("Content-Type") or "application/octet-stream", content)

    def _take_deletion(self, seen: Seen) -> None:
        names, database = seen.passage.names, seen.ids.get("databaseId", "").lower()
        if not seen.succeeded:
            return
        if names.kind == "record" and names.id is not None:
            self._records.get(database, {}).pop(names.id, None)
        elif names.kind == "record" and not seen.query:
            self._records.pop(database, None)
        elif names.kind == "database" and names.id is not None:
            for known in (self._databases, self._records, self._assets, self._schemas):
                known.pop(database, None)
            self._lines = {place: lines for place, lines in self._lines.items() if place[0] != database}

    # Out

    def entries(self) -> Iterator[Entry]:
        """What is known now."""
        places = {*self._records, *self._assets, *(database for database, _ in self._lines)}
        for database in sorted(place for place in places if is_uuid(place)):
            self._databases.setdefault(database, self._unnamed(database))
        owners = {one["organization_id"] for one in self._databases.values()} - {None}
        for number, owner in enumerate(sorted({*self._organizations, *owners}), 1):
            name = self._organizations.get(owner) or _ORGANIZATION.format(number)
            yield {"kind": "organization", "id": owner, "name": name}
        for database, entry in self._databases.items():
            schema = self._schemas.get(database)
            yield entry | ({"schema": schema} if schema is not None else {})
        for database in self._databases:
            yield from self._contents(database)

    def pretended(self, entry: Entry, pretender: Pretender) -> Entry:
        """Records with other keys and data, assets with other file names."""

        def record(one: Entry) -> Entry:
            return {**one, "id": pretender.text(one["id"]), "data": pretender.value(one["data"])}

        match entry["kind"]:
            case "record":
                return record(entry)
            case "archive":
                return {**entry, "records": [record(one) for one in entry["records"]]}
            case "asset":
                return {**entry, "filename": pretender.text(entry["filename"])}
            case _:
                return entry

    def _unnamed(self, database: str) -> Entry:
        created = [entry["created_at"] for entry in self._records.get(database, {}).values()]
        return {
            "kind": "database",
            "id": database,
            "name": f"Database {database[:8]}",
            "organization_id": None,
            "created_at": min(created, default=_FIRST),
            "enforce_schema": False,
            "owner_field": None,
            "type": "Asset" if self._assets.get(database) else "Key-Value",
        }

    def _contents(self, database: str) -> Iterator[Entry]:
        archived = {day: lines for (place, day), lines in self._lines.items() if place == database and lines}
        written = _written(archived.values())
        for key, record in self._records.get(database, {}).items():
            last = written.get((key, _text(record["data"])), record["updated_at"])
            updated = max(record["updated_at"], last)
            yield {"kind": "record", "database": database, **record, "updated_at": updated}
        for day, lines in sorted(archived.items()):
            yield {"kind": "archive", "database": database, "date": day, "records": lines}
        for asset, entry in self._assets.get(database, {}).items():
            media_type, content = self._files.get(asset, ("application/octet-stream", None))
            encoded = None if content is None else base64.b64encode(content).decode()
            yield {**entry, "content_type": media_type, "content": encoded}


def _written(files: Iterable[list[Entry]]) -> dict[tuple[str, str], str]:
    """When a record was last written with such data, as the archives tell: the records themselves do not."""
    found: dict[tuple[str, str], str] = {}
    for lines in files:
        for line in lines:
            place = line["id"], _text(line["data"])
            found[place] = max(found.get(place, ""), line["updated_at"])
    return found


def _text(data: object) -> str:
    return json.dumps(data, sort_keys=True)


def _items(seen: Seen) -> list[dict[str, Any]]:
    return seen.objects or ([seen.object] if seen.object is not None else [])


def _instant(value: object) -> str | None:
    found = as_timestamp(value)
    return None if found is None else found.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _lines(seen: Seen) -> list[Entry] | None:
    """The lines of an archive; None where they are not what a data set takes."""
    if not seen.answer.is_whole:
        return None
    spool, found = seen.answer.spool, {}
    content = seen.answer.content if spool is None else b"".join(spool.parts())
    for line in content.splitlines():
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            return None
        created = _instant(item.get("created_at")) if isinstance(item, dict) else None
        if created is None or not isinstance(item.get("id"), str) or not isinstance(item.get("data"), dict):
            return None
        updated = _instant(item.get("updated_at")) or created
        found[item["id"]] = {
            "id": item["id"],
            "data": item["data"],
            "created_at": created,
            "updated_at": updated,
        }
    return list(found.values())


# Reading all of it


def walk(fetch: Fetch, ids: tuple[str, ...]) -> None:
    """Read the organizations that are named, or all that the token sees, with all in their databases."""
    organizations = ids or tuple(_ids(_pages(fetch, "/organizations/")))
    for organization in organizations:
        for database in _ids(_pages(fetch, f"/organizations/{organization}/databases/")):
            _walk_database(fetch, organization, database)


def _walk_database(fetch: Fetch, organization: str, database: str) -> None:
    """Read a database; not every token may see its schema and its archives, nor has every one assets."""
    fetch(f"/organizations/{organization}/databases/{database}/schema/", _V2, needed=False)
    for _ in _pages(fetch, f"/databases/{database}/records/"):
        pass
    uploaded = (
        item
        for item in _pages(fetch, f"/databases/{database}/assets/", needed=False)
        if item.get("is_uploaded") is True
    )
    for asset in _ids(uploaded):
        fetch(f"/databases/{database}/assets/{asset}/", {}, needed=False)
    archives = f"/organizations/{organization}/databases/{database}/record-archives/"
    for item in _pages(fetch, archives, needed=False):
        if is_url(item.get("file")):
            fetch(str(item["file"]), {}, needed=False)


def _ids(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The ids of items; what is not one does not become part of an address."""
    return (item["id"] for item in items if is_uuid(item.get("id")))


def _pages(fetch: Fetch, path: str, *, needed: bool = True) -> Iterator[dict[str, Any]]:
    before: list[dict[str, Any]] | None = None
    for number in range(1, _PAGES + 1):
        page = f"&page={number}" if number > 1 else ""
        seen = fetch(f"{path}?page_size={_LARGEST}{page}", _V2, needed=needed or number > 1)
        if seen is None:
            return
        if seen.objects is None:
            raise WalkFailed(f"GET {path} is not answered with an array of objects that can be read")
        if seen.objects and seen.objects == before:
            raise WalkFailed(f"GET {path}: page {number} has what page {number - 1} had, and another follows")
        before = seen.objects
        yield from seen.objects
        if not seen.objects or "next" not in seen.headers.links(seen.url):
            return
    raise WalkFailed(f"GET {path}: page {_PAGES} is not the last one")
