"""`dbcontract check`, `rules` and `init`, as users run them."""

import json
import re
import signal
import subprocess
import threading
import tomllib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

import pytest

from dbcontract.conformance.report import FORMATS
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.sandbox.settings import Settings, TokenGrant
from dbcontract.mockserver.server.run import Running, ServerThread

TOKEN = "token-of-the-tests"
ONLY = ("--only", "PB-ASSET-03", "--only", "PI-EXP-01")
FEW = (*ONLY, "--no-fuzzing")
TWO = "(2 verified, 0 failed on their own, 0 follow-ups, 0 not verified)"
ONE = "(1 verified, 1 failed on their own, 0 follow-ups, 0 not verified)"


class Result(Protocol):
    status: int
    stdout: bytes
    stderr: str


Run = Callable[..., Result]


@pytest.fixture(scope="module")
def unrecognized() -> Iterator[Running]:
    """An implementation that nobody knows."""
    with ServerThread(Settings(port=0, tokens=(TokenGrant(TOKEN),), control=False)) as running:
        yield running


@pytest.fixture(scope="module")
def mock() -> Iterator[Running]:
    with ServerThread(Settings(port=0)) as running:
        yield running


def text(result: Result) -> str:
    return result.stdout.decode()


def test_without_a_url_a_mock_of_our_own_is_judged(run: Run) -> None:
    result = run("check", *FEW)
    assert result.status == 0, text(result)
    assert re.search(r"^PixieBrix *\n  Assets +1 ", text(result), re.MULTILINE)
    assert f"\nconformant {TWO} · 2 rules of the mock of dbcontract\n" in text(result)
    assert result.stderr == ""


@pytest.mark.parametrize("path", ["", "/api"])
def test_a_mock_needs_no_profile(run: Run, mock: Running, path: str) -> None:
    result = run("check", mock.base_url + path, *FEW, "--jobs", "2")
    assert result.status == 0, text(result)
    assert f"conformant {TWO} · 2 rules of {mock.base_url}" in text(result)


def test_every_report_is_written(run: Run, tmp_path: Path) -> None:
    kinds = {form: f"r.{form}" for form in FORMATS}
    result = run(
        "check", *FEW, *(word for kind, file in kinds.items() for word in ("--report", f"{kind}={file}"))
    )
    assert result.status == 0
    for kind, file in kinds.items():
        assert (tmp_path / file).stat().st_size > 100
        assert f"{kind} report: {file}" in result.stderr
    document = json.loads((tmp_path / "r.json").read_text())
    assert document["run"]["command"] == (
        "dbcontract check --only PB-ASSET-03 --only PI-EXP-01 --seed 1 --no-fuzzing"
    )
    assert document["run"]["selection"] == "--only PB-ASSET-03 --only PI-EXP-01"
    assert document["results"][0]["reproduce"] == "dbcontract check --only PI-EXP-01 --seed 1"


def test_a_report_goes_to_standard_output_alone(run: Run) -> None:
    result = run("check", *FEW, "--report", "json=-")
    assert json.loads(result.stdout)["conformant"] is True
    assert f"conformant {TWO} · 2 rules" in result.stderr


def test_verbose_prints_the_whole_exchange(run: Run) -> None:
    result = run("check", "--only", "PB-ASSET-03", "-v", "--no-fuzzing")
    lines = text(result).splitlines()
    assert lines[0] == "PASSED PB-ASSET-03 An asset that is not marked cannot be downloaded"
    assert "> Authorization: Token $TOKEN" in lines
    assert "< 404 Not Found" in lines
    assert '{"detail":"Not found."}' in lines
    upload = next(line for line in lines if "upload_url" in line)
    assert '"x-amz-signature":"***"' in upload


def test_an_unrecognized_server_is_only_read(run: Run, unrecognized: Running) -> None:
    result = run("check", unrecognized.base_url, *FEW)
    assert result.status == 0
    assert "nothing will be written (see --allow)" in result.stderr
    assert "the target lacks, or does not allow: write: PB-ASSET-03" in text(result)
    assert "conformant in what was verified, 1 of 2 rules" in text(result)


