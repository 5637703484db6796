"""An API that another package brings is found through its entry point and served like the built-in ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

INVENTED = """
from starlette.responses import Response

from dbcontract.mockserver.apis.base import ServedApi, Shown
from dbcontract.mockserver.sandbox.options import StartOption
from dbcontract.mockserver.snapshot.section import JSONSection
from dbcontract.mockserver.state.lifecycle import TimelessState


class NoThing(Exception):
    pass


class Things(TimelessState):
    def __init__(self, names=(), until=0):
        self.names = list(names)
        self.until = until

    def fork(self, kind=None):
        return Things(self.names, self.until)

    def rewind(self, now): self.until = now + 3_000_000

    def catch_up(self, now, new_id):
        if now >= self.until:
            self.names.clear()

    @classmethod
    def load(cls, value):
        if not isinstance(value, list):
            raise TypeError("an array is expected")
        return cls(value[1:], value[0])


class Loader:
    def __init__(self, settings):
        self.kinds = {{"thing": lambda entry: self.names.append(entry["name"])}}
        self.names = []
        self.greeting = settings.options["greeting"]

    def finish(self, as_of, seed):
        return Things([f"{{self.greeting}} {{seed}}", *self.names])


class Wishes:
    members = frozenset({{"loud"}})
    schemas = {{"loud": {{"type": "boolean"}}}}

    def initial(self, settings):
        return {{"loud": False}}

    def describe(self, sandbox):
        return sandbox.settings.apis["invented"]

    def check(self, order):
        pass

    def apply(self, sandbox, order):
        if "loud" in order:
            sandbox.settings.apis["invented"]["loud"] = order["loud"]

    def dump(self, sandbox):
        return sandbox.settings.apis["invented"]

    def load(self, written):
        return {{"loud": written["loud"]}}


class Handlers:
    async def readThing(self, call):
        call.sandbox.now()
        if call.path["thing"] not in call.sandbox.states["invented"].names:
            raise NoThing(call.path["thing"])
        return Response("a thing: " + call.path["thing"], media_type="text/plain")

    async def addThing(self, call):
        call.sandbox.states["invented"].names.append(call.path["thing"])
        return Response(None, 204)


def said(sandbox, error, answer):
    status = 404 if isinstance(error, NoThing) else 400
    return Response(f"sorry: {{error!r}}", status, media_type="text/plain")


def held(sandbox):
    names = sandbox.states["invented"].names
    return [Shown("Things", tuple((name, name) for name in names), len(names))]


API = ServedApi(
    name="{name}",
    base_path="{base_path}",
    handlers=lambda sandbox: Handlers(),
    error=said,
    options=(StartOption(name="greeting", default="hello"),),
    settings=Wishes(),
    loader=lambda settings, objects: Loader(settings),
    section=JSONSection("{name}", dump=lambda state: [state.until, *state.names], load=Things.load),
    description_package="invented",
    known_ids=lambda sandbox: {{"thing": next(iter(sandbox.states["invented"].names), "none")}},
    shown=held,
)
"""
KINDS = """
from dbcontract.fixtures.apis.base import DataApi, EntryKind
from dbcontract.fixtures.values import object_of, string


def accept(known, entry):
    known.add(("thing",), entry["name"], "among the things", "name")


DATA = DataApi(
    name="invented",
    kinds=(
        EntryKind(
            name="thing",
            member="things",
            check=object_of({"name": string}),
            accept=accept,
            schema={"type": "object", "properties": {"name": {"type": "string"}}},
        ),
    ),
)
"""
HEADER = {"format": "dbcontract-dataset/1", "name": "my", "seed": None, "as_of": "2026-01-31T00:00:00Z"}
THINGS = [
    {"kind": "dataset", **HEADER},
    {"kind": "thing", "name": "a chair"},
    {"kind": "thing", "name": "a table"},
]
DESCRIPTION = """
openapi: 3.0.3
info: {title: Invented Things, version: "1"}
paths:
  /things/{thing}:
    parameters: [{name: thing, in: path, required: true, schema: {type: string}}]
    get:
      operationId: readThing
      responses:
        "200": {description: A thing., content: {text/plain: {schema: {type: string}}}}
        "404": {description: No such thing., content: {text/plain: {schema: {type: string}}}}
    put:
      operationId: addThing
      responses: {"204": {description: It is there.}}
"""
ASK = """
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from dbcontract import fixtures
from dbcontract.cli.banner import Banner
from dbcontract.cli.execute import surroundings
from dbcontract.mockserver.apis.base import served_apis
from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.server.run import ServerThread
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings


def ask(method, path, body=None):
    headers = {"Content-Type": "application/json"}
    content = json.dumps(body).encode() if body else None
    request = Request(running.base_url + path, content, headers, method=method)
    try:
        answer = urlopen(request, timeout=10)
    except HTTPError as refused:
        answer = refused
    return answer.status, answer.read().decode()


