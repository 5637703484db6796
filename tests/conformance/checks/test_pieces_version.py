"""Which versions the checks send, and where there is none to send."""

from __future__ import annotations

from typing import Any

import pytest

from dbcontract.conformance.apis.pieces.exports import Version
from dbcontract.conformance.results.results import Verdict

from .judging import verdict_on
from .small_pieces import SmallPieces


@pytest.mark.parametrize(
    ("own", "rule", "sent"),
    [
        ("11.10.3", "PI-VER-06", ["11.10.2", "11.9.90", "10.100.93"]),
        ("2.0.0", "PI-VER-06", ["1.90.90"]),
        ("11.10.3", "PI-VER-07", ["100.10.3", "9.10.3"]),
        ("9.2.1", "PI-VER-07", ["10.2.1"]),
        ("10.12.0", "PI-VER-07", ["10.100.0", "9.12.0"]),
        ("99.0.1", "PI-VER-07", ["100.0.1"]),
        ("1.2.3+b.7", "PI-VER-08", ["1.2.3-alpha"]),
    ],
)
def test_which_versions_are_sent(own: str, rule: str, sent: list[str]) -> None:
    class Noting(SmallPieces):
        version = own

        def merge(self, document: dict[str, Any]) -> None:
            if document["version"] != own:  # not the ones that ask what is taken at all
                noted.append(document["version"])
            super().merge(document)

        def is_newer(self, version: Version) -> bool:
            newer = super().is_newer(version)
            if newer:
                noted.append(".".join(map(str, version.core)))
            return newer

    noted: list[str] = []
    assert verdict_on(Noting(), rule).verdict is Verdict.PASSED
    assert [one for one in noted if one in sent] == sent


@pytest.mark.parametrize(
    ("own", "rule"), [("0.0.0", "PI-VER-06"), ("0.0.0", "PI-VER-07"), ("1.0.0-rc.1", "PI-VER-08")]
)
def test_where_there_is_no_such_version_nothing_is_verified(own: str, rule: str) -> None:
    class Other(SmallPieces):
        version = own

    assert verdict_on(Other(), rule).verdict is Verdict.NOT_VERIFIED


def test_without_a_semantic_version_nothing_can_be_newer() -> None:
    class Named(SmallPieces):
        tolerant = frozenset({"bad_version"})

        def export(self) -> dict[str, Any]:
            return {**super().export(), "version": "spring"}

    result = verdict_on(Named(), "PI-VER-01")
    assert (result.verdict, result.because_of) == (Verdict.NOT_VERIFIED, "PI-EXP-14")
