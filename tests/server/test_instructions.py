"""What a request may take, in instructions of Python: a count, the same on a slow and on a fast machine.

Who makes something dearer reads here by how much, and in which functions. A budget that has to grow grows in
the same commit, with the reason in its message; how long it takes then says `python -m benchmarks.small_get`.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from .instructions import Application, Instructions

FEW, MANY = 1_000, 50_000
A_WRITE = 10_000
AN_IMPORT = 1_000

BUDGETS = {
    "small GET": 2_140,
    "small GET, response validated": 2_580,
    "page of 100 records": 7_350,
    "record by key": 2_050,
    "record written": 2_850,
}
"""For each request, some 5 % above what it takes on Python 3.11; later ones need less."""
OF_AN_ENTRY = 90
"""What each further entry of an import may take."""
GROWTH = 1.02
"""By how much what does not depend on the number of records may grow with it."""


def _counted(application: Application, method: str, path: str, body: Any = None) -> Instructions:
    # What is made once is there the second time; and Python 3.13 counts only what was traced before.
    application.count(method, path, body)
    return application.count(method, path, body)


def _within(found: Instructions, name: str) -> None:
    budget = BUDGETS[name]
    assert found.all <= budget, f"{name}: {budget:,} at most, but it takes {found}"


@pytest.fixture(scope="module")
def applications() -> tuple[Application, Application]:
    """One that answers as it is, and one that holds its answers against the description."""
    return Application(), Application(validate_responses=True)


@pytest.fixture(scope="module")
def plain(applications: tuple[Application, Application]) -> Application:
    return applications[0]


@pytest.fixture(scope="module")
def databases(plain: Application) -> tuple[str, str]:
    """The records of a database with few, and of another with many."""
    (organization, *_) = plain.ask("GET", "/api/organizations/")
    found = []
    for size in (FEW, MANY):
        made = plain.ask("POST", f"/api/organizations/{organization['id']}/databases/", {"name": f"{size}"})
        records = f"/api/databases/{made['id']}/records/"
        for start in range(0, size, A_WRITE):
            numbers = range(start, min(start + A_WRITE, size))
            plain.ask("POST", records, [{"id": f"key-{n:06}", "data": {"number": n}} for n in numbers])
        found.append(records)
    return found[0], found[1]


def _asset(application: Application) -> str:
    """The small GET: an asset's metadata."""
    for database in application.ask("GET", "/_mock/databases"):
        assets = f"/api/databases/{database['id']}/assets/"
        for asset in application.ask("GET", assets):
            return f"{assets}{asset['id']}?meta=true"
    pytest.fail("the data set has no asset")


@pytest.mark.parametrize(("which", "name"), [(0, "small GET"), (1, "small GET, response validated")])
def test_the_small_get_keeps_to_its_budget(
    applications: tuple[Application, Application], which: int, name: str
) -> None:
    application = applications[which]
    path = _asset(application)
    found = _counted(application, "GET", path)
    _within(found, name)
    assert application.count("GET", path).all == found.all  # else a budget would say nothing


ASKED: dict[str, tuple[str, str, Any]] = {
    "page of 100 records": ("GET", "{records}?page={middle}", None),
    "record by key": ("GET", "{records}key-{last:06}/", None),
    "record written": ("PUT", "{records}key-{last:06}/", {"data": {"number": 0}}),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_a_request_takes_does_not_grow_with_the_records(
    plain: Application, databases: tuple[str, str], name: str
) -> None:
    method, form, body = ASKED[name]
    found = []
    for records, size in zip(databases, (FEW, MANY), strict=True):
        path = form.format(records=records, middle=size // 200, last=size - 1)
        found.append(_counted(plain, method, path, body))
    few, many = found
    _within(many, name)
    assert many.all <= few.all * GROWTH, f"{name}: {few.all:,} at {FEW:,} records, but at {MANY:,} {many}"


@pytest.fixture(scope="module")
def imports(plain: Application) -> tuple[Instructions, Instructions]:
    """What an import of few entries takes, and one of twice as many; none of them is there before."""
    exported = plain.ask("GET", "/database/export")
    counted = []
    for name, size in (("traced", AN_IMPORT), ("few", AN_IMPORT), ("many", 2 * AN_IMPORT)):
        tags = orjson.dumps([{"id": f"{name}-{number}", "text": name} for number in range(size)])
        plain.ask("POST", "/_mock/reset")
        counted.append(plain.count("POST", "/database/import", {**exported, "tags": list(tags)}))
    return counted[1], counted[2]


def test_an_import_takes_as_much_for_each_entry(imports: tuple[Instructions, Instructions]) -> None:
    few, many = imports
    each = (many.all - few.all) / AN_IMPORT
    assert each <= OF_AN_ENTRY, f"{OF_AN_ENTRY} for an entry at most, but it takes {each:.0f}: {many}"
