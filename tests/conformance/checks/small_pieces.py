"""A Pieces OS of its own for these tests: small, reference, and easy to make wrong in one place."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any, ClassVar

import orjson

from dbcontract.conformance.apis.pieces.exports import (
    LISTS,
    OPTIONAL_COLLECTIONS,
    REQUIRED_COLLECTIONS,
    REQUIRED_FIELDS,
    SEMANTICS,
    Version,
)

COLLECTIONS = (*REQUIRED_COLLECTIONS, *OPTIONAL_COLLECTIONS)
Entries = dict[str, dict[str, Any]]


class Refused(Exception):
    """The import cannot be used."""

    status = 500


class Newer(Refused):
    """The import comes from a newer server."""

    status = 505


@dataclass
class Reply:
    """What goes back; a body without `announced` has no Content-Length."""

    status: int
    body: bytes = b""
    media_type: str = ""
    announced: bool = True


@dataclass
class State:
    """What the server holds: the entries of the lists by id, and the collections, which are sets of words."""

    lists: dict[str, Entries]
    collections: dict[str, set[bytes]]

    def copy(self) -> State:
        """Another one with the same entries, which are replaced by others and never changed themselves."""
        return State(
            {name: entries.copy() for name, entries in self.lists.items()},
            {name: words.copy() for name, words in self.collections.items()},
        )


class SmallPieces:
    """The server. What a wrong one does otherwise is one method, or one attribute."""

    importing: ClassVar[threading.Lock] = threading.Lock()
    """One import at a time."""
    version: ClassVar[str] = "11.10.3"
    migration: ClassVar[int] = 7
    tolerant: ClassVar[frozenset[str]] = frozenset()
    """What `check` lets pass, by the name of the method that would object."""

    def __init__(self, *, empty: bool = False) -> None:
        self.fail_after: int | None = None
        self.fail_export = False
        entry = {"id": "mine", "raw": [1, 2], "schema": self.schema()}
        self.state = State(
            lists={name: {} if empty else {"mine": dict(entry)} for name in LISTS},
            collections={name: set() if empty else {b"one", b"two"} for name in COLLECTIONS},
        )

    # Requests

    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        match method, path:
            case "GET", "/database/export":
                return self.get(headers)
            case "POST", "/database/import":
                with self.importing:
                    return self.post(headers, body)
        there = path in {"/database/export", "/database/import"}
        return Reply(405 if there else 404, b"no such operation", "text/plain")

    def get(self, headers: Mapping[str, str]) -> Reply:
        del headers
        if self.fail_export:
            self.fail_export = False
            return self.failing_export()
        return Reply(200, orjson.dumps(self.export()), "application/json")

    def failing_export(self) -> Reply:
        return Reply(500, b"the disk is gone", "text/plain")

    def post(self, headers: Mapping[str, str], body: bytes | None) -> Reply:
        del headers
        try:
            if body:
                document = self.read(body)
                self.check(document)
                self.merge(document)
        except Refused as error:
            return self.error(error)
        return Reply(204)

    def error(self, error: Refused) -> Reply:
        return Reply(error.status, str(error).encode(), "text/plain")

    # Export

    def schema(self) -> dict[str, Any]:
        return {"migration": self.migration, "semantic": SEMANTICS[1]}

    def export(self) -> dict[str, Any]:
        state = self.state
        return {
            **{name: list(b" ".join(sorted(words))) for name, words in state.collections.items()},
            **{name: {"iterable": list(entries.values())} for name, entries in state.lists.items()},
            "version": self.version,
            "schema": self.schema(),
        }

    # Import

    def read(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except ValueError as error:
            raise Refused(f"no JSON: {error}") from None

    def check(self, document: Any) -> None:
        for objection in (
            self.no_object,
            self.newer_version,
            self.newer_migration,
            self.bad_version,
            self.missing_field,
            self.bad_schema,
            self.bad_collection,
            self.bad_list,
        ):
            if objection.__name__ not in self.tolerant:
                objection(document)

    def no_object(self, document: Any) -> None:
        if not isinstance(document, dict):
            raise Refused("no object")

    def newer_version(self, document: dict[str, Any]) -> None:
        version = Version.parse(document.get("version"))
        if version is not None and self.is_newer(version):
            raise Newer(f"please update to {version}")

    def is_newer(self, version: Version) -> bool:
        own = Version.parse(self.version)
        assert own is not None
        # A release is newer than its pre-releases.
        return (version.core, version.prerelease is None) > (own.core, own.prerelease is None)

    def newer_migration(self, document: dict[str, Any]) -> None:
        schema = document.get("schema")
        migration = schema.get("migration") if isinstance(schema, dict) else None
        if isinstance(migration, int) and self.is_newer_migration(migration):
            raise Newer("please update")

    def is_newer_migration(self, migration: int) -> bool:
        return migration > self.migration

    def bad_version(self, document: dict[str, Any]) -> None:
        if "version" in document and Version.parse(document["version"]) is None:
            raise Refused("no version")

    def missing_field(self, document: dict[str, Any]) -> None:
        for name in REQUIRED_FIELDS:
            if name not in document:
                raise Refused(f"{name} is missing")

    def bad_schema(self, document: dict[str, Any]) -> None:
        schema = document.get("schema")
        if schema is None:
            return
        if not isinstance(schema, dict) or type(schema.get("migration")) is not int:
            raise Refused("the schema has no migration")
        if schema.get("semantic") not in SEMANTICS:
            raise Refused("the schema has no known semantic")

    def bad_collection(self, document: dict[str, Any]) -> None:
        for name in COLLECTIONS:
            if document.get(name) is not None:
                self.bad_bytes(document[name])

    def bad_list(self, document: dict[str, Any]) -> None:
        for name in LISTS:
            if document.get(name) is not None:
                for entry in self.entries(document[name]):
                    self.bad_entry(entry)

    def bad_entry(self, entry: Any) -> None:
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise Refused("an entry without id")
        self.bad_bytes(entry.get("raw"))
        self.bad_schema(entry)

    def entries(self, value: Any) -> list[Any]:
        entries = value.get("iterable") if isinstance(value, dict) else None
        if not isinstance(entries, list):
            raise Refused("no list of entries")
        return entries

    def bad_bytes(self, value: Any) -> None:
        if not isinstance(value, list):
            raise Refused("no array of bytes")
        for item in value:
            if not self.is_byte(item):
                raise Refused(f"{item} is not a byte")

    def is_byte(self, item: Any) -> bool:
        return type(item) is int and 0 <= item <= 255

    def merge(self, document: dict[str, Any]) -> None:
        aside = self.state.copy()
        for _ in self.steps(aside, document):
            pass
        self.state = aside

    def steps(self, state: State, document: dict[str, Any]) -> Iterator[None]:
        """Merge, one entry a step, and fail where that was ordered."""
        fail_after, self.fail_after = self.fail_after, None
        merged = 0
        for name in LISTS:
            for entry in self.given(document, name):
                if fail_after == merged:
                    raise Refused("failed inside")
                self.put(state.lists[name], entry)
                merged += 1
                yield
        if fail_after == merged:
            raise Refused("failed at the end")
        for name in COLLECTIONS:
            state.collections[name] |= set(self.words(bytes(document.get(name) or ())))

    def words(self, collection: bytes) -> list[bytes]:
        if not collection.isascii():
            raise Refused("a collection is not text")
        return collection.split()

    def given(self, document: dict[str, Any], name: str) -> list[dict[str, Any]]:
        return list((document.get(name) or {}).get("iterable", ()))

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        entries[entry["id"]] = entry


class UnusualPieces(SmallPieces):
    """As lawful as the other, and different wherever the documents leave it open."""

    version = "2.0.0-beta.3+build.9"

    def get(self, headers: Mapping[str, str]) -> Reply:
        reply = super().get(headers)
        reply.media_type += "; charset=utf-8"
        return reply

    def export(self) -> dict[str, Any]:
        shown = super().export()
        # Other fields, another order of fields, and another order of entries at every export.
        del shown["schema"], shown["hints"]
        for name in LISTS:
            shown[name]["iterable"].reverse()
            self.state.lists[name] = dict(reversed(self.state.lists[name].items()))
        return {"madeAt": "today", **dict(reversed(shown.items()))}

    def put(self, entries: Entries, entry: dict[str, Any]) -> None:
        entries.setdefault(entry["id"], entry)

    def error(self, error: Refused) -> Reply:
        return Reply(error.status, f"{error}!".encode("utf-16"), "Text/Plain; charset=UTF-16")

    def words(self, collection: bytes) -> list[bytes]:
        return collection.split()

    def bad_collection(self, document: dict[str, Any]) -> None:
        super().bad_collection(document)
        if document["websites"] == []:
            raise Refused("no bytes are not a collection")


def _chunks(stream: BufferedIOBase) -> bytes:
    """A chunked body; its sender ends it with an empty chunk and no trailers."""
    found = b""
    while size := int(stream.readline(), 16):
        found += stream.read(size)
        stream.readline()
    stream.readline()
    return found


@contextmanager
def serving(pieces: SmallPieces) -> Iterator[str]:
    """Serve it and give its base URL. POST /fail/<operation>/<after> orders a failure, /advance nothing."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def respond(self) -> None:
            announced = self.headers.get("Content-Length")
            body = None if announced is None else self.rfile.read(int(announced))
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                body = _chunks(self.rfile)
            if self.path == "/advance":
                reply = Reply(204)  # nothing here depends on the time
            elif self.path.startswith("/fail/"):
                reply = _order(pieces, self.path)
            else:
                reply = pieces.reply(self.command, self.path, dict(self.headers), body)
            self._send(reply)

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            if reply.media_type:
                self.send_header("Content-Type", reply.media_type)
            if reply.announced and (reply.status != 204 or reply.body):
                self.send_header("Content-Length", str(len(reply.body)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 (their names are the methods')

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name is given)
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _order(pieces: SmallPieces, path: str) -> Reply:
    _, _, operation, after = path.split("/")
    if operation == "exportDatabase":
        pieces.fail_export = True
    else:
        pieces.fail_after = int(after)
    return Reply(204)
