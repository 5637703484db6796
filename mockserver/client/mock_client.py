"""A client of one sandbox of a running mock: what a test says to the mock itself, not to the APIs.

    with MockClient("http://127.0.0.1:5323") as mock:
        mock.faults.add("importDatabase", status=505, times=1)
        mock.clock.advance(hours=1)
        assert mock.count_requests(operation="listRecords") == 3

It speaks HTTP with the control API (`/_mock/`), so the mock may run anywhere. Every call is finished when it
returns, and raises `MockError` with the mock's own reason when it is refused. The pytest fixture
`dbcontract_mock` is one of these.
"""

from __future__ import annotations

import contextlib
import enum
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from .controls import ClockControl, ControlledSandbox, CoverageControl, DefectControl, FaultControl
from .documents import data_order
from .http import ControlConnection
from .types import Database, Instant, JobPace, JournalEntry, MockSettings, as_text

if TYPE_CHECKING:
    from requests import Session

DEFAULT_TOKEN = "dbcontract-mock"  # noqa: S105 - a mock accepts any token unless it is told which
_CONTROL = "control"
_SANDBOX = re.compile(r"/~[^/]*\Z")


class _Unset(enum.Enum):
    """Stands for an argument that was not given, where None means something."""

    UNSET = enum.auto()