def test_nothing_verified_is_told(run: Run, unrecognized: Running) -> None:
    result = run("check", unrecognized.base_url, "--only", "PB-ASSET-03", "--no-fuzzing")
    assert result.status == 4
    assert "undecided: nothing could be verified" in text(result)


def test_what_will_be_created_is_told_before(
    run: Run, unrecognized: Running, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(environment, "DBCONTRACT_TOKEN", TOKEN)
    organization, database = next(
        (one.organization_id, one.id) for one in state_of(unrecognized.sandbox).databases.values()
    )
    allowed = ("--allow", "write", "--organization", str(organization), "--database", str(database))
    result = run("check", unrecognized.base_url, *FEW, *allowed)
    assert result.status == 0, text(result)
    assert f"may create records in {database}, and deletes them" in result.stderr
    assert "assets and export jobs, which stay: no operation deletes them" in result.stderr
    assert f"conformant {TWO} · 2 rules" in text(result)
    assert "note: stays at the target: asset in the database" in text(result)


@pytest.fixture
def wrong() -> Iterator[str]:
    """A server that answers every request with 500, as Pieces OS may."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(500)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"broken")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_failure_is_told_in_three_lines(run: Run, wrong: str) -> None:
    result = run("check", wrong, "--api", "pieces", "--only", "PI-EXP-01", "--no-fuzzing")
    assert result.status == 1
    lines = text(result).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("FAILED PI-EXP-01 "))
    assert lines[first] == (
        "FAILED PI-EXP-01 GET /database/export answers 200 and delivers the database that the server holds."
    )
    assert "expected 200 OK; got 500 Internal Server Error" in lines[first + 1]
    assert lines[first + 2].startswith(f"  curl -i {wrong}/database/export")
    assert lines[-2].startswith(f"not conformant: 1 rule violated {ONE} · 1 rule of ")


def test_a_baseline_accepts_and_complains(run: Run, wrong: str, tmp_path: Path) -> None:
    file = tmp_path / "baseline.toml"
    check = (
        "check",
        wrong,
        "--api",
        "pieces",
        "--only",
        "PI-EXP-01",
        "--no-fuzzing",
        "--baseline",
        file.name,
    )
    file.write_text('[[accepted]]\nrule = "PI-EXP-01"\nreason = "agreed upon"\n')
    accepted = run(*check)
    assert accepted.status == 0, text(accepted)
    assert "FAILED (ACCEPTED) PI-EXP-01" in text(accepted)
    file.write_text('[[accepted]]\nrule = "PI-EXP-99"\nreason = "agreed upon"\n')
    stale = run(*check)
    assert stale.status == 1
    assert "baseline: the baseline accepts PI-EXP-99, which is not a rule" in text(stale)
    file.write_text("[[accepted]]\n")
    assert run(*check).status == 2


def test_fail_fast_is_incomplete(run: Run, wrong: str) -> None:
    result = run("check", wrong, "--api", "pieces", "--only", "PI-EXP-0?", "--no-fuzzing", "--fail-fast")
    assert result.status == 1
    assert "not conformant: 1 rule violated, incomplete: stopped at the first failure" in text(result)


def test_nobody_there(run: Run, tmp_path: Path) -> None:
    result = run("check", "http://127.0.0.1:9", *FEW, "--report", "json=r.json")
    assert result.status == 3
    assert "incomplete: the target could not be reached" in text(result)
    assert json.loads((tmp_path / "r.json").read_text())["conformant"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "URL: 'nowhere' is not an http or https URL; write e.g. http://localhost:5323"),
        (["http://h", "--target", "x"], "URL, --target: give one of the two"),
        (["--target", "nowhere.toml"], "nowhere.toml: cannot be read: No such file or directory"),
        (["--only", "PB-ASSET-99"], "--only PB-ASSET-99: there is no rule 'PB-ASSET-99'; did you mean"),
        (["--only", "PI-VER-11"], "no check can tell. PI-VER-11: "),
        (["--only", "PI-VER-01", "--level", "inferred"], "no rule is left"),
        (["--allow", "everything"], "--allow: 'everything' is unknown; allow some of write, destroy, wait"),
        (["--report", "pdf=x"], "--report pdf=x: write FORMAT=FILE"),
        (["--report", "json"], "--report json: write FORMAT=FILE"),
        (["--baseline", "nowhere.toml"], "--baseline nowhere.toml: cannot be read"),
        (["http://h", "--token-env", "NOT_SET"], "--token-env: the variable NOT_SET is not set"),
        (["http://h", "--organization", "x"], "--organization: 'x' is not a UUID"),
        (["--jobs", "0"], "--jobs"),
        (["--level", "other"], "--level"),
    ],
)
def test_a_mistake_is_one_line(run: Run, arguments: list[str], words: str) -> None:
    result = run("check", *arguments)
    assert result.status == 2
    assert result.stderr.startswith("Error: ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == b""


@pytest.fixture
def counted() -> Iterator[tuple[str, threading.Event]]:
    """A server, and an event that the second request sets: the first one looks whether it is there."""
    came: list[str] = []
    second = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(self.path)
            if len(came) == 2:
                second.set()
            self.send_error(500)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", second
        server.shutdown()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_says_so(
    command: str,
    environment: dict[str, str],
    tmp_path: Path,
    counted: tuple[str, threading.Event],
    number: signal.Signals,
) -> None:
    """The end comes while a slow pace makes the third request wait."""
    url, second = counted
    (tmp_path / "t.toml").write_text(f'[pieces]\nurl = "{url}"\n[pace]\nrequests_per_second = 0.01\n')
    arguments = (
        "check",
        "--target",
        "t.toml",
        "--only",
        "PI-EXP-*",
        "--no-fuzzing",
        "--report",
        "json=r.json",
    )
    with subprocess.Popen(
        [command, *arguments],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert second.wait(30)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "incomplete: the run was interrupted" in stdout
    document = json.loads((tmp_path / "r.json").read_text())
    assert (document["conformant"], document["run"]["stopped"]) == (None, "interrupted")
    assert "Traceback" not in stderr


def test_rules_are_listed_and_explained(run: Run) -> None:
    listed = text(run("rules")).splitlines()
    at = next(number for number, line in enumerate(listed) if line.startswith("  PB-ASSET-03   documented "))
    assert [line for line in listed[:at] if line and line[0] != " "][-1] == "PixieBrix: Assets"
    assert len(listed) > 300
    inferred = text(run("rules", "--level", "inferred", "--api", "pieces")).splitlines()
    assert all("inferred" in line for line in inferred if line.startswith(" "))
    for area in ("LINK", "links-to-*"):
        assert text(run("rules", "--area", area)).startswith(
            "PixieBrix: Links to archive files\n  PB-LINK-01 "
        )
    slip = run("rules", "--area", "asets")
    assert (slip.status, slip.stdout) == (2, b"")
    assert "--area asets: there is no such area; there are Assets" in slip.stderr
    explained = text(run("rules", "PB-ASSET-03"))
    for word in (
        "is_uploaded",
        "documented",
        "Download a Database Asset",
        "Needs:      write",
        "Check:",
        "Area:       Assets",
        "getAsset",
    ):
        assert word in explained
    entries = json.loads(run("rules", "PI-VER-*", "--json").stdout)
    assert {entry["id"] for entry in entries} >= {"PI-VER-01", "PI-VER-11"}
    # how is said by the checks, or by what all answers show; a rule that nothing checks says why
    assert all(entry.get("how") or entry.get("untestable") for entry in entries)
    wrong = run("rules", "PB-ASSET-99")
    assert (wrong.status, wrong.stdout) == (2, b"")
    assert "did you mean" in wrong.stderr


def test_init_writes_a_file_that_check_reads(run: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    assert run("init").status == 0
    file = tmp_path / "dbcontract.toml"
    tomllib.loads(file.read_text())
    again = run("init")
    assert again.status == 2
    assert "dbcontract.toml: it is there already" in again.stderr
    file.write_text("mine")
    assert run("init", "--force").status == 0
    assert "PIXIEBRIX_TOKEN" in file.read_text()
    missing = run("check", "--target", "dbcontract.toml")
    assert missing.status == 2
    assert "pixiebrix.token_env: the environment variable PIXIEBRIX_TOKEN is not set" in missing.stderr
    assert "PIXIEBRIX_TOKEN" not in environment
