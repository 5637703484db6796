"""What each fault of Pieces OS of the fourth round shows, in plain requests."""

from ..asking import ask
from ..running import Foreign
from ..servers.strict.pieces import KNOWN
from .asking_pieces import ATTEMPTS, body, entry, exported, ids, load, together

NEW, OTHER = KNOWN[2], KNOWN[3]


def lost_import(server: Foreign) -> bool:
    for _ in range(ATTEMPTS):
        server.administer("reset")
        one = body(server, values=[entry(NEW, [1])])
        two = body(server, values=[entry(OTHER, [2])])
        together(
            lambda one=one: load(server.pieces, one),  # type: ignore[misc]
            lambda two=two: load(server.pieces, two),  # type: ignore[misc]
        )
        if not {NEW, OTHER} <= set(ids(server)):
            return False
    return True


def entries_before_the_refusal(server: Foreign) -> bool:
    before = exported(server.pieces)
    assert load(server.pieces, body(server, values=[entry(NEW, [1])]) | {"tags": [9, 9]}) == 500
    return bool(exported(server.pieces) == before)


def ids_of_thirty_two_characters(server: Foreign) -> bool:
    assert load(server.pieces, body(server, values=[entry(NEW, [1]), entry(OTHER, [2])])) == 204
    return {NEW, OTHER} <= set(ids(server))


def signed_bytes(server: Foreign) -> bool:
    collections = [value for value in exported(server.pieces).values() if isinstance(value, list)]
    return all(0 <= one <= 255 for value in collections for one in value)


def unmentioned_is_dropped(server: Foreign) -> bool:
    plain = body(server)
    assert load(server.second, plain | {"hints": [1, 2, 3]}) == 204
    assert load(server.second, plain) == 204
    return bool(exported(server.second).get("hints") == [1, 2, 3])


def versions_as_texts(server: Foreign) -> bool:
    return load(server.second, exported(server.second) | {"version": "9.0.0"}) == 204


def migration_instead_of_version(server: Foreign) -> bool:
    return load(server.second, exported(server.second) | {"version": "99.0.0"}) == 505


def body_limit_of_the_framework(server: Foreign) -> bool:
    return load(server.second, exported(server.second) | {"fragments": [7] * 60_000}) == 204


def charset_is_another_type(server: Foreign) -> bool:
    own = exported(server.pieces)
    return load(server.pieces, own, Content_Type="application/json; charset=utf-8") == 204


def nothing_new_is_200(server: Foreign) -> bool:
    own = ask(f"{server.pieces}/database/export")[1]
    status, text, _ = ask(f"{server.pieces}/database/import", own, "POST", Content_Type="application/json")
    return (status, text) == (204, b"")
