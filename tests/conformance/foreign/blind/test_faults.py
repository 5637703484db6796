"""Each fault can be seen over HTTP, and is not there without it."""

import pytest

from ..running import Foreign, started
from . import pieces_witnesses, pixiebrix_witnesses
from .faults import command, faults
from .registry import Fault, Kind

FAULTS = faults()


def lawful(fault: Fault, server: Foreign) -> bool:
    """Whether the server keeps to the contract where the fault would break it."""
    witnesses = pieces_witnesses if fault.api == "pieces" else pixiebrix_witnesses
    return bool(getattr(witnesses, fault.apply.__name__)(server))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_and_the_right_server_is_not_blamed(strict: Foreign, name: str) -> None:
    fault = FAULTS[name]
    assert lawful(fault, strict)
    with started(name, command(name)) as faulty:
        assert not lawful(fault, faulty)


def test_the_faults_are_of_all_kinds_and_of_both_apis() -> None:
    assert {one.kind for one in FAULTS.values()} == set(Kind)
    assert {one.api for one in FAULTS.values()} == {"pieces", "pixiebrix"}
    assert {one.level for one in FAULTS.values()} == {"documented", "published", "inferred"}


def test_the_server_that_keeps_any_id_keeps_what_the_other_one_drops(strict: Foreign) -> None:
    new = [pieces_witnesses.entry("a format of its own", [1])]
    with started("any id", command(any_id=True)) as keeping:
        for server in (strict, keeping):
            assert pieces_witnesses.load(server.second, pieces_witnesses.body(server, values=new)) == 204
        assert list(pieces_witnesses.held(keeping.second, "values")) == ["a format of its own"]
    assert pieces_witnesses.held(strict.second, "values") == {}
