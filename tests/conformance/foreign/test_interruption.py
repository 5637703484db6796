"""A run that is interrupted ends soon and in good order, wherever it is; a second time, at once."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .small import DATABASE, JSON, ORGANIZATION

Start = Callable[..., Any]
COMMAND = str(Path(sys.executable).with_name("dbcontract"))
SOON = 20
"""Seconds that nothing here needs, and that are fewer than any wait which would not be ended."""
FILE = """
[pixiebrix]
url = "{url}"
organization = "{organization}"
databases = ["{database}"]
[pace]
read_seconds = 120
total_seconds = 120
{pace}
{hooks}
"""


@contextmanager
def running(
    folder: Path, url: str, *arguments: str, pace: str = "", hooks: str = "", before: Sequence[str] = ()
) -> Iterator[Any]:
    """A run of the command, behind other words or alone, with its report in `report.json`."""
    describe(folder, url, pace=pace, hooks=hooks)
    words = [
        *before,
        COMMAND,
        "check",
        "--target",
        "target.toml",
        "--report",
        "json=report.json",
        *arguments,
    ]
    with started(folder, words) as process:
        yield process


@contextmanager
def in_pytest(folder: Path, url: str, *arguments: str, pace: str = "") -> Iterator[Any]:
    """The same with the plugin, in a pytest of its own, beside a test of the user's."""
    describe(folder, url, pace=pace, hooks="")
    (folder / "test_own.py").write_text("def test_own(): pass")
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-rs",
        "--dbcontract-target=target.toml",
    ]
    words += ["--dbcontract-no-fuzzing", "--dbcontract-report=json=report.json", *arguments]
    with started(folder, words) as process:
        yield process


def describe(folder: Path, url: str, *, pace: str, hooks: str) -> None:
    text = FILE.format(url=url, organization=ORGANIZATION, database=DATABASE, pace=pace, hooks=hooks)
    (folder / "target.toml").write_text(text)


