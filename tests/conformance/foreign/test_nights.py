"""Nights: who cannot call them accuses nobody, and none takes what a user had before the run."""

from collections.abc import Callable
from pathlib import Path

from dbcontract.conformance.results.results import Verdict

from .comparing import compared, mark_of, untold
from .running import Foreign, Judged
from .small import JudgedHere, told
from .test_hooks import of

Judge = Callable[..., Judged]
NIGHTLY = ("PB-ARCH-*", "PB-RET-*")
DATED = (*NIGHTLY, "PB-FILT-0?", "PB-LINK-*", "PB-JOB-2?")
CHOSEN = tuple(word for rule in DATED for word in ("--only", rule))
BLAMED = (Verdict.FAILED, Verdict.WARNED, Verdict.ERROR)


def test_without_the_hook_for_nights_what_needs_one_is_not_verified(
    on_call: Foreign, tmp_path: Path, judged: JudgedHere
) -> None:
    target = of(on_call, tmp_path, allow=["write", "destroy"], hooks=["advance_clock"])
    result = judged(target, *NIGHTLY, "PB-FILT-07")
    assert told(result, *BLAMED) == {}
    reasons = told(result, Verdict.NOT_VERIFIED)
    for rule in ("PB-ARCH-13", "PB-ARCH-17", "PB-ARCH-19", "PB-RET-05", "PB-RET-14"):
        assert "hooks.run_nightly" in reasons[rule], rule
    assert "PB-FILT-07" in told(result, Verdict.PASSED), "another date is there without a night"


def test_where_the_clock_alone_brings_the_night_no_hook_is_needed(
    permissive: Foreign, tmp_path: Path, judged: JudgedHere
) -> None:
    result = judged(of(permissive, tmp_path, allow=["write", "destroy"], hooks=["advance_clock"]), *NIGHTLY)
    assert told(result, *BLAMED) == {}
    passed = told(result, Verdict.PASSED)
    assert {"PB-ARCH-17", "PB-ARCH-19", "PB-RET-05", "PB-RET-14"} <= passed.keys()


def test_no_night_takes_records_of_others(small: Foreign, judge: Judge) -> None:
    before = small.snapshot()
    judged = judge(small, "--no-fuzzing", *CHOSEN, allow=["write"], hooks=["advance_clock", "run_nightly"])
    gone, new = compared(before, small.snapshot())
    assert gone == []
    assert untold(new, judged.document["notes"], mark_of(judged)) == []
    assert judged.rules("failed", "warned", "error") == {}
    reason = judged.rules("not verified")["PB-ARCH-11"]
    assert f"{small.databases[0]} holds more records, those of this check among them" in reason
    assert "120 (limits.record_limit)" in reason
    assert "PB-ARCH-19" in judged.rules("passed"), "a night that takes nothing comes"


def test_no_night_comes_to_databases_that_hold_too_much_already(
    strict: Foreign, tmp_path: Path, judged: JudgedHere
) -> None:
    """By the target's own account: the server would not take them, so that the kit alone may refuse."""
    low = Foreign(strict.name, {**strict.facts, "record_limit": 60})
    target, before = of(low, tmp_path, allow=["write", "destroy"], hooks=["advance_clock"]), strict.snapshot()
    result = judged(target, "PB-ARCH-19", "PB-FILT-07", "PB-FILT-09")
    reasons = told(result, Verdict.NOT_VERIFIED)
    assert reasons.keys() == {"PB-ARCH-19", "PB-FILT-07", "PB-FILT-09"}
    assert all(f"{strict.kept[0]} holds 90 records" in reason for reason in reasons.values())
    assert not [entry for entry in strict.administer("journal") if "advance" in str(entry)]
    assert compared(before, strict.snapshot())[0] == []
