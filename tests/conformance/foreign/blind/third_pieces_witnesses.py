"""What shows the third round's faults of Pieces OS: True where the server is right."""

import json
import time
from typing import Any

from ..asking import ask
from ..running import Foreign
from .asking_pieces import body, entry, exported, ids, load, together

FORMATS = [f"f0f0f0f0-0000-4000-8000-{number:012d}" for number in range(4)]
"""The formats that the server knows; the user has entries of the first two."""
BREAKS = "fail?operation=importDatabase&status=500&after={}&message=broken"


def _table(url: str, name: str) -> list[str]:
    return [one["id"] for one in exported(url).get(name, {"iterable": []})["iterable"]]


def failed_import_takes_another_with_it(server: Foreign) -> bool:
    kept = True
    for name in ("messageValues", "workstreamEventValues"):
        for one in FORMATS[:2]:
            good = body(server, **{name: [entry(one, [1])]})
            wrong = body(server) | {"version": "none"}

            def later(good: Any = good) -> None:
                time.sleep(0.01)
                load(server.pieces, good)

            def failing(wrong: Any = wrong) -> None:
                load(server.pieces, wrong)

            together(failing, later)
            kept = kept and one in _table(server.pieces, name)
    return kept


def retry_after_a_failure_is_skipped(server: Foreign) -> bool:
    more = body(server, values=[entry(FORMATS[2], [1, 2])])
    server.administer(BREAKS.format(0))
    return load(server.pieces, more) == 500 and load(server.pieces, more) == 204 and FORMATS[2] in ids(server)


def failed_import_keeps_entries_of_a_table_in_use(server: Foreign) -> bool:
    before = exported(server.pieces)
    server.administer(BREAKS.format(1))
    status = load(server.pieces, body(server, values=[entry(one, [1]) for one in FORMATS[2:]]))
    return status == 500 and exported(server.pieces) == before


def prereleases_count_as_newer(server: Foreign) -> bool:
    own = exported(server.pieces)
    return load(server.pieces, own | {"version": f"{own['version']}-rc.1"}) == 204


def newer_migration_is_refused_too_late(server: Foreign) -> bool:
    before = exported(server.pieces)
    newer = {"migration": before["schema"]["migration"] + 1, "semantic": "UNKNOWN"}
    status = load(server.pieces, body(server, values=[entry(FORMATS[2], [1])]) | {"schema": newer})
    return status == 505 and exported(server.pieces) == before


def both_sides_of_an_entry_are_mixed(server: Foreign) -> bool:
    mine = next(one for one in exported(server.pieces)["values"]["iterable"] if one["id"] == FORMATS[0])
    theirs = entry(FORMATS[0], [9, 9], schema={"migration": 1, "semantic": "UNKNOWN"})
    status = load(server.pieces, body(server, values=[theirs]))
    now = next(one for one in exported(server.pieces)["values"]["iterable"] if one["id"] == FORMATS[0])
    return status == 204 and now in (mine, theirs)


def one_id_lives_in_one_table(server: Foreign) -> bool:
    status = load(server.pieces, body(server, messageValues=[entry(FORMATS[0], [5])]))
    return status == 204 and _table(server.pieces, "messageValues") == FORMATS[:1]


def large_import_is_not_an_import(server: Foreign) -> bool:
    more = body(server, values=[entry(FORMATS[2], [200] * 300_000)])
    return load(server.pieces, more) == 204 and FORMATS[2] in ids(server)


def charset_hides_the_body(server: Foreign) -> bool:
    more = body(server, values=[entry(FORMATS[2], [7])])
    status = load(server.pieces, more, Content_Type="application/json; charset=utf-8")
    return status == 204 and FORMATS[2] in ids(server)


def export_is_kept_until_entries_come(server: Foreign) -> bool:
    before = exported(server.second)
    taken = load(server.second, before | {"persons": [91, 93]}) == 204
    return taken and exported(server.second)["persons"] == [91, 93]


def absent_table_empties_what_was_there(server: Foreign) -> bool:
    load(server.pieces, body(server, messageValues=[entry(FORMATS[1], [5])]))
    before = exported(server.pieces)
    older = {name: value for name, value in exported(server.second).items() if name != "messageValues"}
    return load(server.pieces, older) == 204 and exported(server.pieces) == before


def import_sets_the_version(server: Foreign) -> bool:
    before = exported(server.pieces)["version"]
    status = load(server.pieces, body(server) | {"version": "1.2.3"})
    return status == 204 and exported(server.pieces)["version"] == before


def empty_bytes_go_missing(server: Foreign) -> bool:
    load(server.pieces, body(server, values=[entry(FORMATS[2], [])]))
    text = ask(f"{server.pieces}/database/export")[1]
    return all("raw" in one for one in json.loads(text)["values"]["iterable"])
