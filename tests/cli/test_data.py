import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dbcontract import fixtures
from dbcontract.cli import main


def entries(name: str, **settings: Any) -> list[Any]:
    return list(fixtures.build(name, **settings))


def parsed(jsonl: bytes) -> list[Any]:
    return [json.loads(line) for line in jsonl.splitlines()]


def test_it_writes_the_data_set_to_stdout(run: Callable[..., Any]) -> None:
    result = run("data", "small")
    assert result.status == 0
    assert result.stderr == ""
    assert parsed(result.stdout) == entries("small")


def test_every_flag_reaches_the_builder(run: Callable[..., Any]) -> None:
    result = run("data", "bi", "--seed", "7", "--records", "12", "--as-of", "2027-03-01T12:00:00Z")
    assert parsed(result.stdout) == entries("bi", seed=7, records=12, as_of="2027-03-01T12:00:00Z")
    assert parsed(result.stdout) != entries("bi", records=12)


def test_the_same_flags_the_same_bytes(run: Callable[..., Any]) -> None:
    first, second = (run("data", "edge", "--seed", "3", "--format", "json").stdout for _ in range(2))
    assert first == second != b""


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_written_file_reads_back(run: Callable[..., Any], tmp_path: Path, form: str) -> None:
    result = run("data", "small", "-o", f"out.{form}")
    assert (result.status, result.stdout, result.stderr) == (0, b"", "")
    assert list(fixtures.read(tmp_path / f"out.{form}")) == entries("small")
    assert list(tmp_path.iterdir()) == [tmp_path / f"out.{form}"]


def test_the_suffix_decides_unless_the_flag_does(run: Callable[..., Any], tmp_path: Path) -> None:
    run("data", "small", "-o", "a.CSV")
    run("data", "small", "-o", "b.csv", "--format", "jsonl")
    run("data", "small", "-o", "c.txt")
    assert (tmp_path / "a.CSV").read_text().startswith("id,database,created_at,updated_at,data.")
    assert parsed((tmp_path / "b.csv").read_bytes()) == entries("small")
    assert parsed((tmp_path / "c.txt").read_bytes()) == entries("small")


def test_a_dash_is_stdout(run: Callable[..., Any], tmp_path: Path) -> None:
    assert parsed(run("data", "small", "-o", "-").stdout) == entries("small")
    assert list(tmp_path.iterdir()) == []


def test_without_a_name_it_lists_the_data_sets(run: Callable[..., Any]) -> None:
    lines = run("data").stdout.decode().splitlines()
    assert [line.split()[0] for line in lines] == list(fixtures.names())
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        fixtures.describe(name) for name in fixtures.names()
    ]


def test_flags_that_the_set_does_not_take_are_refused(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text("old")
    result = run("data", "small", "--records", "3", "-o", "out.json")
    assert result.status == 2
    assert result.stderr.startswith("Error: --records 3: ")
    assert (tmp_path / "out.json").read_text() == "old"


def test_a_full_disk_is_told_in_one_line(run: Callable[..., Any]) -> None:
    result = run("data", "small", "-o", "/dev/full")
    assert result.status == 2
    assert result.stderr.startswith("Error: --output /dev/full: no space left")
    assert result.stderr.count("\n") == 1


def test_a_reader_that_has_enough_is_not_an_error(
    tmp_path: Path, environment: dict[str, str], command: str
) -> None:
    done = subprocess.run(
        ["sh", "-c", f"'{command}' data bi | head -n 1"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert parsed(done.stdout) == entries("bi", records=0)[:1]
    assert done.stderr == b""


def test_no_progress_bar_where_nobody_looks(run: Callable[..., Any]) -> None:
    assert run("data", "bi", "--records", "30000", "-o", "bi.jsonl").stderr == ""


def test_in_process_it_behaves_the_same() -> None:
    result = CliRunner().invoke(main, ["data", "small", "--format", "jsonl"])
    assert result.exit_code == 0
    assert parsed(result.stdout_bytes) == entries("small")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("small", "--from", "http://a.example"), "NAME, --from: give one of them"),
        (("small", "--fake-personal-data"), "--fake-personal-data: this is of a target"),
        (("--organization", "00f12d95-a9ca-40ca-b713-3855e1ce1a44"), "--organization: this is of a target"),
        (("--from", "http://a.example", "--records", "3"), "--records: this is of a data set with a name"),
        (("--from", "http://a.example", "--api", "pixie"), "--api pixie: there is no such API"),
        (("--from", "http://a.example", "-o", "all.csv"), "--output all.csv: a recording is JSON"),
        (("--target", "none.toml"), "none.toml"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(arguments: tuple[str, ...], told: str) -> None:
    done = CliRunner().invoke(main, ["data", *arguments])
    assert done.exit_code == 2
    assert told in done.output
