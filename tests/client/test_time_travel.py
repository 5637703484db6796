"""A week in a sandbox, in milliseconds: archives, dying links and retention."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import requests

from dbcontract.mockserver.client import MockClient


@dataclass(frozen=True)
class Visits:
    """A database, as its user sees it."""

    session: requests.Session
    records: str
    archive_list: str

    def write(self, **visits: int) -> None:
        for key, count in visits.items():
            answer = self.session.post(self.records, json={"id": key, "data": {"visits": count}})
            assert answer.status_code == 201

    def keys(self) -> set[str]:
        return {record["id"] for record in self.session.get(self.records).json()}

    def archives(self) -> dict[str, str]:
        """The links to the archives by their date, the latest first."""
        answer = self.session.get(self.archive_list)
        assert answer.status_code == 200
        return {item["date"]: item["file"] for item in answer.json()}

    def read(self, link: str) -> dict[str, int]:
        answer = requests.get(
            link, timeout=10
        )  # without the token, which the storage refuses beside a signature
        assert answer.status_code == 200
        return {line["id"]: line["data"]["visits"] for line in map(json.loads, answer.text.splitlines())}


@pytest.fixture
def visits(mock: MockClient) -> Visits:
    """A database that is new on Monday morning."""
    mock.seed("empty")
    mock.clock.freeze(at="2026-03-02T09:00:00Z")
    session = mock.session()
    session.headers["Accept"] = "application/json; version=2.0"
    databases = f"{mock.pixiebrix_url}/organizations/{mock.organization_id}/databases/"
    id_ = session.post(databases, json={"name": "Visits"}).json()["id"]
    return Visits(
        session, f"{mock.pixiebrix_url}/databases/{id_}/records/", f"{databases}{id_}/record-archives/"
    )


def test_a_week_of_records_archives_links_and_retention(mock: MockClient, visits: Visits) -> None:
    # Monday: three records, one of them written twice. A day that has not ended has no archive.
    visits.write(ada=1, ben=1, cem=1)
    mock.clock.advance(hours=8)
    visits.write(cem=2)
    assert visits.archives() == {}

    # Tuesday: Monday's archive is there, with the last version of each record.
    assert mock.clock.advance_to_next_midnight() == datetime(2026, 3, 3, tzinfo=UTC)
    assert list(visits.archives()) == ["2026-03-02"]
    assert visits.read(visits.archives()["2026-03-02"]) == {"ada": 1, "ben": 1, "cem": 2}
    mock.clock.advance(hours=10)
    visits.write(dee=1, eli=1, ada=2)

    # On Wednesday nothing happens, so it gets no archive. Later writes do not reach back into an archive.
    mock.clock.advance(days=2)
    links = visits.archives()
    assert list(links) == ["2026-03-03", "2026-03-02"]
    assert visits.read(links["2026-03-03"]) == {"dee": 1, "eli": 1, "ada": 2}
    assert visits.read(links["2026-03-02"]) == {"ada": 1, "ben": 1, "cem": 2}

    # A link works for an hour; then the endpoint gives a fresh one.
    link = links["2026-03-02"]
    mock.clock.advance(minutes=59)
    assert requests.get(link, timeout=10).status_code == 200
    mock.clock.advance(minutes=1, seconds=1)
    refused = requests.get(link, timeout=10)
    assert refused.status_code == 403
    assert "AccessDenied" in refused.text
    fresh = visits.archives()["2026-03-02"]
    assert fresh != link
    assert visits.read(fresh) == {"ada": 1, "ben": 1, "cem": 2}
    assert requests.get(link, timeout=10).status_code == 403

    # Thursday: more records than fit. At night the oldest dates go, whole ones, until the rest fits.
    visits.write(fay=1, gus=1, hal=1, ida=1)
    mock.settings(record_limit=6)
    everybody = {"ada", "ben", "cem", "dee", "eli", "fay", "gus", "hal", "ida"}
    mock.clock.advance(hours=12)
    assert visits.keys() == everybody
    mock.clock.advance_to_next_midnight()
    assert visits.keys() == {"fay", "gus", "hal", "ida"}
    archives = visits.archives()
    assert list(archives) == ["2026-03-05", "2026-03-03", "2026-03-02"]
    assert {key for link in archives.values() for key in visits.read(link)} == everybody

    # Four nights later nothing more has moved: the rest fits.
    mock.clock.advance(days=4)
    assert visits.keys() == {"fay", "gus", "hal", "ida"}
    assert list(visits.archives()) == ["2026-03-05", "2026-03-03", "2026-03-02"]
