"""`dbcontract exec`: a command with a mock of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
TELL = (
    "import json, os; names = ('DBCONTRACT_URL', 'PIECES_OS_URL', 'PIXIEBRIX_URL', 'PIXIEBRIX_TOKEN'); "
    "print(json.dumps({name: os.environ.get(name) for name in names}))"
)
CALL = """
import json, os, urllib.request
health = json.load(urllib.request.urlopen(os.environ["DBCONTRACT_URL"] + "/_mock/health"))
path = f"/organizations/{health['organizations'][0]}/databases/"
headers = {"Authorization": "Token " + os.environ["PIXIEBRIX_TOKEN"]}
request = urllib.request.Request(os.environ["PIXIEBRIX_URL"] + path, headers=headers)
export = json.load(urllib.request.urlopen(os.environ["PIECES_OS_URL"] + "/database/export"))
print(json.dumps([health["data"], len(json.load(urllib.request.urlopen(request))), export["version"]]))
"""


def surroundings(run: Callable[..., Any], *options: str) -> dict[str, str | None]:
    result = run("exec", *options, "--", sys.executable, "-c", TELL)
    assert (result.status, result.stderr) == (0, "")
    told: dict[str, str | None] = json.loads(result.stdout)
    return told


def test_the_command_finds_the_mock_in_its_environment(run: Callable[..., Any]) -> None:
    told = surroundings(run)
    base = str(told["DBCONTRACT_URL"])
    assert base.startswith("http://127.0.0.1:")
    assert told == {
        "DBCONTRACT_URL": base,
        "PIECES_OS_URL": base,
        "PIXIEBRIX_URL": f"{base}/api",
        "PIXIEBRIX_TOKEN": told["PIXIEBRIX_TOKEN"],
    }
    assert told["PIXIEBRIX_TOKEN"]


def test_the_mock_answers_while_the_command_runs_and_is_gone_afterwards(run: Callable[..., Any]) -> None:
    result = run("exec", "--data", "edge", "--os-version", "4.5.6", "--", sys.executable, "-c", CALL)
    data, databases, version = json.loads(result.stdout)
    assert (result.status, data, version) == (0, "edge", "4.5.6")
    assert databases
    base = str(surroundings(run)["DBCONTRACT_URL"])
    with pytest.raises(requests.ConnectionError):
        requests.get(base, timeout=5)


def test_what_is_not_served_is_not_in_the_environment(
    run: Callable[..., Any], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(environment, "PIXIEBRIX_URL", "https://app.example/api")
    monkeypatch.setitem(environment, "PIXIEBRIX_TOKEN", "a real one")
    told = surroundings(run, "--api", "pieces")
    assert (told["PIXIEBRIX_URL"], told["PIXIEBRIX_TOKEN"]) == (None, None)
    told = surroundings(run, "--api", "pixiebrix")
    assert told["PIECES_OS_URL"] is None
    assert "example" not in str(told["PIXIEBRIX_URL"])


@pytest.mark.parametrize(
    ("options", "token"),
    [
        (["--token", "reader:read-only", "--token", "writer"], "writer"),
        (["--token", "reader:read-only"], "reader"),
    ],
)
def test_the_token_is_one_that_works(run: Callable[..., Any], options: list[str], token: str) -> None:
    assert surroundings(run, *options)["PIXIEBRIX_TOKEN"] == token


def test_standard_streams_are_the_commands(run: Callable[..., Any]) -> None:
    script = "import sys; text = sys.stdin.read(); print(text[::-1]); print('told', file=sys.stderr)"
    result = run("exec", "--", sys.executable, "-c", script, stdin=b"abc")
    assert (result.status, result.stdout, result.stderr) == (0, b"cba\n", "told\n")


@pytest.mark.parametrize("status", [0, 2, 255])
def test_the_exit_status_is_the_commands(run: Callable[..., Any], status: int) -> None:
    result = run("exec", "sh", "-c", f"exit {status}")
    assert (result.status, result.stderr) == (status, "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_command_that_a_signal_ended(run: Callable[..., Any], number: signal.Signals) -> None:
    assert run("exec", "sh", "-c", f"kill -{number.value} $$").status == 128 + number


def test_a_command_that_is_not_there(run: Callable[..., Any]) -> None:
    result = run("exec", "--", "no-such-command", "--flag")
    assert (result.status, result.stdout) == (127, b"")
    assert result.stderr == "Error: no-such-command: command not found\n"


def test_a_command_that_may_not_run(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    result = run("exec", "./plain")
    assert result.status == 126
    assert result.stderr.startswith("Error: ./plain: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--"],
        ["--no-such-option", "--", "true"],
        ["--port", "x", "--", "true"],
        ["--data", "no such data", "--", "true"],
        ["--clock", "noon", "--", "true"],
        ["--token", "a b", "--", "true"],
        ["--max-sandboxes", "0", "--", "true"],
        ["--control-token", "a b", "--", "true"],
        ["--ready-file", "x", "--", "true"],  # that is for servers that run on
    ],
)
def test_wrong_usage_runs_nothing(run: Callable[..., Any], arguments: list[str]) -> None:
    result = run("exec", *arguments)
    assert (result.status, result.stdout) == (2, b"")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_options_after_the_command_are_the_commands(run: Callable[..., Any]) -> None:
    result = run("exec", "echo", "--data", "x", "--help", "--")
    assert (result.status, result.stdout) == (0, b"--data x --help --\n")


def test_two_at_once_have_a_mock_each(run: Callable[..., Any]) -> None:
    inner = f"{sys.executable} -c \"import os; print(os.environ['DBCONTRACT_URL'])\""
    result = run("exec", "sh", "-c", f"{inner}; {Path(sys.executable).with_name('dbcontract')} exec {inner}")
    first, second = result.stdout.split()
    assert first != second


def test_the_sandbox_is_kept_in_a_file(run: Callable[..., Any], tmp_path: Path) -> None:
    reset = """