class MockClient:
    """One sandbox of a running mock: the default one, or a sandbox.

    Args:
        base_url: where the mock is; with `/~NAME` at its end, that sandbox, which is made on first use.
        token: for the PixieBrix side; a mock accepts any unless it was told which.
        control_token: what the mock was started with as `--control-token`, if it is on another machine.
        timeout: for how many seconds an answer is waited for.
        connection: share that of another client, instead of the two before; it is not closed with this one.

    Attributes:
        base_url: without a trailing slash.
        token: what the PixieBrix side is called with.
        clock: the sandbox's time.
        faults: the sandbox's faults.
        defects: what the sandbox does wrong on purpose.
        coverage: what of the contract was met, and what the client does wrong.

    Raises:
        ValueError: `base_url` is not an http(s) URL.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        control_token: str | None = None,
        timeout: float = 60.0,
        connection: ControlConnection | None = None,
    ) -> None:
        self._shared = connection is not None
        self._connection = connection or ControlConnection(base_url, control_token, timeout)
        self._path = urlsplit(base_url).path.rstrip("/")
        self._sandbox = ControlledSandbox(self._connection, self._path)
        self._sessions: list[Session] = []
        self._parting: Callable[[MockClient], None] | None = None
        self.base_url = self._connection.origin + self._path
        self.token = DEFAULT_TOKEN if token is None else token
        self.clock = ClockControl(self._sandbox)
        self.faults = FaultControl(self._sandbox)
        self.defects = DefectControl(self._sandbox)
        self.coverage = CoverageControl(self._sandbox)

    def __repr__(self) -> str:
        return f"<MockClient {self.base_url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the sandbox stays as it is, and a later call connects again."""
        for session in self._sessions:
            session.close()
        self._sessions.clear()
        if not self._shared:
            self._connection.close()

    @contextlib.contextmanager
    def sandbox(self, name: str | None = None) -> Iterator[MockClient]:
        """Another sandbox on the same server, deleted at the end of the block.

        Args:
            name: 1 to 64 ASCII letters, digits, `.`, `_` and `-`; by default one that nobody else uses.
        """
        quoted = uuid.uuid4().hex if name is None else quote(name, safe="")
        root = _SANDBOX.sub("", self._path)
        url = f"{self._connection.origin}{root}/~{quoted}"
        with MockClient(url, token=self.token, connection=self._connection) as other:
            other._parting = self._parting
            try:
                try:
                    yield other
                finally:
                    if self._parting is not None:
                        self._parting(other)
            finally:
                # By its own path: of several servers, that leads to the one which has it.
                ControlledSandbox(self._connection, f"{root}/~{quoted}").delete_sandbox(quoted)

    def before_parting(self, look: Callable[[MockClient], None]) -> None:
        """Let something look at each sandbox that `sandbox` made from here on, before it is deleted."""
        self._parting = look

    # Where to find things

    @cached_property
    def urls(self) -> Mapping[str, str]:
        """The base URL of each API that the mock serves, by the API's name, without a trailing slash.

        Raises:
            MockError: the mock does not answer.
        """
        found = self._connection.call("GET", f"{self._path}/")
        root = found["dashboard"].removesuffix("/_mock/")
        return {
            api["name"]: self.base_url + api["url"].removeprefix(root)
            for api in found["apis"]
            if api["name"] != _CONTROL
        }

    @property
    def pieces_url(self) -> str:
        """The base URL of Pieces OS."""
        return self.base_url

    @property
    def pixiebrix_url(self) -> str:
        """The base URL of PixieBrix, without a trailing slash."""
        return f"{self.base_url}/api"

    @property
    def organization_ids(self) -> list[str]:
        """The ids of the organizations."""
        return list(self.health()["organizations"])

    @property
    def organization_id(self) -> str:
        """The id of the first organization; every named data set has one."""
        return self.organization_ids[0]

    @property
    def databases(self) -> list[Database]:
        """The databases of all organizations."""
        return [Database.of(shown) for shown in self._sandbox.call("GET", "/databases")]

    @property
    def database_ids(self) -> list[str]:
        """The ids of the databases of all organizations."""
        return [database.id for database in self.databases]

    def database(self, name: str) -> Database:
        """The database of that name.

        Raises:
            LookupError: there is none; the message lists those that there are.
        """
        databases = self.databases
        for database in databases:
            if database.name == name:
                return database
        names = ", ".join(f'"{database.name}"' for database in databases) or "none"
        msg = f'there is no database "{name}"; there are: {names}'
        raise LookupError(msg)

    def health(self) -> dict[str, Any]:
        """What the mock says of itself: `version`, `data`, `seed`, `apis` and more."""
        health: dict[str, Any] = self._sandbox.call("GET", "/health")
        return health

    def session(self) -> Session:
        """An HTTP client with the token set; it is closed with this object.

        It knows nothing of proxies and `.netrc`, which would send a test's requests or its token elsewhere.
        """
        from requests import Session  # noqa: PLC0415 - costs 100 ms, which only those pay who use it

        session = Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Token {self.token}"
        self._sessions.append(session)
        return session

    # The journal

    def requests(
        self,
        *,
        operation: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        since: Instant | None = None,
        limit: int | None = None,
    ) -> list[JournalEntry]:
        """The latest thousand exchanges with this sandbox that pass all filters, oldest first.

        Calls of the control API, which this object makes, are not among them.

        Args:
            operation: only this operationId.
            method: only this HTTP method.
            path: only paths that hold this text.
            status: only this status; 0 for connections closed without an answer.
            since: only from this instant of the sandbox's clock on.
            limit: at most this many, the latest ones.
        """
        asked = _filter(
            operation=operation, method=method, path=path, status=status, since=since, limit=limit
        )
        found = self._sandbox.call("GET", "/requests", query=asked)
        return [JournalEntry.of(shown) for shown in found]

    def count_requests(
        self,
        *,
        operation: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        since: Instant | None = None,
    ) -> int:
        """How many exchanges `requests` would give."""
        asked = _filter(operation=operation, method=method, path=path, status=status, since=since)
        return int(self._sandbox.call("POST", "/requests/count", asked)["count"])

    def clear_requests(self) -> None:
        """Forget the journal."""
        self._sandbox.call("DELETE", "/requests")

    # The sandbox as a whole

    def seed(self, data: str, *, seed: int | None = None) -> None:
        """Begin anew with a data set: state, clock, settings, faults and journal are as at its start.

        Args:
            data: a named data set, or a file with one, which is sent.
            seed: other data of the same kind; by default the server's own.

        Raises:
            MockError: there is no such data set (the message lists the names), or the file holds none.
        """
        self.reset(data=data, seed=seed)

    def reset(self, *, data: str | None = None, seed: int | None = None) -> None:
        """Begin anew as `seed` does, by default with the data set that the server was started with."""
        order = {} if data is None else data_order(data)
        if seed is not None:
            order["seed"] = seed
        self._sandbox.call("POST", "/reset", order or None)

    def snapshot(self) -> dict[str, Any]:
        """The whole sandbox but its journal as one JSON document, for `restore` here or elsewhere."""
        state: dict[str, Any] = self._sandbox.call("GET", "/state")
        return state

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Put a whole sandbox back: everything becomes as it was, the clock included.

        Raises:
            MockError: the document is not a snapshot, or one of another version; nothing has changed.
        """
        self._sandbox.call("PUT", "/state", snapshot)

    def settings(
        self,
        *,
        record_limit: int | None = None,
        job_pace: JobPace | None = None,
        os_version: str | None = None,
        migration: int | None = None,
        default_page_size: int | None = None,
        max_page_size: int | None = None,
        max_records: int | None = None,
        default_version: str | None = None,
        strict_bodies: bool | None = None,
        requests_per_minute: int | _Unset | None = _Unset.UNSET,
        tokens: Sequence[str] | _Unset | None = _Unset.UNSET,
    ) -> MockSettings:
        """Change the settings that are named, all of them or none; gives what then holds.

        Args:
            record_limit: records a database may hold before the nightly job archives the oldest dates.
            job_pace: what export jobs take: `"immediate"`, seconds, or `{"polls": n}` polls of the job.
            os_version: of the Pieces server, a semantic version; newer exports are refused with 505.
            migration: the database version of the Pieces server.
            default_page_size: of paginated lists, where none is asked for.
            max_page_size: of paginated lists.
            max_records: of one answer of the records endpoint.
            default_version: of PixieBrix, where `Accept` asks for none: `1.0`, `1.1` or `2.0`.
            strict_bodies: refuse fields of a PixieBrix body that are not described.
            requests_per_minute: of one token before it is answered 429; None: no limit.
            tokens: the accepted ones, as `--token` takes them; None: any. They are never shown.

        Raises:
            MockError: a value that cannot be; nothing has changed.
        """
        order: dict[str, object] = {
            "record_limit": record_limit,
            "job_pace": {"seconds": job_pace} if isinstance(job_pace, int | float) else job_pace,
            "os_version": os_version,
            "migration": migration,
            "default_page_size": default_page_size,
            "max_page_size": max_page_size,
            "max_records": max_records,
            "default_version": default_version,
            "strict_bodies": strict_bodies,
        }
        order = {name: value for name, value in order.items() if value is not None}
        if requests_per_minute is not _Unset.UNSET:
            order["requests_per_minute"] = requests_per_minute
        if tokens is not _Unset.UNSET:
            order["tokens"] = None if tokens is None else list(tokens)
        method = "PATCH" if order else "GET"
        shown = self._sandbox.call(method, "/settings", order or None)
        return MockSettings.of(shown)


def _filter(*, since: Instant | None, **asked: object) -> dict[str, object]:
    given = {name: value for name, value in asked.items() if value is not None}
    return given if since is None else {**given, "since": as_text(since)}
