"""True where the contract is kept: a witness for each fault of the sixth round at Pieces OS."""

from typing import Any

from ..asking import ask
from ..running import Foreign
from .asking_pieces import body, entry, exported, ids, load

DAY = 86_400
MESSAGES, EVENTS = "messageValues", "workstreamEventValues"


def _held(server: Foreign, table: str) -> dict[str, Any]:
    """The raw of each entry in a table, by id."""
    found = exported(server.pieces).get(table) or {"iterable": []}
    return {one["id"]: one["raw"] for one in found["iterable"]}


def optional_entries_expire_after_a_day(server: Foreign) -> bool:
    one = ids(server)[0]
    assert load(server.pieces, body(server, messageValues=[entry(one, [1, 2])])) == 204
    before = exported(server.pieces)
    server.administer(f"advance?seconds={2 * DAY}")
    return bool(exported(server.pieces) == before)


def an_id_in_one_table_bars_it_from_the_others(server: Foreign) -> bool:
    one = ids(server)[0]
    assert load(server.pieces, body(server, messageValues=[entry(one, [1, 2])])) == 204
    return one in _held(server, MESSAGES)


def raw_of_optional_entries_is_exported_signed(server: Foreign) -> bool:
    one = ids(server)[0]
    assert load(server.pieces, body(server, messageValues=[entry(one, [0, 127, 128, 255])])) == 204
    return all(0 <= byte <= 255 for byte in _held(server, MESSAGES)[one])


def empty_raw_is_exported_as_null(server: Foreign) -> bool:
    one = ids(server)[0]
    assert load(server.pieces, body(server, messageValues=[entry(one, [])])) == 204
    return isinstance(_held(server, MESSAGES)[one], list)


def beside_message_values_workstream_values_are_ignored(server: Foreign) -> bool:
    one = entry(ids(server)[0], [1, 2])
    assert load(server.pieces, body(server, messageValues=[one], workstreamEventValues=[one])) == 204
    return one["id"] in _held(server, MESSAGES) and one["id"] in _held(server, EVENTS)


def a_known_migration_outweighs_a_newer_version(server: Foreign) -> bool:
    return load(server.pieces, exported(server.pieces) | {"version": "999.0.0"}) == 505


def a_pre_release_counts_as_newer(server: Foreign) -> bool:
    own = exported(server.pieces)
    return load(server.pieces, own | {"version": f"{own['version']}-beta.1"}) == 204


def an_offer_to_upgrade_costs_the_body(server: Foreign) -> bool:
    one = ids(server)[0]
    good = body(server, messageValues=[entry(one, [1, 2])])
    offer = {"Upgrade": "h2c", "HTTP2_Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"}
    return load(server.pieces, good, **offer) == 204 and one in _held(server, MESSAGES)


def no_body_of_type_json_is_refused(server: Foreign) -> bool:
    url = f"{server.pieces}/database/import"
    return ask(url, b"", "POST", Content_Type="application/json", Accept="text/plain")[0] == 204
