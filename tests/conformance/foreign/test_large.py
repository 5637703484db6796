"""Lawful answers of many megabytes are judged in full, by default settings and in little memory."""

import tempfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dbcontract.conformance.http.wire import Limits
from dbcontract.conformance.results.results import RunResult, Verdict
from dbcontract.conformance.target.target import Endpoint, Pace, Target

from .large import MEGABYTE, Large, serving
from .small import JudgedHere, of_web, told

EXPORT, FILE = 52 * MEGABYTE, 40 * MEGABYTE
ROOM = 60 * MEGABYTE


@pytest.fixture
def large() -> Large:
    return Large(EXPORT, FILE)


@pytest.fixture
def url(large: Large) -> Iterator[str]:
    with serving(large) as address:
        yield address


def pieces(url: str, *more: str, pace: Pace | None = None) -> Target:
    allowed = frozenset({"read", "storage", *more})
    return Target("large", endpoints={"pieces": Endpoint(url)}, pace=pace or Pace(), capabilities=allowed)


def web(url: str, pace: Pace | None = None) -> Target:
    return replace(of_web(url, "write"), pace=pace or Pace(job_poll=0.01))


def problems(result: RunResult) -> dict[str, str]:
    return told(result, Verdict.FAILED, Verdict.WARNED, Verdict.ERROR, Verdict.NOT_VERIFIED)


def measured(judged: JudgedHere, target: Target, *only: str) -> RunResult:
    tracemalloc.start()
    try:
        result = judged(target, *only)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < ROOM
    return result


def test_an_export_is_judged(url: str, judged: JudgedHere) -> None:
    rules = "PI-EXP-01", "PI-EXP-04", "PI-EXP-08", "PI-EXP-10", "PI-EXP-13", "PI-EXP-16", "PI-DESC-07"
    result = measured(judged, pieces(url), *rules)
    assert told(result, Verdict.PASSED).keys() == set(rules), [
        (one.rule.id, one.reason) for one in result.results
    ]


@pytest.mark.parametrize("last", [b", 256", b", -1", b", 1.5", b", true"])
def test_what_is_not_a_byte_is_found_at_its_end(
    url: str, large: Large, judged: JudgedHere, last: bytes
) -> None:
    large.export_size = 8 * MEGABYTE
    large.spoilt = last
    result = judged(pieces(url), "PI-EXP-08")
    (found,) = result.results
    assert found.verdict is Verdict.FAILED
    assert f"is {last.decode()[2:]}, not a byte" in str(found)


def test_a_change_is_told_by_its_collection(url: str, large: Large, judged: JudgedHere) -> None:
    large.export_size, large.changes = 8 * MEGABYTE, True
    (found,) = judged(pieces(url), "PI-EXP-16").results
    assert found.verdict is Verdict.WARNED
    assert "fragments: " in str(found)
    assert "values: " not in str(found)


def test_imports_are_judged(url: str, judged: JudgedHere) -> None:
    result = measured(judged, pieces(url, "write"), "PI-IMP-01", "PI-IMP-06", "PI-IMP-16")
    assert told(result, Verdict.PASSED).keys() == {"PI-IMP-01", "PI-IMP-06", "PI-IMP-16"}, problems(result)


def test_the_data_of_a_job_are_judged(url: str, judged: JudgedHere) -> None:
    rules = "PB-JOB-25", "PB-JOB-27", "PB-JOB-30", "PB-JOB-40"
    result = measured(judged, web(url), *rules)
    assert told(result, Verdict.PASSED).keys() == set(rules), [
        (one.rule.id, one.reason) for one in result.results
    ]


def test_records_that_a_long_export_lacks_are_missed(url: str, large: Large, judged: JudgedHere) -> None:
    large.file_size, large.forgets = 8 * MEGABYTE, True
    (found,) = judged(web(url), "PB-JOB-30").results
    assert found.verdict in {Verdict.FAILED, Verdict.WARNED}
    assert found.reason.startswith("the records of 101 that are missing from the export")


@pytest.mark.parametrize(
    "wrong",
    [
        ("PB-JOB-25", "json", b',{"id": 1'),
        ("PB-JOB-25", "json", b"] ["),
        ("PB-JOB-27", "csv", b"a,b\r\n"),
        ("PB-ARCH-10", "jsonl", b"\n{"),
        ("PB-ARCH-20", "jsonl", b'\n{"id": 7, "data": {}}'),
    ],
)
def test_what_is_wrong_at_the_end_is_found(
    url: str, large: Large, judged: JudgedHere, wrong: tuple[str, str, bytes]
) -> None:
    rule, kind, late = wrong
    large.file_size = 8 * MEGABYTE
    assert told(judged(web(url), rule), Verdict.PASSED).keys() == {rule}
    large.late[kind] = late
    assert told(judged(web(url), rule), Verdict.FAILED, Verdict.WARNED).keys() == {rule}


def test_a_file_of_an_archive_is_judged(url: str, judged: JudgedHere) -> None:
    result = measured(judged, web(url), "PB-ARCH-10", "PB-ARCH-20", "PB-LINK-01")
    assert told(result, Verdict.PASSED).keys() == {"PB-ARCH-10", "PB-ARCH-20", "PB-LINK-01"}, problems(result)


def test_a_server_that_wants_whole_imports_gets_them(url: str, large: Large, judged: JudgedHere) -> None:
    large.export_size, large.refuses_small = 5 * MEGABYTE, True
    result = judged(pieces(url, "write"), "PI-IMP-01", "PI-IMP-10", "PI-ROLL-01", "PI-DESC-10")
    assert problems(result) == {}


def test_what_is_too_much_for_memory_is_not_judged(url: str, large: Large, judged: JudgedHere) -> None:
    """An entry with other fields than bytes cannot be left in the file."""
    large.export_size = 5 * MEGABYTE
    large.values = {"words": {"id": "words", "raw": [1], "more": "x" * 2 * MEGABYTE}}
    pace = Pace(wire=Limits(memory=MEGABYTE))
    result = judged(pieces(url, pace=pace), "PI-EXP-08", "PI-EXP-16", "PI-DESC-07")
    reasons = told(result, Verdict.NOT_VERIFIED)
    assert reasons.keys() == {"PI-EXP-08", "PI-EXP-16", "PI-DESC-07"}
    assert reasons["PI-EXP-08"].endswith(
        "1000000 bytes would be in memory at once; raise pace.max_memory_bytes"
    )


def test_no_file_stays(
    url: str, large: Large, judged: JudgedHere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    large.export_size = 8 * MEGABYTE
    assert problems(judged(pieces(url), "PI-EXP-0?")) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_full_temporary_folder_accuses_nobody(
    url: str, judged: JudgedHere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    result = judged(pieces(url), "PI-EXP-01", "PI-EXP-08")
    reasons = told(result, Verdict.NOT_VERIFIED)
    assert reasons.keys() == {"PI-EXP-01", "PI-EXP-08"}
    assert "the temporary folder" in reasons["PI-EXP-08"]
