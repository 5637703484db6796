"""Each fault can be seen over HTTP, and is not there without it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from ..running import RECORD_LIMIT, Foreign, started
from . import asking_pieces, first_pieces_witnesses
from .faults import ROUNDS, command, faults, lawful
from .registry import Kind

FAULTS = faults()


Faulty = Callable[[str], AbstractContextManager[Foreign]]


@pytest.fixture(scope="module")
def faulty() -> Iterator[Faulty]:
    """Starts the strict server with a fault, in a fork of a process that has read all faults once."""
    serve = Path(__file__).with_name("serve.py")
    with subprocess.Popen(
        [sys.executable, str(serve), "--each"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        orders, answers = process.stdin, process.stdout

        def order(line: str) -> str:
            orders.write(f"{line}\n")
            orders.flush()
            return answers.readline()

        @contextmanager
        def served(name: str) -> Iterator[Foreign]:
            facts = order(f"--fault {name} --record-limit {RECORD_LIMIT} --patience 5")
            try:
                yield Foreign(name, {**json.loads(facts), "record_limit": RECORD_LIMIT})
            finally:
                assert order("") == "ended\n"

        yield served
        orders.close()
        assert not process.stderr.read()


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.like is None])
def test_a_fault_is_seen_and_the_right_server_is_not_blamed(
    strict: Foreign, faulty: Faulty, name: str
) -> None:
    fault = FAULTS[name]
    assert lawful(fault, strict)
    with faulty(name) as server:
        assert not lawful(fault, server)


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
        assert list(first_pieces_witnesses.held(keeping.second, "values")) == ["a format of its own"]
    assert first_pieces_witnesses.held(strict.second, "values") == {}
