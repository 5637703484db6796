"""What shows each fault of Pieces OS of the second round: HTTP calls, and whether the contract is kept."""

import json
import time

from ..asking import ask
from ..running import Foreign
from .asking_pieces import ATTEMPTS, body, entry, exported, ids, load, together

SPARE = ("hints", "ranges", "anchors", "anchorPoints")
"""Optional collections, which nobody has at first; one for each attempt."""


def _adds(server: Foreign, url: str, **parts: list[int]) -> bool:
    """Whether an import of these collections is answered with 204, and then exported."""
    status = load(url, exported(server.second) | parts)
    found = exported(url)
    return status == 204 and all(found.get(name) == content for name, content in parts.items())


def _conflict(server: Foreign) -> int:
    """The status of an import that cannot be merged."""
    return load(server.pieces, exported(server.pieces) | {"analyses": [1, 2, 3]})


def imports_at_once_lose_one(server: Foreign) -> bool:
    empty = body(server)
    for one, other in (("hints", "ranges"), ("anchors", "anchorPoints"), ("activities", "annotations")):
        together(
            lambda one=one: load(server.second, empty | {one: [1, 2]}),  # type: ignore[misc]
            lambda other=other: load(server.second, empty | {other: [3]}),  # type: ignore[misc]
        )
        found = exported(server.second)
        if found.get(one) != [1, 2] or found.get(other) != [3]:
            return False
    return True


def failed_import_undoes_another(server: Foreign) -> bool:
    empty, conflicting = body(server), exported(server.pieces) | {"analyses": [1, 2, 3]}
    for name in SPARE[:ATTEMPTS]:

        def add(name: str = name) -> None:
            time.sleep(0.012)
            load(server.pieces, empty | {name: [7, 8]})

        together(lambda: load(server.pieces, conflicting), add)
        if exported(server.pieces).get(name) != [7, 8]:
            return False
    return True


def export_cached_by_required_parts(server: Foreign) -> bool:
    exported(server.second)
    return _adds(server, server.second, workstreamSummaries=[5, 6])


def import_after_a_failed_one_lost(server: Foreign) -> bool:
    return _conflict(server) == 500 and _adds(server, server.pieces, conversations=[9])


def version_of_the_import_sticks(server: Foreign) -> bool:
    before = exported(server.pieces)["version"]
    status = load(server.pieces, body(server) | {"version": "0.9.0"})
    return status == 204 and bool(exported(server.pieces)["version"] == before)


def version_code_of_two_digits(server: Foreign) -> bool:
    major = int(exported(server.pieces)["version"].split(".")[0])
    return load(server.pieces, body(server) | {"version": f"{major - 1}.100.3"}) == 204


def newer_prereleases_let_in(server: Foreign) -> bool:
    major = int(exported(server.pieces)["version"].split(".")[0])
    return load(server.pieces, body(server) | {"version": f"{major + 1}.0.0-beta.1"}) == 505


def optional_collections_survive_a_failure(server: Foreign) -> bool:
    before = exported(server.pieces)
    status = load(server.pieces, before | {"analyses": [1, 2, 3], "conversationMessages": [4, 4]})
    return status == 500 and bool(exported(server.pieces) == before)


def bodies_past_a_mebibyte_skipped(server: Foreign) -> bool:
    return _adds(server, server.second, relationships=[255, 1] * 160_000)


def signed_bytes_of_messages(server: Foreign) -> bool:
    raw = [0, 127, 128, 255]
    status = load(server.second, body(server, messageValues=[entry(ids(server)[0], raw)]))
    return status == 204 and bool(exported(server.second)["messageValues"]["iterable"][0]["raw"] == raw)


def empty_iterable_left_out(server: Foreign) -> bool:
    return bool(exported(server.second)["values"].get("iterable") == [])


def charset_means_no_body(server: Foreign) -> bool:
    sent = json.dumps(exported(server.second) | {"workstreamEvents": [2]}).encode()
    kind = {"Content_Type": "application/json; charset=utf-8"}
    status, _, _ = ask(f"{server.second}/database/import", sent, "POST", **kind)
    return status == 204 and bool(exported(server.second).get("workstreamEvents") == [2])


def errors_as_json_where_json_is_taken(server: Foreign) -> bool:
    sent = json.dumps(body(server) | {"version": "99.0.0"}).encode()
    headers = {"Content_Type": "application/json", "Accept": "application/json, text/plain"}
    status, _, got = ask(f"{server.second}/database/import", sent, "POST", **headers)
    return status == 505 and bool(got.get_content_type() == "text/plain")


def one_id_for_both_tables(server: Foreign) -> bool:
    known = ids(server)[0]
    status = load(server.pieces, body(server, messageValues=[entry(known, [1])]))
    found = exported(server.pieces).get("messageValues", {"iterable": []})["iterable"]
    return status == 204 and [one["id"] for one in found] == [known]