import os, urllib.request
urllib.request.urlopen(os.environ["DBCONTRACT_URL"] + "/_mock/reset", b'{"data": "edge"}')
"""
    assert run("exec", "--state", "sandbox.json", "--", sys.executable, "-c", reset).status == 0
    assert json.loads((tmp_path / "sandbox.json").read_bytes())["data"] == "edge"
    result = run("exec", "--state", "sandbox.json", "--", sys.executable, "-c", CALL)
    assert json.loads(result.stdout)[0] == "edge"


STUBBORN = """
import signal, sys
numbers = (signal.SIGINT, signal.SIGTERM)
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
print("ready", flush=True)
while True:
    number = signal.sigwait(numbers)
    print("got", int(number), flush=True)
    if number == signal.SIGTERM:
        sys.exit(5)
"""
WAIT = STUBBORN.replace("if number == signal.SIGTERM", "if True")
IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
HELPLESS = """
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("ready", flush=True)
while True:
    signal.pause()
"""


def waiting(command: str, environment: dict[str, str], cwd: Path, script: str) -> subprocess.Popen[str]:
    """An `exec` whose command has begun; without a terminal, as in CI."""
    process = subprocess.Popen(
        [command, "exec", "--", sys.executable, "-c", script],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@SIGNALS
def test_a_signal_goes_on_to_the_command_which_decides(
    command: str, environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    process = waiting(command, environment, tmp_path, WAIT)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert (process.returncode, stdout, stderr) == (5, f"got {number.value}\n", "")


@SIGNALS
def test_a_command_that_the_signal_ends(
    command: str, environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    process = waiting(command, environment, tmp_path, HELPLESS)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)
    assert (process.returncode, stderr) == (128 + number, "")


@pytest.mark.skipif(sys.platform != "linux", reason="terminals are made differently elsewhere")
def test_ctrl_c_is_left_to_the_terminal_which_tells_the_command_itself(
    command: str, environment: dict[str, str], tmp_path: Path
) -> None:
    # this one has left the terminal's foreground, and sees what is sent on to it alone
    script = f"import os; os.setsid()\n{STUBBORN}"
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", IN_TERMINAL, command, "exec", "--", sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = b""
        while b"ready" not in shown:
            shown += os.read(ours, 1024)
        os.write(ours, b"\x03")
        while b"^C" not in shown:
            shown += os.read(ours, 1024)
        process.send_signal(signal.SIGTERM)  # comes after
        while b"got 15" not in shown:
            shown += os.read(ours, 1024)
    os.close(ours)
    assert process.returncode == 5
    assert b"got 2" not in shown


CALLS = """
import os, urllib.request
urllib.request.urlopen(os.environ["DBCONTRACT_URL"] + "/database/export").read()
for number in range(12):
    urllib.request.urlopen(os.environ["DBCONTRACT_URL"] + f"/~box-{number}/database/export?a={number}").read()
"""


@pytest.mark.parametrize("name", ["coverage.json", "coverage.html", "coverage.md"])
def test_what_the_command_met_is_written_of_all_sandboxes_also_of_those_that_are_gone(
    run: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    done = run("exec", "--max-sandboxes", "5", "--coverage", name, "--", sys.executable, "-c", CALLS)
    assert done.status == 0, done.stderr
    text = (tmp_path / name).read_text()
    assert "unknown-parameter" in text
    assert "13 requests: 1 of " in done.stderr
    assert "the client does wrong: unknown-parameter (12)" in done.stderr
    if name.endswith("json"):
        (export,) = (
            outcome
            for api in json.loads(text)["apis"]
            for operation in api["operations"]
            for outcome in operation["outcomes"]
            if (operation["id"], outcome["value"]) == ("exportDatabase", "200")
        )
        assert (export["met"], len(export["by"])) == (13, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--coverage", "a.pdf"], "--coverage a.pdf: choose a name that ends in .html, .json, .md"),
        (["--coverage", "no/a.md"], "--coverage no/a.md: no such file or directory; choose a file"),
        (["--coverage", "a.md", "--no-control"], "leave --no-control out"),
    ],
)
def test_coverage_that_cannot_be_written_is_refused_before_the_command_runs(
    run: Callable[..., Any], arguments: list[str], said: str
) -> None:
    done = run("exec", *arguments, "--", sys.executable, "-c", "print('ran')")
    assert (done.status, done.stdout) == (2, b"")
    assert said in done.stderr
