"""Start the server, say where it listens, and serve until standard input ends."""

import argparse
import json
import secrets
import sys
import threading
from typing import Any

from .databases import OPERATIONS as DATABASES
from .files import Archives, Assets
from .jobs import Jobs
from .pieces import Pieces, PiecesApi
from .records import OPERATIONS as RECORDS
from .rest import Call, Operation, detail, negotiate, permitted, write
from .storage import Storage
from .web import Answer, Application, Request, Server
from .world import ORGANIZATION, OTHER_ORGANIZATION, Clock, Vault, furnished


class Strict:
    """Both APIs at one address, a second, empty one below it; storage and administration at others."""

    def __init__(self, record_limit: int) -> None:
        self.clock = Clock()
        self.lock = threading.RLock()  # one request at a time, whoever else is asked
        self.tokens = {secrets.token_hex(20): True, secrets.token_hex(20): False}
        self.storage = Storage(lambda: self.vault)
        self.archives = Archives(self.storage, record_limit)
        self.failures: dict[str, dict[str, str]] = {}
        self.base = ""
        self.patience = 1  # pauses for which a fault waits until somebody else was served
        self.journal: list[str] = []
        assets, jobs = Assets(self.storage), Jobs(self.storage, self._job_failure)
        self.operations = [
            *jobs.operations(),
            *DATABASES,
            *RECORDS,
            *assets.operations(),
            *self.archives.operations(),
        ]
        self.reset()

    def reset(self) -> None:
        """Everything as it was at the start, the time too."""
        self.clock.ahead *= 0
        self.vault: Vault = furnished(self.clock)
        self.pieces, self.second = PiecesApi(), PiecesApi()
        self.second.database = Pieces()
        self.failures.clear()
        self.journal.clear()
        self.archives.night(self.vault)

    def _job_failure(self) -> str | None:
        return self.failures.pop("job", {}).get("message")

    def handle(self, request: Request) -> Answer:
        if request.path.startswith("/second/"):
            short = Request(request.method, request.path[7:], request.query, request.headers, request.body)
            return self.second.handle(short)
        if request.path.startswith("/api/"):
            return self._rest(request, request.path[4:])
        return self.pieces.handle(request)

    def _rest(self, request: Request, path: str) -> Answer:
        if path.rstrip("/") == "/health" and request.verb == "GET":
            return Answer(200, b'{"status": "ok"}', "application/json")
        fits = [(one, ids) for one in self.operations if (ids := one.match(path)) is not None]
        if not fits:
            raise detail(404, "Not found.")
        operation, ids = next((fit for fit in fits if fit[0].method == request.verb), fits[0])
        version, media = negotiate(request.headers.get("Accept", "*/*"), operation)
        permitted(request, self.tokens)
        if operation.method != request.verb:
            allowed = ", ".join(sorted({one.method for one, _ in fits}))
            raise detail(405, f'Method "{request.method}" not allowed.', ("Allow", allowed))
        self._fail_if_told(operation)
        call = Call(request, self.vault, version, media, self.base, ids)
        return write(operation.run(call), call)

    def _fail_if_told(self, operation: Operation) -> None:
        told = self.failures.get(operation.name) if operation.name else None
        if told is not None and not (operation.name == "createExportJob" and told.get("message")):
            del self.failures[operation.name]
            raise detail(int(told.get("status") or 500), told.get("message") or "A server error occurred.")

    def snapshot(self) -> dict[str, Any]:
        return {
            "pieces": self.pieces.database.exported(),
            "second": self.second.database.exported(),
            "pixiebrix": self.vault.snapshot(),
        }

    def administer(self, request: Request) -> Answer:
        """Snapshot, clock, night, failures and reset; a port of its own, for the tests."""
        asked = dict(request.pairs)
        if request.path == "/advance":
            self.clock.advance(float(asked["seconds"]))
        elif request.path == "/nightly":
            self.archives.night(self.vault)
        elif request.path == "/fail":
            self._tell(asked)
        elif request.path == "/reset":
            self.reset()
        elif request.path == "/journal":
            return Answer(200, json.dumps(self.journal).encode(), "application/json")
        elif request.path != "/snapshot":
            return Answer(404)
        return Answer(200, json.dumps(self.snapshot()).encode(), "application/json")

    def _tell(self, asked: dict[str, str]) -> None:
        name = asked["operation"]
        if name in {"importDatabase", "exportDatabase"}:
            self.pieces.failure[name] = asked
        elif name in {"createExportJob", "getExportJob"} and asked.get("message"):
            self.failures["job"] = asked
        else:
            self.failures[name] = asked


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--record-limit", type=int, default=500_000)
    serve(Strict(options.parse_args().record_limit))


def serve(strict: Strict) -> None:
    """Serve until standard input ends."""
    front = Application(strict.handle, strict.clock.now, strict.lock, strict.journal)
    bucket = Server.started(Application(strict.storage.handle, strict.clock.now, strict.lock))
    server = Server.started(front)
    admin = Server.started(Application(strict.administer, strict.clock.now, strict.lock))
    strict.storage.origin, strict.base = bucket.url, f"{server.url}/api"
    token, read_only = strict.tokens
    facts = {
        "pieces": server.url,
        "second": f"{server.url}/second",
        "pixiebrix": f"{server.url}/api",
        "storage": bucket.url,
        "admin": admin.url,
        "token": token,
        "read_only_token": read_only,
        "organization": ORGANIZATION,
        "databases": [one for one in strict.vault.databases if one[-1] in "345"],
        "records_cap": 1000,
        "kept": [one for one in strict.vault.databases if one[-1] in "126"],
        "foreign_organization": OTHER_ORGANIZATION,
        "foreign_database": next(one for one in strict.vault.databases if one[-1] == "6"),
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
