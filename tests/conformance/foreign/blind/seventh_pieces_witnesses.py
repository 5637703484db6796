"""Witnesses of the seventh round: Pieces OS. Each is True where the contract is kept."""

import json

from ..asking import ask
from ..running import Foreign
from .asking_pieces import ATTEMPTS, body, entry, exported, ids, load, together

SUCCESS = 204


def _format(server: Foreign, number: int) -> str:
    """The id of a format that the server knows: the user's own entries are 0 and 1."""
    return f"{ids(server)[0][:-1]}{number}"


def _fail_import(server: Foreign, after: int = 0) -> None:
    server.administer(f"fail?operation=importDatabase&status=500&after={after}&message=broken")


def exports_share_a_spool_file(server: Foreign) -> bool:
    whole = exported(server.pieces)
    for _ in range(ATTEMPTS):
        found: list[bytes] = []

        def call(found: list[bytes] = found) -> None:
            found.append(ask(f"{server.pieces}/database/export")[1])

        together(call, call, call)
        for text in found:
            try:
                if json.loads(text) != whole:
                    return False
            except ValueError:
                return False
    return True


def export_is_kept_while_values_stay(server: Foreign) -> bool:
    before = exported(server.pieces)
    assert "messageValues" not in before
    new = entry(_format(server, 2), [1, 2])
    assert load(server.pieces, body(server, messageValues=[new])) == SUCCESS
    return bool(exported(server.pieces).get("messageValues") == {"iterable": [new]})


def backup_for_the_revert_is_made_once_an_hour(server: Foreign) -> bool:
    assert load(server.pieces, body(server, values=[entry(_format(server, 2), [1, 2])])) == SUCCESS
    before = exported(server.pieces)
    _fail_import(server)
    assert load(server.pieces, body(server, values=[entry(_format(server, 3), [3])])) == 500
    return bool(exported(server.pieces) == before)


def ids_are_indexed_by_32_characters(server: Foreign) -> bool:
    new = entry(_format(server, 2), [1, 2])
    assert load(server.pieces, body(server, values=[new])) == SUCCESS
    return new["id"] in ids(server)


def one_set_of_ids_for_all_tables(server: Foreign) -> bool:
    new = entry(_format(server, 0), [1, 2])
    assert load(server.pieces, body(server, messageValues=[new])) == SUCCESS
    return bool(exported(server.pieces).get("messageValues") == {"iterable": [new]})


def what_was_there_passes_through_text(server: Foreign) -> bool:
    assert load(server.pieces, body(server, values=[entry(_format(server, 2), [0, 200, 255, 10])])) == SUCCESS
    before = exported(server.pieces)
    assert load(server.pieces, before) == SUCCESS
    return bool(exported(server.pieces) == before)


def revert_forgets_the_schemas_of_entries(server: Foreign) -> bool:
    schema = exported(server.pieces)["schema"]
    assert (
        load(server.pieces, body(server, values=[entry(_format(server, 2), [1], schema=schema)])) == SUCCESS
    )
    before = exported(server.pieces)
    _fail_import(server)
    assert load(server.pieces, body(server, values=[entry(_format(server, 3), [3])])) == 500
    return bool(exported(server.pieces) == before)


def optional_tables_are_checked_after_values_are_stored(server: Foreign) -> bool:
    before = exported(server.pieces)
    new = body(
        server, values=[entry(_format(server, 2), [1])], messageValues=[{"id": 5, "raw": "no bytes at all"}]
    )
    assert load(server.pieces, new) in {400, 500}
    return bool(exported(server.pieces) == before)


def any_higher_number_of_a_version_is_newer(server: Foreign) -> bool:
    mine = exported(server.pieces)
    major = int(mine["version"].partition(".")[0])
    return load(server.pieces, mine | {"version": f"{major - 1}.9.0"}) == SUCCESS


def export_fails_in_the_first_accepted_type(server: Foreign) -> bool:
    server.administer("fail?operation=exportDatabase&status=500&after=0&message=broken")
    status, _, headers = ask(f"{server.pieces}/database/export", Accept="application/json, text/plain")
    assert status == 500
    return bool(headers.get_content_type() == "text/plain")
