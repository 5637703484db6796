"""Which requests to PixieBrix a run may send, and what of it is there afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final
from urllib.parse import parse_qs, quote, urlsplit

from ...environment.effects import CREATE, inside
from ...environment.inventory import Inventory, Item
from ...environment.keeper import NOT_OURS, Keeper, Sender
from ...environment.request_effects import Passage, Refusal, answered, header, ids_in
from ...http.wire import Header, Received
from ...target.target import Endpoint, Target
from .scratch import Scratch

_MOST: Final = 1_000
"""How many databases are on a page of their list, and this many pages are read."""
_LISTS: Final = frozenset({"listDatabases", "listRecords"})
_READ_AT: Final = {
    "record": "/databases/{database}/records/{id}/",
    "asset": "/databases/{database}/assets/{id}?meta=true",
    "job": "/databases/records/jobs/{id}/",
}
"""Where a thing shows whether it is there."""


class Writes(Keeper):
    """What the gate knows of the PixieBrix of a run. Several threads may use it.

    Args:
        target: with what the user allows.
        mark: with which the ids of the run's records begin.
        inventory: of the run.
    """

    headers: ClassVar[tuple[Header, ...]] = (("Accept", "application/json; version=2.0"),)

    def __init__(self, target: Target, mark: str, inventory: Inventory) -> None:
        super().__init__(target, mark, inventory)
        self._scratch = target.of(Scratch)
        self._destroy = "destroy" in target.capabilities
        self._cleared: set[str] = set()
        self._empty: set[str] = set()
        self._others: set[str] = set(self._scratch.databases)

    def holds_nothing_else(self, database: str) -> bool:
        """Whether a database was seen to be empty, so that all that is in it is the run's."""
        return database in self._empty

    def put_back(self, send: Sender) -> None:
        """Take note that the target has put its data back.

        What was empty may hold the user's again, and what was made may be gone.
        """
        with self.lock:
            self._empty.clear()
        for item in self.inventory.since():
            # With a database goes what is in it.
            there = item.id and self.inventory.find(item.thing, item.id, item.endpoint, item.inside)
            if there and self._is_gone(item, send):
                self.inventory.remove(item.thing, item.id or "", item.endpoint, item.inside)

    def _is_gone(self, item: Item, send: Sender) -> bool:
        """Whether the target says that it does not have a thing."""
        if item.thing == "database":
            organization = item.ids.get("organizationId")
            own = f"/organizations/{quote(organization or '', safe='')}/databases/"
            answer = send(item.endpoint, "GET", own) if organization else None
            return answer is not None and answer.status == 200 and self._listed(item, send) is None
        path = _READ_AT.get(item.thing)
        if path is None:
            return False
        database, id_ = (quote(one or "", safe="") for one in (item.inside, item.id))
        answer = send(item.endpoint, "GET", path.format(database=database, id=id_))
        return answer is not None and answer.status == 404

    # Before a request

    def why_not(self, passage: Passage, endpoint: Endpoint) -> Refusal | None:  # noqa: ARG002 (a `Keeper`)
        """Why a request that might change something may not be sent, where writing is allowed."""
        effect = passage.effect
        if effect is None or not passage.names.plain:
            return Refusal("nobody knows what it does")
        if effect.thing == "database":
            return self._about_database(passage)
        if effect.thing == "job":
            return self._about_another(passage)
        return self._about_contents(passage, passage.names.ids.get("databaseId"))

    def _about_contents(self, passage: Passage, database: str | None) -> Refusal | None:
        """Records and assets: by the database that they are in."""
        if database is None:
            return NOT_OURS
        if database in self.invented or self._owns(database, passage.endpoint):
            return None
        if database not in self._scratch.databases:
            return Refusal(f"{database} is not a database that may be written to (pixiebrix.databases)")
        if passage.effect is not None and passage.effect.thing == "record":
            return self._about_records(passage, database)
        return self._about_another(passage)

    def _about_another(self, passage: Passage) -> Refusal | None:
        return None if passage.only_creates or self.made(passage) else NOT_OURS

    def _about_database(self, passage: Passage) -> Refusal | None:
        names = passage.names
        if not passage.only_creates:
            ours = names.id is not None and self._owns(names.id, passage.endpoint)
            return None if ours else Refusal("it might change a database that the run did not create")
        if not self._scratch.create_databases:
            return Refusal("databases may not be created (pixiebrix.create_databases)")
        if names.ids.get("organizationId") not in {None, self._scratch.organization}:
            return Refusal("it is another organization than the one to use (pixiebrix.organization)")
        return None

    def _about_records(self, passage: Passage, database: str) -> Refusal | None:
        keys = passage.keys
        ours = keys is not None and all(key.startswith(self.mark) for key in keys)
        if ours or self._destroy or self.holds_nothing_else(database):
            return None
        return Refusal("it might change records that the run did not create", ("destroy",))

    def _owns(self, database: str, endpoint: Endpoint | None) -> bool:
        found = self.inventory.find("database", database, endpoint) if endpoint is not None else None
        return found is not None and found.ours

    # After it

    def settle(self, passage: Passage, endpoint: Endpoint, received: Received | None) -> None:
        """Enter what a request has made or removed, and learn from what is read.

        Args:
            passage: of the request.
            endpoint: where it went.
            received: the answer; None where none came.
        """
        done = received is not None and received.status < 300
        if passage.effect is None:
            if done and received is not None and passage.operation in _LISTS:
                self._read(passage, endpoint, answered(received))
        elif passage.deletes:
            if done and not passage.names.rest:
                self._deleted(passage, endpoint)
        elif CREATE in passage.effect.may:
            body = answered(received) if received is not None and done else None
            if passage.effect.thing == "record":
                self._made_records(passage, endpoint, body, sure=done)
            elif done or received is None or received.status >= 500:
                self._made_another(passage, endpoint, body, sure=done)

    def _read(self, passage: Passage, endpoint: Endpoint, listed: object) -> None:
        """Learn which databases there are, and which hold nothing."""
        sent = header(passage.request.headers, "authorization")
        if sent != (f"Token {endpoint.token}" if endpoint.token else ""):
            return  # Another token may not see everything.
        query = parse_qs(urlsplit(passage.request.url).query, keep_blank_values=True)
        if passage.operation == "listDatabases":
            with self.lock:
                self._others |= {one for one in ids_in(listed) if not self._owns(one, endpoint)}
        elif passage.operation == "listRecords" and listed == [] and set(query) <= {"page_size"}:
            with self.lock:
                self._empty.add(passage.names.ids["databaseId"])

    def _deleted(self, passage: Passage, endpoint: Endpoint) -> None:
        names = passage.names
        database = names.ids.get("databaseId")
        if names.id is not None:
            self.inventory.remove(names.kind, names.id, endpoint, inside(names.kind, names.ids))
        elif names.kind == "record" and database is not None and not urlsplit(passage.request.url).query:
            self.inventory.clear("record", database)
            with self.lock:
                self._empty.add(database)

    def _made_records(self, passage: Passage, endpoint: Endpoint, answered: object, *, sure: bool) -> None:
        database = passage.names.ids.get("databaseId", "")
        if database in self.invented and not sure:
            return
        for key in sorted({*(passage.keys or ()), *ids_in(answered)}):
            # What the target named itself is told and never deleted: it may be a record that was there.
            ours = key.startswith(self.mark)
            ids = passage.names.ids
            self.inventory.add("record", key, endpoint, inside=database, ids=ids, sure=sure, ours=ours)

    def _made_another(self, passage: Passage, endpoint: Endpoint, answered: object, *, sure: bool) -> None:
        thing = passage.effect.thing if passage.effect is not None else ""
        document = answered if isinstance(answered, dict) else {}
        if thing == "asset" and isinstance(document.get("asset"), dict):
            document = document["asset"]
        sent = passage.document if isinstance(passage.document, dict) else {}
        id_ = next(iter(ids_in(document)), None)
        self.inventory.add(
            thing,
            id_,
            endpoint,
            inside=inside(thing, passage.names.ids),
            ids=passage.names.ids,
            name=str(sent.get("name") or sent.get("filename") or ""),
            sure=sure,
            # An answer that names a database of somebody else must not make it the run's.
            ours=thing != "database" or id_ not in self._others,
        )

    def link_in(self, passage: Passage, received: Received) -> object:
        """Where a new asset says that its file has to go."""
        asset = answered(received) if passage.effect is not None and passage.effect.thing == "asset" else None
        return asset.get("upload_url") if isinstance(asset, dict) else None

    # At the end

    def finish(self, send: Sender) -> None:
        """Nothing yet; each database is cleared once in a cleaning up."""
        del send
        self._cleared.clear()

    def disposes(self, item: Item, send: Sender) -> bool:
        """Delete a record with all others where all are the run's; keep a database that may not be it."""
        if item.thing == "database":
            return not self._bears_our_name(item, send)
        return item.thing == "record" and self._clear(item, send)

    def _clear(self, item: Item, send: Sender) -> bool:
        """Delete all records of a database, once, where all are the run's."""
        database = item.inside or ""
        if not self.holds_nothing_else(database):
            return False
        if database not in self._cleared:
            self._cleared.add(database)
            send(item.endpoint, "DELETE", f"/databases/{quote(database, safe='')}/records/")
        return self.inventory.find(item.thing, item.id or "", item.endpoint, item.inside) is None

    def _bears_our_name(self, item: Item, send: Sender) -> bool:
        """Whether a database is called what the run has called it: an answer may have named one of others."""
        answer = send(item.endpoint, "GET", f"/databases/{quote(item.id or '', safe='')}/")
        found = answered(answer) if answer is not None and answer.status == 200 else None
        if not isinstance(found, Mapping) or found.get("id") != item.id:
            found = self._listed(item, send)
        return isinstance(found, Mapping) and found.get("name") == item.name

    def _listed(self, item: Item, send: Sender) -> object:
        organization = item.ids.get("organizationId")
        if organization is None:
            return None
        path = f"/organizations/{quote(organization, safe='')}/databases/"
        for page in range(1, _MOST):
            answer = send(item.endpoint, "GET", f"{path}?page={page}&page_size={_MOST}")
            listed = answered(answer) if answer is not None and answer.status == 200 else None
            if not isinstance(listed, list) or not listed:
                return None
            for one in listed:
                if isinstance(one, Mapping) and one.get("id") == item.id:
                    return one
        return None
