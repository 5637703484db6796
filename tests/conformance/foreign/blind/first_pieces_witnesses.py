"""What shows each fault of Pieces OS: HTTP calls, and whether the server keeps to the contract there."""

from threading import Thread
from typing import Any

from ..running import Foreign
from .asking_pieces import ATTEMPTS, body, entry, exported, ids, load, together


def held(url: str, table: str) -> dict[str, Any]:
    """The entries of a table, by id."""
    return {one["id"]: one for one in exported(url).get(table, {"iterable": []})["iterable"]}


def conflicting(server: Foreign, **tables: Any) -> Any:
    """An import that cannot be merged: a collection holds other bytes already."""
    return body(server, **tables) | {"analyses": [1, 2, 3]}


def half_merge_seen(server: Foreign) -> bool:
    empty, full = exported(server.second), exported(server.pieces)
    loading = Thread(target=load, args=(server.second, full))
    loading.start()
    seen = []
    while loading.is_alive():
        seen.append(exported(server.second))
    return all(one in (empty, full) for one in seen)


def import_lost(server: Foreign) -> bool:
    one = ids(server)[0]
    for _ in range(ATTEMPTS):
        server.administer("reset")
        mine = body(server, messageValues=[entry(one, [1])])
        other = body(server, workstreamEventValues=[entry(one, [2])])
        together(lambda mine=mine: load(server.second, mine), lambda other=other: load(server.second, other))  # type: ignore[misc] # lambdas that keep their bodies
        if not (held(server.second, "messageValues") and held(server.second, "workstreamEventValues")):
            return False
    return True


def revert_undoes_neighbour(server: Foreign) -> bool:
    good, bad = body(server, messageValues=[entry(ids(server)[0], [1])]), conflicting(server)
    for _ in range(ATTEMPTS):
        server.administer("reset")
        together(lambda: load(server.pieces, bad), lambda: load(server.pieces, good))
        if not held(server.pieces, "messageValues"):
            return False
    return True


def revert_goes_too_far(server: Foreign) -> bool:
    assert load(server.pieces, body(server, messageValues=[entry(ids(server)[0], [1])])) == 204
    before = exported(server.pieces)
    assert load(server.pieces, conflicting(server)) == 500
    return bool(exported(server.pieces) == before)


def export_cached_by_count(server: Foreign) -> bool:
    assert load(server.pieces, body(server, messageValues=[entry(ids(server)[0], [1])])) == 204
    return bool(held(server.pieces, "messageValues"))


def imported_entries_evicted(server: Foreign) -> bool:
    assert load(server.pieces, body(server, messageValues=[entry(ids(server)[0], [1])])) == 204
    server.administer("advance?seconds=3456000")
    return bool(held(server.pieces, "messageValues"))


def ids_stripped(server: Foreign) -> bool:
    before, one = held(server.pieces, "values"), ids(server)[0]
    assert load(server.pieces, body(server, values=[entry(f"{one} ", [1])])) == 204
    return bool(held(server.pieces, "values")[one] == before[one])


def _comes_back(server: Foreign, raw: list[int], **more: Any) -> bool:
    sent = entry(ids(server)[0], raw, **more)
    assert load(server.second, body(server, values=[sent])) == 204
    return held(server.second, "values") == {sent["id"]: sent}


def trailing_zeros_cut(server: Foreign) -> bool:
    return _comes_back(server, [1, 0, 0])


def entry_without_bytes_dropped(server: Foreign) -> bool:
    return _comes_back(server, [])


def schema_of_migration_zero_lost(server: Foreign) -> bool:
    return _comes_back(server, [1], schema={"migration": 0, "semantic": "UNKNOWN"})


def raw_past_64k_cut(server: Foreign) -> bool:
    return _comes_back(server, [7] * 65_536)


def body_past_1mib_refused(server: Foreign) -> bool:
    return load(server.second, body(server, values=[entry(ids(server)[0], [255] * 250_000)])) == 204


def entries_past_1000_lost(server: Foreign) -> bool:
    one = ids(server)[0]
    many = [entry(f"{one[:-4]}{number:04d}", []) for number in range(1000, 2000)]
    assert load(server.second, body(server, values=[*many, entry(one, [1])])) == 204
    return one in held(server.second, "values")


def one_id_for_all_tables(server: Foreign) -> bool:
    one = entry(ids(server)[0], [1])
    assert load(server.second, body(server, values=[one], messageValues=[one])) == 204
    return bool(held(server.second, "messageValues"))


def entries_outside_the_transaction(server: Foreign) -> bool:
    before = exported(server.pieces)
    assert load(server.pieces, conflicting(server, messageValues=[entry(ids(server)[0], [1])])) == 500
    return bool(exported(server.pieces) == before)


def prerelease_counts_as_newer(server: Foreign) -> bool:
    sent = body(server)
    return load(server.second, sent | {"version": f"{sent['version']}-rc.1"}) == 204


def version_numbers_wrap(server: Foreign) -> bool:
    return load(server.second, body(server) | {"version": f"{2**32 + 1}.0.0"}) == 505


def migration_compared_for_equal_versions_only(server: Foreign) -> bool:
    sent = body(server)
    schema = {**sent["schema"], "migration": sent["schema"]["migration"] + 1}
    return load(server.second, sent | {"version": "1.0.0", "schema": schema}) == 505


def charset_refused(server: Foreign) -> bool:
    return load(server.second, body(server), Content_Type="application/json; charset=utf-8") == 204


def accept_with_blank_refused(server: Foreign) -> bool:
    return load(server.second, body(server), Accept="application/json, text/plain") == 204
