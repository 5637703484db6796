"""A recording that is served is the same over the API; nothing secret or personal is in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner

from dbcontract import fixtures
from dbcontract.cli import main
from dbcontract.conformance.apis.pixiebrix.recording import DatabaseRecording
from dbcontract.conformance.http.redaction import Redactor
from dbcontract.conformance.watching.pretending import Pretender
from dbcontract.conformance.watching.recording import Recording, data_set
from dbcontract.mockserver.client import MockClient
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import ServerThread

from .watched import Watched

Watching = Callable[..., AbstractContextManager[Watched]]
COMMAND = str(Path(sys.executable).with_name("dbcontract"))
V2 = {"Accept": "application/json; version=2.0", "Authorization": "Token the-token-of-a-user"}


def served(data: str) -> ServerThread:
    return ServerThread(Settings(port=0, data=data, clock=ClockSetting(frozen=True)))


@pytest.fixture(scope="module")
def original() -> Iterator[str]:
    with served("small") as running:
        yield running.base_url


@pytest.fixture
def world(original: str) -> Iterator[MockClient]:
    """A sandbox whose faults are its own."""
    with MockClient(original) as mock, mock.sandbox() as sandbox:
        yield sandbox


def reading(url: str, through: str | None = None) -> dict[str, Any]:
    """All documented readings of an implementation; links are followed past the proxy unless told."""
    session = requests.Session()
    session.headers.update(V2)
    found: dict[str, Any] = {"export": requests.get(f"{url}/database/export", timeout=30).json()}

    def listed(path: str) -> list[Any]:
        items: list[Any] = session.get(f"{url}/api{path}?page_size=1000", timeout=30).json()
        return items

    def fetched(link: str) -> bytes:
        return requests.get(link.replace(through, url) if through else link, timeout=30).content

    for organization in listed("/organizations/"):
        databases = listed(f"/organizations/{organization['id']}/databases/")
        found[organization["name"]] = databases
        for database in databases:
            own = database["id"]
            found[f"records of {own}"] = listed(f"/databases/{own}/records/")
            assets = listed(f"/databases/{own}/assets/")
            found[f"assets of {own}"] = [
                {**one, "download_url": urlsplit(one["download_url"]).path} for one in assets
            ]
            for asset in assets:
                place = f"{url}/api/databases/{own}/assets/{asset['id']}/"
                answer = session.get(place, timeout=30, allow_redirects=False)
                found[f"asset {asset['id']}"] = answer.status_code
                if answer.is_redirect:
                    found[f"file {asset['id']}"] = fetched(answer.headers["Location"])
            archives = listed(f"/organizations/{organization['id']}/databases/{own}/record-archives/")
            for archive in archives:
                lines = [json.loads(line) for line in fetched(archive["file"]).splitlines()]
                found[f"{archive['date']} of {own}"] = sorted(lines, key=lambda line: str(line["id"]))
    return found


def data(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DBCONTRACT_TOKEN": "the-token-of-a-user", "NO_COLOR": "1"}
    words = [COMMAND, "data", *map(str, arguments)]
    return subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=100
    )


def test_a_world_that_is_read_is_the_same_when_it_is_served(original: str, tmp_path: Path) -> None:
    file = tmp_path / "recorded.jsonl"
    done = data("--from", original, "-o", file, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "records" in done.stderr
    text = file.read_text()
    assert "the-token-of-a-user" not in text
    assert not re.search(r"signature|upload_url|download_url|_storage", text, re.IGNORECASE)
    assert file.stat().st_mode & 0o077 == 0
    with served(str(file)) as running:
        assert reading(running.base_url) == reading(original)
    again = data("--from", original, "-o", file, cwd=tmp_path)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert file.read_text() == text
    assert data("--from", original, "-o", file, "--force", cwd=tmp_path).returncode == 0


def test_a_world_that_was_watched_is_the_same_when_it_is_served(
    original: str, watching: Watching, tmp_path: Path
) -> None:
    with watching(original, recording=True) as proxy:
        expected = reading(proxy.base_url, through=original)
        proxy.result()
        entries = data_set(proxy.observer.recordings, proxy.observer.redactor)
    file = tmp_path / "recorded.json"
    with file.open("wb") as stream:
        fixtures.write(entries, stream, "json")  # type: ignore[arg-type]
    with served(str(file)) as running:
        assert reading(running.base_url) == expected


def test_what_changed_while_it_was_watched_is_recorded_as_it_is_now(watching: Watching) -> None:
    with ServerThread(Settings(port=0)) as running, MockClient(running.base_url) as mock:
        database = mock.database_ids[0]
        with watching(running.base_url, recording=True) as proxy:
            path = f"{proxy.base_url}/api/databases/{database}/records/"
            written = {"id": "mine", "data": {"text": "my token is the-token-of-a-user"}}
            for item in ({"id": "gone", "data": {}}, written):
                requests.post(path, json=item, headers=V2, timeout=30)
            requests.delete(f"{path}gone/", headers=V2, timeout=30)
            proxy.result()
            entries = data_set(proxy.observer.recordings, proxy.observer.redactor)
    records = {entry["id"]: entry for entry in entries if entry["kind"] == "record"}
    assert [*records] == ["mine"]
    assert records["mine"]["data"] == {"text": "my token is $TOKEN"}
    assert [entry["id"] for entry in entries if entry["kind"] == "database"] == [database]


def test_personal_data_are_replaced_alike_wherever_they_stand() -> None:
    record = {
        "kind": "record",
        "id": "ann.smith@firm.example",
        "data": {
            "user email": "ann.smith@firm.example",
            "customerName": "Ann Smith",
            "note": "Ann Smith (ann.smith@firm.example, +1 555 123 4567) called; see order 2026-01-31.",
            "file name": "report.pdf",
            "nested": [{"phone": "+1 555 123 4567", "count": 3}],
        },
    }
    other = {**record, "id": "b", "data": {"name": "Ann Smith", "email": "bo@firm.example"}}
    recording, pretender = DatabaseRecording(), Pretender(7)
    first, second = recording.pretended(record, pretender), recording.pretended(other, pretender)
    text = json.dumps([first, second])
    assert not re.search(r"Ann|Smith|ann\.smith|firm\.example|555 123", text)
    assert first["id"] == first["data"]["user email"] != second["data"]["email"]
    assert first["data"]["customerName"] == second["data"]["name"]
    assert first["data"]["customerName"] in first["data"]["note"]
    assert first["data"]["nested"][0]["phone"] in first["data"]["note"]
    assert "2026-01-31" in first["data"]["note"]
    assert first["data"]["file name"] == "report.pdf"
    assert recording.pretended(record, Pretender(7)) == first
    assert recording.pretended(record, Pretender(8)) != first


def test_texts_of_another_api_are_replaced_too() -> None:
    entry = {"kind": "parcel", "receiver name": "Ann Smith", "notes": [{"text": "for Ann Smith"}], "cell": 7}
    found = Recording().pretended(entry, Pretender())
    assert "Smith" not in json.dumps(found)
    assert (found["kind"], found["cell"]) == ("parcel", 7)


def test_more_people_than_there_are_names_are_told_apart() -> None:
    pretender = Pretender()
    people = [{"first name": f"Forename{n}", "note": f"Forename{n}. It is {n}."} for n in range(1_000)]
    changed = [pretender.value(one) for one in people]
    names = [one["first name"] for one in changed]
    assert len(set(names)) == len(names)
    assert all(one["note"].startswith(f"{one['first name']}. It is") for one in changed)
    assert not any("Forename" in json.dumps(one) for one in changed)


def test_a_name_with_signs_is_found_in_texts() -> None:
    pretender = Pretender()
    changed = pretender.value({"name": "Ann Smith jr.", "note": "(Ann Smith jr.) and Ann Smithson"})
    assert changed["note"] == f"({changed['name']}) and Ann Smithson"


def test_a_world_without_personal_data_answers_filters_alike(original: str, tmp_path: Path) -> None:
    file = tmp_path / "recorded.jsonl"
    assert data("--from", original, "-o", file, "--fake-personal-data", cwd=tmp_path).returncode == 0
    emails = set(re.findall(r"[\w.]+@[\w.]+", json.dumps(list(records_of(original)))))
    assert emails
    assert not [one for one in emails if one in file.read_text()]
    with served(str(file)) as running:
        assert groups(records_of(running.base_url)) == groups(records_of(original))


def records_of(url: str) -> Iterator[dict[str, Any]]:
    with MockClient(url) as mock:
        for database in mock.database_ids:
            path = f"{url}/api/databases/{database}/records/?page_size=1000"
            yield from requests.get(path, headers=V2, timeout=30).json()


def groups(records: Iterator[dict[str, Any]]) -> list[int]:
    """How many records share a person."""
    found: dict[str, int] = {}
    for record in records:
        person = str(record["data"].get("user email"))
        found[person] = found.get(person, 0) + 1
    return sorted(found.values())


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"operation": "listOrganizations", "status": 401}, "the token is missing, or is not accepted"),
        ({"operation": "listRecords", "status": 500}, "/records/ is answered with 500"),
        ({"operation": "listAssets", "status": 401}, "the token is missing"),
        ({"operation": "exportDatabase", "status": 500}, "/database/export is answered with 500"),
        ({"operation": "listDatabases", "connection": "drop"}, "/databases/: "),
    ],
)
def test_a_world_that_cannot_be_read_whole_is_not_written(
    world: MockClient, tmp_path: Path, fault: dict[str, Any], told: str
) -> None:
    world.faults.add(**fault)
    file = tmp_path / "recorded.jsonl"
    done = CliRunner().invoke(main, ["data", "--from", world.base_url, "-o", str(file)])
    assert (done.exit_code, file.exists()) == (2, False)
    assert told in done.output
    assert done.output.endswith("; nothing was written\n")


def test_what_a_token_may_not_see_is_named(world: MockClient, tmp_path: Path) -> None:
    world.faults.add("listRecordArchives", status=403, times=1)
    target, file = tmp_path / "target.toml", tmp_path / "recorded.jsonl"
    target.write_text(f'[pixiebrix]\nurl = "{world.pixiebrix_url}"\n')
    done = CliRunner().invoke(main, ["data", "--target", str(target), "-o", str(file)])
    assert done.exit_code == 0
    assert re.search(r"not in it: GET \S+/record-archives/ is answered with 403", done.output)
    assert {one["kind"] for one in fixtures.read(file)} >= {"database", "record", "archive", "asset"}


def test_a_world_that_nobody_can_read_is_told(tmp_path: Path) -> None:
    done = data("--from", "http://127.0.0.1:9", "--api", "pieces", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: --from http://127.0.0.1:9")
    assert data("small", "--from", "http://127.0.0.1:9", cwd=tmp_path).returncode == 2


def test_signatures_are_masked() -> None:
    class Linked:
        def take(self, _seen: object) -> None: ...

        def entries(self) -> Iterator[dict[str, Any]]:
            yield {"kind": "record", "data": {"see": "https://s3.example/x?X-Amz-Signature=abcdef0123"}}

    entries = data_set([Linked()], Redactor())  # type: ignore[list-item]
    assert entries[1]["data"]["see"] == "https://s3.example/x?X-Amz-Signature=***"