@contextmanager
def started(folder: Path, words: Sequence[str]) -> Iterator[Any]:
    with subprocess.Popen(
        words,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,  # as a shell does it, so that Ctrl-C is for its children, too
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def stopped(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text())["run"]["stopped"]


class Environment:
    """A PixieBrix of records only, and an event that the test waits for."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.over = threading.Event()
        self.count = 0
        self.silent: Callable[[Any], bool] = lambda _: False
        self.deaf_to_delete = False
        self.keeps = False
        self.has_made = False
        self.paths: list[str] = []

    def __call__(self, seen: Any) -> tuple[int, dict[str, str], bytes]:
        self.count += 1
        self.paths.append(f"{seen.method} {seen.path}")
        if self.silent(seen):
            self.reached.set()
            self.over.wait(60)
        if seen.method == "DELETE" and self.deaf_to_delete:
            self.reached.set()
            self.over.wait(60)
        if seen.method == "DELETE" and self.keeps:
            return 405, JSON, b'{"detail": "No."}'
        if seen.method == "POST" and seen.path.endswith("/records/"):
            data = json.loads(seen.body)
            records = data if isinstance(data, list) else [data]
            self.has_made = self.has_made or bool(records)
            now = "2026-01-01T00:00:00.000000Z"
            made = [{"id": one.get("id"), "data": one.get("data"), "created_at": now} for one in records]
            return 201, JSON, json.dumps(made if isinstance(data, list) else made[0]).encode()
        if seen.method == "DELETE":
            return 204, {}, b""
        if seen.headers.get("authorization") is None:
            return 401, {**JSON, "WWW-Authenticate": "Token"}, b'{"detail": "No."}'
        if seen.path.startswith("/organizations/"):
            listed = [{"id": DATABASE, "name": "scratch", "organization_id": ORGANIZATION, "type": "Asset"}]
            return 200, JSON, json.dumps(listed).encode()
        return 200, JSON, b"[]"


@pytest.fixture
def environment() -> Iterator[Environment]:
    made = Environment()
    yield made
    made.over.set()


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBCONTRACT_TOKEN", "0123456789-of-the-interruption")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_wait_for_an_answer_ends(
    web: Start, environment: Environment, tmp_path: Path, number: signal.Signals
) -> None:
    environment.silent = lambda _: environment.count == 12
    with running(tmp_path, web(environment).url, "--no-fuzzing") as process:
        assert environment.reached.wait(60)
        process.send_signal(number)
        out, err = process.communicate(timeout=SOON)
    assert process.returncode == 130, err
    assert "incomplete: the run was interrupted" in out
    assert stopped(tmp_path) == "interrupted"
    assert "Traceback" not in err
    assert environment.count == 12


def test_generated_calls_end(web: Start, environment: Environment, tmp_path: Path) -> None:
    environment.silent = lambda _: environment.count == 120
    with running(tmp_path, web(environment).url, "--only", "PB-DESC-03") as process:
        assert environment.reached.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SOON)
    assert process.returncode == 130, err
    assert stopped(tmp_path) == "interrupted"
    assert environment.count == 120


def test_recognition_ends(web: Start, environment: Environment, tmp_path: Path) -> None:
    environment.silent = lambda _: True
    with running(tmp_path, web(environment).url) as process:
        assert environment.reached.wait(60)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=SOON)
    assert process.returncode == 130, err
    assert environment.count == 1


def test_a_hook_ends(web: Start, environment: Environment, tmp_path: Path) -> None:
    mark = tmp_path / "hook-runs"
    command = json.dumps(["sh", "-c", f"touch {mark}; exec sleep 120"])
    hooks = f"[hooks.advance_clock]\ncommand = {command}\ntimeout_seconds = 120\n"
    with running(
        tmp_path, web(environment).url, "--only", "PB-ARCH-*", "--no-fuzzing", "--allow", "write", hooks=hooks
    ) as process:
        for _ in range(600):
            if mark.exists():
                break
            environment.over.wait(0.1)
        assert mark.exists()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SOON)
    assert process.returncode == 130, err
    assert stopped(tmp_path) == "interrupted"


def records_of(environment: Environment) -> Callable[[Any], bool]:
    """Falls silent at the first list of records after one was made."""

    def silent(seen: Any) -> bool:
        return environment.has_made and seen.method != "DELETE" and not environment.reached.is_set()

    return silent


def test_what_was_made_is_removed(web: Start, environment: Environment, tmp_path: Path) -> None:
    environment.silent = records_of(environment)
    with running(
        tmp_path, web(environment).url, "--only", "PB-REC-02", "--allow", "write", "--no-fuzzing"
    ) as process:
        assert environment.reached.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SOON)
    assert process.returncode == 130, err
    assert "what was made is removed first" in err
    assert any(path.startswith("DELETE") for path in environment.paths)


def test_the_second_time_it_leaves_at_once_and_says_what_stays(
    web: Start, environment: Environment, tmp_path: Path
) -> None:
    environment.silent = records_of(environment)
    environment.deaf_to_delete = True
    with running(
        tmp_path, web(environment).url, "--only", "PB-REC-02", "--allow", "write", "--no-fuzzing"
    ) as process:
        assert environment.reached.wait(60)
        environment.reached.clear()
        environment.silent = lambda _: False
        process.send_signal(signal.SIGINT)
        assert environment.reached.wait(60)  # the first request to remove something
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SOON)
    assert process.returncode == 130, err
    assert f"stays at the target: record in the database {DATABASE}" in err


def test_what_the_surroundings_ignore_stays_ignored(
    web: Start, environment: Environment, tmp_path: Path
) -> None:
    environment.silent = lambda _: environment.count == 4
    (tmp_path / "nohup.sh").write_text('trap "" HUP\nexec "$@"\n')
    with running(tmp_path, web(environment).url, "--only", "PB-DB-01", before=["sh", "nohup.sh"]) as process:
        assert environment.reached.wait(60)
        process.send_signal(signal.SIGHUP)
        environment.over.set()
        _, err = process.communicate(timeout=60)
    assert process.returncode != 130, err
    assert stopped(tmp_path) is None


WRITING = ("--dbcontract-allow=write", "--dbcontract-only=PB-REC-02")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_pytest_what_was_made_is_removed(
    web: Start, environment: Environment, tmp_path: Path, number: signal.Signals
) -> None:
    environment.silent = records_of(environment)
    with in_pytest(tmp_path, web(environment).url, *WRITING) as process:
        assert environment.reached.wait(60)
        process.send_signal(number)
        out, err = process.communicate(timeout=SOON)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, out + err
    assert "what was made is removed first" in err
    assert "the run was interrupted !!" in out
    assert "1 passed, 1 skipped" in out
    assert any(path.startswith("DELETE") for path in environment.paths)
    assert "stays at the target" not in out
    assert stopped(tmp_path) == "interrupted"


def test_with_xdist_what_was_made_is_removed(web: Start, environment: Environment, tmp_path: Path) -> None:
    """A terminal sends Ctrl-C to all processes: each worker ends its rule, and the controller reports."""
    environment.silent = records_of(environment)
    with in_pytest(tmp_path, web(environment).url, *WRITING, "-n", "2") as process:
        assert environment.reached.wait(120)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=2 * SOON)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, out + err
    assert "INTERNALERROR" not in out
    removed = [path.removeprefix("DELETE ") for path in environment.paths if path.startswith("DELETE")]
    assert removed
    assert "stays at the target" not in out
    assert stopped(tmp_path) == "interrupted"


def test_in_pytest_what_stays_is_named(web: Start, environment: Environment, tmp_path: Path) -> None:
    environment.silent = records_of(environment)
    environment.keeps = True
    with in_pytest(tmp_path, web(environment).url, *WRITING) as process:
        assert environment.reached.wait(60)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=SOON)
    assert f"stays at the target: record in the database {DATABASE}" in out
    notes = json.loads((tmp_path / "report.json").read_text())["notes"]
    assert any(note.startswith("stays at the target: record") for note in notes)


def test_in_pytest_the_second_time_it_leaves_at_once(
    web: Start, environment: Environment, tmp_path: Path
) -> None:
    environment.silent = records_of(environment)
    environment.deaf_to_delete = True
    with in_pytest(tmp_path, web(environment).url, *WRITING) as process:
        assert environment.reached.wait(60)
        environment.reached.clear()
        environment.silent = lambda _: False
        process.send_signal(signal.SIGINT)
        assert environment.reached.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SOON)
    assert process.returncode == 130, err
    assert f"stays at the target: record in the database {DATABASE}" in err


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_in_pytest_the_time_of_a_run_is_kept(
    web: Start, environment: Environment, tmp_path: Path, workers: Sequence[str]
) -> None:
    environment.silent = lambda _: environment.count > 40
    only = "--dbcontract-only=PB-PAGE-*"
    with in_pytest(tmp_path, web(environment).url, only, *workers, pace="run_seconds = 2") as process:
        out, err = process.communicate(timeout=100)
    assert process.returncode in {pytest.ExitCode.TESTS_FAILED, 3}, out + err
    assert "the time of the run was over before its turn (pace.run_seconds)" in out
    assert stopped(tmp_path) == "late"
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["results"][-1]["verdict"] == "not verified"
    assert report["run"]["requests"] <= environment.count <= 41


def test_in_pytest_what_is_asked_before_the_first_rule_counts(
    web: Start, environment: Environment, tmp_path: Path
) -> None:
    environment.silent = lambda seen: seen.path.startswith("/organizations/")
    with in_pytest(tmp_path, web(environment).url, pace="run_seconds = 1") as process:
        out, err = process.communicate(timeout=100)
    assert process.returncode == 3, out + err
    assert "the time of the run was over before the first rule (pace.run_seconds)" in out + err
