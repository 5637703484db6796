"""Databases that hold no assets: a refusal is lawful, and what fails in asking for it a prerequisite."""

import json
from pathlib import Path

from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings

from .running import Foreign
from .small import DATABASE, JSON, JudgedHere, Seen, Start, of_web, told
from .test_hooks import of

LISTING = ("PB-NEG-*", "PB-PAGE-*", "PB-DESC-*", "PB-AUTH-*", "PB-ERR-0?", "PB-ASSET-*", "PB-REC-29")
SWEEP = FuzzingSettings(examples=3, walks=1, steps=2, seconds=20)
BLAMED = (Verdict.FAILED, Verdict.WARNED, Verdict.ERROR)


def test_a_refused_list_of_assets_accuses_nobody(strict: Foreign, tmp_path: Path, judged: JudgedHere) -> None:
    """The first scratch database is of the type Key-Value, whose list of assets the server refuses."""
    alone = Foreign(strict.name, {**strict.facts, "databases": strict.databases[:1]})
    result = judged(of(alone, tmp_path), *LISTING, fuzzing=SWEEP)
    assert told(result, *BLAMED) == {}
    passed, reasons = told(result, Verdict.PASSED), told(result, Verdict.NOT_VERIFIED)
    assert {"PB-NEG-01", "PB-NEG-05", "PB-NEG-08", "PB-NEG-10", "PB-PAGE-16", "PB-DESC-02"} <= passed.keys()
    for rule in ("PB-ASSET-01", "PB-ASSET-29", "PB-ASSET-38"):
        assert "(pixiebrix.databases)" in reasons[rule], rule


def test_a_database_that_holds_assets_is_found_among_the_scratch_databases(
    strict: Foreign, tmp_path: Path, judged: JudgedHere
) -> None:
    result = judged(of(strict, tmp_path), "PB-NEG-01", "PB-ASSET-29")
    assert told(result, Verdict.PASSED).keys() == {"PB-NEG-01", "PB-ASSET-29"}
    listed = [str(entry) for entry in strict.administer("journal") if "/assets/" in str(entry)]
    assert any(strict.databases[2] in entry for entry in listed)


def test_an_asset_that_gets_no_answer_is_a_prerequisite_of_the_others(web: Start, judged: JudgedHere) -> None:
    """Whether a database takes assets is asked first, and what is wrong with that blames no other rule."""

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.method == "POST" and "/assets/" in seen.path:
            return 201, {**JSON, "Transfer-Encoding": "chunked"}, b"no chunk\r\n"
        listed = (
            [{"id": DATABASE, "type": "Asset"}] if seen.path.partition("?")[0].endswith("/databases/") else []
        )
        return 200, JSON, json.dumps(listed).encode()

    result = judged(of_web(web(answer).url, "write"), "PB-ASSET-04", "PB-ASSET-05", "PB-ASSET-31")
    assert told(result, Verdict.FAILED).keys() == {"PB-ASSET-04"}
    assert {one.rule.id: one.because_of for one in result.results if one.verdict is Verdict.NOT_VERIFIED} == {
        "PB-ASSET-05": "PB-ASSET-04",
        "PB-ASSET-31": "PB-ASSET-04",
    }
