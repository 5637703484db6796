"""Whatever goes wrong: one clear line on stderr, exit status 2, no traceback."""

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from dbcontract import __version__
from dbcontract.cli import main


def one_error_line(result: Any) -> str:
    assert result.status == 2, result.stderr
    assert result.stdout == b""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return str(result.stderr)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nonsense"], ["nonsense", "dbcontract --help"]),
        (["serve", "--prot", "1"], ["--prot", "--port", "dbcontract serve --help"]),
        (["serve", "--port", "65536"], ["--port", "65536", "65535"]),
        (["serve", "--port", "many"], ["--port", "many"]),
        (["serve", "--api", "soap"], ["--api", "soap", "pieces", "pixiebrix", "all"]),
        (["serve", "--clock", "noon"], ["clock", "noon", "frozen"]),
        (["serve", "--token", "x:write"], ["token", "x:write", "read-only"]),
        (["serve", "--job-seconds", "-1"], ["--job-seconds", "-1"]),
        (["serve", "--os-version", "eleven"], ["--os-version", "eleven", "11.0.0"]),
        (["serve", "--data", "nonsense"], ["nonsense", "small"]),
        (["serve", "--data", "missing.json"], ["missing.json"]),
        (["data", "nonsense"], ["nonsense", "small"]),
        (["data", "small", "--as-of", "noon"], ["--as-of", "noon", "2026-01-31T"]),
        (["data", "small", "--format", "xml"], ["--format", "xml", "jsonl"]),
        (["data", "small", "--records", "-1"], ["--records", "-1"]),
        (["data", "small", "-o", "missing/out.json"], ["missing/out.json", "--output"]),
    ],
)
def test_bad_input(run: Callable[..., Any], arguments: list[str], named: list[str]) -> None:
    line = one_error_line(run(*arguments))
    for word in named:
        assert word in line


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Let `dbcontract data` fail inside with an exception."""

    def install(error: BaseException) -> None:
        @click.command("data")
        def command() -> None:
            raise error

        monkeypatch.setattr(import_module("dbcontract.cli.data"), "command", command)

    return install


def test_an_error_of_ours_says_so_in_one_line(
    broken: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBCONTRACT_DEBUG", raising=False)
    broken(KeyError("two\nlines"))
    result = CliRunner().invoke(main, ["data"])
    assert result.exit_code == 70
    assert result.stderr.count("\n") == 1
    assert "KeyError" in result.stderr
    assert "DBCONTRACT_DEBUG" in result.stderr


def test_debugging_shows_the_traceback(
    broken: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBCONTRACT_DEBUG", "1")
    error = KeyError("x")
    broken(error)
    assert CliRunner().invoke(main, ["data"]).exception is error


def test_interruption_is_quiet(broken: Callable[[BaseException], None]) -> None:
    broken(KeyboardInterrupt())
    result = CliRunner().invoke(main, ["data"])
    assert result.exit_code == 130
    assert result.output.strip() == ""


def test_help_names_the_commands(run: Callable[..., Any]) -> None:
    result = run("--help")
    assert result.status == 0
    assert b"  serve " in result.stdout
    assert b"  data " in result.stdout


def test_without_a_command_it_shows_the_help(run: Callable[..., Any]) -> None:
    result = run()
    assert result.status == 2
    assert result.stderr.startswith("Usage: dbcontract")


def test_version(run: Callable[..., Any]) -> None:
    assert run("--version").stdout == f"dbcontract {__version__}\n".encode()


def test_python_m(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dbcontract", "--version"], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout == f"dbcontract {__version__}\n".encode()


@pytest.mark.parametrize(
    ("words", "heavy", "told"),
    [
        (
            ["serve", "--help"],
            {"connexion", "uvicorn", "starlette", "faker", "schemathesis", "rich", "yaml", "jsonschema"},
            b"Usage: ",
        ),
        (
            ["doctor", "--help"],
            {"schemathesis", "rich", "yaml", "packaging", "requests", "starlette"},
            b"Usage: ",
        ),
        (["rules", "--json"], {"schemathesis", "hypothesis", "requests"}, b'"how": "'),
    ],
)
def test_what_only_tells_is_quick_because_nothing_heavy_is_imported(
    words: list[str], heavy: set[str], told: bytes
) -> None:
    code = (
        "import sys\n"
        "from dbcontract.cli import main\n"
        f"main({words}, standalone_mode=False)\n"
        f"sys.exit(' '.join({heavy} & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-Ic", code], capture_output=True, check=False)
    assert done.stderr == b""
    assert told in done.stdout
