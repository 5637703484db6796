"""One of many clients, which does what comes by chance and writes down what it saw."""

from __future__ import annotations

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .events import REFUSED, Event, History
from .exports import document, marks, size
from .http import Answer, Connection, NoAnswer, Unexpected

STRATEGIES = ("replace", "shallow", "deep", "deep_append")
AGE = 150
"""Operations after which others go on with a new object: the history of each stays short."""
LARGE, SMALL = 1_200, 12
"""Records of an array: the mock writes more than 1,000 in slices."""
CUT = 0.04
"""Of the writes, those whose client goes away."""
WEIGHTS = {
    "record": 40, "add": 14, "merge": 12, "export": 8, "array": 6, "read": 2, "asset": 3, "job": 3,
    "archive": 2, "clock": 0.5, "snapshot": 0.6,
}  # fmt: skip


@dataclass
class Shared:
    """What the clients share.

    Attributes:
        arrays, growing: ids of databases.
        version: that the server tells of itself.
        sandboxes: whether imports go to sandboxes that follow each other; else to the default one.
    """

    base: str
    history: History
    organization: str
    arrays: str
    growing: str
    version: str
    sandboxes: bool = True
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def current(self, family: str, age: int = AGE) -> int:
        """Which object of a family it is the turn of."""
        with self._lock:
            self._asked[family] += 1
            return self._asked[family] // age

    def pieces(self) -> tuple[int, str]:
        """Which Pieces database it is the turn of, and the path of its sandbox."""
        group = self.current("pieces") if self.sandboxes else 0
        return group, self.pieces_path(group)

    def pieces_path(self, group: int) -> str:
        """The path of a sandbox."""
        return f"/~pieces-{group}" if self.sandboxes else ""

    def used(self, family: str, age: int = AGE) -> range:
        """Which ones there were."""
        return range(self._asked[family] // age + 1 if self._asked[family] else 0)


def prepared(base: str, history: History) -> Shared:
    """A server made ready: databases of the run, and jobs that end soon."""
    one = Connection(base)
    organization = one.ask("GET", "/_mock/health").json()["organizations"][0]
    path = f"/api/organizations/{organization}/databases/"
    arrays, growing = (
        one.ask("POST", path, {"name": name}, expect=(201,)).json()["id"] for name in ("arrays", "growing")
    )
    one.ask("PATCH", "/_mock/settings", {"job_pace": {"seconds": 0.2}})
    version = one.ask("GET", "/database/export").json()["version"]
    one.close()
    return Shared(base, history, organization, arrays, growing, version)


class Client:
    """A client with a number and a chance of its own.

    Args:
        shared: what it shares with the others.
        number: tells its writes from those of others.
        seed: of all that it does.
    """

    def __init__(self, shared: Shared, number: int, seed: str) -> None:
        self.shared, self.number = shared, number
        self._history = shared.history
        self._chance = random.Random(f"{seed}/{number}")  # noqa: S311 - repeatable on purpose
        self._connection = Connection(shared.base)
        self._jobs: list[tuple[str, int, int]] = []
        self._count = 0

    def run(
        self,
        operations: int,
        until: Callable[[], bool] = lambda: False,
        chances: Mapping[str, float] = WEIGHTS,
    ) -> None:
        """Do as many operations, or fewer when the time is over."""
        names, weights = list(chances), list(chances.values())
        for _ in range(operations):
            if until():
                break
            name = self._chance.choices(names, weights)[0]
            self.do(getattr(self, name))
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def do(self, operation: Callable[..., None], *arguments: Any) -> None:
        """One operation; what goes wrong with it is written down."""
        try:
            operation(*arguments)
        except (Unexpected, ValueError, KeyError) as error:
            self._history.wrong.append(f"{type(error).__name__}: {error}")

    def _mark(self) -> str:
        self._count += 1
        return f"{self.number}.{self._count}"

    def _records(self, database: str) -> str:
        return f"/api/databases/{database}/records/"

    def _write(
        self, of: str, kind: str, sent: Any, request: tuple[str, str, Any], seen: Callable[[Answer], Any],
        *, expect: tuple[int, ...],
    ) -> Event:  # fmt: skip
        """Send a write, or now and then only begin to, or leave before it is answered."""
        began, luck = self._history.now(), self._chance.random()
        if luck < CUT:
            half = (
                luck < CUT / 2 and kind != "delete"
            )  # which needs no body, and may be done before it is there
            self._connection.cut(*request, half=half)
            if half:
                return self._history.add(of, kind, began, sent=sent, answer=REFUSED)
            return self._history.put(Event(of, kind, sent, None, began, None))
        try:
            answer = seen(self._connection.ask(*request, expect=expect))
        except NoAnswer:
            self._history.put(Event(of, kind, sent, None, began, None))
            raise
        return self._history.add(of, kind, began, sent=sent, answer=answer)

    def record(self) -> None:
        """One record is read, written under one of the strategies, or deleted."""
        slot = self._chance.randrange(12)
        key = f"{slot}-{self.shared.current(f'record{slot}')}"
        luck = self._chance.random()
        if luck < 0.3:
            self.get(key)
            return
        of, path = f"record:{key}", f"{self._records(self.shared.arrays)}{key}/"
        if luck < 0.38:
            self._write(of, "delete", None, ("DELETE", path, {}), lambda got: got.status, expect=(204, 404))
            return
        mark, strategy = self._mark(), self._chance.choice(STRATEGIES)
        data: dict[str, Any] = {"by": mark, f"of {self._chance.randrange(4)}": mark, "log": [mark]}
        data["deep"] = {"log": [mark], f"{self._chance.randrange(3)}": {"by": mark}}
        sent, body = (strategy, data), {"data": data, "merge_strategy": strategy}
        seen = lambda got: [got.status, got.json()["data"]]  # noqa: E731
        if luck < 0.8:
            self._write(of, "put", sent, ("PUT", path, body), seen, expect=(200, 201))
        else:
            request = ("POST", self._records(self.shared.arrays), {"id": key, **body})
            self._write(of, "post", sent, request, seen, expect=(201,))

    def get(self, key: str) -> None:
        """One record is read."""
        began = self._history.now()
        got = self._connection.ask("GET", f"{self._records(self.shared.arrays)}{key}/", expect=(200, 404))
        data = got.json()["data"] if got.status == 200 else None
        self._history.add(f"record:{key}", "get", began, answer=data)

    def array(self) -> None:
        """Some records are written together, or found together by a filter."""
        group = self.shared.current("array")
        if self._chance.random() < 0.5:
            self.group(group)
            return
        mark, count = self._mark(), SMALL if group % 3 else LARGE
        items = [{"id": f"g{group}-{n}", "data": {"group": f"g{group}", "mark": mark}} for n in range(count)]
        request = ("POST", self._records(self.shared.arrays), items)
        self._write(f"array:{group}", "write", [mark, count], request, _counted, expect=(201,))

    def group(self, group: int) -> None:
        """The records of an array are read."""
        began = self._history.now()
        path = f"{self._records(self.shared.arrays)}?data__group=g{group}&page_size=10000"
        self._history.add(f"array:{group}", "read", began, answer=_counted(self._connection.ask("GET", path)))

    def add(self) -> None:
        """A record, or three at a time, at the end of a list."""
        keys = [self._mark() for _ in range(self._chance.choice((1, 1, 3)))]
        items = [{"id": key, "data": {"by": self.number}} for key in keys]
        seen = lambda got: [item["created_at"] for item in got.json()]  # noqa: E731
        request = ("POST", self._records(self.shared.growing), items)
        first = self._write("growing:records", "add", keys[0], request, seen, expect=(201,))
        created = first.answer if isinstance(first.answer, list) else None
        for index, key in enumerate(keys):
            if index:
                self._history.put(replace(first, sent=key))
            if created:
                self._history.put(replace(first, of="times:", kind="given", answer=created[index]))
            date = created[index][:10] if created else None
            self._history.put(replace(first, of="archives:", sent=key, answer=date))

    def read(self) -> None:
        """The growing list, page by page, or as CSV."""
        path, found = self._records(self.shared.growing), list[str]()
        began = self._history.now()
        if self._chance.random() < 0.3:
            got = self._connection.ask("GET", f"{path}?page_size=10000", Accept="text/csv; version=2.0")
            found = [line.partition(",")[0] for line in got.body.decode().splitlines()[1:]]
        else:
            link: str | None = f"{path}?page_size={self._chance.choice((200, 1_000))}"
            while link:
                got = self._connection.ask("GET", link)
                found += [item["id"] for item in got.json()]
                after = re.search(r'<([^>]*)>; rel="?next', got.headers.get("link", ""))
                link = after and after[1]
        self._history.add("growing:records", "read", began, answer=found)

    def merge(self) -> None:
        """An import: a good one, a newer one, one that is broken inside, or one that a fault strikes."""
        group, sandbox = self.shared.pieces()
        mark, own, luck = self._mark(), self._chance.randint(1, 5), self._chance.random()
        body = document(mark, own, "999.0.0" if luck < 0.1 else self.shared.version)
        if 0.1 < luck < 0.25:
            body["values"]["iterable"][-1]["raw"].append(256)
        request = ("POST", f"{sandbox}/database/import", body)
        seen = lambda got: got.status if got.status == 204 else REFUSED  # noqa: E731
        expect = {luck < 0.1: (505,), 0.1 < luck < 0.25: (500,)}.get(True, (204, 500))
        self._write(f"pieces:{group}", "import", [mark, size(own)], request, seen, expect=expect)
        if luck > 0.93:
            fault = {"operation": "importDatabase", "inside": {"after": 4}, "times": 2}
            self._connection.ask("POST", f"{sandbox}/_mock/faults", fault, expect=(201,))

    def export(self, group: int | None = None) -> None:
        """An export."""
        if group is None:
            group, _ = self.shared.pieces()
        began = self._history.now()
        got = self._connection.ask("GET", f"{self.shared.pieces_path(group)}/database/export")
        self._history.add(f"pieces:{group}", "export", began, answer=marks(got.json()))

    def asset(self) -> None:
        """An asset is made, uploaded, marked and downloaded; and all are listed."""
        path, name = f"/api/databases/{self.shared.growing}/assets/", f"{self._mark()}.bin"
        began = self._history.now()
        made = self._connection.ask("POST", path, {"filename": name}, expect=(201,)).json()
        self._history.add("growing:assets", "add", began, sent=made["asset"]["id"], answer=201)
        self._history.add("ids:assets", "given", began, answer=made["asset"]["id"])
        content, one = self._chance.randbytes(2_000), f"{path}{made['asset']['id']}/"
        self._connection.ask("GET", one, expect=(404,))
        form = b"".join(
            f'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
            for field, value in made["fields"].items()
        )
        form += (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
            + content
            + b"\r\n--b--\r\n"
        )
        late = self._connection.ask(
            "POST",
            made["upload_url"],
            form,
            expect=(204, 403),
            **{"Content-Type": "multipart/form-data; boundary=b"},
        )
        self._connection.ask("PATCH", one, {"is_uploaded": True})
        began = self._history.now()
        listed = self._connection.ask("GET", f"{path}?page_size=1000").json()
        if len(listed) < 1_000:
            self._history.add("growing:assets", "read", began, answer=[item["id"] for item in listed])
        link = self._connection.ask("GET", one, expect=(302, 303, 307)).headers["location"]
        got = self._connection.fetch(link, 200, 403, 404)
        if (
            got.status != 403 and late.status == 204 and got.body != content
        ):  # 403: the clock was moved meanwhile
            self._history.wrong.append(f"{name}: the download is not what was uploaded")

    def job(self) -> None:
        """An export job is started, or an earlier one looked at: it has what there was when it was made."""
        path = "/api/databases/records/jobs/"
        if not self._jobs or self._chance.random() < 0.3:
            began = self._history.now()
            body = {"name": "growing", "databases": [self.shared.growing]}
            made = self._connection.ask("POST", path, body, expect=(201,)).json()["id"]
            self._jobs.append((made, began, self._history.now()))
            self._history.add("ids:jobs", "given", began, answer=made)
            return
        made, began, ended = self._jobs[0]
        found = self._connection.ask("GET", f"{path}{made}/").json()
        if found["status"] == "SUCCESS":
            got = self._connection.fetch(found["data"], 200, 403)
            if got.status == 200:
                keys = [item["id"] for item in got.json()]
                self._history.put(Event("growing:records", "read", None, keys, began, ended))
                self._jobs.pop(0)
        elif found["status"] != "STARTED":
            self._history.wrong.append(f"job {made}: {found}")

    def archive(self) -> None:
        """The list of archives, and one of their files."""
        path = (
            f"/api/organizations/{self.shared.organization}/databases/{self.shared.growing}/record-archives/"
        )
        listed = self._connection.ask("GET", f"{path}?page_size=1000").json()
        dates = [item["date"] for item in listed]
        if dates != sorted(set(dates), reverse=True):
            self._history.wrong.append(f"archives are not in order, or twice: {dates}")
        if listed:
            one = self._chance.choice(listed)
            began = self._history.now()
            got = self._connection.fetch(one["file"], 200, 403)
            if got.status == 200:
                keys = [json.loads(line)["id"] for line in got.body.splitlines()]
                self._history.add("archives:", "read", began, sent=one["date"], answer=keys)

    def clock(self) -> None:
        """Time passes, now and then over midnight."""
        began = self._history.now()
        body = self._chance.choice(({"seconds": 1}, {"seconds": 600}, {"to": "next-midnight"}))
        now = self._connection.ask("POST", "/_mock/clock/advance", body).json()["now"]
        self._history.add("times:", "given", began, answer=now)

    def snapshot(self) -> None:
        """A snapshot of everything, put into a sandbox of one's own, where it is the same."""
        group, sandbox = self.shared.pieces()
        for root, copy in (
            ("", f"/~copy-{self.number}"),
            (sandbox, f"/~pieces-copy-{self.number}"),
        ):
            began = self._history.now()
            state = self._connection.ask("GET", f"{root}/_mock/state")
            ended = self._history.now()
            self._connection.ask("PUT", f"{copy}/_mock/state", state.body, expect=(204,))
            if root:
                found: Any = marks(self._connection.ask("GET", f"{copy}/database/export").json())
                event = Event(f"pieces:{group}", "export", None, found, began, ended)
            else:
                listed = self._connection.ask(
                    "GET", f"{copy}{self._records(self.shared.growing)}?page_size=10000"
                )
                found = [item["id"] for item in listed.json()]
                event = Event("growing:records", "read", None, found, began, ended)
            self._history.put(event)
            self._connection.ask("DELETE", f"/_mock/sandboxes/{copy[2:]}", expect=(204,))

    def last_look(self) -> None:
        """Everything once more, when all others are done: what was acknowledged is still there."""
        for slot in range(12):
            for age in self.shared.used(f"record{slot}"):
                self.do(self.get, f"{slot}-{age}")
        for group in self.shared.used("array"):
            self.do(self.group, group)
        for group in self.shared.used("pieces"):
            self.do(self.export, group)
        self.do(self.read)
        self.close()


def _counted(answer: Answer) -> list[list[Any]]:
    """Which marks are on records, and on how many."""
    found = Counter(item["data"]["mark"] for item in answer.json())
    return [[mark, count] for mark, count in sorted(found.items())]
