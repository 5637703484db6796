"""Each fault can be seen over HTTP, and is not there without it."""

import pytest

from ..running import Foreign, started
from . import asking_pieces, pieces_witnesses
from .faults import ROUNDS, command, faults, lawful
from .registry import Kind

FAULTS = faults()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_and_the_right_server_is_not_blamed(strict: Foreign, name: str) -> None:
    fault = FAULTS[name]
    assert lawful(fault, strict)
    with started(name, command(name)) as faulty:
        assert not lawful(fault, faulty)


@pytest.mark.parametrize("number", ROUNDS)
def test_the_faults_are_of_all_kinds_and_of_both_apis(number: int) -> None:
    found = ROUNDS[number].faults
    assert {one.kind for one in found} == set(Kind)
    assert {one.api for one in found} == {"pieces", "pixiebrix"}
    assert {one.level for one in found} == {"documented", "published", "inferred"}


def test_no_two_faults_of_all_rounds_have_one_name() -> None:
    assert len(FAULTS) == sum(len(one.faults) for one in ROUNDS.values())


def test_the_server_that_keeps_any_id_keeps_what_the_other_one_drops(strict: Foreign) -> None:
    new = [asking_pieces.entry("a format of its own", [1])]
    with started("any id", command(any_id=True)) as keeping:
        for server in (strict, keeping):
            assert asking_pieces.load(server.second, asking_pieces.body(server, values=new)) == 204
        assert list(pieces_witnesses.held(keeping.second, "values")) == ["a format of its own"]
    assert pieces_witnesses.held(strict.second, "values") == {}
