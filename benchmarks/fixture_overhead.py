"""What the fixture `dbcontract_mock` costs a suite: milliseconds a test, and tests per second.

Usage: `python -m benchmarks.fixture_overhead [--tests N] [--repeats N]`. Each kind of test runs in
processes of its own: N tests after ten that warm up (the server starts with the first one), the best of the
repeats. Exits with 1 when the fixture costs more than LIMIT milliseconds a test.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

LIMIT = 3.0
WARM_UP = 10

KINDS = {
    "no fixture": "def test_it(n): pass",
    "a fixture that does nothing": """
        @pytest.fixture
        def nothing():
            yield

        def test_it(nothing, n): pass
    """,
    "dbcontract_mock, unused": "def test_it(dbcontract_mock, n): pass",
    "dbcontract_mock, one call of it": "def test_it(dbcontract_mock, n): dbcontract_mock.organization_id",
    "dbcontract_mock, a write and a read": """
        def test_it(dbcontract_mock, session, n):
            database = dbcontract_mock.database("Unused").id
            records = f"{dbcontract_mock.pixiebrix_url}/databases/{database}/records/"
            assert session.post(records, json={"id": "a", "data": {}}).status_code == 201
            assert len(session.get(records).json()) == 1
    """,
}
FRAME = """
import time
import pytest

@pytest.fixture(scope="session")
def session(dbcontract_mock_server):
    return dbcontract_mock_server.session()

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    before = time.perf_counter()
    yield
    spent[item.callspec.params["n"] < {warm_up}] += time.perf_counter() - before
    return True

spent = {{True: 0.0, False: 0.0}}

def pytest_sessionfinish():
    with open("spent.txt", "w") as file:
        file.write(str(spent[False]))
"""


@dataclass(frozen=True)
class Row:
    """One kind of test.

    Attributes:
        spent: milliseconds a test, with all that pytest does for it.
    """

    name: str
    spent: float


def measure(name: str, code: str, tests: int, repeats: int) -> Row:
    """The milliseconds that a test of this kind takes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "pytest.ini").write_text("[pytest]\n")
        (root / "conftest.py").write_text(FRAME.format(warm_up=WARM_UP))
        marked = f'import pytest\npytestmark = pytest.mark.parametrize("n", range({WARM_UP + tests}))\n'
        (root / "test_it.py").write_text(marked + textwrap.dedent(code))
        spent = []
        for _ in range(repeats):
            command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
            subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - of ours
            spent.append(float((root / "spent.txt").read_text()))
    return Row(name, min(spent) / tests * 1000)


def import_cost() -> float:
    """The milliseconds that importing the plugin adds to a pytest process that does not use it."""
    code = (
        "import pytest, time; began = time.perf_counter(); import dbcontract.mockserver.pytest.plugin; "
        "print((time.perf_counter() - began) * 1000)"
    )
    command = [sys.executable, "-P", "-c", code]
    return min(
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
        for _ in range(5)
    )


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tests", type=int, default=1000, help="tests of each kind (default: 1000)")
    parser.add_argument("--repeats", type=int, default=3, help="processes of each kind (default: 3)")
    arguments = parser.parse_args()
    rows = [measure(name, code, arguments.tests, arguments.repeats) for name, code in KINDS.items()]
    bare, _, unused, used, _ = rows
    added, added_unused = used.spent - bare.spent, unused.spent - bare.spent
    lines = [f"{'':37}{'ms a test':>12}{'tests/s':>10}{'over none':>12}"]
    for row in rows:
        over = row.spent - bare.spent
        lines.append(f"{row.name:37}{row.spent:12.2f}{1000 / row.spent:10.0f}{over:12.2f}")
    lines.append(f"\nThe fixture adds {added:.2f} ms to a test that uses it (limit: {LIMIT:.0f} ms),")
    lines.append(f"{added_unused:.2f} ms to one that only asks for it. Importing it: {import_cost():.1f} ms.")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if added < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