DATA = Path(sys.argv[1])
entries = list(fixtures.read(DATA))
fixtures.validate(entries)
stream = io.BytesIO()
fixtures.write(entries, stream, "json")
(whole := DATA.with_suffix(".json")).write_bytes(stream.getvalue())
SETTINGS = Settings(
    data=str(whole),
    port=0, seed=4, clock=ClockSetting(frozen=True), validate_responses=True, options={"greeting": "seed"}
)
with ServerThread(SETTINGS) as running:
    apis = json.loads(ask("GET", "/")[1])["apis"]
    told = {"title": next(one["title"] for one in apis if one["name"] == "invented")}
    told["again"] = list(fixtures.read(whole)) == entries
    told["entries"] = [ask("GET", f"/invented/things/a%20{name}")[0] for name in ("chair", "table", "bed")]
    told["loaded"] = ask("GET", "/invented/things/seed%204")
    told["added"] = ask("PUT", "/~one/invented/things/it")
    told["elsewhere"] = ask("GET", "/invented/things/it")
    told["there"] = ask("GET", "/~one/invented/things/it")
    told["set"] = ask("PATCH", "/~one/_mock/settings", {"loud": True})[0]
    told["unset"] = ask("PATCH", "/~one/_mock/settings", {"loud": 1})[0]
    document = json.loads(ask("GET", "/~one/_mock/state")[1])
    told["restored"] = ask("PUT", "/~two/_mock/state", document)[0]
    told["settings"] = [
        json.loads(ask("GET", f"/~{name}/_mock/settings")[1])["loud"] for name in ("one", "two", "other")
    ]
    told["copy"] = ask("GET", "/~two/invented/things/it")
    refused = ask("PUT", "/~two/_mock/state", {**document, "invented": {}})
    told["damaged"] = refused[0], json.loads(refused[1])
    told["unchanged"] = ask("GET", "/~two/invented/things/it")[0]
    ask("POST", "/~two/_mock/clock/advance", {"seconds": 4})
    told["expired"] = ask("GET", "/~two/invented/things/it")[0]
    told["reset"] = ask("POST", "/~one/_mock/reset")[0], ask("GET", "/~one/invented/things/it")[0]
    told["fault"] = ask("POST", "/_mock/faults", {"operation": "readThing", "status": 404})[0]
    with MockClient(running.base_url) as mock, mock.sandbox("three") as other:
        told["client"] = [mock.urls["invented"], other.urls["invented"]]
    shown = Banner.of(SETTINGS, running)
    told["banner"] = [url for url in shown.urls if "invented" in url[1]], dict(shown.commands)["readThing"]
    told["holds"] = next(one.items for one in shown.contents if one.kind == "Things")
    told["exec"] = surroundings(SETTINGS, running)["INVENTED_URL"]
    object.__setattr__(served_apis()["invented"], "section", None)
    del document["invented"]
    told["left out"] = ask("PUT", "/~four/_mock/state", document)[0]
    told["kept"] = ask("GET", "/~four/invented/things/a%20chair")[0]
    told["beside"] = ask("GET", "/database/export")[0]
    print(json.dumps(told))
"""


def ask(folder: Path, *, name: str = "invented", base_path: str = "/invented") -> str:
    """Ask a mock in another process, which has this package beside the installed ones."""
    package, info = folder / "invented", folder / "invented-1.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text(INVENTED.format(name=name, base_path=base_path))
    (package / "invented.yaml").write_text(DESCRIPTION)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: invented\nVersion: 1\n")
    (package / "kinds.py").write_text(KINDS)
    (folder / "things.jsonl").write_text("".join(f"{json.dumps(entry)}\n" for entry in THINGS))
    (info / "entry_points.txt").write_text(
        "[dbcontract.mockserver.apis]\ninvented = invented:API\n"
        "[dbcontract.fixtures.apis]\ninvented = invented.kinds:DATA\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", ASK, str(folder / "things.jsonl")],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_an_api_of_another_package_is_served(tmp_path: Path) -> None:
    text = ask(tmp_path)
    told = json.loads(text) if text.startswith("{") else text
    assert isinstance(told, dict), told
    base, _ = told["client"][0].rsplit("/", 1)
    assert told == {
        "title": "Invented Things",
        "again": True,
        "entries": [200, 200, 404],
        "loaded": [200, "a thing: seed 4"],
        "added": [204, ""],
        "elsewhere": [404, "sorry: NoThing('it')"],
        "there": [200, "a thing: it"],
        "set": 200,
        "unset": 400,
        "restored": 204,
        "settings": [True, True, False],
        "copy": [200, "a thing: it"],
        "damaged": [400, {"invented": ["Not as `GET state` gives it: an array is expected."]}],
        "unchanged": 200,
        "expired": 404,
        "reset": [200, 404],
        "fault": 201,
        "client": [f"{base}/invented", f"{base}/~three/invented"],
        "banner": [
            [["Invented Things", f"{base}/invented", f"{base}/invented/ui/"]],
            f"curl -s {base}/invented/things/seed%204",
        ],
        "holds": [[name, name] for name in ("seed 4", "a chair", "a table")],
        "exec": f"{base}/invented",
        "left out": 204,
        "kept": 200,
        "beside": 200,
    }


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"name": "other"}, "must be one ServedApi of that name"), ({"base_path": "/api"}, "at one base path")],
)
def test_an_api_that_cannot_be_served_says_why(tmp_path: Path, wrong: dict[str, str], words: str) -> None:
    assert words in ask(tmp_path, **wrong)
