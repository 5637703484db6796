"""`dbcontract check --plan`: what a run would send, while the target hears nothing."""

import re
import socket
from collections.abc import Callable, Iterator

import pytest

from .conftest import Result

Run = Callable[..., Result]

ORGANIZATION, DATABASE = "00000000-0000-4000-8000-0000000000aa", "00000000-0000-4000-8000-0000000000d1"
FEW = (
    "--only",
    "PI-EXP-01",
    "--only",
    "PI-IMP-10",
    "--only",
    "PB-REC-08",
    "--only",
    "PB-ASSET-03",
    "--no-fuzzing",
)
IDS = ("--organization", ORGANIZATION, "--database", DATABASE)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port where somebody would notice a connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def url_of(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def heard(server: socket.socket) -> bool:
    try:
        server.accept()
    except BlockingIOError:
        return False
    return True


def row(text: str, operation: str) -> list[str]:
    """The numbers of a row of the table; none where there is no such row."""
    found = re.search(rf"^{operation} +(.*)$", text, re.MULTILINE)
    return found[1].split() if found else []


def test_a_plan_counts_and_sends_nothing(
    run: Run, listening: socket.socket, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(environment, "DBCONTRACT_TOKEN", "token-of-the-tests")
    result = run("check", url_of(listening), "--api", "all", "--plan", *FEW, *IDS, "--allow", "write")
    text = result.stdout.decode()
    assert result.status == 0, text + result.stderr
    assert int(row(text, "createRecords")[0]) >= 1
    records = int(row(text, "deleteRecord")[0])
    assert records >= 1
    assert int(row(text, "createAsset")[0]) >= 1
    assert int(row(text, "importDatabase")[0]) >= 1
    assert f"record: {records} created, {records} deleted" in text
    assert re.search(r"asset: \d+ created, 0 deleted; no operation deletes them", text)
    assert f"may create records in {DATABASE}" in text
    assert re.search(r"about 0\.\d minutes", text)
    assert not heard(listening)


def test_a_plan_without_permission_only_reads(run: Run, listening: socket.socket) -> None:
    result = run("check", url_of(listening), "--api", "pieces", "--plan", *FEW)
    text = result.stdout.decode()
    assert result.status == 0, text + result.stderr
    assert row(text, "importDatabase") == []
    assert "nothing is written" in text
    assert not heard(listening)


def test_a_plan_has_to_be_told_which_api_it_is(run: Run, listening: socket.socket) -> None:
    result = run("check", url_of(listening), "--plan", *FEW)
    assert result.status == 2
    assert "--api: name it (pieces, pixiebrix or all), as the target is not asked" in result.stderr
    assert not heard(listening)
    assert run("check", "--plan").status == 2
