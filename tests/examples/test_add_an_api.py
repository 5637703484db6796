"""The example of an API from outside: installed beside dbcontract, it has all that the others have."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dbcontract.conformance.report import FORMATS
from dbcontract.mockserver.client import MockClient
from tests.docs import blocks
from tests.docs.session import Session
from tests.pages.conftest import Page

PLACE = "add-an-api"
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
SECONDS = 300
pytestmark = pytest.mark.timeout(900)  # whole runs of the kit, on a machine that may be busy

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(example: Callable[[str], Path]) -> Path:
    return example(PLACE)


@pytest.fixture(scope="module")
def installed(
    folder: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Surroundings in which the wheel of the example is installed beside this dbcontract."""
    into, site = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("site")
    build = subprocess.run(
        [sys.executable, "-c", BUILD, str(into)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert build.returncode == 0, build.stdout + build.stderr
    (wheel,) = into.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    return {**environment, "PYTHONPATH": str(site)}


@pytest.fixture(scope="module")
def run(installed: dict[str, str], folder: Path) -> Run:
    def run(command: str, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [Path(sys.executable).with_name(command), *arguments],
            cwd=folder, env=installed, capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def banner(installed: dict[str, str], folder: Path) -> Iterator[list[str]]:
    """What a server says that serves it; it runs as long as the tests of this module."""
    words = [str(Path(sys.executable).with_name("dbcontract")), "serve", "--port", "0", "--quiet", "--curls"]
    with subprocess.Popen(words, cwd=folder, env=installed, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        lines = []
        for line in server.stdout:
            lines.append(line.rstrip())
            if "Ctrl-C" in line:
                break
        yield lines
        server.terminate()
    assert server.returncode == 0


@pytest.fixture(scope="module")
def root(banner: list[str]) -> str:
    (line,) = (line for line in banner if line.split()[:1] == ["Control"])
    return line.split()[1].removesuffix("/_mock")


@pytest.fixture
def mock(root: str, request: pytest.FixtureRequest) -> Iterator[MockClient]:
    with MockClient(root) as server, server.sandbox(f"s-{request.node.name[:40]}") as sandbox:
        yield sandbox


def test_the_page_can_be_followed_and_shows_what_is_there(
    installed: dict[str, str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", installed["PYTHONPATH"])
    page = "examples/add-an-api/README.md"
    there = "\n".join(
        path.read_text() for path in folder.rglob("*") if path.suffix in {".py", ".yaml", ".toml"}
    )
    reader = tmp_path / "reader"
    reader.mkdir()
    with Session(reader) as session:
        for block in blocks.blocks(page, blocks.pages()[page]):
            if "executed by" in block.marks and block.language == "sh":
                session.shell(block)
            elif "executed by" in block.marks:
                assert block.code in there, block.place


def parcels(mock: MockClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{mock.urls['lockers']}/parcels", timeout=SECONDS).json()
    return found


def test_the_banner_has_its_urls_what_it_holds_and_commands_that_work(banner: list[str], root: str) -> None:
    text = "\n".join(banner)
    assert re.search(rf"Parcel lockers +{root}/lockers +UI {root}/lockers/ui/", text)
    assert re.search(r"Parcels\n +[0-9a-f-]{36}  Ada\n", text)
    for operation, status in {
        "listParcels": 200,
        "announceParcel": 201,
        "getParcel": 200,
        "collectParcel": 400,
    }.items():
        (at,) = (number for number, line in enumerate(banner) if line.strip() == f"# {operation}")
        command = [*shlex.split(banner[at + 1]), "-o", "-", "-w", "\n%{http_code}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS)
        assert done.stdout.rpartition("\n")[2] == str(status), operation


def test_its_swagger_ui_shows_its_description(root: str) -> None:
    assert "swagger-ui" in requests.get(f"{root}/lockers/ui/", timeout=SECONDS).text
    page = requests.get(f"{root}/lockers/openapi.json", timeout=SECONDS).json()
    assert "/parcels/{parcelId}/collect" in page["paths"]


def test_the_landing_page_and_the_dashboard_show_what_it_holds(mock: MockClient, page: Page) -> None:
    page.open(f"{mock.base_url}/")
    page.sees("All parcels", "h4")
    page.sees(f"curl -s '{mock.urls['lockers']}/parcels'", "pre")
    page.sees("Parcels", "h3")
    (ada, *_) = parcels(mock)
    page.sees(ada["id"], "code")
    page.open(f"{mock.base_url}/_mock/#state")
    page.sees("Parcel lockers: Parcels", "h2")
    page.sees("Ada", "[aria-label='Parcel lockers: Parcels']")
    requests.post(f"{mock.urls['lockers']}/parcels", json={"recipient": "Eli"}, timeout=SECONDS)
    page.sees("Eli", "[aria-label='Parcel lockers: Parcels']")


def test_a_sandbox_and_a_snapshot_hold_its_parcels(mock: MockClient, root: str) -> None:
    url = f"{mock.urls['lockers']}/parcels"
    requests.post(url, json={"recipient": "Dee"}, timeout=SECONDS).raise_for_status()
    kept = requests.get(f"{mock.base_url}/_mock/state", timeout=SECONDS).content
    names = [one["recipient"] for one in parcels(mock)]
    assert names == ["Ada", "Bo", "Cy", "Dee"]
    with MockClient(root) as server, server.sandbox() as other:
        assert [one["recipient"] for one in parcels(other)] == names[:3]
        requests.put(f"{other.base_url}/_mock/state", data=kept, timeout=SECONDS).raise_for_status()
        assert [one["recipient"] for one in parcels(other)] == names
    bad = requests.put(
        f"{mock.base_url}/_mock/state", json={**json.loads(kept), "lockers": [{}]}, timeout=SECONDS
    )
    assert bad.status_code == 400


def test_its_codes_follow_the_clock(mock: MockClient) -> None:
    before = parcels(mock)[0]["code"]
    mock.clock.advance(hours=1)
    assert parcels(mock)[0]["code"] != before


def test_faults_the_journal_and_prefer_know_its_operations(mock: MockClient) -> None:
    url = f"{mock.urls['lockers']}/parcels"
    mock.faults.add("listParcels", status=503, times=1)
    assert [requests.get(url, timeout=SECONDS).status_code for _ in range(2)] == [503, 200]
    collect = f"{url}/{parcels(mock)[0]['id']}/collect"
    preferred = requests.post(collect, json={"code": "x"}, headers={"Prefer": "code=409"}, timeout=SECONDS)
    assert preferred.json() == {"detail": "The parcel is collected already."}
    assert mock.count_requests(operation="listParcels") == 3


def test_coverage_knows_its_situation_and_its_operations(mock: MockClient) -> None:
    url = f"{mock.urls['lockers']}/parcels"
    parcel = parcels(mock)[0]
    (lockers,) = (api for api in mock.coverage.document()["apis"] if api["name"] == "lockers")
    (situation,) = lockers["situations"]
    assert (situation["met"], situation["python"]) == (0, ["mock.clock.advance(hours=1)"])
    exec(situation["python"][0], {"mock": mock})
    requests.post(f"{url}/{parcel['id']}/collect?no=1", json={"code": parcel["code"]}, timeout=SECONDS)
    assert mock.coverage.situations() == {"code-refused"}
    assert {one.kind for one in mock.coverage.findings()} == {"unknown-parameter", "refused-request"}


def test_its_tests_have_it_as_a_fixture_and_its_rules_as_items(run: Run, root: str) -> None:
    done = run(
        "pytest", "--color=no", "-q", "tests", "conformance", "--dbcontract-url", root, "-k", "PL or code"
    )
    assert re.search(r"^1[0-9] passed", done.stdout, re.MULTILINE), done.stdout


def test_it_is_judged_and_reported(run: Run, root: str, folder: Path) -> None:
    forms = list(FORMATS)
    written = [word for form in forms for word in ("--report", f"{form}=report.{form}")]
    run("dbcontract", "check", f"{root}/lockers", "--only", "PL-*", "--no-fuzzing", *written)
    results = json.loads((folder / "report.json").read_text())["results"]
    assert {(one["api"], one["verdict"]) for one in results} == {("lockers", "passed")}
    assert len(results) == 12
    assert all((folder / f"report.{form}").stat().st_size for form in forms)


def test_a_data_set_holds_its_entries_and_a_command_finds_its_url(run: Run, folder: Path) -> None:
    id_, at = "3b6f3a52-98e0-4bb1-9c0e-1b5a3c4f2d10", "2026-05-13T11:00:00.000000Z"
    header = {"kind": "dataset", "format": "dbcontract-dataset/1", "name": "mine", "seed": None, "as_of": at}
    entry = {"kind": "parcel", "id": id_, "recipient": "Mo", "created_at": at}
    (folder / "mine.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (header, entry)))
    words = ("exec", "--data", "mine.jsonl", "--clock", "frozen", "--", "sh", "-c")
    (found,) = json.loads(run("dbcontract", *words, 'curl -s "$LOCKERS_URL/parcels"').stdout)
    assert (found["id"], found["recipient"]) == (id_, "Mo")
    assert found["code_expires_at"] == "2026-05-13T12:00:00.000000Z"
    (folder / "mine.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (header, entry, entry)))
    refused = run("dbcontract", *words, "true", status=2)
    assert "is there twice in the data set" in refused.stderr


def test_a_target_file_has_its_table_and_a_plan_needs_no_target(run: Run, folder: Path) -> None:
    run("dbcontract", "init", "--force")
    assert "[lockers]\n" in (folder / "dbcontract.toml").read_text()
    (folder / "other.toml").write_text(
        '[target]\nallow = ["write"]\n[lockers]\nurl = "http://127.0.0.1:9/"\n'
    )
    done = run(
        "dbcontract", "check", "--target", "other.toml", "--only", "PL-NEW-*", "--no-fuzzing", "--plan"
    )
    assert re.search(r"^announceParcel +\d", done.stdout, re.MULTILINE), done.stdout
    assert "which stay: no operation deletes them" in done.stdout


def test_each_defect_turns_its_rules_red_and_what_is_unusual_is_accepted(run: Run) -> None:
    listed = json.loads(run("dbcontract", "defects", "--json").stdout)
    names = [one["name"] for one in listed if any(rule.startswith("PL-") for rule in one["breaks"])]
    assert len(names) == 6
    chosen = [
        word for name in [*names, "newest-parcel-first", "codes-with-letters"] for word in ("--only", name)
    ]
    assert "proven: 6 of 6 defects caught as named, 2 of 2" in run("dbcontract", "prove", *chosen).stdout
