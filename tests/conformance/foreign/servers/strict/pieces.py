"""Pieces OS: a database that is exported whole, and merged into."""

import json
from dataclasses import dataclass, field
from typing import Any

import semver

from .web import Answer, Refused, Request

COLLECTIONS = [
    "analyses", "applications", "assets", "codeAnalyses", "files", "formatMetrics", "formats", "fragments",
    "imageAnalyses", "models", "ocrAnalyses", "persons", "sensitives", "tags", "websites",
]  # fmt: skip
MORE = [
    "activities", "annotations", "anchors", "anchorPoints", "conversations", "conversationMessages", "hints",
    "ranges", "relationships", "workstreamEvents", "workstreamSummaries", "workstreamPatternEngineSources",
]  # fmt: skip
TABLES, MORE_TABLES = ("values",), ("messageValues", "workstreamEventValues")
VERSION, MIGRATION = "11.0.2", 41
KNOWN = tuple(f"f0f0f0f0-0000-4000-8000-{number:012d}" for number in range(4))  # the formats of this server
SEMANTIC = ("UNKNOWN", "MAJOR_0_MINOR_0_PATCH_1")


def refused(status: int, text: str) -> Refused:
    return Refused(Answer(status, f"{text}\n".encode(), "text/plain"))


@dataclass
class Pieces:
    """One database: serialized collections, which nobody here reads, and entries of known formats."""

    collections: dict[str, bytes] = field(default_factory=dict)
    tables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def exported(self) -> dict[str, Any]:
        found: dict[str, Any] = {name: list(self.collections.get(name, b"")) for name in COLLECTIONS}
        found |= {name: list(self.collections[name]) for name in MORE if self.collections.get(name)}
        found |= {name: {"iterable": list(self.tables.get(name, {}).values())} for name in TABLES}
        found |= {
            name: {"iterable": list(self.tables[name].values())}
            for name in MORE_TABLES
            if self.tables.get(name)
        }
        return found | {"version": VERSION, "schema": {"migration": MIGRATION, "semantic": SEMANTIC[1]}}

    def merged(self, body: dict[str, Any], stop_after: int | None) -> "Pieces":
        """A copy with everything of the body that is not there yet; what is there already wins."""
        result = Pieces(
            dict(self.collections), {name: dict(entries) for name, entries in self.tables.items()}
        )
        for name in (*COLLECTIONS, *MORE):
            mine, theirs = result.collections.get(name, b""), bytes(body.get(name) or ())
            if mine and theirs and mine != theirs:
                raise refused(500, f"{name}: holds something else already, and cannot be merged")
            result.collections[name] = mine or theirs
        through = 0
        for name in (*TABLES, *MORE_TABLES):
            for entry in (body.get(name) or {"iterable": ()})["iterable"]:
                if stop_after is not None and through >= stop_after:
                    raise refused(500, "the import broke off")
                through += 1
                if entry["id"] in KNOWN:
                    result.tables.setdefault(name, {}).setdefault(entry["id"], entry)
        if stop_after is not None:
            raise refused(500, "the import broke off")
        return result


def furnished() -> Pieces:
    """What the user keeps: collections that look like nothing in particular, and two entries."""
    kept = Pieces()
    for number, name in enumerate(COLLECTIONS):
        kept.collections[name] = bytes((7 * index + number * 31) % 256 for index in range(20 + number))
    kept.collections["websites"] = b""
    kept.tables["values"] = {
        one: {"id": one, "raw": list(f"snippet {one[-1]}".encode())} for one in KNOWN[:2]
    }
    return kept


def _bytes(value: Any, name: str) -> None:
    if not isinstance(value, list) or any(type(one) is not int or not 0 <= one <= 255 for one in value):
        raise refused(400, f"{name}: an array of bytes is expected")


def _schema(value: Any, name: str) -> None:
    if value is None:
        return
    if (
        not isinstance(value, dict)
        or type(value.get("migration")) is not int
        or value.get("semantic") not in SEMANTIC
    ):
        raise refused(400, f"{name}: migration and semantic are expected")


def _entries(value: Any, name: str) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("iterable"), list):
        raise refused(400, f"{name}: an object with an iterable is expected")
    _schema(value.get("schema"), f"{name}.schema")
    for index, entry in enumerate(value["iterable"]):
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise refused(400, f"{name}.iterable[{index}]: an object with an id is expected")
        _bytes(entry.get("raw"), f"{name}.iterable[{index}].raw")
        _schema(entry.get("schema"), f"{name}.iterable[{index}].schema")


def checked(text: bytes) -> dict[str, Any]:
    """The body of an import, if it is an ExportedDatabase that this server may take."""
    try:
        body = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise refused(400, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise refused(400, "the body is no ExportedDatabase")
    for name in COLLECTIONS:
        _bytes(body.get(name), name)
    for name in MORE:
        if body.get(name) is not None:
            _bytes(body[name], name)
    _entries(body.get("values"), "values")
    for name in MORE_TABLES:
        if body.get(name) is not None:
            _entries(body[name], name)
    _schema(body.get("schema"), "schema")
    if not isinstance(body.get("version"), str):
        raise refused(400, "version: a string is expected")
    _not_newer(body)
    return body


def _not_newer(body: dict[str, Any]) -> None:
    try:
        version = semver.Version.parse(body["version"])
    except ValueError:
        raise refused(500, "version: no semantic version") from None
    migration = (body.get("schema") or {"migration": 0})["migration"]
    if version > semver.Version.parse(VERSION) or migration > MIGRATION:
        raise refused(505, "the export comes from a newer Pieces OS: update this one")


class PiecesApi:
    """The two operations."""

    def __init__(self) -> None:
        self.database = furnished()
        self.failure: dict[str, dict[str, str]] = {}

    def handle(self, request: Request) -> Answer:
        path = request.path.removesuffix("/")
        if path == "/database/export":
            return self._export(request)
        if path == "/database/import":
            return self._import(request)
        if path == "/.well-known/health" and request.verb == "GET":
            return Answer(200, b"ok", "text/plain")
        if path == "/.well-known/version" and request.verb == "GET":
            return Answer(200, VERSION.encode(), "text/plain")
        raise refused(404, "there is nothing here")

    def _export(self, request: Request) -> Answer:
        if request.verb != "GET":
            raise Refused(Answer(405, b"only GET\n", "text/plain", (("Allow", "GET, HEAD"),)))
        if (failure := self.failure.pop("exportDatabase", None)) is not None:
            raise refused(int(failure.get("status") or 500), "the export broke off")
        return Answer(200, json.dumps(self.database.exported()).encode(), "application/json")

    def _import(self, request: Request) -> Answer:
        if request.method != "POST":
            raise Refused(Answer(405, b"only POST\n", "text/plain", (("Allow", "POST"),)))
        if not request.body:
            if self.failure.pop("importDatabase", None) is not None:
                raise refused(500, "the import broke off")
            return Answer(204)
        body = checked(request.body)
        failure = self.failure.pop("importDatabase", None)
        after = None if failure is None else int(failure.get("after") or 0)
        self.database = self.database.merged(body, after)
        return Answer(204)
