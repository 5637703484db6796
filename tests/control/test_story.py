"""Time travel from end to end, in milliseconds."""

from __future__ import annotations

import json

from .mock import Mock


def test_a_week_of_records(mock: Mock) -> None:
    """Records of several days, archives, a link that dies and comes anew, and a limit that is exceeded."""
    mock.control("PATCH", "/clock", {"now": "2024-05-06T09:00:00Z", "frozen": True})
    mock.control("PATCH", "/settings", {"record_limit": 6})
    database = mock.new_database("Week")

    def listed() -> list[str]:
        return [archive["date"] for archive in mock.archives(database)]

    # Monday to Wednesday: two records a day, and on Tuesday Monday's first one changes
    for day in ("mon", "tue", "wed"):
        mock.put(database, f"{day}-1", day=day)
        mock.put(database, f"{day}-2", day=day)
        if day == "tue":
            mock.put(database, "mon-1", day="mon", changed=True)
        mock.control("POST", "/clock/advance", {"to": "next-midnight"})
        mock.control("POST", "/clock/advance", {"seconds": 9 * 3600})
    assert listed() == ["2024-05-08", "2024-05-07", "2024-05-06"]
    assert len(mock.keys(database)) == 6

    # Tuesday's file has the last version of everything that was updated on that day
    tuesday = mock.archives(database)[1]
    assert tuesday["file"].partition("?")[0].endswith("/2024-05-07.jsonl")
    records = [json.loads(line) for line in mock.send("GET", tuesday["file"]).text.splitlines()]
    assert {record["id"]: record["data"] for record in records} == {
        "mon-1": {"day": "mon", "changed": True},
        "tue-1": {"day": "tue"},
        "tue-2": {"day": "tue"},
    }

    # the link lives for an hour, and asking again gives a fresh one
    mock.control("POST", "/clock/advance", {"seconds": 3599})
    assert mock.send("GET", tuesday["file"]).status_code == 200
    mock.control("POST", "/clock/advance", {"seconds": 1})
    expired = mock.send("GET", tuesday["file"])
    assert expired.status_code == 403
    assert "<Code>AccessDenied</Code>" in expired.text
    assert mock.send("GET", mock.archives(database)[1]["file"]).status_code == 200

    # a seventh record: at night the oldest date leaves, as a whole, for the archive
    mock.put(database, "thu-1", day="thu")
    assert len(mock.keys(database)) == 7
    mock.control("POST", "/clock/advance", {"to": "next-midnight"})
    assert mock.keys(database) == ["mon-1", "tue-1", "tue-2", "wed-1", "wed-2", "thu-1"]
    assert listed() == ["2024-05-09", "2024-05-08", "2024-05-07", "2024-05-06"]

    # a job in between exports what is left
    job = mock.new_job(database)
    mock.control("POST", "/clock/advance", {"seconds": 2})
    assert len(mock.send("GET", mock.job(job)["data"]).json()) == 6
