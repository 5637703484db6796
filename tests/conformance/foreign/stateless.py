"""A server of both APIs that ignores state, as servers do that are made from a description.

It answers with examples, remembers nothing, and checks no more than that ids are UUIDs.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

from .serving import Quiet, served

ORGANIZATION = "5d1c0a4e-3d3c-4f35-8ff5-1f8a3f0b6c01"
DATABASES = tuple(f"5d1c0a4e-3d3c-4f35-8ff5-1f8a3f0b6c1{number}" for number in range(4))
ASSETS = tuple(f"5d1c0a4e-3d3c-4f35-8ff5-1f8a3f0b6c2{number}" for number in range(3))
JOB = "5d1c0a4e-3d3c-4f35-8ff5-1f8a3f0b6c30"
TIME = "2026-01-31T12:00:00.000000Z"
RECORD = {"id": "example", "data": {"email": "ada@example.com"}, "created_at": TIME, "updated_at": TIME}
COLLECTIONS = (
    *("analyses", "applications", "assets", "codeAnalyses", "files", "formatMetrics", "formats", "fragments"),
    *("imageAnalyses", "models", "ocrAnalyses", "persons", "sensitives", "tags", "websites"),
)
EXPORT = {
    **{name: [91, 93] for name in COLLECTIONS},
    "values": {"iterable": [{"id": "example", "raw": [1, 2, 3]}]},
    "version": "9.0.2",
    "schema": {"migration": 0, "semantic": "MAJOR_0_MINOR_0_PATCH_1"},
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Answer = tuple[int, Any]


def database(database_id: str) -> dict[str, Any]:
    return {
        "id": database_id,
        "name": "Example",
        "organization_id": ORGANIZATION,
        "created_at": TIME,
        "enforce_schema": False,
        "owner_field": None,
        "type": "Asset",
        "last_write_at": TIME,
        "num_records": 1,
    }


def asset(base: str, asset_id: str) -> dict[str, Any]:
    return {
        "id": asset_id,
        "download_url": f"{base}/api/databases/{DATABASES[0]}/assets/{asset_id}",
        "filename": "example.png",
        "is_uploaded": True,
        "created_at": TIME,
        "updated_at": TIME,
    }


def archive(base: str, number: int) -> dict[str, Any]:
    day = f"2026-01-2{number}"
    return {
        "id": ASSETS[number][:-1] + "9",
        "database": {"id": DATABASES[0], "name": "Example"},
        "date": day,
        "file": f"{base}/files/{day}.jsonl",
        "created_at": TIME,
        "updated_at": TIME,
    }


def examples(base: str) -> list[tuple[str, str, int, Any]]:
    """The answers of PixieBrix: methods and path as patterns, status and body."""
    job = {"id": JOB, "status": "SUCCESS", "created_at": TIME, "data": f"{base}/files/export.json"}
    made = {
        "asset": asset(base, ASSETS[0]),
        "upload_url": f"{base}/files/",
        "fields": {"key": "example.png", "policy": "e30="},
    }
    return [
        ("POST", "databases/records/jobs", 201, {"id": JOB, "status": "STARTED"}),
        ("GET", "databases/records/jobs/[^/]+", 200, {**job, "error_message": None}),
        ("GET", "organizations/[^/]+/databases", 200, [database(one) for one in DATABASES[:3]]),
        ("POST", "(organizations/[^/]+/)?databases", 201, database(DATABASES[0])),
        ("GET", ".*/record-archives", 200, [archive(base, number) for number in (2, 1, 0)]),
        ("GET", "databases/[^/]+/records", 200, [RECORD]),
        ("POST", "databases/[^/]+/records", 201, RECORD),
        ("PUT|GET", "databases/[^/]+/records(/[^/]+)?", 200, RECORD),
        ("GET", "databases/[^/]+/assets", 200, [asset(base, one) for one in ASSETS]),
        ("POST", "databases/[^/]+/assets", 201, made),
        ("GET|PATCH", "databases/[^/]+/assets/[^/]+", 200, asset(base, ASSETS[0])),
        ("GET", "(organizations/[^/]+/)?databases/[^/]+", 200, database(DATABASES[0])),
        ("DELETE", ".*", 204, None),
    ]


def answered(base: str, method: str, path: str) -> Answer:
    """Status and body of an answer of PixieBrix."""
    for methods, pattern, status, body in examples(base):
        if re.fullmatch(methods, method) and re.fullmatch(pattern, path.strip("/")):
            return status, body
    return 404, {"detail": "Not found."}


class Handler(Quiet):
    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path, _, query = self.path.partition("?")
        if path == "/database/export":
            self._say(200, "application/json", json.dumps(EXPORT).encode())
        elif path == "/database/import":
            self._say(204, "", b"")
        elif path.startswith("/files/"):
            self._file(path)
        elif path.startswith("/api/"):
            self._pixiebrix(path.removeprefix("/api"), query)
        else:
            self._say(404, "text/plain", b"Not found")

    def _file(self, path: str) -> None:
        row = json.dumps({**RECORD, "database": DATABASES[0]})
        if self.command == "POST":
            self._say(204, "", b"")
        elif path.endswith(".jsonl"):
            self._say(200, "application/jsonl", f"{row}\n".encode())
        else:
            self._say(200, "application/json", f"[{row}]".encode())

    def _pixiebrix(self, path: str, query: str) -> None:
        accept = self.headers.get("Accept", "")
        version = next(iter(re.findall(r"version=([\d.]+)", accept)), "1.0")
        status, body = self._judged(path)
        kind = f"application/json; version={version}"
        extra = {"X-Total-Count": str(len(body))} if isinstance(body, list) and "/records" not in path else {}
        if status == 401:
            extra["WWW-Authenticate"] = "Token"
        content = b"" if body is None else json.dumps(body).encode()
        download = self.command == "GET" and re.search(r"/assets/[^/]+/?$", path)
        if download and "meta" not in query and status == 200:
            self._say(302, "", b"", Location=f"{self._base}/files/example.png")
        elif "text/csv" in accept and status == 200:
            self._say(200, f"text/csv; version={version}", b"id,created_at,data.email\r\n")
        else:
            self._say(status, kind if content else "", content, **extra)

    @property
    def _base(self) -> str:
        return f"http://{self.headers['Host']}"

    def _judged(self, path: str) -> Answer:
        if not self.headers.get("Authorization", "").startswith("Token "):
            return 401, {"detail": "Authentication credentials were not provided."}
        words = {"databases", "organizations", "records", "jobs", "assets", "record-archives"}
        ids = [part for part in path.strip("/").split("/") if part not in words]
        keys = ids[1:] if "/records/" in path and "/jobs/" not in path else []
        if any(UUID.fullmatch(one) is None for one in ids if one not in keys):
            return 422, {"detail": "The id is not a UUID."}
        return answered(self._base, self.command, path)

    def _say(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextlib.contextmanager
def stateless() -> Iterator[str]:
    """Serve it, and give its URL; PixieBrix is below `/api`."""

    with served(Handler) as url:
        yield url
