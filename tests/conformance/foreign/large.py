"""A server whose long answers are made as they are sent: an export, the data of a job, an archive."""

import contextlib
import itertools
import json
import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .small import DATABASE, ORGANIZATION

MEGABYTE = 1_000_000
COLLECTIONS = (
    *("analyses", "applications", "assets", "codeAnalyses", "files", "formatMetrics", "formats", "fragments"),
    *("imageAnalyses", "models", "ocrAnalyses", "persons", "sensitives", "tags", "websites"),
)
TIME = "2026-01-05T10:00:00.000000Z"
LATER = "2026-01-05T10:00:01.000000Z"
KINDS = {"json": "application/json", "csv": "text/csv", "jsonl": "application/octet-stream"}
_BYTES = b",".join(b"%d" % (number % 256) for number in range(20_000))


class Large:
    """What the server holds, and how much there is of it.

    Attributes:
        export_size, file_size: of the export, and of the data of a job or of an archive, in bytes, at least.
        spoilt: put at the end of the large collection: `, 256`, for example.
        late: what comes behind the last record of a file, by its kind.
        changes: each export has another byte than the one before.
        refuses_small: an import without its large collection is refused.
        forgets: what is written comes in no file.
        records: that were written.
    """

    def __init__(self, export_size: int, file_size: int) -> None:
        self.export_size, self.file_size = export_size, file_size
        self.spoilt = b""
        self.late: dict[str, bytes] = {}
        self.changes = False
        self.refuses_small = self.forgets = False
        self.records: list[dict[str, Any]] = []
        self.values: dict[str, Any] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.numbers = itertools.count(1)

    # Pieces OS

    def export(self) -> Iterator[bytes]:
        """The export: nearly all of it is one collection, and one of its entries."""
        yield b'{"version": "9.0.0", "schema": {"migration": 3, "semantic": "UNKNOWN"}'
        for name in COLLECTIONS:
            yield b', "%s": [' % name.encode()
            if name == "fragments":
                yield from self._numbers(self.export_size * 3 // 4)
                yield (b", %d" % (next(self.numbers) % 256) if self.changes else b"") + self.spoilt
            yield b"]"
        yield b', "values": {"iterable": [{"id": "large", "raw": ['
        yield from self._numbers(self.export_size // 4)
        yield b"]}"
        for entry in self.values.values():
            yield b", " + json.dumps(entry).encode()
        yield b"]}}"

    @staticmethod
    def _numbers(size: int) -> Iterator[bytes]:
        yield _BYTES
        for _ in range(size // len(_BYTES)):
            yield b", " + _BYTES

    def take(self, body: dict[str, Any] | None) -> int:
        """Merge an import, and give the status."""
        if body is None:
            return 204
        if self.refuses_small and not body["fragments"]:
            return 500
        entries = [one for one in body["values"]["iterable"] if one["id"] != "large"]
        self.values.update({one["id"]: one for one in entries})
        return 204

    # PixieBrix

    def data(self, kind: str) -> Iterator[bytes]:
        """The data of a job, or an archive: `json`, `csv` or `jsonl`."""
        text = f"{'word ' * 2_000}\n"
        filler = ({"n": number, "text": text} for number in range(self.file_size // len(text)))
        several = itertools.chain(
            (self._record(f"old-{number}", one) for number, one in enumerate(filler)),
            (self._record(one["id"], one["data"], one["updated_at"]) for one in self.records),
        )
        if kind == "csv":
            yield b"id,database,created_at,updated_at,data.probe\r\n"
            for one in several:
                probe = one["data"].get("probe") or one["data"]["text"]
                yield f'{one["id"]},{DATABASE},{TIME},{TIME},"{probe}"\r\n'.encode()
            yield self.late.get(kind, b"")
            return
        before, between, behind = (b"[", b",", b"]") if kind == "json" else (b"", b"\n", b"\n")
        yield before
        for number, one in enumerate(several):
            yield (between if number else b"") + json.dumps(one).encode()
        yield self.late.get(kind, b"") + behind

    def order(self, job: dict[str, Any], url: str) -> dict[str, Any]:
        """Do a job, as it is told at once; later it has succeeded."""
        job_id = f"{next(self.numbers):08}-0000-4000-8000-000000000000"
        kind = {"text/csv": "csv"}.get(job.get("media_type", ""), "json")
        link = f"{url}/data/{job['name']}.{kind}"
        self.jobs[job_id] = {"id": job_id, "status": "SUCCESS", "created_at": TIME, "data": link}
        return {"id": job_id, "status": "STARTED"}

    @staticmethod
    def _record(key: str, data: dict[str, Any], updated: str = TIME) -> dict[str, Any]:
        return {"id": key, "database": DATABASE, "data": data, "created_at": TIME, "updated_at": updated}

    def write(self, several: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Add records."""
        times = {"created_at": TIME, "updated_at": TIME}
        made = [{"id": f"key-{next(self.numbers)}", **times, **one} for one in several]
        self.records += [] if self.forgets else made
        return made

    def found(self, path: str) -> dict[str, Any] | None:
        """The record whose key a path ends with."""
        key = path.rstrip("/").rpartition("/")[2]
        return next((one for one in self.records if one["id"] == key), None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, *_: object) -> None:
        pass

    def _send(self, status: int, kind: str, parts: Iterable[bytes]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            for part in filter(None, parts):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")

    def _json(self, status: int, value: object) -> None:
        self._send(status, "application/json; version=2.0", [json.dumps(value).encode()])

    def do_GET(self) -> None:
        path, state = self.path.partition("?")[0], self.server.state
        if path == "/database/export":
            self._send(200, "application/json", state.export())
        elif path == "/database/import":
            self._json(405, {"detail": "Not allowed."})
        elif path.startswith("/data/"):
            kind = path.rpartition(".")[2]
            self._send(200, KINDS[kind], state.data(kind))
        elif "/jobs/" in path:
            job = state.jobs.get(path.rstrip("/").rpartition("/")[2])
            self._json(200 if job else 404, job or {"detail": "Not found."})
        elif path.endswith("/record-archives/"):
            named = {"id": DATABASE, "name": "d"}
            file = f"{self.server.url}/data/2026-01-05.jsonl"
            self._json(200, [{"id": DATABASE, "database": named, "date": "2026-01-05", "file": file}])
        elif record := state.found(path):
            self._json(200, record)
        elif path.endswith("/databases/"):
            self._json(200, [{"id": DATABASE, "name": "d", "organization_id": ORGANIZATION}])
        else:
            self._json(200, [])

    def do_POST(self) -> None:
        length, state = int(self.headers.get("Content-Length", "0")), self.server.state
        if length > MEGABYTE and not state.refuses_small:  # the server's own export, in which nothing is new
            while length > 0:
                length -= len(self.rfile.read(min(length, MEGABYTE)))
        sent = self.rfile.read(length)
        body: Any = None
        with contextlib.suppress(ValueError):
            body = json.loads(sent)
        if self.path == "/database/import":
            status = 500 if sent and body is None else state.take(body)
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path.startswith("/databases/records/jobs"):
            self._json(201, state.order(body, self.server.url))
        elif "/database/" in self.path:
            self._json(405, {"detail": "Not allowed."})
        else:
            self._json(201, state.write(body if isinstance(body, list) else [body]))

    def do_PUT(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if record := self.server.state.found(self.path):
            record |= {"data": json.loads(sent)["data"], "updated_at": LATER}
            self._json(200, record)
        else:
            self._json(405, {"detail": "Not allowed."})

    def do_DELETE(self) -> None:
        self.send_response(204)
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, state: Large) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def serving(state: Large) -> Iterator[str]:
    """Serve it on a free port; both APIs have the same base URL."""
    with _Server(state) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join(timeout=10)
